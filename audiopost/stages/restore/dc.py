"""DC: the mean of each channel, taken away where it stands off zero."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ...core.audio import Audio, FloatArray
from ...io.scratch import spool
from . import Options
from .link import Found, Mended

#: Without a finding, an offset under this (0.2 % of full scale) is left; with one, a channel's under a quarter of it.
_LEAST = 2e-3
#: How far from a finding's ends, which are whole seconds, the offset may begin and end, and how it is faded there.
_REACH_S, _FADE_S = 1.2, 0.005
#: Offsets that begin or end this near to the recording's own ends do so there.
_NEAR_S = 0.25


@dataclass(frozen=True)
class _Offset:
    """`mean` (channels, 1) stands in the frames [first, last)."""

    first: int
    last: int
    mean: FloatArray


def mend(audio: Audio, found: Found, options: Options) -> Mended | None:
    """The mean of each finding's stretch is taken away in it; without a diagnosis that of the whole recording."""
    if found is None:
        whole = _Offset(0, audio.frames, _mean(audio, 0, audio.frames))
        offsets = [whole] if np.abs(whole.mean).max() >= _LEAST else []
    else:
        offsets = [_located(audio, round(f.start_s * audio.rate), round(f.end_s * audio.rate)) for f in found]
    if not offsets:
        return None
    size = max(float(np.abs(o.mean).max()) for o in offsets)
    return Mended(spool(_centred(audio, offsets), like=audio), f"DC of {100 * size:.2f} % removed")


def _mean(audio: Audio, first: int, last: int) -> FloatArray:
    total = np.zeros(audio.channels)
    for start in range(first, last, 1 << 16):
        total += audio.read(start, min(start + (1 << 16), last)).sum(axis=1, dtype=np.float64)
    mean = (total / max(last - first, 1)).astype(np.float32)[:, np.newaxis]
    return np.where(np.abs(mean) < _LEAST / 4, np.float32(0), mean)


def _located(audio: Audio, first: int, last: int) -> _Offset:
    """The offset between about these frames: where it begins and ends is looked for around them."""
    last = min(last, audio.frames)
    reach = min(round(_REACH_S * audio.rate), (last - first) // 3)
    within = _mean(audio, first + reach, last - reach)
    worst = int(np.argmax(np.abs(within)))
    level = float(within[worst, 0])

    def change(at: int, side: int) -> int:
        """Where the sum of all samples less half the offset turns: before it there is none, after it there is one."""
        low, high = max(at - reach, 0), min(at + reach, audio.frames)
        run = np.cumsum(audio.read(low, high)[worst] * np.sign(level) - abs(level) / 2, dtype=np.float64)
        return low + int(np.argmin(side * np.concatenate([[0.0], run])))

    near = round(_NEAR_S * audio.rate)
    begin, end = change(first, 1), change(last, -1)
    begin, end = 0 if begin < near else begin, audio.frames if audio.frames - end < near else end
    return _Offset(begin, end, _mean(audio, begin, end))


def _centred(audio: Audio, offsets: list[_Offset]) -> Iterator[FloatArray]:
    fade = max(_FADE_S * audio.rate, 1.0)
    at = 0
    for block in audio.blocks(1 << 16):
        frames = np.arange(at, at + block.shape[1])
        at += block.shape[1]
        for offset in offsets:
            # At the recording's own ends there is nothing to fade to.
            rise = (frames - offset.first) / fade + 0.5 if offset.first > 0 else np.ones(len(frames))
            fall = (offset.last - frames) / fade + 0.5 if offset.last < audio.frames else np.ones(len(frames))
            weight = np.clip(np.minimum(rise, fall), 0, 1).astype(np.float32)
            if weight.any():
                block = block - offset.mean * weight
        yield block
