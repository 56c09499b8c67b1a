"""What the workbench says: every text in three languages with the same fields, every option named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest.importorskip("gradio")

import audiopost_ui
from audiopost_ui import texts

from audiopost import presets
from audiopost.core.language import LANGUAGES
from audiopost.core.options import OptionSpec, describe
from audiopost.io.encode import Encoding

UI = Path(audiopost_ui.__file__).parent
OPTIONS = [
    (f"{stage}_{spec.name}", spec) for stage in presets.STAGES for spec in describe(presets.stage(stage).options_type)
]
OPTIONS += [(f"encoding_{spec.name}", spec) for spec in describe(Encoding)]


def fields(text: str) -> set[str]:
    return set(re.findall(r"\{(\w*)[^}]*\}", text))


@pytest.mark.parametrize("key", sorted(texts.texts()))
def test_a_text_says_the_same_in_each_language(key: str) -> None:
    said = texts.texts()[key]
    assert sorted(said) == sorted(LANGUAGES)
    assert all(text.strip() for text in said.values())
    assert fields(said["zh-hant"]) == fields(said["zh-hans"]) == fields(said["en"])


@pytest.mark.parametrize(("key", "spec"), OPTIONS, ids=[key for key, _ in OPTIONS])
def test_english_of_an_option_is_what_the_option_says(key: str, spec: OptionSpec) -> None:
    words = spec.name.removesuffix(f"_{spec.unit.lower()}").replace("_", " ")
    assert texts.tell(f"options.{key}", "en") == (f"{words} ({spec.unit})" if spec.unit else words)
    assert texts.texts()[f"options.{key}_help"]["en"] == spec.help


def test_no_text_of_an_option_is_left_over() -> None:
    wanted = {f"options.{key}{end}" for key, _ in OPTIONS for end in ("", "_help")}
    assert {key for key in texts.texts() if key.startswith("options.")} == wanted


def test_every_text_that_the_javascript_names_exists() -> None:
    named = {
        key
        for script in (UI / "static" / "js").glob("*.js")
        for key in re.findall(r"""\bt\(\s*["']([\w.]+)["']""", script.read_text(encoding="utf-8"))
    }
    assert named
    assert sorted(named - set(texts.texts())) == []


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("zh-HK,zh;q=0.9,en;q=0.8", "zh-hant"),
        ("zh-TW", "zh-hant"),
        ("yue", "zh-hant"),
        ("zh-CN,zh;q=0.9", "zh-hans"),
        ("zh", "zh-hans"),
        ("zh-Hant-MO", "zh-hant"),
        ("en-GB", "en"),
        ("fr-FR,zh-TW;q=0.5", "zh-hant"),
        ("fr", "en"),
        ("", "en"),
        (";;,,q=", "en"),
        ("zh-hk" + ",x" * 5000, "zh-hant"),
    ],
)
def test_the_language_of_a_browser(accepted: str, language: str) -> None:
    assert texts.language_of(accepted) == language


def test_a_chosen_language_goes_before_the_browsers_and_only_one_that_there_is() -> None:
    assert texts.language_for({texts.COOKIE: "zh-hans"}, "en") == "zh-hans"
    assert texts.language_for({texts.COOKIE: "<script>"}, "zh-HK") == "zh-hant"


def test_a_text_is_filled_and_a_key_that_does_not_exist_is_an_error() -> None:
    assert "20" in texts.tell("workbench.too_large", "zh-hant", limit=20)
    with pytest.raises(KeyError):
        texts.tell("workbench.nothing", "en")
    with pytest.raises(KeyError):
        texts.label("workbench.nothing")


def test_what_is_filled_in_is_no_format_itself() -> None:
    hostile = "{0.__class__} {limit}"
    assert hostile in texts.tell("workbench.too_large", "en", limit=hostile)


def test_gradios_translations_are_ours() -> None:
    assert texts.i18n().translations["zh-HK"]["workbench.tab_stems"] == texts.tell("workbench.tab_stems", "zh-hant")
    assert texts.i18n().translations["en"]["workbench.tab_stems"] == texts.tell("workbench.tab_stems", "en")
