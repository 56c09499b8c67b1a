"""A script's lines in words as they stand, and each word in tokens as it sounds."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ....subtitles.text import base
from . import numbers
from .parse import Line

#: Characters that are words by themselves: Han, kana and their iteration marks.
WIDE = "\u3005-\u3007\u3041-\u3096\u30a1-\u30fa\u30fc\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
#: Dashes and full-width marks, which end a word without a space.
_MARKS = "\u2014\u2015\u3001-\u3003\u3008-\u3020\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65"
_UNIT = re.compile(f"[{WIDE}]|[{_MARKS}]+|[^\\s{WIDE}{_MARKS}]+")
_IS_WIDE = re.compile(f"[{WIDE}]")
_SYMBOLS = {"&": " and ", "%": " percent ", "$": " dollars ", "£": " pounds ", "€": " euros ", "@": " at "}


@dataclass(frozen=True)
class ScriptWord:
    """A word as the script writes it, with its punctuation, characters `start` to `end` of line `line` (an index).

    `tokens` are how it sounds, in the units of the aligner.
    """

    line: int
    text: str
    tokens: tuple[str, ...]
    start: int = 0
    end: int = 0


def words_of(lines: Sequence[Line]) -> list[ScriptWord]:
    """All words of a script. Every line has at least one; what has no sound goes with the word beside it."""
    return [
        ScriptWord(i, line.text[start:end], sound, start, end)
        for i, line in enumerate(lines)
        for start, end, sound in _split(line)
    ]


def _split(line: Line) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    spans: list[tuple[int, int, tuple[str, ...]]] = []
    for found in _UNIT.finditer(line.text):
        sound = tokens(found[0], line.language)
        opening = unicodedata.category(found[0][-1]) in ("Ps", "Pi")
        # A silent piece opens what follows («「»), or closes what was before; so does the start of a line.
        if spans and (not spans[-1][2]):
            spans[-1] = (spans[-1][0], found.end(), sound)
        elif not sound and spans and not opening:
            spans[-1] = (spans[-1][0], found.end(), spans[-1][2])
        else:
            spans.append((found.start(), found.end(), sound))
    if len(spans) > 1 and not spans[-1][2]:
        spans[-2:] = [(spans[-2][0], spans[-1][1], spans[-2][2])]
    for start, end, sound in spans:
        yield start, end, sound or (line.text[start:end].lower(),)


def tokens(text: str, language: str) -> tuple[str, ...]:
    """How a word sounds: lower case without marks, numbers as words, Han in simplified form; () where it is silent.

    Both a script's and a recogniser's words go through here, so that spelling does not keep them apart.
    """
    text = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    if base(language) == "en":
        text = re.sub(r"\$\s?([\d.,]+)", r"\1 $", text)
        text = re.sub("[&%$£€@]", lambda found: _SYMBOLS[found[0]], text)
        text = "".join(c for c in unicodedata.normalize("NFKD", text) if unicodedata.category(c) != "Mn")
    text = re.sub(r"(?<=\d),(?=\d{3})", "", text)
    found: list[str] = []
    for piece in re.split(r"[^\w'.]+|(?<!\d)\.|\.(?!\d)|_", text):
        for unit in _UNIT.findall(piece):
            found += _sounds(unit.strip("'."), language)
    return tuple(found)


def _sounds(unit: str, language: str) -> list[str]:
    if not unit:
        return []
    if _IS_WIDE.match(unit):
        return [_simplified(unit)]
    if unit.isdecimal() and unit.isascii() and base(language) in ("zh", "yue", "cmn"):
        return list(numbers.chinese(unit))
    return numbers.english(unit) if unit[0].isdigit() and base(language) == "en" else [unit]


@functools.cache
def _simplified(char: str) -> str:
    """Recognisers write Chinese in either form: they are compared in one."""
    return str(_converter().convert(char))


@functools.cache
def _converter() -> Any:
    import opencc

    return opencc.OpenCC("t2s")


def weight(token: str) -> int:
    """How much a token's match tells, in letters: a Han character or kana is a syllable, and counts three."""
    return 3 if _IS_WIDE.match(token) else len(token)
