"""The way from dialogue to film stems that both backends share: what is left is split into music and effects."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from ...core.audio import Audio, FloatArray
from ...core.stage import Progress
from ...dsp.blocks import process
from .masks import STEADY_S, music_of


class Made:
    """A Source made of others when it is read."""

    def __init__(self, read: Callable[[int, int], FloatArray]) -> None:
        self.read = read


def made(read: Callable[[int, int], FloatArray], like: Audio) -> Audio:
    """An Audio whose samples `read(start, stop)` works out."""
    return Audio.backed(Made(read), channels=like.channels, frames=like.frames, rate=like.rate, layout=like.layout)


def split_rest(audio: Audio, dialogue: Audio, progress: Progress) -> Iterator[FloatArray]:
    """Blocks (2, channels, n) of dialogue and music; effects are what remains, the LFE with them."""
    lfe = [i for i, name in enumerate(audio.layout) if name == "LFE"]

    def rest(start: int, stop: int) -> FloatArray:
        samples = audio.read(start, stop) - dialogue.read(start, stop)
        samples[lfe] = 0
        return samples

    at = 0
    # The context covers half the stretch over which the bed's level is judged.
    context_s = STEADY_S / 2 + 0.2
    for music in process(made(rest, audio), lambda x: music_of(x, audio.rate), block_s=20.0, context_s=context_s):
        n = music.shape[1]
        yield np.stack([dialogue.read(at, at + n), music])
        at += n
        progress("separate: music and effects", at, audio.frames)
