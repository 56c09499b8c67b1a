"""Channels that fight or are missing: inverted polarity, a dead channel, one louder than the other; and DC."""

from __future__ import annotations

import numpy as np

from ...core.audio import FloatArray
from ...core.marks import Finding
from ...core.time import Span, merge_spans
from .detector import db, ramp, when

_LEAST_S = 3.0


class Phase:
    """Second by second powers and correlation of the left and right channel (three numbers a second are kept)."""

    def __init__(self, rate: int, layout: tuple[str, ...]) -> None:
        self.rate = rate
        self.pair = (layout.index("L"), layout.index("R")) if {"L", "R"} <= set(layout) else None
        self._sums: list[tuple[float, float, float]] = []
        self._frames = 0

    def feed(self, block: FloatArray, at: int) -> None:
        self._frames = at + block.shape[1]
        if self.pair is not None:
            left, right = (block[i] - block[i].mean() for i in self.pair)
            self._sums.append((float(left @ left), float(right @ right), float(left @ right)))

    def findings(self) -> list[Finding]:
        if not self._sums or self._frames < 0.2 * self.rate:
            return []
        left, right, cross = np.asarray(self._sums, np.float64).T
        end = self._frames / self.rate
        levels = [db(float(np.sqrt(p.sum() / self._frames))) for p in (left, right)]
        difference = levels[0] - levels[1]
        if max(levels) < -65:
            return []
        if abs(difference) > 30:
            side, other = ("right", "left") if difference > 0 else ("left", "right")
            detail = f"the {side} channel is dead: {min(levels):.0f} dBFS RMS against {max(levels):.0f} on the {other}"
            return [Finding("phase", 0.0, end, 0.8, detail, f"Use the {other} channel alone, as mono.")]
        found = []
        if abs(difference) > 8:
            side, other = ("right", "left") if difference > 0 else ("left", "right")
            detail = f"the {side} channel is {abs(difference):.1f} dB softer than the {other} over the whole recording"
            severity = max(ramp(abs(difference), 6, 24), 0.15)
            found.append(Finding("phase", 0.0, end, severity, detail, "Balance the channels before the mix."))
        return found + self._inverted(left, right, cross, end)

    def _inverted(
        self, left: np.ndarray, right: np.ndarray, cross: np.ndarray, end: float
    ) -> list[Finding]:  # fmt: skip
        """Stretches where the sum of the channels is much weaker than its parts."""
        floor = 1e-6 * self.rate
        heard = (left > floor) & (right > floor)
        correlation = np.where(heard, cross / np.sqrt(np.maximum(left * right, 1e-30)), 0.0)
        bad = [Span(float(i), min(i + 1.0, end)) for i in np.flatnonzero(correlation < -0.5)]
        found = []
        for span in merge_spans(bad, 2.0):
            inside = slice(int(span.start_s), int(np.ceil(span.end_s)))
            if span.duration_s < min(_LEAST_S, 0.8 * end) or np.mean(correlation[inside] < -0.3) < 0.6:
                continue
            mean = float(cross[inside].sum() / np.sqrt(left[inside].sum() * right[inside].sum()))
            detail = (
                f"left and right cancel each other in mono {when(span.start_s, span.end_s)}: correlation {mean:.2f}"
            )
            remedy = "One channel is inverted: restore with polarity on turns it round when the whole recording is."
            found.append(Finding("phase", span.start_s, span.end_s, ramp(-mean, 0.2, 0.95), detail, remedy))
        return found


class Dc:
    """The mean of each channel."""

    def __init__(self, rate: int, layout: tuple[str, ...]) -> None:
        self.rate, self.layout = rate, layout
        self._sum = np.zeros(len(layout))
        self._frames = 0

    def feed(self, block: FloatArray, at: int) -> None:
        self._sum += block.sum(axis=1, dtype=np.float64)
        self._frames = at + block.shape[1]

    def findings(self) -> list[Finding]:
        if self._frames < 0.25 * self.rate:
            return []
        mean = self._sum / self._frames
        worst = int(np.argmax(np.abs(mean)))
        size = abs(float(mean[worst]))
        if size < 2e-3:
            return []
        detail = f"the wave stands {100 * mean[worst]:+.2f} % of full scale ({db(size):.0f} dBFS) off zero"
        if len(self.layout) > 1:
            detail += f", worst in channel {self.layout[worst]}"
        severity = max(ramp(np.log10(size), -3.0, -0.5), 0.12)
        return [Finding("dc", 0.0, self._frames / self.rate, severity, detail, "restore with dc on takes it away.")]
