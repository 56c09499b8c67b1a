"""Feelings in words: lexicon matches with negation and degree, for English, Chinese and Cantonese."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import ClassVar

from ...analysis.affect import Reading
from ...core.spotting import Affect
from ...core.stage import BuiltIn
from . import Options
from .lexicon import CHINESE, ENGLISH, Place


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ENGLISH_NOT = _words(
    "not no never nothing none neither nor without hardly barely cannot dont doesnt didnt isnt arent wasnt werent wont "
    "wouldnt cant couldnt shouldnt aint havent hasnt hadnt"
)
_ENGLISH_VERY = _words(
    "very so really too extremely totally absolutely completely incredibly utterly deeply most such damn"
)
_ENGLISH_BIT = _words("slightly somewhat rather little bit fairly kinda")
_CHINESE_NOT = ("不", "沒", "没", "別", "别", "無", "无", "未", "唔", "冇", "咪", "非")
_CHINESE_VERY = ("很", "非常", "太", "超", "極", "极", "十分", "真", "好", "最", "勁", "劲", "特別", "特别")
#: Share that negation leaves of a feeling, turned round: 'not happy' is less sad than 'sad'.
_TURNED = -0.6
_STRONGER, _WEAKER = 1.3, 0.6
#: Arousal of an exclamation mark.
_EXCLAIMED = 0.25


class LexiconReader(BuiltIn[Options]):
    """Rates texts by the project's own list of words."""

    name: ClassVar[str] = "lexicon"
    reason: ClassVar[str] = "a word list needs no model"

    def rate(self, texts: Sequence[tuple[str, str]]) -> list[Reading | None]:
        """One reading for each text, None where nothing in it tells."""
        found = [rate_text(text, language) for text, language in texts]
        return [None if affect is None else Reading(affect) for affect in found]


def rate_text(text: str, language: str) -> Affect | None:
    """What the words say; None where nothing in them tells, or the language has no lexicon.

    `language` is a BCP 47 tag. Each axis is the sum of the matches over their number plus a half, so
    that one word alone speaks less loudly than several that agree. An exclamation mark adds arousal.
    """
    tag = language.split("-")[0].lower()
    if tag == "en":
        hits = _english(text)
    elif tag in ("zh", "yue", "cmn"):
        hits = _chinese(text)
    else:
        return None
    exclaimed = bool(re.search("[!！]", text))
    if not hits:
        return Affect(_EXCLAIMED, 0.0, 0.0, 0.3) if exclaimed else None
    weight = 1 / (len(hits) + 0.5)
    valence, arousal, dominance = (sum(axis) * weight for axis in zip(*hits, strict=True))
    arousal += _EXCLAIMED if exclaimed else 0.0
    valence, arousal, dominance = (min(1.0, max(-1.0, x)) for x in (valence, arousal, dominance))
    return Affect(arousal, valence, dominance, min(0.7, 0.35 + 0.15 * len(hits)))


def _english(text: str) -> list[Place]:
    # don't -> dont, but he'll -> he ll
    tokens = re.findall("[a-z]+", re.sub(r"n['’]t\b", "nt", text.lower()))
    hits = []
    for i, token in enumerate(tokens):
        place = ENGLISH.get(token) or ENGLISH.get(_stem(token))
        if place is None or token in _ENGLISH_NOT:
            continue
        before = tokens[max(0, i - 3) : i]
        hits.append(
            _turned(
                place,
                negated=any(word in _ENGLISH_NOT for word in before),
                degree=_degree(before[-2:], _ENGLISH_VERY, _ENGLISH_BIT),
            )
        )
    return hits


def _stem(token: str) -> str:
    """The dictionary form of regular English inflections that the lexicon holds."""
    for ending, instead in (("ies", "y"), ("ied", "y"), ("ing", ""), ("ing", "e"), ("ed", ""), ("ed", "e"),
                            ("es", ""), ("s", ""), ("ly", ""), ("ily", "y")):  # fmt: skip
        if token.endswith(ending) and token[: -len(ending)] + instead in ENGLISH:
            return token[: -len(ending)] + instead
    return token


def _degree(before: list[str], very: frozenset[str], bit: frozenset[str]) -> float:
    return _STRONGER if any(w in very for w in before) else _WEAKER if any(w in bit for w in before) else 1.0


@cache
def _chinese_pattern() -> re.Pattern[str]:
    return re.compile("|".join(sorted(map(re.escape, CHINESE), key=len, reverse=True)))


def _chinese(text: str) -> list[Place]:
    text = re.sub(r"\s+", "", text)
    hits = []
    for match in _chinese_pattern().finditer(text):
        # Negation and degree stand directly before, within the clause: 唔係好開心.
        before = re.split("[，。！？、；,.!?;]", text[max(0, match.start() - 4) : match.start()])[-1]
        negated = any(word in before.replace("非常", "") for word in _CHINESE_NOT)
        degree = _STRONGER if any(before.endswith(word) for word in _CHINESE_VERY) and not negated else 1.0
        hits.append(_turned(CHINESE[match.group()], negated=negated, degree=degree))
    return hits


def _turned(place: Place, *, negated: bool, degree: float) -> Place:
    valence, arousal, dominance = (axis * degree for axis in place)
    return (valence * _TURNED, arousal * 0.5, dominance * _TURNED) if negated else (valence, arousal, dominance)
