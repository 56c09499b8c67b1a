"""Clicks, dropouts and clipping: damaged samples are rebuilt from their neighbours; all others stay as they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ...analysis import defects
from ...core.audio import Audio, FloatArray
from ...core.time import Span
from .interpolate import autoregressive

#: Known samples on either side of a gap, in multiples of the model's order and in seconds.
_SIDE_S, _LONGEST_S = 0.012, 0.020


@dataclass
class Tally:
    """How much a repair did."""

    count: int = 0
    #: Frames of context on either side of a block: a fault whose middle lies there is the neighbour's to count.
    context: int = 0

    def note(self, first: int, last: int, frames: int) -> None:
        self.count += self.context <= (first + last) // 2 < frames - self.context


Mend = Callable[[FloatArray, int, Tally], FloatArray]


def mended(audio: Audio, mend: Mend, spans: Sequence[Span] | None, tally: Tally) -> Iterator[FloatArray]:
    """`mend` over one-second blocks of each channel, with 0.3 s of context; blocks outside `spans` pass untouched.

    `mend` returns (n,) for (n,); a run that straddles a border is rebuilt from the same surroundings on both sides
    of it, so no cross-fade is needed and untouched samples stay bit-identical.
    """
    block, context = audio.rate, round(0.3 * audio.rate)
    for start in range(0, audio.frames, block):
        stop = min(start + block, audio.frames)
        here = Span(start / audio.rate, stop / audio.rate)
        if spans is not None and not any(s.start_s - 0.5 < here.end_s and here.start_s < s.end_s + 0.5 for s in spans):
            yield audio.read(start, stop)
            continue
        wide = audio.read(start - context, stop + context)
        tally.context = context
        whole = np.stack([mend(channel, audio.rate, tally) for channel in wide])
        yield whole[:, context : context + stop - start]


def without_clicks(x: FloatArray, rate: int, tally: Tally, ratio: float) -> FloatArray:
    """Clicks and 0.1 ms on either side interpolated."""
    spans, _ = defects.clicks(x, rate, ratio)
    margin = max(round(0.0002 * rate), 1)
    spans = np.stack([spans[:, 0] - margin, spans[:, 1] + margin], axis=1)
    return _filled(x, spans, rate, tally)


def without_dropouts(x: FloatArray, rate: int, tally: Tally) -> FloatArray:
    """Gaps of up to 20 ms interpolated."""
    spans = defects.gaps(x, rate, _LONGEST_S)
    return _filled(x, spans, rate, tally, side_s=0.04, order=64)


def _filled(
    x: FloatArray, spans: defects.Runs, rate: int, tally: Tally, side_s: float = _SIDE_S, order: int = 32
) -> FloatArray:
    if not len(spans):
        return x
    out = x.copy()
    side = max(round(side_s * rate), 4 * order)
    for first, last in spans.tolist():
        tally.note(first, last, len(x))
        first, last = max(first, 0), min(last, len(x))
        low, high = max(first - side, 0), min(last + side, len(x))
        missing = np.zeros(high - low, np.bool_)
        missing[first - low : last - low] = True
        out[first:last] = autoregressive(out[low:high], missing, order)[missing]
    return out


def without_clipping(x: FloatArray, rate: int, tally: Tally, headroom_db: float) -> FloatArray:
    """Crests rebuilt by AR interpolation, never below the cut, at most `headroom_db` above it.

    Where the model falls short of the cut (it pulls towards zero in long runs) a cubic through the two samples on
    either side takes its place.
    """
    spans = defects.flat_tops(x)
    level = defects.ceiling(x, spans)
    if level is None:
        return x
    spans = spans[np.abs(np.abs(x[spans[:, 0]]) - level) < 0.03 * level]
    out = x.astype(np.float64)
    side, most = max(round(0.01 * rate), 96), level * 10 ** (headroom_db / 20)
    cut = np.zeros(len(x), np.bool_)
    for first, last in spans.tolist():
        cut[first:last] = True
    for first, last in spans.tolist():
        low, high = max(first - side, 0), min(last + side, len(x))
        sign = np.sign(x[first])
        # Neighbouring cut crests are unknowns of the same system.
        missing = cut[low:high]
        if last - first > 0.02 * rate or missing.mean() > 0.5:
            crest = np.full(last - first, level)
        else:
            crest = sign * autoregressive(x[low:high], missing)[first - low : last - low]
        smooth = sign * _cubic(x, first, last)
        crest = np.where(crest < level, smooth, crest)
        out[first:last] = sign * np.clip(crest, level, most)
        tally.note(first, last, len(x))
    return out.astype(np.float32)


def _cubic(x: FloatArray, first: int, last: int) -> np.ndarray:
    """Hermite cubic over a run, with the slopes of the samples beside it."""
    left, right = max(first - 1, 0), min(last, len(x) - 1)
    before, after = float(x[max(left - 1, 0)]), float(x[min(right + 1, len(x) - 1)])
    a, b = float(x[left]), float(x[right])
    span = right - left
    t = (np.arange(first, last) - left) / max(span, 1)
    slope_a, slope_b = (a - before) * span, (after - b) * span
    return np.asarray(
        (2 * t**3 - 3 * t**2 + 1) * a
        + (t**3 - 2 * t**2 + t) * slope_a
        + (3 * t**2 - 2 * t**3) * b
        + (t**3 - t**2) * slope_b
    )
