"""Scene borders where picture, pause and sound agree: each adds its weight, enough weight is a border."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import ClassVar

import numpy as np

from ...analysis import vad
from ...analysis.shots import Shot, alike, find_shots
from ...core.audio import Audio
from ...core.stage import BuiltIn, Progress
from ...core.time import Span, clock, merge_spans
from . import Border, Options
from .novelty import background, changes

#: Evidence counts together within this distance.
_TOGETHER_S = 1.5
#: Shots this much alike show the same place; a place that comes back within this time is still the same scene.
_SAME_PLACE, _RETURNS_S = 0.6, 45.0
# Weights: a change of place makes a scene alone; a cut within one place, a pause or a sound needs company, unless
# it is strong (a pause of 6 s, a background that changes by 10 dB).
_PLACE, _CUT, _PAUSE_PER_S, _PAUSE_MOST, _SOUND = 1.0, 0.25, 0.12, 0.75, 0.9
#: Weight a border needs at sensitivity 0, 0.5 and 1: 1.0, 0.7, 0.4.
_NEEDED, _SLOPE = 1.0, 0.6


@dataclass(frozen=True)
class _Evidence:
    """Something between `start_s` and `end_s` that may end a scene; the next begins at `time_s`."""

    start_s: float
    end_s: float
    time_s: float
    weight: float
    words: str
    exact: int
    """Whose time is kept: pictures cut to the frame (2), pauses less (1), sounds least (0)."""


class Boundaries(BuiltIn[Options]):
    """Shot changes, pauses and background changes weighed together; no model weights."""

    name: ClassVar[str] = "boundaries"
    reason: ClassVar[str] = "signal processing needs no model"

    def borders(
        self, audio: Audio, film: Path | None, speech: Sequence[Span] | None, progress: Progress
    ) -> list[Border]:
        """The strongest borders first, each at least `shortest_s` from the others and from both ends."""
        spoken = vad.speech_spans(audio) if speech is None else speech
        evidence = self._pauses(spoken)
        evidence += [
            _Evidence(at, at, at, _SOUND * strength, f"a change of the background sound by {size:.0f} dB", 0)
            for at, strength, size in changes(background(audio, progress))
        ]
        if film is not None:
            evidence += cuts(find_shots(film, progress))
        needed = _NEEDED - _SLOPE * self.options.sensitivity
        kept: list[Border] = []
        for weight, border in sorted(_gathered(evidence), key=lambda found: (-found[0], found[1].time_s)):
            others = (0.0, audio.duration_s, *(other.time_s for other in kept))
            if weight >= needed and all(abs(border.time_s - t) >= self.options.shortest_s for t in others):
                kept.append(border)
        return sorted(kept, key=lambda border: border.time_s)

    def _pauses(self, speech: Sequence[Span]) -> list[_Evidence]:
        """Pauses between two stretches of speech; the border lies where speech begins again, a breath before."""
        found = []
        for before, after in pairwise(merge_spans(list(speech), 0.3)):
            pause = after.start_s - before.end_s
            if pause >= self.options.pause_s:
                at = after.start_s - min(0.25, pause / 4)
                weight = min(_PAUSE_MOST, _PAUSE_PER_S * pause)
                found.append(_Evidence(before.end_s, after.start_s, at, weight, f"a pause of {pause:.1f} s", 1))
        return found


def cuts(shots: Sequence[Shot]) -> list[_Evidence]:
    """A cut to another place weighs much; one inside a place (shot and reverse shot) little.

    Two shots that look alike are one place, and everything between them belongs to one scene (overlapping links:
    A. Hanjalic et al., "Automated high-level movie segmentation for advanced video-retrieval systems", IEEE
    TCSVT 9, 1999).
    """
    found = []
    for i in range(1, len(shots)):
        at = shots[i].start_s
        past = [s for s in shots[max(0, i - 12) : i] if at - s.end_s <= _RETURNS_S]
        coming = [s for s in shots[i : i + 12] if s.start_s - at <= _RETURNS_S]
        linked = any(alike(a, b) >= _SAME_PLACE for a in past for b in coming)
        words = f"shot change at {clock(at, 1)}" if linked else f"shot change to another place at {clock(at, 1)}"
        found.append(_Evidence(at, at, at, _CUT if linked else _PLACE, words, 2))
    return found


def _gathered(evidence: Sequence[_Evidence]) -> list[tuple[float, Border]]:
    """(weight, border) for each piece of evidence with what lies near it; of each kind the strongest counts once."""
    starts, ends = np.array([e.start_s for e in evidence]), np.array([e.end_s for e in evidence])
    found: dict[float, tuple[float, Border]] = {}
    for one in evidence:
        near = np.flatnonzero((ends >= one.time_s - _TOGETHER_S) & (starts <= one.time_s + _TOGETHER_S))
        strongest: dict[int, _Evidence] = {}
        for other in (evidence[int(i)] for i in near):
            if other.exact not in strongest or other.weight > strongest[other.exact].weight:
                strongest[other.exact] = other
        together = sorted(strongest.values(), key=lambda e: -e.exact)
        at = together[0].time_s
        weight = sum(e.weight for e in together)
        if at not in found or weight > found[at][0]:
            found[at] = (weight, Border(at, " and ".join(e.words for e in together)))
    return list(found.values())
