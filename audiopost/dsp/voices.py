"""Work on the channels that carry voices, at the rate that a model wants, blended back into the recording."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from ..core.audio import Audio, FloatArray
from .resample import length, stream

#: Blocks (channels, n) and the number of channels to blocks that are together as long, sample-aligned.
Work = Callable[[Iterable[FloatArray], int], Iterator[FloatArray]]


class Kept:
    """Passes blocks on, and keeps them until as many frames are asked back: input beside the output of a stream."""

    def __init__(self, blocks: Iterable[FloatArray], channels: int) -> None:
        self._blocks = blocks
        self._kept = np.zeros((channels, 0), np.float32)

    def __iter__(self) -> Iterator[FloatArray]:
        for block in self._blocks:
            self._kept = np.concatenate([self._kept, block], axis=1)
            yield block

    def take(self, frames: int) -> FloatArray:
        """The next `frames` frames that went through."""
        taken, self._kept = self._kept[:, :frames], self._kept[:, frames:]
        return taken


def voices(layout: tuple[str, ...]) -> list[int]:
    """Numbers of the channels that may carry a voice: all but the LFE."""
    return [i for i, name in enumerate(layout) if name != "LFE"]


def at_rate(audio: Audio, rate: int, work: Work, *, block: int = 1 << 17) -> Iterator[FloatArray]:
    """`audio` with its voice channels through `work` at `rate`: blocks, together as long as `audio`.

    The LFE passes unchanged. So does the band that `rate` does not cover, above 24 kHz where a model for 48 kHz works
    on a 96 kHz recording: there only what `work` takes away is converted back, and subtracted. From lower rates the
    result itself is converted, for the converter's edge, the last 5 % of the band, would keep its noise otherwise.
    """
    kept = voices(audio.layout)
    if not kept:
        yield from audio.blocks(block)
        return
    every = len(kept) == audio.channels
    picked = stream(
        (each if every else each[kept] for each in audio.blocks(block)),
        len(kept), audio.rate, rate, length(audio.frames, audio.rate, rate),
    )  # fmt: skip
    subtracts = audio.rate >= rate
    made = _taken(picked, work, len(kept)) if subtracts else work(picked, len(kept))
    at = 0
    for back in stream(made, len(kept), rate, audio.rate, audio.frames):
        noisy = audio.read(at, at + back.shape[1])
        at += back.shape[1]
        done = (noisy if every else noisy[kept]) - back if subtracts else back
        if every:
            yield done
        else:
            out = noisy.copy()
            out[kept] = done
            yield out


def _taken(blocks: Iterable[FloatArray], work: Work, channels: int) -> Iterator[FloatArray]:
    before = Kept(blocks, channels)
    for after in work(before, channels):
        yield before.take(after.shape[1]) - after
