"""Mouth clicks: interpolated from what stands beside them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ...analysis import mouth_clicks
from ...analysis.bands import measured, voice_channels
from ...core.audio import Audio, FloatArray
from ...core.marks import counted
from ...io.scratch import spool
from . import Options
from .gains import near
from .link import Found, Mended
from .samples import Tally, filled

#: Samples are known for so long on either side, in seconds: more than a period of the lowest voice.
_SIDE_S, _ORDER = 0.02, 48


def mend(audio: Audio, found: Found, options: Options) -> Mended | None:
    keep = voice_channels(audio.layout)
    listener = mouth_clicks.Listener(audio.rate)
    for block in audio.blocks(audio.rate):
        listener.feed(block[keep].mean(axis=0))
    listener.close()
    clicks = mouth_clicks.judged(listener.clicks, measured(audio), audio.rate)
    chosen = [c for c in clicks if near(c.first / audio.rate, c.last / audio.rate, found)]
    if not chosen:
        return None
    return Mended(
        spool(_without(audio, chosen, keep), like=audio), f"{counted(len(chosen), 'mouth clicks')} interpolated"
    )


def _without(audio: Audio, clicks: Sequence[mouth_clicks.Click], keep: list[int]) -> Iterator[FloatArray]:
    """Blocks of a second with what surrounds a click: a border through one meets the same samples on both sides."""
    rate, context = audio.rate, round(0.1 * audio.rate)
    spans = np.asarray([(c.first, c.last) for c in clicks], np.int64)
    for start in range(0, audio.frames, rate):
        stop = min(start + rate, audio.frames)
        here = spans[(spans[:, 0] < stop + context // 2) & (spans[:, 1] > start - context // 2)] - (start - context)
        block = audio.read(start, stop)
        if len(here):
            wide = audio.read(start - context, stop + context)
            block = block.copy()
            for channel in keep:
                mended = filled(wide[channel], here, rate, Tally(), _SIDE_S, _ORDER)
                block[channel] = mended[context : context + stop - start]
        yield block
