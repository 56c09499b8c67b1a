"""Texts in three languages: complete, with the same fields, and told as asked."""

from __future__ import annotations

import string
from importlib import resources

import pytest

from audiopost.core.errors import UnknownName
from audiopost.core.language import LANGUAGES, tell, texts

GROUPS = sorted(f.name.removesuffix(".toml") for f in (resources.files("audiopost.core") / "texts").iterdir())


@pytest.mark.parametrize("group", GROUPS)
def test_every_text_stands_in_every_language_with_the_same_fields(group: str) -> None:
    for name, versions in texts(group).items():
        assert set(versions) == set(LANGUAGES), f"{group}.{name}"
        fields = {lang: {f for _, f, _, _ in string.Formatter().parse(text) if f} for lang, text in versions.items()}
        assert len({frozenset(f) for f in fields.values()}) == 1, f"{group}.{name}: {fields}"
        assert all(text.strip() == text and text for text in versions.values()), f"{group}.{name}"


def test_a_text_is_told_in_the_language_asked_for() -> None:
    assert [tell("emotion.sadness", language) for language in LANGUAGES] == ["sadness", "悲傷", "悲伤"]
    with pytest.raises(UnknownName, match="en, zh-hant, zh-hans"):
        tell("emotion.sadness", "fr")
