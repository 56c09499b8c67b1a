"""Clicks: interpolated from what stands beside them."""

from __future__ import annotations

import functools

import numpy as np

from ...analysis import defects
from ...core.audio import Audio, FloatArray
from . import Options
from .link import Found, Mended
from .samples import Tally, filled, mended


def mend(audio: Audio, found: Found, options: Options) -> Mended | None:
    return mended(audio, functools.partial(without_clicks, ratio=options.clicks_ratio), found, "clicks interpolated")


def without_clicks(x: FloatArray, rate: int, tally: Tally, ratio: float) -> FloatArray:
    """Clicks and 0.1 ms on either side interpolated."""
    spans, _ = defects.clicks(x, rate, ratio)
    margin = max(round(0.0002 * rate), 1)
    spans = np.stack([spans[:, 0] - margin, spans[:, 1] + margin], axis=1)
    return filled(x, spans, rate, tally)
