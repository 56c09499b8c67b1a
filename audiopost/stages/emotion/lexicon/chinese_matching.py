"""Finding Chinese and Cantonese words of feeling, in Simplified characters: longest match, negation in the clause."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping

from ....subtitles.variants import simplified
from . import PLAIN, Place, english_matching
from .chinese import AFTER, AFTER_NOT, BETWEEN, DEGREES, NOT, NOT_NEGATIONS, PARTICLES, PLACES
from .matching import Hit, clauses

#: Characters before a word of feeling that are looked at.
_REACH = 10
#: Stands for a sign of negation that is none.
_BLANK = "○"
#: What a question whether something is so ends with.
_WHETHER = re.compile("(?:吗|嘛|未|冇)[呀啊]?$")
_LATIN = re.compile(r"[A-Za-z][A-Za-z' ]*")


def hits(text: str) -> list[Hit]:
    """The words of feeling in a Chinese text, English ones among them, idioms that are none left out."""
    found: list[Hit] = []
    for clause, marks in clauses(simplified(text)):
        for words in _LATIN.findall(clause):
            found += english_matching.hits(words)
        found += _in_clause(re.sub(r"\s+", "", clause), marks)
    return found


def attitude(text: str) -> Place | None:
    """What the particles at the ends of the text's clauses add together; None where there are none."""
    total, any_found = [0.0, 0.0, 0.0], False
    for clause, _ in clauses(simplified(text)):
        ending = _alternatives(tuple(PARTICLES)).pattern
        match = re.search(f"(?:{ending})$", clause)
        if match and len(clause) > len(match[0]):
            any_found = True
            total = [axis + more for axis, more in zip(total, _particles()[match[0]], strict=True)]
    return (total[0], total[1], total[2]) if any_found else None


def _in_clause(clause: str, marks: str) -> Iterator[Hit]:
    # 开唔开心 asks about 开心.
    plain = re.sub(r"(.)[不唔]\1", r"\1", clause)
    asked = plain != clause or ("?" in marks and bool(_WHETHER.search(clause)))
    text = plain + marks.replace(",", "").replace(".", "")
    at = free = 0
    while at < len(text):
        word = _longest(text, at)
        if not word or _better_inside(text, at, len(word)):
            at += 1
            continue
        end, before = at + len(word), text[max(free, at - _REACH) : at]
        after = _alternatives(AFTER).match(text, end)
        denied = _alternatives(AFTER_NOT).match(text, end)
        place = _places()[word]
        if place != PLAIN:
            negated = bool(denied) or _negated(before)
            degree = 1.0 if negated else _degree(before) * (1.3 if after else 1.0)
            yield Hit(place, degree, negated, asked)
        at = free = max(end, after.end() if after else 0, denied.end() if denied else 0)


def _longest(text: str, at: int) -> str:
    """The longest entry that begins at `at`, '' where none does."""
    places, most = _places(), _starts().get(text[at], 0)
    return next((text[at : at + n] for n in range(most, 0, -1) if text[at : at + n] in places), "")


def _better_inside(text: str, at: int, size: int) -> bool:
    """Whether an entry as long begins inside the one at `at` and ends after it: 好驚喜 holds 驚喜, not 好驚."""
    return any(
        len(inner) >= size and begin + len(inner) > at + size
        for begin in range(at + 1, at + size)
        if (inner := _longest(text, begin))
    )


@functools.cache
def _places() -> Mapping[str, Place]:
    return {simplified(entry): place for entry, place in PLACES.items()}


@functools.cache
def _starts() -> Mapping[str, int]:
    """The length of the longest entry by its first character."""
    longest: dict[str, int] = {}
    for entry in _places():
        longest[entry[0]] = max(longest.get(entry[0], 0), len(entry))
    return longest


@functools.cache
def _particles() -> Mapping[str, Place]:
    return {simplified(entry): place for entry, place in PARTICLES.items()}


@functools.cache
def _degrees() -> Mapping[str, float]:
    return {simplified(entry): factor for entry, factor in sorted(DEGREES.items(), key=lambda item: -len(item[0]))}


@functools.cache
def _alternatives(words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(sorted((re.escape(simplified(word)) for word in words), key=len, reverse=True)))


@functools.cache
def _negation() -> re.Pattern[str]:
    return re.compile(f"(?:{_alternatives(NOT).pattern})(?:{_alternatives(BETWEEN).pattern}|{_BLANK})*$")


def _negated(before: str) -> bool:
    blank = _alternatives(NOT_NEGATIONS).sub(lambda match: _BLANK * len(match[0]), before)
    return bool(_negation().search(blank))


def _degree(before: str) -> float:
    return next((factor for word, factor in _degrees().items() if before.endswith(word)), 1.0)
