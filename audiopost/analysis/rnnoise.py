"""RNNoise (J.-M. Valin, 2018, BSD; the library comes with the pyrnnoise package): the speech in a recording, streamed.

A small recurrent network sets the gains of 22 bands of a 48 kHz signal in frames of 10 ms, with a comb filter at
the pitch. It knows speech, so music and effects go as well as noise. Floats go in and out through ctypes, scaled
to the range of 16 bit that the network was trained on, and are never clipped or rounded.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from ..core.audio import Audio, FloatArray
from ..core.errors import MissingExtra
from ..core.stage import ModelInfo
from ..dsp.resample import converted, length, stream
from ..models import threads

RATE = 48_000
FRAME = 480
#: Samples by which the output is late: one frame of overlap and one of look-ahead (cross-correlation finds the same).
DELAY = 960
_SCALE = np.float32(32768.0)
_FLOATS = ctypes.POINTER(ctypes.c_float)
#: Whether the speech of each channel is wanted between two times in seconds.
Heed = Callable[[float, float], Sequence[bool]]


def _library() -> Any:
    try:
        from pyrnnoise.rnnoise import lib
    except (ImportError, OSError) as error:
        raise MissingExtra(
            "pyrnnoise or the library it carries is not here.", remedy="pip install pyrnnoise"
        ) from error
    return lib


@functools.cache
def model_info() -> ModelInfo:
    """The network, which is compiled into the library: its hash is the library's. Raises MissingExtra."""
    from importlib.metadata import version

    path = Path(_library()._name)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    source = "https://github.com/xiph/rnnoise, as built into pyrnnoise"
    return ModelInfo("RNNoise", f"pyrnnoise {version('pyrnnoise')}", "BSD-3-Clause", source, digest)


class _States:
    """One network state for each channel, freed at the end; channels are heard side by side where there are cores."""

    def __init__(self, channels: int) -> None:
        self._lib = _library()
        self._states = [self._lib.rnnoise_create(None) for _ in range(channels)]
        self._pool = ThreadPoolExecutor(min(threads.cores(), channels)) if channels > 1 else None

    def __enter__(self) -> _States:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool:
            self._pool.shutdown()
        for state in self._states:
            self._lib.rnnoise_destroy(state)
        self._states = []

    def run(self, samples: FloatArray, live: Iterable[bool]) -> FloatArray:
        """(channels, a multiple of FRAME), DELAY late; channels that are not `live` rest, and give silence."""
        work = np.ascontiguousarray(samples * _SCALE, dtype=np.float32)
        each = self._pool.map if self._pool else map
        for _ in each(self._hear, self._states, work, live):
            pass
        work /= _SCALE
        return work

    def _hear(self, state: Any, row: FloatArray, on: bool) -> None:
        """One channel, in place."""
        if not on:
            row[:] = 0
            return
        process, address = self._lib.rnnoise_process_frame, row.ctypes.data
        for at in range(0, row.nbytes, FRAME * row.itemsize):
            frame = ctypes.cast(address + at, _FLOATS)
            process(state, frame, frame)


def speech_stream(blocks: Iterable[FloatArray], channels: int, heed: Heed | None = None) -> Iterator[FloatArray]:
    """The speech in blocks (channels, n) at 48 kHz; together as long as the input, sample-aligned with it."""
    rest = np.zeros((channels, 0), np.float32)
    late = DELAY
    owed = at = 0

    def live(frames: int) -> Iterable[bool]:
        return heed((at - DELAY) / RATE, (at + frames) / RATE) if heed else itertools.repeat(True, channels)

    with _States(channels) as states:
        for block in blocks:
            owed += block.shape[1]
            rest = np.concatenate([rest, block], axis=1)
            whole = rest.shape[1] // FRAME * FRAME
            if not whole:
                continue
            out, rest = states.run(rest[:, :whole], live(whole)), rest[:, whole:]
            at += whole
            skip = min(late, whole)
            late -= skip
            out = out[:, skip:]
            owed -= out.shape[1]
            if out.shape[1]:
                yield out
        if owed:
            tail = np.pad(rest, ((0, 0), (0, -(rest.shape[1]) % FRAME + DELAY)))
            yield states.run(tail, live(tail.shape[1]))[:, late : late + owed]


def speech_in(audio: Audio, heed: Heed | None = None) -> Iterator[FloatArray]:
    """The speech of every channel, at any rate: blocks of the same total length, sample-aligned.

    The LFE, which carries no speech, is passed through. Above 24 kHz nothing is left. `heed` leaves out, a second or so
    at a time, the channels of those without LFE where nobody asks for speech.
    """
    voices = [i for i, name in enumerate(audio.layout) if name != "LFE"]
    picked = (block[voices] for block in converted(audio, RATE, block=audio.rate))
    frames_48k = length(audio.frames, audio.rate, RATE)
    speech = speech_stream(picked, len(voices), heed) if voices else iter(())
    back = stream(_bounded(speech, frames_48k), len(voices), RATE, audio.rate, audio.frames)
    if len(voices) == audio.channels:
        yield from back
        return
    at = 0
    for block in back:
        joined = audio.read(at, at + block.shape[1]).copy()
        joined[voices] = block
        at += block.shape[1]
        yield joined


def _bounded(blocks: Iterator[FloatArray], frames: int) -> Iterator[FloatArray]:
    for block in blocks:
        yield block[:, :frames]
        frames -= min(frames, block.shape[1])
