"""A tempo range for a feeling, narrowed by how aroused the voices are."""

from __future__ import annotations

from ...analysis.affect import CIRCUMPLEX

#: Share of a rule's range that a cue keeps, at least so many BPM.
_SHARE, _LEAST_BPM = 0.5, 10
#: How far along the range one unit of arousal off the feeling's usual moves.
_PER_AROUSAL = 0.7


def narrowed(emotion: str, bpm: tuple[int, int], arousal: float) -> tuple[int, int]:
    """The part of `bpm` that suits: its middle where arousal is as usual for the feeling, higher where it is higher."""
    low, high = bpm
    width = min(high - low, max(_LEAST_BPM, round(_SHARE * (high - low))))
    along = min(max(0.5 + _PER_AROUSAL * (arousal - CIRCUMPLEX[emotion][0]), 0.0), 1.0)
    start = low + round(along * (high - low - width))
    return start, start + width
