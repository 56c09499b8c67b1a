"""True peak: the largest value of the waveform between the samples (ITU-R BS.1770-4, Annex 2), streamed.

The samples are interpolated to at least 192 kHz (4x at 48 kHz) by a Kaiser-windowed sinc of 2 x `HALF` taps.
Points at the samples themselves are the samples. The interpolation of `_BLOCK` frames is one matrix product
with a banded matrix, which BLAS does some ten times faster than a polyphase loop.
"""

from __future__ import annotations

import functools
import math

import numpy as np

from ..core.audio import FloatArray

#: Samples on either side of a point that its interpolation uses.
HALF = 12
_BLOCK = 64
_BETA = 5.0


def oversampling(rate: int) -> int:
    """4 below 96 kHz, 2 below 192 kHz, else 1, as BS.1770-4 asks for at least 192 kHz from 48 kHz up."""
    return 4 if rate < 96_000 else 2 if rate < 192_000 else 1


@functools.cache
def _interpolator(factor: int) -> FloatArray:
    """(_BLOCK + 2 HALF - 1, (factor - 1) * _BLOCK): frames with context to the points between them, by phase."""
    taps = np.arange(1 - HALF, HALF + 1)
    matrix = np.zeros((_BLOCK + 2 * HALF - 1, factor - 1, _BLOCK))
    for phase in range(1, factor):
        distance = phase / factor - taps
        window = np.i0(_BETA * np.sqrt(1 - (distance / HALF) ** 2)) / np.i0(_BETA)
        weights = np.sinc(distance) * window
        weights /= weights.sum()  # a constant stays what it is
        for frame in range(_BLOCK):
            matrix[frame : frame + 2 * HALF, phase - 1, frame] = weights
    return matrix.reshape(matrix.shape[0], -1).astype(np.float32)


def envelope(samples: FloatArray, factor: int) -> FloatArray:
    """Largest absolute value of any channel from each frame up to, not including, the next one.

    `samples` (channels, n + 2 HALF) carries HALF frames of context on either side; returns (n,).
    """
    frames = samples.shape[1] - 2 * HALF
    at_samples = np.abs(samples[:, HALF : HALF + frames]).max(axis=0)
    if factor == 1 or frames == 0:
        return np.asarray(at_samples, np.float32)
    count = -(-frames // _BLOCK)
    padded = np.pad(samples[:, 1:], ((0, 0), (0, count * _BLOCK - frames)))
    rows = np.lib.stride_tricks.sliding_window_view(padded, _BLOCK + 2 * HALF - 1, axis=1)[:, ::_BLOCK]
    between = np.abs(rows[:, :count] @ _interpolator(factor))
    peaks = between.reshape(samples.shape[0], count, factor - 1, _BLOCK).max(axis=(0, 2)).reshape(-1)[:frames]
    return np.asarray(np.maximum(at_samples, peaks), np.float32)


class TruePeak:
    """Meter of the largest true peak of all channels: `push` blocks, then `peak`. Silence lies around the signal."""

    def __init__(self, rate: int, channels: int) -> None:
        self._factor = oversampling(rate)
        self._held: FloatArray = np.zeros((channels, HALF), np.float32)
        self._peak = 0.0

    def push(self, block: FloatArray) -> None:
        """Take (channels, n)."""
        samples = np.concatenate([self._held, block], axis=1)
        if samples.shape[1] > 2 * HALF:
            self._peak = max(self._peak, float(envelope(samples, self._factor).max()))
            samples = samples[:, -2 * HALF :]
        self._held = samples

    @property
    def peak(self) -> float:
        """The true peak so far, linear, full scale 1.0."""
        ending = np.pad(self._held, ((0, 0), (0, HALF)))
        return max(self._peak, float(envelope(ending, self._factor).max(initial=0.0)))

    @property
    def dbtp(self) -> float | None:
        """The same in dBTP; None for digital silence."""
        return 20 * math.log10(self.peak) if self.peak > 0 else None
