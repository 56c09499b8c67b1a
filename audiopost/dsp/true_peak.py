"""True peak: the largest value of the waveform between the samples (ITU-R BS.1770-4, Annex 2), streamed.

The samples are interpolated to at least 192 kHz (4x at 48 kHz) by a Kaiser-windowed sinc of 2 x `HALF` taps.
Points at the samples themselves are the samples. The interpolation of `_BLOCK` frames is one matrix product
with a banded matrix, which BLAS does some ten times faster than a polyphase loop. Blocks whose samples are too low
for any point between them to matter are not interpolated: the result is the same.
"""

from __future__ import annotations

import functools
import math
from array import array
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ..core.audio import FloatArray
from .product import product

#: Samples on either side of a point that its interpolation uses.
HALF = 12
_BLOCK = 64
_BETA = 5.0


def oversampling(rate: int) -> int:
    """4 below 96 kHz, 2 below 192 kHz, else 1, as BS.1770-4 asks for at least 192 kHz from 48 kHz up."""
    return 4 if rate < 96_000 else 2 if rate < 192_000 else 1


@functools.cache
def _interpolator(factor: int) -> tuple[FloatArray, float]:
    """(_BLOCK + 2 HALF - 1, (factor - 1) * _BLOCK): frames with context to the points between them, by phase.

    And the most it can raise a peak by, linear: the largest sum of absolute weights of any point.
    """
    taps = np.arange(1 - HALF, HALF + 1)
    matrix = np.zeros((_BLOCK + 2 * HALF - 1, factor - 1, _BLOCK))
    for phase in range(1, factor):
        distance = phase / factor - taps
        window = np.i0(_BETA * np.sqrt(1 - (distance / HALF) ** 2)) / np.i0(_BETA)
        weights = np.sinc(distance) * window
        weights /= weights.sum()  # a constant stays what it is
        for frame in range(_BLOCK):
            matrix[frame : frame + 2 * HALF, phase - 1, frame] = weights
    # A little more than the sum, for what float32 rounds.
    return matrix.reshape(matrix.shape[0], -1).astype(np.float32), 1.0001 * float(np.abs(matrix).sum(axis=0).max())


def envelope(samples: FloatArray, factor: int, floor: float = 0.0) -> FloatArray:
    """Largest absolute value of any channel from each frame up to, not including, the next one.

    `samples` (channels, n + 2 HALF) carries HALF frames of context on either side; returns (n,). Values of `floor` and
    below may come out too low, those above it never.
    """
    frames = samples.shape[1] - 2 * HALF
    peaks = np.asarray(np.abs(samples[:, HALF : HALF + frames]).max(axis=0), np.float32)
    if factor == 1 or frames == 0:
        return peaks
    blocks = np.pad(peaks, (0, -frames % _BLOCK)).reshape(-1, _BLOCK)
    for chosen, between in _between(samples, factor, floor):
        blocks[chosen] = np.maximum(blocks[chosen], np.abs(between).max(axis=1))
    return blocks.reshape(-1)[:frames]


def highest(samples: FloatArray, factor: int, least: float = 0.0) -> float:
    """The largest value of `envelope`, or `least` if that is more: several times as fast."""
    inside = samples[:, HALF : samples.shape[1] - HALF]
    peak = max(least, float(inside.max(initial=0.0)), -float(inside.min(initial=0.0)))
    if factor == 1:
        return peak
    for _, between in _between(samples, factor, peak):
        peak = max(peak, float(between.max()), -float(between.min()))
    return peak


def _between(samples: FloatArray, factor: int, floor: float) -> Iterator[tuple[NDArray[np.intp], FloatArray]]:
    """For each channel the blocks in which a point may lie above `floor`, and their points (blocks, phases, _BLOCK)."""
    matrix, gain = _interpolator(factor)
    frames = samples.shape[1] - 2 * HALF
    count = -(-frames // _BLOCK)
    for channel in samples:
        # Not "above": NaN is no reason to pass a block over.
        high = np.flatnonzero(~(np.abs(channel) <= floor / gain))
        if not len(high):
            continue
        # The sample at i is part of the points from 2 HALF before it (counted without the context) up to i - 1.
        reached = np.zeros(count, bool)
        reached[np.maximum(high - 2 * HALF, 0) // _BLOCK] = True
        reached[np.minimum((high - 1) // _BLOCK, count - 1)] = True
        chosen = np.flatnonzero(reached)
        padded = np.pad(channel, (0, count * _BLOCK - frames))
        rows = np.lib.stride_tricks.sliding_window_view(padded[1:], _BLOCK + 2 * HALF - 1)[chosen * _BLOCK]
        between = product(rows, matrix).reshape(len(chosen), factor - 1, _BLOCK)
        between[chosen == count - 1, :, frames - (count - 1) * _BLOCK :] = 0.0  # behind the last frame
        yield chosen, between


class TruePeak:
    """Meter of the true peak of all channels: `push` blocks, then ask. Silence lies around the signal.

    It keeps the peaks of `per_s` slots a second; more of them take longer, since each has to be found exactly.
    """

    def __init__(self, rate: int, channels: int, per_s: int = 1) -> None:
        self._rate, self._factor, self._per_s = rate, oversampling(rate), per_s
        self._held: FloatArray = np.zeros((channels, HALF), np.float32)
        self._done = 0
        self._peaks = array("f")

    def push(self, block: FloatArray) -> None:
        """Take (channels, n)."""
        samples = np.concatenate([self._held, block], axis=1)
        self._add(samples, self._peaks)
        ready = max(0, samples.shape[1] - 2 * HALF)
        self._done += ready
        self._held = samples[:, ready:].copy()

    def _add(self, samples: FloatArray, peaks: array[float]) -> None:
        """Puts the peaks of `samples`, which go on where the stream is and have context, into those of the slots."""
        start, stop = 0, samples.shape[1] - 2 * HALF
        while start < stop:
            slot = (self._done + start) * self._per_s // self._rate
            end = min(stop, -(-(slot + 1) * self._rate // self._per_s) - self._done)
            if slot == len(peaks):
                peaks.append(0.0)
            peaks[slot] = highest(samples[:, start : end + 2 * HALF], self._factor, peaks[slot])
            start = end

    @property
    def by_second(self) -> FloatArray:
        """The true peak of each second so far, linear, full scale 1.0; the last one may be shorter."""
        slots = self.by_slot
        by_second = np.pad(slots, (0, -len(slots) % self._per_s)).reshape(-1, self._per_s)
        return np.asarray(by_second.max(axis=1), np.float32)

    @property
    def by_slot(self) -> FloatArray:
        """The true peak of each slot so far, linear, full scale 1.0; the last one may be shorter."""
        peaks = array("f", self._peaks)
        self._add(np.pad(self._held, ((0, 0), (0, HALF))), peaks)
        return np.array(peaks, np.float32)

    @property
    def peak(self) -> float:
        """The true peak so far, linear, full scale 1.0."""
        return float(self.by_slot.max(initial=0.0))

    @property
    def dbtp(self) -> float | None:
        """The same in dBTP; None for digital silence."""
        peak = self.peak
        return 20 * math.log10(peak) if peak > 0 else None
