"""Clipping: crests that were cut off are rebuilt as what makes the sound around them simplest, never below the cut."""

from __future__ import annotations

import functools

import numpy as np

from ...analysis import defects
from ...core.audio import Audio, FloatArray
from . import Options
from .link import Found, Mended
from .samples import Tally, mended
from .sparse import within


def mend(audio: Audio, found: Found, options: Options) -> Mended | None:
    work = functools.partial(without_clipping, headroom_db=options.clipping_headroom_db)
    return mended(audio, work, found, "crests rebuilt")


def without_clipping(x: FloatArray, rate: int, tally: Tally, headroom_db: float) -> FloatArray:
    """Every sample at the cut becomes one between it and `headroom_db` above; all others stay as they are."""
    cuts = defects.ceilings(x, defects.flat_tops(x))
    most = np.float32(10 ** (headroom_db / 20))
    low, high = x.copy(), x.copy()
    for sign, level in zip((1, -1), cuts, strict=True):
        if level is None:
            continue
        # Flat to 16 bits: what lies within a step of the cut is cut as well.
        at = sign * x >= level * np.float32(1 - 2e-3)
        near, far = (low, high) if sign > 0 else (high, low)
        near[at] = sign * np.maximum(level, np.abs(x[at]))
        far[at] = sign * level * most
        for first, last in defects.runs(at).tolist():
            tally.note(first, last, len(x))
    return within(x, low, high, rate) if (low < high).any() else x
