"""Dropouts: gaps are filled from what stands beside them."""

from __future__ import annotations

from ...analysis import defects
from ...core.audio import Audio, FloatArray
from . import Options
from .link import Found, Mended
from .samples import Tally, filled, mended

#: Longer gaps are left: what is put there would be right in two cases of three at best.
_LONGEST_S = 0.040
#: Known sound on either side, and how far back the model looks: the period of the lowest voices.
_SIDE_S, _ORDER_S = 0.15, 1 / 120


def mend(audio: Audio, found: Found, options: Options) -> Mended | None:
    return mended(audio, without_dropouts, found, "gaps filled")


def without_dropouts(x: FloatArray, rate: int, tally: Tally) -> FloatArray:
    """Gaps of up to 40 ms interpolated."""
    spans = defects.gaps(x, rate, _LONGEST_S)
    return filled(x, spans, rate, tally, side_s=_SIDE_S, order=min(max(round(_ORDER_S * rate), 64), 512))
