"""What the workbench says, in three languages: texts by 'group.name' out of texts/*.toml.

Gradio's own widgets take `label(key)` and are translated in the browser; pages made here take `tell(key, language)`;
JavaScript takes all of a language (`for_browser`) once. A table in a file is one text, as in audiopost/core/texts:

    [play]
    en = "Play"
    zh-hant = "播放"
    zh-hans = "播放"
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gradio as gr

from audiopost.core.language import LANGUAGES

FOLDER = Path(__file__).parent / "texts"
#: Where the browser keeps a language that was chosen by hand.
COOKIE = "audiopost_language"
#: What browsers call our languages; the first that fits is taken.
_BROWSERS = {
    "zh-hant": ("zh-HK", "zh-TW", "zh-MO", "zh-Hant", "zh-Hant-HK", "zh-Hant-TW"),
    "zh-hans": ("zh-CN", "zh-SG", "zh-Hans", "zh-Hans-CN", "zh"),
    "en": ("en",),
}


@functools.cache
def texts() -> Mapping[str, Mapping[str, str]]:
    """Every text by 'group.name', each by language."""
    found: dict[str, Mapping[str, str]] = {}
    for file in sorted(FOLDER.glob("*.toml")):
        for name, text in tomllib.loads(file.read_text(encoding="utf-8")).items():
            found[f"{file.stem}.{name}"] = text
    return found


def tell(key: str, language: str, /, **values: Any) -> str:
    """The text in a language, its {fields} filled; a key that does not exist is a KeyError."""
    return texts()[key][language].format(**values)


def for_browser(language: str) -> dict[str, str]:
    """Every text of a language, for JavaScript."""
    return {key: text[language] for key, text in texts().items()}


@functools.cache
def i18n() -> gr.I18n:
    """The same texts for Gradio, which translates its widgets in the browser."""
    return gr.I18n(**{tag: for_browser(language) for language, tags in _BROWSERS.items() for tag in tags})


def label(key: str) -> Any:
    """The text as a label, info, placeholder or value of a Gradio widget. Raises KeyError."""
    texts()[key]
    return i18n()(key)


def language_for(cookies: Mapping[str, str], accepted: str) -> str:
    """One of LANGUAGES: the one chosen in the workbench, else that of an Accept-Language header."""
    chosen = cookies.get(COOKIE, "")
    return chosen if chosen in LANGUAGES else language_of(accepted)


def language_of(accepted: str) -> str:
    """One of LANGUAGES for an Accept-Language header ('zh-HK,zh;q=0.9'), English for what is none of them."""
    for entry in accepted.split(","):
        tag = entry.partition(";")[0].strip().lower()
        for language, tags in _BROWSERS.items():
            if tag in map(str.lower, tags):
                return language
        main = tag.partition("-")[0]
        if main in ("zh", "yue"):
            return "zh-hant" if main == "yue" or "hant" in tag else "zh-hans"
        if main == "en":
            return "en"
    return LANGUAGES[0]
