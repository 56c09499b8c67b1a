"""Denoise by DeepFilterNet3 (H. Schröter et al., MIT or Apache-2.0) on ONNX Runtime: 48 kHz, any noise, no torch.

Around the network: each channel is brought to the level that it hears best at, and back after; it hears the first
seconds backwards before the recording, for it would cut into the first second otherwise.
"""

from __future__ import annotations

import functools
import importlib.util
import itertools
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ...core.audio import Audio, FloatArray
from ...core.errors import MissingModel
from ...core.stage import Availability, ModelInfo, Progress
from ...dsp.voices import at_rate, voices
from ...models import store
from . import Options, reported
from .deepfilternet3_frames import HOP, RATE, Enhancer
from .deepfilternet3_graphs import FILES, Graphs

#: Its name in the model catalogue.
MODEL = "deepfilternet3"
#: Best between -10 and -30 dBFS RMS; PESQ falls from 2.6 to 2.1 at -42 and 1.5 at -50.
_LEVEL_DBFS = -26.0
_LEAD_S = 2.0
#: Frames of 10 ms that go through at once: the network's own memory grows with them, its speed hardly.
_AT_ONCE = 100


class DeepFilterNet3:
    """Streamed in blocks of a second with the network's state carried over; channels side by side, a thread each."""

    name: ClassVar[str] = "deepfilternet3"
    draft: ClassVar[str] = ""

    def __init__(self, options: Options) -> None:
        self.options = options
        self._graphs = _loaded(_folder(options))

    @classmethod
    def available(cls, options: Options) -> Availability:
        if importlib.util.find_spec("onnx") is None:
            return Availability(False, "onnx is not installed", "pip install onnx")
        try:
            folder = _folder(options)
        except MissingModel as error:
            return Availability(False, error.problem.rstrip("."), error.remedy)
        return Availability(True, f"the weights of DeepFilterNet3 are in {folder}")

    @property
    def model(self) -> ModelInfo | None:
        return store.info(MODEL) if self.options.model is None else store.folder_info(_folder(self.options), FILES)

    def denoise(self, audio: Audio, progress: Progress) -> Iterator[FloatArray]:
        gains = 10 ** (_LEVEL_DBFS / 20) / levels(audio)

        def work(blocks: Iterable[FloatArray], channels: int) -> Iterator[FloatArray]:
            enhancers = [Enhancer(self._graphs, post_filter=self.options.post_filter) for _ in range(channels)]
            return _enhanced(blocks, enhancers, gains.astype(np.float32))

        return reported(at_rate(audio, RATE, work), audio, progress)


@functools.lru_cache(maxsize=1)
def _loaded(folder: Path) -> Graphs:
    """Loading takes as long as ten seconds of sound: recordings after the first find the graphs loaded."""
    return Graphs(folder)


def _folder(options: Options) -> Path:
    """Where the graphs lie. Raises MissingModel."""
    if options.model is None:
        found = store.find(MODEL)
        if found is None:
            raise MissingModel("its weights are not on this machine", remedy=store.pull_command(MODEL))
        return found
    folder = Path(options.model).expanduser()
    absent = [name for name in FILES if not (folder / name).is_file()]
    if absent:
        what = f"has no {', '.join(absent)}" if folder.is_dir() else "is no folder"
        raise MissingModel(
            f"denoise.model = {options.model} {what}",
            value=options.model,
            remedy=f"name the folder that holds {', '.join(FILES)}",
        )
    return folder


def levels(audio: Audio) -> NDArray[np.float64]:
    """RMS (channels, 1) of the parts of each voice channel that are at most 10 dB under its mean; 1 for silence.

    A gate, so that pauses between sentences do not count as quiet speech.
    """
    if not audio.frames:
        return np.ones((len(voices(audio.layout)), 1))
    piece = max(round(0.4 * audio.rate), 1)
    powers = np.concatenate([_powers(block[voices(audio.layout)], piece) for block in audio.blocks(64 * piece)], axis=1)
    heard = powers >= 0.1 * powers.mean(axis=1, keepdims=True)
    rms = np.sqrt((powers * heard).sum(axis=1, keepdims=True) / np.maximum(heard.sum(axis=1, keepdims=True), 1))
    return np.asarray(np.where(rms > 1e-9, rms, 1.0))


def _powers(block: FloatArray, piece: int) -> NDArray[np.float64]:
    """Mean squares (channels, pieces); the last piece may be shorter."""
    whole = block.shape[1] // piece * piece
    pieces = block[:, :whole].reshape(len(block), -1, piece)
    powers = np.einsum("cpi,cpi->cp", pieces, pieces) / piece
    if whole < block.shape[1]:
        powers = np.append(powers, np.square(block[:, whole:]).mean(axis=1, keepdims=True), axis=1)
    return np.asarray(powers, np.float64)


def _enhanced(blocks: Iterable[FloatArray], enhancers: list[Enhancer], gains: FloatArray) -> Iterator[FloatArray]:
    """Blocks (channels, n) at 48 kHz through the enhancers: as long, sample-aligned."""
    blocks = iter(blocks)
    start = np.zeros((len(enhancers), 0), np.float32)
    for block in blocks:
        start = np.concatenate([start, block], axis=1)
        if start.shape[1] >= _LEAD_S * RATE:
            break
    lead = start[:, : round(_LEAD_S * RATE)][:, ::-1]
    early, owed = lead.shape[1], 0
    with ThreadPoolExecutor(min(len(enhancers), os.cpu_count() or 1)) as pool:
        each: Callable[..., Iterable[FloatArray]] = pool.map if len(enhancers) > 1 else map
        held = lead
        for block in itertools.chain([start], blocks):
            owed += block.shape[1]
            held = np.concatenate([held, block], axis=1)
            while held.shape[1] >= _AT_ONCE * HOP:
                now, held = held[:, : _AT_ONCE * HOP] * gains, held[:, _AT_ONCE * HOP :]
                out = np.stack(list(each(Enhancer.feed, enhancers, now)))
                skip = min(early, out.shape[1])
                early -= skip
                owed -= out.shape[1] - skip
                if skip < out.shape[1]:
                    yield out[:, skip:] / gains
        rest = np.pad(held, ((0, 0), (0, -held.shape[1] % HOP))) * gains
        ends = [
            np.concatenate([enhancer.feed(row), enhancer.finish()])
            for enhancer, row in zip(enhancers, rest, strict=True)
        ]
        yield np.asarray(np.stack(ends)[:, early : early + owed] / gains, np.float32)
