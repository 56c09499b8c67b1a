"""Hum away: each harmonic's slow amplitude and phase are estimated, mostly where little else sounds, and subtracted."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...analysis.hum import HumTone, LowEnd
from ...core.audio import Audio, FloatArray
from ...dsp import blocks
from ...dsp.resample import resample

#: Harmonics above 1.9 kHz are left: there hum is below the noise. Estimation runs at this rate.
_RATE = 4000
_WINDOW_S = 2.0
_BLOCK_S = 16.0


def find(audio: Audio) -> list[HumTone]:
    """Hum along the whole recording, measured as diagnose does."""
    keep = full_range(audio)
    meter = LowEnd(audio.rate, len(keep))
    for block in audio.blocks(audio.rate):
        meter.feed(block[keep])
    meter.close(audio.duration_s)
    return meter.hum


def full_range(audio: Audio) -> list[int]:
    """The channels without the LFE, whose low tones are meant."""
    return [i for i, name in enumerate(audio.layout) if name != "LFE"] or [0]


def without_hum(audio: Audio, tones: list[HumTone], amount: float) -> Iterator[FloatArray]:
    """Blocks of `audio` less its hum.

    A harmonic's complex amplitude is the signal shifted to 0 Hz and averaged over two seconds: zero phase, a notch of
    half a hertz either side. The average is weighted by the inverse of the local power of the low end, so that pauses
    set it and a voice or note that crosses the harmonic's frequency neither disturbs it nor is cut (a normalised
    convolution, Knutsson & Westin 1993). What is subtracted is nothing but sinusoids at the harmonics.
    """
    at = 0
    rate = audio.rate
    context = round((_WINDOW_S / 2 + 0.5) * rate)

    def work(block: FloatArray) -> FloatArray:
        nonlocal at
        start, at = at - context, at + round(_BLOCK_S * rate)
        middle_s = (start + block.shape[1] / 2) / rate
        tone = min(tones, key=lambda t: max(t.start_s - middle_s, middle_s - t.end_s, 0.0))
        if max(tone.start_s - middle_s, middle_s - tone.end_s) > 45.0:
            return block
        n = np.arange(start, start + block.shape[1])
        inside = (n >= 0) & (n < audio.frames)
        mended = block.copy()
        for channel in full_range(audio):
            mended[channel] -= np.float32(amount) * _estimate(block[channel], inside, rate, tone)
        return mended

    yield from blocks.process(audio, work, block_s=_BLOCK_S, context_s=context / rate, fade_s=0.5)


def _estimate(x: FloatArray, inside: np.ndarray, rate: int, tone: HumTone) -> FloatArray:
    """The hum in one channel of a block, at its full rate; `inside` is False beyond the recording's ends."""
    low_rate = min(_RATE, rate)
    low = resample(x[np.newaxis], rate, low_rate)[0].astype(np.float64)
    step = low_rate // 50 or 1
    mask = np.interp(np.arange(len(low)) / low_rate, np.arange(len(x)) / rate, inside.astype(np.float64))
    window = np.hanning(round(_WINDOW_S * low_rate) | 1)
    lines = [k for k in tone.harmonics if k * tone.frequency_hz < 0.45 * low_rate]
    time = np.arange(len(low)) / low_rate
    weight = mask
    hum = np.zeros(len(low))
    coarse = np.arange(0, len(low), step)
    for _ in range(2):
        # The second round weighs by what is left without the first round's hum.
        weight = mask / (_power(low - hum, low_rate) + 1e-12)
        weight /= weight.max() + 1e-30
        norm = np.maximum(_averaged(weight, window, coarse), 1e-9)
        hum = np.zeros(len(low))
        curves = []
        for k in lines:
            carrier = np.exp(-2j * np.pi * k * tone.frequency_hz * time)
            rest = low - hum
            curve = 2 * _averaged(weight * rest * carrier, window, coarse) / norm
            curves.append(curve)
            hum += (np.interp(time, time[coarse], curve) * np.conj(carrier)).real
    full = np.arange(len(x)) / rate
    out = np.zeros(len(x))
    for k, curve in zip(lines, curves, strict=True):
        out += (np.interp(full, time[coarse], curve) * np.exp(2j * np.pi * k * tone.frequency_hz * full)).real
    hum_full: FloatArray = (out * inside).astype(np.float32)
    return hum_full


def _power(x: np.ndarray, rate: int) -> np.ndarray:
    """Power smoothed over 0.1 s, forwards and backwards."""
    width = round(0.1 * rate)
    kernel = np.hanning(2 * width + 1)
    from scipy.signal import oaconvolve

    smooth: np.ndarray = oaconvolve(x**2, kernel / kernel.sum(), mode="same")
    power: np.ndarray = np.maximum(smooth, 0.0)
    return power


def _averaged(values: np.ndarray, window: np.ndarray, at: np.ndarray) -> np.ndarray:
    from scipy.signal import oaconvolve

    averaged: np.ndarray = oaconvolve(values, window, mode="same")[at]
    return averaged
