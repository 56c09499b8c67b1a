"""The outline of a recording of any length in equal steps, from one pass; parts of it are drawn at any width."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...core.audio import Audio, FloatArray
from .charts import envelope

_BLOCK_S = 10.0


@dataclass(frozen=True)
class Outline:
    """Lowest and highest sample of all channels and RMS in steps of `step_s`."""

    low: FloatArray
    high: FloatArray
    rms: FloatArray
    step_s: float

    @property
    def peak(self) -> float:
        return float(max(self.high.max(initial=0), -self.low.min(initial=0)))

    def part(self, start_s: float, end_s: float, columns: int) -> Outline:
        """`columns` of it (or as many as it holds) from a time to another; silence where there is no recording."""
        first = round(start_s / self.step_s)
        count = max(round(end_s / self.step_s) - first, 1)
        starts = np.unique(np.linspace(0, count, min(columns, count), endpoint=False).astype(int))
        low, high, square = (_cut(each, first, count) for each in (self.low, self.high, self.rms**2))
        return Outline(
            np.minimum.reduceat(low, starts),
            np.maximum.reduceat(high, starts),
            np.sqrt(np.add.reduceat(square, starts) / np.diff(np.append(starts, count))),
            count * self.step_s / len(starts),
        )

    def paths(self, scale: float) -> tuple[str, str]:
        """The outlines of the samples and of the RMS, as `charts.envelope` draws them."""
        return envelope(self.low, self.high, scale), envelope(-self.rms, self.rms, scale)


def _cut(values: FloatArray, first: int, count: int) -> FloatArray:
    """`count` values from `first` on, 0 where there are none."""
    begin, end = max(first, 0), min(first + count, len(values))
    cut = np.zeros(count, np.float32)
    if begin < end:
        cut[begin - first : end - first] = values[begin:end]
    return cut


def outline(audio: Audio, step_s: float) -> Outline:
    """Reads `audio` once, in blocks."""
    step = max(1, round(step_s * audio.rate))
    block = step * max(1, round(_BLOCK_S * audio.rate / step))
    lows, highs, squares = [], [], []
    for start in range(0, audio.frames, block):
        samples = audio.read(start, min(start + block, audio.frames))
        starts = np.arange(0, samples.shape[1], step)
        counts = np.diff(np.append(starts, samples.shape[1]))
        lows.append(np.minimum.reduceat(samples.min(axis=0), starts))
        highs.append(np.maximum.reduceat(samples.max(axis=0), starts))
        squares.append(np.add.reduceat(np.mean(np.square(samples), axis=0), starts) / counts)
    low, high, square = (np.concatenate(each) if each else np.zeros(1, np.float32) for each in (lows, highs, squares))
    return Outline(low, high, np.sqrt(square), step / audio.rate)
