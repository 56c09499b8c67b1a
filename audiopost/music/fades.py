"""Fade curves by name, computed for any stretch of a sound that comes and goes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from ..core.audio import FloatArray
from ..core.errors import UnknownName
from ..core.spotting import FADES, Fades

Array = NDArray[np.float64]

#: Where an exponential fade begins, in dB; it is a straight line in dB and drawn to zero over its first tenth.
_DEPTH_DB = 60.0
_SHAPES: Mapping[str, Callable[[Array], Array]] = {
    "cut": lambda x: np.ones_like(x),
    "linear": lambda x: x,
    "equal-power": lambda x: np.sin(x * np.pi / 2),
    "exponential": lambda x: np.minimum(10 * x, 1.0) * 10 ** ((x - 1) * _DEPTH_DB / 20),
}


def rise(shape: str, share: Array) -> Array:
    """The gain of a fade in at `share` 0..1 of its length; a fade out is the same backwards. Raises UnknownName."""
    if shape not in _SHAPES:
        raise UnknownName("fade shape", shape, FADES)
    return _SHAPES[shape](np.clip(share, 0.0, 1.0))


def gains(fades: Fades, frames: int, rate: int, start: int, stop: int) -> FloatArray:
    """The gains (stop - start,) of a sound of `frames` frames; zero before and after it. Raises UnknownName."""
    at = np.arange(start, stop, dtype=np.float64)
    gain = ((at >= 0) & (at < frames)).astype(np.float64)
    # Frames are taken at their middles, so that in and out are mirror images.
    if (length := fades.in_s * rate) >= 1:
        gain *= rise(fades.in_shape, (at + 0.5) / length)
    if (length := fades.out_s * rate) >= 1:
        gain *= rise(fades.out_shape, (frames - at - 0.5) / length)
    return gain.astype(np.float32)
