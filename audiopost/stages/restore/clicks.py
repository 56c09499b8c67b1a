"""Clicks: interpolated from what stands beside them; pops, whose thump behind the click goes too."""

from __future__ import annotations

import functools

import numpy as np

from ...analysis import defects
from ...core.audio import Audio, FloatArray
from . import Options
from .link import Found, Mended
from .samples import Tally, filled, mended
from .thump import without_thump

#: A thump is at most this many times as high as its click; and how often crackle is sought anew.
_THUMP, _ROUNDS = 1.5, 3


def mend(audio: Audio, found: Found, options: Options) -> Mended | None:
    return mended(audio, functools.partial(without_clicks, ratio=options.clicks_ratio), found, "clicks interpolated")


def without_clicks(x: FloatArray, rate: int, tally: Tally, ratio: float) -> FloatArray:
    """Clicks and 0.2 ms on either side interpolated, and the thumps behind them taken away.

    Crackle is sought again in what is left: a click hides the smaller ones beside it.
    """
    out, margin = x, max(round(0.0002 * rate), 1)
    for _ in range(_ROUNDS):
        spans, _ = defects.clicks(out, rate, ratio)
        if not len(spans):
            break
        hurt, wide = out, np.stack([spans[:, 0] - margin, spans[:, 1] + margin], axis=1)
        out = filled(out, wide, rate, tally)
        for first, last in spans.tolist():
            size = float(np.max(np.abs(hurt[first:last] - out[first:last])))
            out = without_thump(out, first, rate, _THUMP * size)
    return out
