"""Rumble: a zero-phase high-pass, where it was found."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ...core.audio import Audio, FloatArray, full_range
from ...core.time import Span, merge_spans
from ...dsp import blocks
from ...io.scratch import spool
from . import Options
from .link import Found, Mended

#: Around a finding, the high-pass is faded in and out over this.
_FADE_S = 0.5


def mend(audio: Audio, found: Found, options: Options) -> Mended | None:
    """Second-order Butterworth forwards and backwards; without a finding nothing, since a high-pass is never free."""
    if found is None:
        return None
    corner = options.rumble_hz
    spans = merge_spans([Span(f.start_s, f.end_s) for f in found], 2 * _FADE_S)
    return Mended(spool(_inside(audio, corner, spans), like=audio), f"high-pass at {corner:g} Hz")


def _inside(audio: Audio, corner_hz: float, spans: list[Span]) -> Iterator[FloatArray]:
    """The high-passed sound in `spans`, `audio` outside of them."""
    edges = [t for s in spans for t in (s.start_s - _FADE_S, s.start_s, s.end_s, s.end_s + _FADE_S)]
    start = 0
    for passed in _high_passed(audio, corner_hz):
        stop = start + passed.shape[1]
        weight = np.interp(np.arange(start, stop) / audio.rate, edges, [0.0, 1.0, 1.0, 0.0] * len(spans))
        block = audio.read(start, stop)
        yield block + weight.astype(np.float32) * (passed - block)
        start = stop


def _high_passed(audio: Audio, corner_hz: float) -> Iterator[FloatArray]:
    """Zero phase, or the lowest voices would be smeared. The LFE passes untouched: the low end is all it is for."""
    from scipy.signal import butter, sosfiltfilt

    sections: Any = butter(2, corner_hz, "highpass", fs=audio.rate, output="sos")
    keep = full_range(audio.layout)

    def work(block: FloatArray) -> FloatArray:
        filtered = block.copy()
        filtered[keep] = sosfiltfilt(sections, block[keep], axis=1, padlen=0)
        return filtered

    return blocks.process(audio, work, context_s=0.5)
