"""Feelings in words, by the project's own list: English, Chinese in either script, and Cantonese with its particles.

Negation, degree, questions and exclamations count; irony does not: what is said is taken at its word.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar

from ...analysis.affect import Reading
from ...core.spotting import Affect
from ...subtitles.text import CHINESE, base
from . import Embedded
from .lexicon import chinese_matching, english_matching

#: Arousal of an exclamation mark, of a word in capitals, of both marks at once.
_EXCLAIMED, _CAPITALS, _ASTOUNDED = 0.25, 0.2, 0.35


class LexiconReader(Embedded):
    """Rates texts by the project's own list of words."""

    name: ClassVar[str] = "lexicon"
    reason: ClassVar[str] = "a word list needs no model"
    asks: ClassVar[str] = "words_model"

    def rate(self, texts: Sequence[tuple[str, str]]) -> list[Reading | None]:
        """One reading for each text, None where nothing in it tells."""
        found = [rate_text(text, language) for text, language in texts]
        return [None if affect is None else Reading(affect) for affect in found]


def rate_text(text: str, language: str) -> Affect | None:
    """What the words say; None where nothing in them tells, or the language has no list.

    `language` is a BCP 47 tag. Each axis is the sum of the matches over their number plus a quarter, so that one word
    alone speaks less loudly than several that agree; marks, capitals and particles are added.
    """
    tag = base(language)
    if tag == "en":
        hits, attitude = english_matching.hits(text), None
    elif tag in CHINESE:
        hits, attitude = chinese_matching.hits(text), chinese_matching.attitude(text)
    else:
        return None
    arousal, valence, dominance = attitude or (0.0, 0.0, 0.0)
    raised = _raised(text)
    if not hits and not raised and attitude is None:
        return None
    for hit in hits:
        weight = 1 / (len(hits) + 0.25)
        arousal, valence, dominance = (
            axis + more * weight for axis, more in zip((arousal, valence, dominance), hit.felt, strict=True)
        )
    arousal, valence, dominance = (min(1.0, max(-1.0, axis)) for axis in (arousal + raised, valence, dominance))
    sure = sum(0.5 if hit.asked else 1.0 for hit in hits)
    # A mark tells less than a word, a particle least.
    confidence = min(0.7, 0.35 + 0.15 * sure) if hits else 0.3 if raised else 0.15
    return Affect(arousal, valence, dominance, confidence)


def _raised(text: str) -> float:
    """Arousal by the way it is written down: '!', '?!', CAPITALS."""
    marks = re.findall("[!?！？]+", text)
    both = any({"!", "！"} & set(mark) and {"?", "？"} & set(mark) for mark in marks)
    exclaimed = any({"!", "！"} & set(mark) for mark in marks)
    letters = re.findall(r"\b[A-Z]{4,}\b", text)
    shouted = letters and not re.search("[a-z]{2}", text)
    return max(_ASTOUNDED if both else _EXCLAIMED if exclaimed else 0.0, _CAPITALS if shouted else 0.0)
