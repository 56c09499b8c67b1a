"""Missing samples out of their neighbours: least-squares autoregressive interpolation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]


def autoregressive(x: FloatArray, missing: NDArray[np.bool_], order: int = 32) -> NDArray[np.float64]:
    """`x` (n,) with its `missing` samples replaced by those that make the AR residual smallest.

    A. Janssen, R. Veldhuis, L. Vries, "Adaptive interpolation of discrete-time signals that can be modeled as
    autoregressive processes", IEEE Trans. ASSP 34, 1986: coefficients from what is known, unknowns by linear least
    squares, three times over. `x` holds the gap and its surroundings, some 30 ms of them.
    """
    from scipy.linalg import solve_toeplitz, solveh_banded

    y = np.where(missing, 0.0, x).astype(np.float64)
    gap = np.flatnonzero(missing)
    known = np.flatnonzero(~missing)
    order = min(order, len(known) // 3)
    if not len(gap) or order < 1:
        return y
    y[gap] = np.interp(gap, known, y[known])
    taper = np.hanning(len(y) + 2)[1:-1]
    for _ in range(3):
        shaped = y * taper
        spectrum = np.abs(np.fft.rfft(shaped, 2 * len(y))) ** 2
        correlation = np.fft.irfft(spectrum)[: order + 1]
        if correlation[0] <= 1e-18:
            return y
        correlation[0] *= 1 + 1e-7
        filter_ = np.concatenate([[1.0], -solve_toeplitz(correlation[:-1], correlation[1:])])
        # Normal equations of the residual in the unknowns: a band of the filter's own correlation.
        own = np.correlate(filter_, filter_, "full")[order:]
        # In terms of unknowns that band is no wider than in samples.
        system = np.zeros((min(order, len(gap) - 1) + 1, len(gap)))
        for row in range(len(system)):
            distance = gap[row:] - gap[: len(gap) - row]
            system[row, : len(gap) - row] = np.where(distance <= order, own[np.minimum(distance, order)], 0.0)
        system[0] *= 1 + 1e-10
        y[gap] = 0.0
        pull = np.convolve(y, np.concatenate([own[:0:-1], own]), mode="same")
        y[gap] = solveh_banded(system, -pull[gap], lower=True)
    return y
