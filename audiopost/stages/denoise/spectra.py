"""Short-time spectra of a stream, there and back: root-Hann windows of 32 ms at 75 % overlap."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from ...core.audio import FloatArray

Spectra = NDArray[np.complex64]

WINDOW_S = 0.032
#: Windows over any one sample; the squares of root-Hann windows then sum to half of it.
_OVERLAP = 4


def hop(rate: int) -> int:
    """Samples from one window to the next."""
    return max(round(WINDOW_S * rate / _OVERLAP), 4)


def by_spectra(
    blocks: Iterable[FloatArray], rows: int, rate: int, work: Callable[[Spectra], Spectra]
) -> Iterator[FloatArray]:
    """Blocks (rows, n) to blocks (whatever rows `work` leaves, n), together as long, sample-aligned.

    `work` gets (rows, frames, bins), about a second of frames at once, each frame once and in order.
    """
    step = hop(rate)
    size = _OVERLAP * step
    lead = size - step
    window = np.sqrt(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)).astype(np.float32)
    held = np.zeros((rows, lead), np.float32)
    tail: FloatArray | None = None
    owed, early = 0, lead

    def emit(samples: FloatArray) -> FloatArray:
        nonlocal tail, early, owed
        done, tail = _shaped(samples, window, step, work, tail)
        out = done[:, early : early + owed]
        early -= min(early, done.shape[1])
        owed -= out.shape[1]
        return out

    for block in blocks:
        held = np.concatenate([held, block], axis=1)
        owed += block.shape[1]
        if held.shape[1] < rate + size:
            continue
        whole = (held.shape[1] - size) // step * step + size
        out = emit(held[:, :whole])
        held = held[:, whole - lead :]
        if out.shape[1]:
            yield out
    if owed:
        frames = -(-(owed + early) // step)
        yield emit(np.pad(held, ((0, 0), (0, (frames - 1) * step + size - held.shape[1]))))


def _shaped(
    samples: FloatArray, window: FloatArray, step: int, work: Callable[[Spectra], Spectra], tail: FloatArray | None
) -> tuple[FloatArray, FloatArray]:
    """Finished samples, and what later windows still add to; `tail` is the latter of the call before."""
    from scipy.fft import irfft, rfft

    views = np.lib.stride_tricks.sliding_window_view(samples, len(window), axis=1)[:, ::step]
    pieces = irfft(work(rfft(views * window, axis=2)), len(window), axis=2) * (window * (2 / _OVERLAP))
    rows, frames = pieces.shape[:2]
    parts = pieces.reshape(rows, frames, _OVERLAP, step)
    sums = np.zeros((rows, frames + _OVERLAP - 1, step), np.float32)
    for i in range(_OVERLAP):
        sums[:, i : i + frames] += parts[:, :, i]
    if tail is not None:
        sums[:, : _OVERLAP - 1] += tail
    return sums[:, :frames].reshape(rows, -1), sums[:, frames:]
