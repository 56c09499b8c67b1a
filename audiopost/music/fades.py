"""Fade curves by name, laid on any stretch of a sound that comes and goes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.audio import FloatArray
from ..core.errors import UnknownName
from ..core.spotting import FADES, Fades

Array = NDArray[np.floating[Any]]

#: Where an exponential fade begins, in dB; it is a straight line in dB and drawn to zero over its first tenth.
_DEPTH_DB = 60.0
_SHAPES: Mapping[str, Callable[[Array], Array]] = {
    "cut": lambda x: np.ones_like(x),
    "linear": lambda x: x,
    "equal-power": lambda x: np.sin(x * np.pi / 2),
    "exponential": lambda x: np.minimum(10 * x, 1.0) * 10 ** ((x - 1) * _DEPTH_DB / 20),
}


def _rise(shape: str, share: Array) -> FloatArray:
    """The gain of a fade in at `share` 0..1 of its length; a fade out is the same backwards. Raises UnknownName."""
    if shape not in _SHAPES:
        raise UnknownName("fade shape", shape, FADES)
    return _SHAPES[shape](np.clip(share, 0.0, 1.0)).astype(np.float32)


def fade_in(sound: FloatArray, at: int, length: float, shape: str) -> None:
    """Fades `sound` (channels, n) in place; its first frame is number `at` of a fade of `length` frames."""
    if length >= 1 and at < length:
        # Frames are taken at their middles, so that in and out are mirror images.
        rising = sound[:, : max(0, math.ceil(length) - at)]
        rising *= _rise(shape, (np.arange(at, at + rising.shape[1]) + 0.5) / length)


def fade_out(sound: FloatArray, left: int, length: float, shape: str) -> None:
    """Fades `sound` (channels, n) in place; from its first frame `left` frames are left to the end of the fade."""
    first = max(0, left - math.ceil(length))
    if length >= 1 and first < sound.shape[1]:
        falling = sound[:, first:]
        falling *= _rise(shape, (left - first - np.arange(falling.shape[1]) - 0.5) / length)


def fade(sound: FloatArray, fades: Fades, frames: int, rate: int, at: int) -> None:
    """Fades in place frames from number `at` on of a sound of `frames` frames. Raises UnknownName."""
    fade_in(sound, at, fades.in_s * rate, fades.in_shape)
    fade_out(sound, frames - at, fades.out_s * rate, fades.out_shape)
