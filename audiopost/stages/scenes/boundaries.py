"""Scene borders where picture, pause, sound, music and feeling agree: each adds its weight, enough is a border."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import numpy as np

from ...core.language import tell
from ...core.stage import BuiltIn, Progress
from ...core.time import Span, clock, merge_spans
from . import Border, Options
from .material import Material
from .words import change_words, joined

#: Evidence counts together within this distance.
_TOGETHER_S = 1.5
# Weights: a change of place makes a scene alone; a cut within one place, a pause or a sound needs company, unless
# it is strong (a pause of 6 s, a background that changes by 10 dB). Music that enters or leaves and a turn of feeling
# happen inside scenes too: each only supports what else is there, and alone is no border at any sensitivity.
_PLACE, _CUT, _PAUSE_PER_S, _PAUSE_MOST, _SOUND, _MUSIC, _FEELING = 1.0, 0.25, 0.12, 0.75, 0.9, 0.3, 0.3
#: Weight a border needs at sensitivity 0, 0.5 and 1: 1.0, 0.7, 0.4.
_NEEDED, _SLOPE = 1.0, 0.6
#: Kinds of evidence, the one whose time is the most exact first: of each the strongest counts once. Music that enters
#: begins something; when it leaves, the next scene begins with what comes then.
_PICTURES, _SOUNDS, _MUSIC_IN, _FEELINGS, _PAUSES, _MUSIC_OUT = range(6)


@dataclass(frozen=True)
class _Evidence:
    """Something between `start_s` and `end_s` that may end a scene; the next begins at `time_s`."""

    start_s: float
    end_s: float
    time_s: float
    weight: float
    words: str
    kind: int


@dataclass(frozen=True)
class _Candidate:
    """A place for a border and what speaks for it, the most exact first."""

    time_s: float
    evidence: tuple[_Evidence, ...]

    @property
    def weight(self) -> float:
        return sum(e.weight for e in self.evidence)


class Boundaries(BuiltIn[Options]):
    """Shot changes, pauses, background, music and feeling weighed together; no model weights."""

    name: ClassVar[str] = "boundaries"
    reason: ClassVar[str] = "signal processing needs no model"

    def borders(self, material: Material, progress: Progress) -> list[Border]:
        """The strongest borders first, each at least `shortest_s` from the others and from both ends."""
        needed = _NEEDED - _SLOPE * self.options.sensitivity
        kept: list[_Candidate] = []
        for candidate in sorted(_gathered(self._evidence(material)), key=lambda found: (-found.weight, found.time_s)):
            others = (0.0, material.duration_s, *(other.time_s for other in kept))
            if candidate.weight < needed or any(abs(candidate.time_s - t) < self.options.shortest_s for t in others):
                continue
            # A pause in which the scene has changed already does not end once more when somebody speaks.
            if not (len(candidate.evidence) == 1 and any(candidate.evidence[0] in c.evidence for c in kept)):
                kept.append(candidate)
        return [
            Border(c.time_s, joined("scenes.and", (e.words for e in c.evidence), self.options.language))
            for c in sorted(kept, key=lambda candidate: candidate.time_s)
        ]

    def _evidence(self, material: Material) -> list[_Evidence]:
        language = self.options.language
        found = self._pauses(material.speech)
        for change in material.backgrounds:
            words = tell("scenes.background", language, decibels=change.size_db)
            found.append(_at(change.time_s, _SOUND * change.strength, words, _SOUNDS))
        for span in material.music:
            entering = tell("scenes.music_in", language, time=clock(span.start_s, 1))
            leaving = tell("scenes.music_out", language, time=clock(span.end_s, 1))
            found.append(_at(span.start_s, _MUSIC, entering, _MUSIC_IN))
            found.append(_at(span.end_s, _MUSIC, leaving, _MUSIC_OUT))
        for turn in material.feelings:
            words = tell("scenes.feeling", language, change=change_words(turn, language))
            found.append(_at(turn.time_s, _FEELING, words, _FEELINGS))
        for cut in material.cuts:
            words = tell("scenes.cut_place" if cut.to_place else "scenes.cut", language, time=clock(cut.time_s, 1))
            found.append(_at(cut.time_s, _PLACE if cut.to_place else _CUT, words, _PICTURES))
        return found

    def _pauses(self, speech: Sequence[Span]) -> list[_Evidence]:
        """Pauses between two stretches of speech; the border lies where speech begins again, a breath before."""
        found = []
        for before, after in pairwise(merge_spans(list(speech), 0.3)):
            pause = after.start_s - before.end_s
            if pause >= self.options.pause_s:
                at = after.start_s - min(0.25, pause / 4)
                words = tell("scenes.pause", self.options.language, seconds=pause)
                weight = min(_PAUSE_MOST, _PAUSE_PER_S * pause)
                found.append(_Evidence(before.end_s, after.start_s, at, weight, words, _PAUSES))
        return found


def _at(time_s: float, weight: float, words: str, kind: int) -> _Evidence:
    return _Evidence(time_s, time_s, time_s, weight, words, kind)


def _gathered(evidence: Sequence[_Evidence]) -> list[_Candidate]:
    """Each piece of evidence with what lies near it; of several with one time the strongest."""
    starts, ends = np.array([e.start_s for e in evidence]), np.array([e.end_s for e in evidence])
    found: dict[float, _Candidate] = {}
    for one in evidence:
        near = np.flatnonzero((ends >= one.time_s - _TOGETHER_S) & (starts <= one.time_s + _TOGETHER_S))
        strongest: dict[int, _Evidence] = {}
        for other in (evidence[int(i)] for i in near):
            if other.kind not in strongest or other.weight > strongest[other.kind].weight:
                strongest[other.kind] = other
        candidate = _Candidate(_time_of(strongest), tuple(strongest[kind] for kind in sorted(strongest)))
        if candidate.time_s not in found or candidate.weight > found[candidate.time_s].weight:
            found[candidate.time_s] = candidate
    return list(found.values())


def _time_of(strongest: dict[int, _Evidence]) -> float:
    """The most exact time: a picture's as it is, any other inside the pause, up to where speech begins again."""
    first = strongest[min(strongest)]
    pause = strongest.get(_PAUSES)
    if pause is None or first.kind == _PICTURES:
        return first.time_s
    return min(max(first.time_s, pause.start_s), pause.time_s)
