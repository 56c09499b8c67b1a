"""Samples of which only bounds are known, by the sparsest spectrum that keeps to them: A-SPADE."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]

#: Window in seconds (rounded to a power of two), windows over one sample, and bins more per round and 1024 samples.
_WINDOW_S, _OVERLAP, _MORE = 0.064, 4, 1
#: A window of 4096 is done where spectrum and signal differ by less (root of the sum of squares), or after the rounds.
_ENOUGH, _ROUNDS = 0.1, 300


def within(x: FloatArray, low: FloatArray, high: FloatArray, rate: int) -> FloatArray:
    """`x` (n,) with the samples where low < high replaced; the others are known: there low = x = high.

    S. Kitić, N. Bertin, R. Gribonval, "Sparsity and cosparsity for audio declipping: a flexible non-convex approach",
    LVA/ICA 2015; the tight-frame form of P. Záviška, P. Rajmic et al., "A survey and an extensive evaluation of
    popular audio declipping methods", IEEE J. Sel. Top. Signal Process. 15, 2021, with the DFT itself as the frame
    (their redundant one costs twice the time for 0.2 dB here). Every window alternates between the k largest
    bins of its spectrum and its bounds, while k grows; windows without an unknown sample are not touched.
    """
    import scipy.fft

    size = 1 << max(round(np.log2(_WINDOW_S * rate)), 6)
    hop = size // _OVERLAP
    window = np.hanning(size + 1)[:-1].astype(np.float32)
    padded = [np.pad(v.astype(np.float32), size) for v in (x, low, high)]
    unknown = padded[1] < padded[2]
    starts = np.array([a for a in range(0, len(padded[0]) - size + 1, hop) if unknown[a : a + size].any()], np.int64)
    if not len(starts):
        return x
    index = starts[:, np.newaxis] + np.arange(size)
    # An infinite bound times a window's zero is no number.
    lows, highs = (np.nan_to_num(v[index] * window, nan=0.0, posinf=np.inf, neginf=-np.inf) for v in padded[1:])
    made = padded[0][index] * window
    active = np.arange(len(starts))
    signal = made
    spectrum = scipy.fft.rfft(signal, axis=1, norm="ortho")
    dual = np.zeros_like(spectrum)
    enough = _ENOUGH**2 * size / 4096
    more = max(_MORE * size // 1024, 1)
    for round_ in range(_ROUNDS):
        wanted = spectrum + dual
        power = wanted.real**2 + wanted.imag**2
        count = min((round_ + 1) * more, power.shape[1] - 1)
        least = np.partition(power, -count, axis=1)[:, -count, np.newaxis]
        sparse = np.where(power >= least, wanted, np.complex64(0))
        signal = scipy.fft.irfft(sparse - dual, size, axis=1, norm="ortho")
        signal = np.minimum(np.maximum(signal, lows), highs)
        spectrum = scipy.fft.rfft(signal, axis=1, norm="ortho")
        gap = spectrum - sparse
        done = 2 * (gap.real**2 + gap.imag**2).sum(axis=1) <= enough
        made[active] = signal
        if done.all():
            break
        keep = ~done
        dual = (dual + gap)[keep]
        spectrum, lows, highs, active = spectrum[keep], lows[keep], highs[keep], active[keep]
    total, weight = np.zeros(len(padded[0])), np.zeros(len(padded[0]))
    for start, piece in zip(starts, made, strict=True):
        total[start : start + size] += piece * window
        weight[start : start + size] += window**2
    out = np.clip(total / np.maximum(weight, 1e-6), padded[1], padded[2])
    filled: FloatArray = np.where(unknown, out, padded[0]).astype(np.float32)[size : size + len(x)]
    return filled
