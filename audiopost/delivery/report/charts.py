"""Numbers into SVG paths and positions in per cent: what the template draws with.

Paths are drawn into stretched viewBoxes (WIDTH by HEIGHT); words stand beside them as HTML, so that they stay readable.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...core.audio import FloatArray
from ...core.time import clock

WIDTH, HEIGHT = 1200, 100
STEPS_S = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400)
MOST_TICKS = 10


@dataclass(frozen=True)
class Tick:
    """A label at `at` per cent of an axis; `minor` ones go where room is short."""

    at: float
    label: str
    minor: bool = False


@dataclass(frozen=True)
class Bar:
    """A stretch of the time line, in per cent; `tone` numbers a colour, `strength` is 0..1."""

    at: float
    width: float
    title: str
    label: str = ""
    tone: int = 0
    strength: float = 1.0


@dataclass(frozen=True)
class Lane:
    """Bars in a row under one name."""

    name: str
    bars: tuple[Bar, ...]
    note: str = ""
    tone: int = 0


class TimeAxis:
    """Seconds to per cent of the width, which shows `duration_s` from `start_s` on."""

    def __init__(self, duration_s: float, start_s: float = 0.0) -> None:
        self.duration_s, self.start_s = max(duration_s, 1e-6), start_s

    def at(self, time_s: float) -> float:
        return round(min(max((time_s - self.start_s) / self.duration_s, 0.0), 1.0) * 100, 3)

    def bar(
        self, start_s: float, end_s: float, title: str, label: str = "", tone: int = 0, strength: float = 1.0
    ) -> Bar:
        at = self.at(start_s)
        return Bar(at, round(max(self.at(end_s) - at, 0.0), 3), title, label, tone, round(strength, 3))

    @property
    def ticks(self) -> list[Tick]:
        step = next((s for s in STEPS_S if self.duration_s / s <= MOST_TICKS), STEPS_S[-1])
        decimals = 2 if step < 0.1 else 1 if step < 1 else 0
        count = int(self.duration_s / step * (1 + 1e-9)) + 1
        return [Tick(self.at(i * step), clock(i * step, decimals), minor=bool(i % 2)) for i in range(count)]


def envelope(low: FloatArray, high: FloatArray, scale: float) -> str:
    """The closed outline between lowest and highest samples; `scale` reaches the edge, more is cut off."""
    n = len(low)
    if not n or not scale:
        return f"M0 {HEIGHT / 2:g}H{WIDTH}"
    # At least a hair's breadth, so that silence is a line.
    top = HEIGHT / 2 * (1 - np.clip(high / scale, 0.004, 1))
    bottom = HEIGHT / 2 * (1 - np.clip(low / scale, -1, -0.004))
    xs = np.linspace(0, WIDTH, n) if n > 1 else np.array([0.0])
    if n == 1:
        return f"M0 {top[0]:.1f}H{WIDTH}V{bottom[0]:.1f}H0Z"
    there = " ".join(f"{x:.0f} {y:.1f}" for x, y in zip(xs, top, strict=True))
    back = " ".join(f"{x:.0f} {y:.1f}" for x, y in zip(xs[::-1], bottom[::-1], strict=True))
    return f"M{there} {back}Z"


def curve(
    times_s: Sequence[float],
    values: Sequence[float | None],
    axis: TimeAxis,
    low: float,
    high: float,
    gap_s: float,
    most: int = WIDTH,
) -> str:
    """A line through values, broken at None and where `gap_s` or more lies between two; thinned to `most` points."""
    at = np.array(times_s, float)
    height = np.array([np.nan if v is None else v for v in values], float)
    at, height = _thinned(at, height, most)
    parts: list[str] = []
    pen_at: float | None = None
    for time_s, value in zip(at.tolist(), height.tolist(), strict=True):
        if np.isnan(value):
            pen_at = None
            continue
        x = axis.at(time_s) * WIDTH / 100
        y = HEIGHT * (1 - (min(max(value, low), high) - low) / (high - low))
        broken = pen_at is None or time_s - pen_at >= gap_s * max(1.0, len(times_s) / max(len(at), 1))
        parts.append(f"{'M' if broken else 'L'}{x:.1f} {y:.1f}")
        pen_at = time_s
    return "".join(parts)


def _thinned(
    at: NDArray[np.float64], height: NDArray[np.float64], most: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Means of equal groups, at most `most` of them; a group without a value stays without one."""
    size = -(-len(at) // most)
    if size <= 1:
        return at, height
    starts = np.arange(0, len(at), size)
    known = ~np.isnan(height)
    counts = np.add.reduceat(known.astype(float), starts)
    sums = np.add.reduceat(np.where(known, height, 0.0), starts)
    means = np.divide(sums, counts, out=np.full(len(starts), np.nan), where=counts > 0)
    return np.add.reduceat(at, starts) / np.diff(np.append(starts, len(at))), means


def level_ticks(low: float, high: float, step: float, unit: str = "") -> list[Tick]:
    """Labels of a vertical axis, `at` per cent from the top."""
    first = -(-low // step) * step
    values = np.arange(first, high + step / 2, step)
    return [Tick(round((high - v) / (high - low) * 100, 2), f"{number(v, 0)}{unit}") for v in values.tolist()]


def number(value: float | None, decimals: int = 1, unit: str = "") -> str:
    """A number for people, with a real minus sign; a dash where there is none."""
    if value is None:
        return "–"
    text = f"{value:.{decimals}f}"
    text = text.replace("-", "−") if float(text) else text.lstrip("-")
    return f"{text} {unit}" if unit else text


def minus(text: str) -> str:
    """Real minus signs before the numbers of a text."""
    return re.sub(r"(?<![\w.])-(?=\d)", "−", text)
