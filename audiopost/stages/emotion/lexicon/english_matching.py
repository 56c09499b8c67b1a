"""Finding English words of feeling: longest phrase first, whole words only, regular endings taken off."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping, Sequence

from . import PLAIN, Place
from .english import DEGREES, NOT, PLACES
from .matching import Hit, clauses

_TOKEN = re.compile(r"[a-z0-9]+(?:['-][a-z]+)*|[!?]")
_ENDINGS = (
    ("ies", "y"), ("ied", "y"), ("ily", "y"), ("ing", ""), ("ing", "e"), ("ed", ""), ("ed", "e"), ("es", ""), ("s", ""),
    ("ly", ""), ("'s", ""),
)  # fmt: skip
#: Words before a word of feeling in which a negation turns it.
_REACH = 3
#: What a question whether something is so begins with.
_WHETHER = frozenset((
    "are", "is", "am", "was", "were", "do", "does", "did", "have", "has", "had", "can", "could", "will", "would",
    "should", "aren't", "isn't", "don't", "didn't", "won't",
))  # fmt: skip
#: Transcripts that leave apostrophes out.
_NOT = NOT | {word.replace("'", "") for word in NOT}


def hits(text: str) -> list[Hit]:
    """The words of feeling in an English text, idioms that are none left out."""
    return [hit for clause, marks in clauses(text.lower()) for hit in _in_clause(clause, marks)]


def _in_clause(clause: str, marks: str) -> Iterator[Hit]:
    tokens = _TOKEN.findall(clause) + [mark for mark in "!?" if mark in marks]
    asked = "?" in marks and tokens[0] in _WHETHER
    at = free = 0
    while at < len(tokens):
        place, size = _longest(tokens, at)
        if place is None or (size == 1 and tokens[at] in DEGREES and _longest(tokens, at + 1)[0] not in (None, PLAIN)):
            at += 1
            continue
        if place != PLAIN:
            before = tokens[max(free, at - _REACH) : at]
            degree = DEGREES.get(" ".join(before[-2:])) or DEGREES.get(before[-1] if before else "", 1.0)
            yield Hit(place, degree, _negated(before), asked)
        at += size
        free = at


def _longest(tokens: Sequence[str], at: int) -> tuple[Place | None, int]:
    """The place of the longest entry that begins at `at`, and how many tokens it takes; (None, 0) where none does."""
    index, most = _index()
    for size in range(min(most, len(tokens) - at), 0, -1):
        rest = tuple(tokens[at + 1 : at + size])
        for first in _forms(tokens[at]):
            if (first, *rest) in index:
                return index[(first, *rest)], size
    return None, 0


@functools.cache
def _index() -> tuple[Mapping[tuple[str, ...], Place], int]:
    index = {tuple(entry.split()): place for entry, place in PLACES.items()}
    return index, max(map(len, index))


def _forms(token: str) -> Iterator[str]:
    """The token as it stands, then without its endings."""
    yield token
    for ending, instead in _ENDINGS:
        if token.endswith(ending) and len(token) > len(ending) + 1:
            yield token[: -len(ending)] + instead


def _negated(before: Sequence[str]) -> bool:
    """Whether a negation stands there; 'not only' and 'no less' are none."""
    return any(
        word in _NOT and before[i + 1 : i + 2] not in (["only"], ["less"], ["just"]) for i, word in enumerate(before)
    )
