"""Dropouts: gaps are filled from what stands beside them."""

from __future__ import annotations

import numpy as np

from ...analysis import defects
from ...core.audio import Audio, FloatArray
from . import Options
from .interpolate import autoregressive
from .link import Found, Mended
from .samples import Tally, filled, mended

#: Longer gaps are left: what is put there would be right in two cases of three at best.
_LONGEST_S = 0.040
#: Known sound on either side, and how far back the model looks: the period of the lowest voices.
_SIDE_S, _ORDER_S = 0.15, 1 / 120
#: From this length on a fill is weighed by how sure it is, and how fast an unsure one fades from either edge.
_SURE_S, _FADE_S = 0.015, 0.004


def mend(audio: Audio, found: Found, options: Options) -> Mended | None:
    return mended(audio, without_dropouts, found, "gaps filled")


def without_dropouts(x: FloatArray, rate: int, tally: Tally) -> FloatArray:
    """Gaps of up to 40 ms interpolated; what fills a long one fades towards its middle as far as it is not sure."""
    spans = defects.gaps(x, rate, _LONGEST_S)
    order = min(max(round(_ORDER_S * rate), 64), 512)
    out = filled(x, spans, rate, tally, side_s=_SIDE_S, order=order)
    for first, last in spans.tolist():
        if last - first > _SURE_S * rate:
            sure = _foretold(out, first, last, rate, order) ** 2
            index = np.arange(last - first)
            edge = np.minimum(index + 0.5, last - first - index - 0.5) / rate
            out[first:last] *= sure + (1 - sure) * np.exp(-edge / _FADE_S)
    return out


def _foretold(x: FloatArray, first: int, last: int, rate: int, order: int) -> float:
    """How well the sound beside a gap lets itself be filled in, 0 to 1: the best gain of two fills as long as the gap,
    where the truth is known, one on either side.
    """
    side, length = round(_SIDE_S * rate), last - first
    before, after = x[max(first - side, 0) : first], x[last : last + side]
    beside = round(0.01 * rate) + length // 2
    met = energy = 0.0
    for known, at in ((before, len(before) - beside - length), (after, beside)):
        if at < length // 2 or at + length > len(known) - length // 2:
            continue
        missing = np.zeros(len(known), np.bool_)
        missing[at : at + length] = True
        fill = autoregressive(known, missing, order)[missing]
        met += float(fill @ known[missing])
        energy += float(fill @ fill)
    return float(np.clip(met / (energy + 1e-12), 0, 1))
