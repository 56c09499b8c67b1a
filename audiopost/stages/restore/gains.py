"""Repairs that lower a part of the spectrum for a while: gains on short-time spectra, what they take away subtracted.

The frames lie on one grid from the recording's first sample to its last, so blocks have no borders to be heard; gains
are real, so nothing is delayed; and where no gain is under 1 every sample stays bit-identical.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from ...analysis.bands import Event, Voice, hop, measured, voice_channels
from ...core.audio import Audio, FloatArray
from .link import Found

#: First frame and count to how far the repair acts in each frame, (count,): 0 not at all.
Extent = Callable[[int, int], FloatArray]
#: Extent (frames,) and mean power of the channels (frames, bins) to gains (frames, bins).
Gain = Callable[[FloatArray, FloatArray], FloatArray]
#: Frames of one block.
_BLOCK = 512
#: How far an event may lie from a finding, in seconds: repairs before this one may have moved it a little.
_NEAR_S = 0.5


def located(audio: Audio, found: Found, find: Callable[[Voice], list[Event]]) -> tuple[Voice, list[Event]]:
    """What `find` hears in `audio` near the findings, or anywhere without a diagnosis."""
    voice = measured(audio)
    return voice, [e for e in find(voice) if near(e.first * voice.step_s, e.last * voice.step_s, found)]


def near(start_s: float, end_s: float, found: Found) -> bool:
    return found is None or any(f.start_s - _NEAR_S < end_s and start_s < f.end_s + _NEAR_S for f in found)


def extent(events: Sequence[Event], most: Sequence[float], flank: int) -> Extent:
    """`most` of each event inside it, with raised-cosine flanks of `flank` frames outside."""
    starts, ends = np.asarray([e.first for e in events]), np.asarray([e.last for e in events])

    def at(first: int, count: int) -> FloatArray:
        frames = np.arange(first, first + count)
        acts = np.zeros(count, np.float32)
        for i in np.flatnonzero((starts - flank < first + count) & (ends + flank > first)).tolist():
            edge = np.minimum(frames - starts[i], ends[i] - 1 - frames) / (flank + 1) + 1
            acts = np.maximum(acts, most[i] * np.sin(np.pi / 2 * np.clip(edge, 0, 1)) ** 2, dtype=np.float32)
        return acts

    return at


def below(reduction_db: FloatArray, weight: FloatArray) -> FloatArray:
    """Gains of a reduction (frames,) that counts by `weight` (bins,), 0 to 1."""
    return np.asarray(10 ** (-reduction_db[:, None] * weight / 20), np.float32)


def above(rate: int, low_hz: float, high_hz: float) -> FloatArray:
    """(bins,) 0 up to `low_hz`, 1 from `high_hz` on, a raised cosine over the logarithm of frequency between."""
    frequency = np.maximum(np.fft.rfftfreq(4 * hop(rate), 1 / rate), 1.0)
    place = np.log(frequency / low_hz) / np.log(high_hz / low_hz)
    return np.asarray(np.sin(np.pi / 2 * np.clip(place, 0, 1)) ** 2, np.float32)


def lowered(audio: Audio, acts: Extent, gain: Gain) -> Iterator[FloatArray]:
    """`audio` in blocks, with `gain` where `acts`, the same for all channels that voices are in."""
    step, size = hop(audio.rate), 4 * hop(audio.rate)
    keep = voice_channels(audio.layout)
    for first in range(0, -(-audio.frames // step), _BLOCK):
        start, stop = first * step, min((first + _BLOCK) * step, audio.frames)
        block = audio.read(start, stop)
        # Frames whose windows reach into the block; the middle of frame k is sample k * step.
        how_far = acts(first - 2, _BLOCK + 4)
        if how_far.any():
            begin = (first - 2) * step - size // 2
            wide = audio.read(begin, begin + (len(how_far) - 1) * step + size)[keep]
            block = block.copy()
            block[keep] -= _removed(wide, step, how_far, gain)[:, start - begin : stop - begin]
        yield block


def spectra(samples: FloatArray, step: int) -> NDArray[np.complex64]:
    """(channels, frames, bins) of Hann windows of 4 * `step` samples."""
    frames = np.lib.stride_tricks.sliding_window_view(samples, 4 * step, axis=1)[:, ::step]
    return np.asarray(np.fft.rfft(frames * _window(step), axis=2), np.complex64)


def powers(audio: Audio, events: Sequence[Event], most: int) -> FloatArray:
    """(frames, bins) mean power of the channels in the frames of `events`, the first `most` of them."""
    step, keep = hop(audio.rate), voice_channels(audio.layout)
    gathered: list[FloatArray] = []
    for event in events:
        count = min(event.last - event.first, most - sum(map(len, gathered)))
        if count > 0:
            begin = (event.first - 2) * step
            bins = spectra(audio.read(begin, begin + (count + 3) * step)[keep], step)
            gathered.append((np.abs(bins) ** 2).mean(axis=0))
    return np.concatenate(gathered)


def _window(step: int) -> FloatArray:
    return np.asarray(np.hanning(4 * step + 1)[:-1], np.float32)


def _removed(wide: FloatArray, step: int, how_far: FloatArray, gain: Gain) -> FloatArray:
    bins = spectra(wide, step)
    gone = 1 - gain(how_far, (np.abs(bins) ** 2).mean(axis=0))
    # Hann twice at a quarter: the squares sum to 1.5.
    pieces = np.fft.irfft(bins * gone, 4 * step, axis=2) * (_window(step) / 1.5)
    removed = np.zeros_like(wide)
    for k in np.flatnonzero(how_far).tolist():
        removed[:, k * step : (k + 4) * step] += pieces[:, k]
    return removed
