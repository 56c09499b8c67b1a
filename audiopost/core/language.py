"""What audiopost says in the languages its users read: texts by key, out of `core/texts/*.toml`.

A file is a group, a table in it one text:

    [turn]                          # told as tell("cues.turn", language, name="arousal")
    en = "{name} rises"
    zh-hant = "{name}上升"
    zh-hans = "{name}上升"
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from importlib import resources
from typing import Any

from .errors import UnknownName

#: English, Traditional Chinese (Hong Kong), Simplified Chinese.
LANGUAGES = ("en", "zh-hant", "zh-hans")
#: How a browser calls them.
TAGS = {"en": "en", "zh-hant": "zh-Hant-HK", "zh-hans": "zh-Hans"}


@functools.cache
def texts(group: str) -> Mapping[str, Mapping[str, str]]:
    """The texts of a group by name, each by language."""
    file = resources.files(__package__) / "texts" / f"{group}.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))


def tell(key: str, language: str, /, **values: Any) -> str:
    """The text `group.name` in a language, its {fields} filled with `values` as str.format does.

    Raises UnknownName for a language that is none of LANGUAGES; a key that does not exist is a KeyError.
    """
    if language not in LANGUAGES:
        raise UnknownName("language", language, LANGUAGES)
    group, _, name = key.partition(".")
    return texts(group)[name][language].format(**values)
