"""The K-weighting filter of ITU-R BS.1770-4 as a streaming filter, several times as fast as sample by sample.

A recursive filter over `_BLOCK` frames is linear in them and in its state at their start, so that all blocks are two
matrix products (BLAS, float32), and only the states go from block to block by recursion (float64): C. S. Burrus,
"Block realization of digital filters", IEEE Trans. Audio Electroacoust. 20(4), 1972.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ..core.audio import FloatArray
from ..core.errors import BadValue
from .product import product

MIN_RATE = 4000
_BLOCK = 64


def k_weighting(rate: int) -> NDArray[np.float64]:
    """The K-weighting filter as second-order sections (2, 6), re-derived for any rate from 4 kHz.

    BS.1770 prints coefficients for 48 kHz only; these are bilinear transforms of the analogue prototypes behind them
    (B. De Man, "Evaluation of implementations of the EBU R128 loudness measurement", AES 145, 2018).
    """
    if rate < MIN_RATE:
        raise BadValue(
            f"Loudness is measured from {MIN_RATE} Hz, got {rate} Hz.", value=rate, remedy="Resample to 48000 Hz."
        )
    k, q = math.tan(math.pi * 1681.974450955533 / rate), 0.7071752369554196
    high = 10 ** (3.999843853973347 / 20)
    middle = high**0.4996667741545416
    a0 = 1 + k / q + k * k
    shelf_b = [(high + middle * k / q + k * k) / a0, 2 * (k * k - high) / a0, (high - middle * k / q + k * k) / a0]
    shelf_a = [1.0, 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0]
    k, q = math.tan(math.pi * 38.13547087602444 / rate), 0.5003270373238773
    a0 = 1 + k / q + k * k
    pass_a = [1.0, 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0]
    return np.array([shelf_b + shelf_a, [1.0, -2.0, 1.0, *pass_a]])


class KWeighting:
    """The filter over channels of a stream: call it with blocks (channels, n), get them K-weighted, float32."""

    def __init__(self, rate: int, channels: int) -> None:
        from scipy.linalg import solve_discrete_lyapunov

        self._sos = k_weighting(rate)
        #: (channels, 4): of the transposed direct form II, as in scipy's sosfilt, first the shelf's.
        self._state = np.zeros((channels, 4))
        # The state space of the two sections in a row: state' = a state + b x, y = c state + d x.
        (b0, b1, b2, _, a1, a2), (e0, e1, e2, _, g1, g2) = self._sos
        shelf_b, pass_b = (b1 - a1 * b0, b2 - a2 * b0), (e1 - g1 * e0, e2 - g2 * e0)
        a = np.array([[-a1, 1, 0, 0], [-a2, 0, 0, 0], [pass_b[0], 0, -g1, 1], [pass_b[1], 0, -g2, 0]])
        b = np.array([*shelf_b, *(b0 * np.array(pass_b))])
        c, d = np.array([e0, 0, 1, 0]), b0 * e0
        powers = np.stack([np.linalg.matrix_power(a, n) for n in range(_BLOCK + 1)])
        response = np.concatenate([[d], powers[:-1] @ b @ c])
        lag = np.arange(_BLOCK) - np.arange(_BLOCK)[:, np.newaxis]
        from_input = np.where(lag >= 0, response[np.maximum(lag, 0)], 0.0)
        # Between the matrices the state is in coordinates in which its length is the energy it will give (the root of
        # the observability Gramian), so that float32 rounds nothing that the output would magnify.
        root = np.linalg.cholesky(solve_discrete_lyapunov(a.T, np.outer(c, c))).T
        #: Rows: the frames of a block, then its state. Columns: what it gives.
        self._to_output = np.concatenate([from_input, (c @ powers[:-1] @ np.linalg.inv(root)).T]).astype(np.float32)
        self._to_root = (powers[_BLOCK - 1 :: -1] @ b @ root.T).astype(np.float32)
        # Both sections' poles are complex pairs at any rate (Q above 1/2): one of each pair tells all.
        poles, modes = np.linalg.eig(a)
        chosen = poles.imag > 0
        self._poles, self._modes = poles[chosen] ** _BLOCK, modes[:, chosen]
        self._to_modes = np.linalg.inv(modes)[chosen]
        self._modes_to_root, self._root_to_modes = root @ self._modes, self._to_modes @ np.linalg.inv(root)

    def __call__(self, block: FloatArray) -> FloatArray:
        """(channels, n) to (channels, n); any n, the stream goes on where it ended."""
        from scipy.signal import sosfilt

        channels, frames = block.shape
        if not block.size:
            return np.zeros((channels, frames), np.float32)
        whole = frames // _BLOCK
        split = whole * _BLOCK
        weighted = self._blocks(block[:, :split].reshape(channels, whole, _BLOCK))
        if split < frames:
            state = self._state.reshape(channels, 2, 2).transpose(1, 0, 2)
            rest, state = sosfilt(self._sos, block[:, split:].astype(np.float64), axis=1, zi=state)
            weighted = np.concatenate([weighted, rest.astype(np.float32)], axis=1)
            self._state = state.transpose(1, 0, 2).reshape(channels, 4)
        if not np.isfinite(self._state).all():
            raise BadValue("The samples hold NaN or infinity.", remedy="Clean them: np.nan_to_num(samples).")
        self._state[np.abs(self._state) < 1e-30] = 0.0  # denormals would slow the filter down in silence
        return weighted

    def _blocks(self, blocks: FloatArray) -> FloatArray:
        """(channels, m, _BLOCK) to (channels, m * _BLOCK)."""
        from scipy.signal import lfilter

        channels, count, _ = blocks.shape
        entry = np.empty((channels, count, _BLOCK + 4), np.float32)
        entry[..., :_BLOCK] = blocks
        driven = product(blocks.reshape(-1, _BLOCK), self._to_root).reshape(channels, count, 4) @ self._root_to_modes.T
        modes = np.empty((channels, count + 1, len(self._poles)), np.complex128)
        modes[:, 0] = self._state @ self._to_modes.T
        for mode, pole in enumerate(self._poles):
            start = pole * modes[:, :1, mode]
            modes[:, 1:, mode], _ = lfilter([1.0], [1.0, -pole], driven[..., mode], axis=1, zi=start)
        entry[..., _BLOCK:] = 2 * (modes[:, :-1] @ self._modes_to_root.T).real
        self._state = 2 * (modes[:, -1] @ self._modes.T).real
        return product(entry.reshape(-1, _BLOCK + 4), self._to_output).reshape(channels, -1)
