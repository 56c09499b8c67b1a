"""Floats to integers with TPDF dither: the rounding error becomes noise that does not depend on the signal.

Source: S. P. Lipshitz, R. A. Wannamaker, J. Vanderkooy, "Quantization and dither: a theoretical survey", JAES 40
(1992): a triangular density of ±1 LSB makes the mean and the variance of the total error independent of the signal.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..core.audio import FloatArray

#: Samples that are judged together. Float samples above half of full scale lie on the 24-bit grid every other time by
#: chance; that this many in a row do is no chance.
STRETCH = 16


def quantised(block: FloatArray, bits: int, rng: np.random.Generator) -> NDArray[np.int32]:
    """float (channels, n) at full scale 1.0 as integers of `bits` bits, clipped at full scale; the same shape.

    A stretch of 16 samples of a channel that all lie on the grid (silence, untouched audio of at most `bits` bits)
    stays as it is; any other gets dither of ±1 LSB, white, from `rng`, own to each channel.
    """
    scaled = block.astype(np.float64) * (1 << bits - 1)
    levels = np.rint(scaled)
    length = block.shape[1]
    if length:
        off = np.logical_or.reduceat(levels != scaled, np.arange(0, length, STRETCH), axis=1)
        if off.any():
            dither = rng.random(block.shape, np.float32) - rng.random(block.shape, np.float32)
            np.rint(scaled + dither, out=levels, where=np.repeat(off, STRETCH, axis=1)[:, :length])
    top = (1 << bits - 1) - 1
    return np.clip(levels, -top - 1, top).astype(np.int32)
