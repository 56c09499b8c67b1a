"""Log mel energies as Kaldi computes them, which speech models of the Kaldi line (FunASR, WeNet) are trained on."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]

#: 25 ms windows every 10 ms, preemphasis and lowest frequency as `compute-fbank-feats` has them by default.
_WINDOW_S, _HOP_S = 0.025, 0.010
_PREEMPHASIS = 0.97
_LOWEST_HZ = 20.0
_FLOOR = np.float32(np.finfo(np.float32).eps)


def log_mel(samples: FloatArray, rate: int, bands: int = 80) -> FloatArray:
    """(frames, bands) natural logarithms of mel energies of mono samples at 16-bit scale (-32768 to 32767).

    Kaldi's `compute-fbank-feats` (D. Povey et al., ASRU 2011) with a Hamming window and without dither; samples that
    fill no window are left out, fewer than one window give no frame.
    """
    window, hop = round(_WINDOW_S * rate), round(_HOP_S * rate)
    if len(samples) < window:
        return np.zeros((0, bands), np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(samples.astype(np.float32), window)[::hop]
    frames = frames - frames.mean(axis=1, keepdims=True)
    before = np.concatenate([frames[:, :1], frames[:, :-1]], axis=1)
    shaped = (frames - _PREEMPHASIS * before) * np.hamming(window)
    size = 1 << (window - 1).bit_length()
    power = np.abs(np.fft.rfft(shaped, size, axis=1)[:, :-1]) ** 2
    return np.log(np.maximum(power @ _weights(size, rate, bands), _FLOOR)).astype(np.float32)


@cache
def _weights(size: int, rate: int, bands: int) -> NDArray[np.float64]:
    """(size / 2, bands) triangles, even on the mel scale from 20 Hz to half the rate."""

    def mel(hz: NDArray[np.float64]) -> NDArray[np.float64]:
        return 1127.0 * np.log(1 + hz / 700.0)

    low, high = mel(np.array([_LOWEST_HZ, rate / 2]))
    edges = np.linspace(low, high, bands + 2)
    at = mel(np.arange(size // 2) * rate / size)[:, None]
    rising = (at - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - at) / (edges[2:] - edges[1:-1])
    triangles: NDArray[np.float64] = np.maximum(0.0, np.minimum(rising, falling))
    return triangles
