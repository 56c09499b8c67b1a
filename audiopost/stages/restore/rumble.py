"""Rumble: a zero-phase high-pass."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...core.audio import Audio, FloatArray, full_range
from ...dsp import blocks
from ...io.scratch import spool
from . import Options
from .link import Found, Mended


def mend(audio: Audio, found: Found, options: Options) -> Mended | None:
    """Second-order Butterworth forwards and backwards; without a finding nothing, since a high-pass is never free."""
    if found is None:
        return None
    corner = options.rumble_hz
    return Mended(spool(_high_passed(audio, corner), like=audio), f"high-pass at {corner:g} Hz")


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
