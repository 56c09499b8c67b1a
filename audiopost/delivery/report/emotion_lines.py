"""The emotion curve as lines: each axis fused, of the voice and of the words; the fused ones fainter where unsure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...core.spotting import Affect, EmotionPoint
from ..emotion_curve import AXES
from .charts import curve
from .spotting_material import Stretch

#: Points of a line in a row, at most.
_MOST_POINTS = 300
#: Confidence from which a line is drawn in its second and third strength.
_FAIR, _SURE = 1 / 3, 2 / 3


@dataclass(frozen=True)
class Line:
    """`of` is 'fused', 'voice' or 'words'; `sure` 0..2, how strongly it is drawn; `path` an SVG path."""

    axis: str
    of: str
    sure: int
    path: str


def axes_of(points: Sequence[EmotionPoint]) -> tuple[str, ...]:
    """The axes that say something: dominance is 0 throughout where nothing judged it."""
    return tuple(axis for axis in AXES if axis != "dominance" or any(point.dominance for point in points))


def emotion_lines(points: Sequence[EmotionPoint], window: Stretch, axes: Sequence[str] = AXES) -> list[Line]:
    """The lines of a part of the time line; `points` in order of time."""
    shown = [point for point in points if window.start_s <= point.time_s <= window.end_s]
    kinds = [("fused", sure) for sure in range(3)] + [("voice", 2), ("words", 2)]
    lines = [
        Line(axis, of, sure, _path(shown, window, _values(shown, axis, of, sure)))
        for axis in axes
        for of, sure in kinds
    ]
    return [line for line in lines if line.path]


def _values(points: Sequence[EmotionPoint], axis: str, of: str, sure: int) -> list[float | None]:
    if of != "fused":
        return [_of(getattr(point, of), axis) for point in points]
    # A piece of the line is as strong as the point that it leaves, and reaches to the next, so that pieces meet.
    strength = [(p.confidence >= _FAIR) + (p.confidence >= _SURE) for p in points]
    return [
        getattr(point, axis) if sure in (strength[i], strength[max(i - 1, 0)]) else None
        for i, point in enumerate(points)
    ]


def _of(source: Affect | None, axis: str) -> float | None:
    return None if source is None else float(getattr(source, axis))


def _path(points: Sequence[EmotionPoint], window: Stretch, values: list[float | None]) -> str:
    times = [point.time_s for point in points]
    usual = float(np.median(np.diff(times))) if len(times) > 1 else 1.0
    return curve(times, values, window, -1.0, 1.0, gap_s=max(5 * usual, 3.0), most=_MOST_POINTS)
