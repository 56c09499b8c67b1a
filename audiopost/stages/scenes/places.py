"""Which cuts of a film lead to another place, and which go back and forth inside one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ...analysis.shots import Shot, alike

#: Shots this much alike show the same place; a place that comes back within this time is still the same scene.
_SAME_PLACE, _RETURNS_S = 0.6, 45.0
_LOOKED_AT = 12


class Cut(NamedTuple):
    """A shot change: whether another place is shown from here on, and the share 0..1 of colours that stay."""

    time_s: float
    to_place: bool
    stays: float


def cuts(shots: Sequence[Shot]) -> tuple[Cut, ...]:
    """The cuts between shots.

    Two shots that look alike are one place, and everything between them belongs to one scene (overlapping links:
    A. Hanjalic et al., "Automated high-level movie segmentation for advanced video-retrieval systems", IEEE
    TCSVT 9, 1999).
    """
    found = []
    for i in range(1, len(shots)):
        at = shots[i].start_s
        past = [s for s in shots[max(0, i - _LOOKED_AT) : i] if at - s.end_s <= _RETURNS_S]
        coming = [s for s in shots[i : i + _LOOKED_AT] if s.start_s - at <= _RETURNS_S]
        linked = any(alike(a, b) >= _SAME_PLACE for a in past for b in coming)
        found.append(Cut(at, not linked, alike(shots[i - 1], shots[i])))
    return tuple(found)
