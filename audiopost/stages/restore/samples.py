"""Repairs of single samples: damaged ones are rebuilt from their neighbours; all others stay as they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ...analysis import defects
from ...core.audio import Audio, FloatArray
from ...core.time import Span
from ...io.scratch import spool
from .interpolate import autoregressive
from .link import Found, Mended

#: Known samples on either side of a gap, in seconds.
_SIDE_S = 0.03


@dataclass
class Tally:
    """How much a repair did."""

    count: int = 0
    #: Frames of context on either side of a block: a fault whose middle lies there is the neighbour's to count.
    context: int = 0

    def note(self, first: int, last: int, frames: int) -> None:
        self.count += self.context <= (first + last) // 2 < frames - self.context


#: One channel (n,) at a rate to the same with its faults mended, counted in the Tally.
Work = Callable[[FloatArray, int, Tally], FloatArray]


def mended(audio: Audio, work: Work, found: Found, what: str) -> Mended | None:
    """`work` over every channel near the findings; None where it found nothing. `what` follows the count."""
    spans = None if found is None else [Span(f.start_s, f.end_s) for f in found]
    tally = Tally()
    result = spool(_blocks(audio, work, spans, tally), like=audio)
    return Mended(result, f"{tally.count} {what}") if tally.count else None


def _blocks(audio: Audio, work: Work, spans: Sequence[Span] | None, tally: Tally) -> Iterator[FloatArray]:
    """`work` over one-second blocks of each channel, with 0.3 s of context; blocks outside `spans` pass untouched.

    `work` returns (n,) for (n,); a run that straddles a border is rebuilt from the same surroundings on both sides
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
        whole = np.stack([work(channel, audio.rate, tally) for channel in wide])
        yield whole[:, context : context + stop - start]


def filled(
    x: FloatArray, spans: defects.Runs, rate: int, tally: Tally, side_s: float = _SIDE_S, order: int = 64
) -> FloatArray:
    """`x` with `spans` interpolated from `side_s` on either side."""
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
