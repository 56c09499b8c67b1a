"""Demucs over a recording of any length: its own segments, shifts and weights, one segment in memory at a time.

What comes out is what `demucs.apply.apply_model` makes of the recording as a whole: the same grid of segments, padded
and weighted by the same triangle, the same mean and deviation over the whole file, the same shifts for a seed. Models
of a bag and shifts run side by side, and models that add nothing to the stems asked for do not run at all.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.audio import Audio, FloatArray

#: Demucs draws its shifts from Python's generator; ours is seeded with this and leaves the shared one alone.
_SEED = 0
_BLOCK = 1 << 18


@dataclass(frozen=True)
class Group:
    """Channels that a model hears together, with the mean and deviation of their mean over the whole recording."""

    channels: tuple[int, ...]
    mean: float
    deviation: float

    def scaled(self, samples: FloatArray, width: int) -> FloatArray:
        """(width, n) as Demucs' models want it: around zero, at unit deviation; a lone channel stands for all."""
        rows = [*self.channels, *self.channels[-1:] * (width - len(self.channels))]
        return (samples[rows] - np.float32(self.mean)) / np.float32(self.deviation)

    def restored(self, sources: FloatArray) -> FloatArray:
        """(sources, channels, n) at the recording's level out of (sources, width, n)."""
        sources = sources * np.float32(self.deviation) + np.float32(self.mean)
        if len(self.channels) == 1:
            return np.asarray(sources.mean(axis=1, keepdims=True), np.float32)
        return np.asarray(sources[:, : len(self.channels)], np.float32)


def measured(audio: Audio, groups: list[list[int]]) -> list[Group]:
    """The groups with what Demucs normalises by, in one pass over the recording."""
    sums, squares = np.zeros(len(groups)), np.zeros(len(groups))
    for block in audio.blocks(_BLOCK):
        for i, group in enumerate(groups):
            heard = block[group].mean(axis=0, dtype=np.float64)
            sums[i] += heard.sum()
            squares[i] += heard @ heard
    mean = sums / max(audio.frames, 1)
    variance = np.maximum(squares - sums * mean, 0) / max(audio.frames - 1, 1)
    return [Group(tuple(g), float(m), float(v) ** 0.5 + 1e-8) for g, m, v in zip(groups, mean, variance, strict=True)]


@dataclass(frozen=True)
class _Pass:
    """One model at one shift: its grid begins at frame `start`, and `share` (sources,) is its part of the mean."""

    model: Any
    start: int
    share: FloatArray


class Segments:
    """A bag of models and how it goes over a recording; `picked` are the numbers of the sources wanted."""

    def __init__(
        self, bag: Any, picked: list[int], *, device: str, shifts: int, overlap: float, segment: float | None
    ) -> None:
        self._bag, self.picked, self._device = bag, picked, device
        self._overlap, self._segment = overlap, segment
        weights = np.asarray(bag.weights, np.float32)[:, picked]
        shares = weights / weights.sum(axis=0) / max(1, shifts)
        dice = random.Random(_SEED)  # noqa: S311 - a shift, no secret
        most = int(0.5 * bag.samplerate)
        self._passes: list[_Pass] = []
        for model, share in zip(bag.models, shares, strict=True):
            # Drawn for models that do not run too, so that the others get the shifts they have in Demucs.
            starts = [dice.randint(0, most) - most for _ in range(shifts)] or [0]
            if share.any():
                model.to(device)
                self._passes += [_Pass(model, start, share) for start in starts]

    def run(self, audio: Audio, groups: list[Group], report: Callable[[float], None]) -> Iterator[FloatArray]:
        """Blocks (picked sources, channels, n), together as long as `audio`, which has the models' rate.

        Channels of no group stay silent. `report` gets the share that is done, before each segment.
        """
        counts = [len(range(each.start, audio.frames, self._grid(each.model)[1])) for each in self._passes]
        done, total = 0, max(1, sum(counts) * len(groups))

        def tick() -> None:
            nonlocal done
            report(done / total)
            done += 1

        runs = [self._over(audio, groups, each, tick) for each in self._passes]
        held = [np.zeros((len(self.picked), audio.channels, 0), np.float32) for _ in runs]
        left = audio.frames
        while left:
            held = [piece if piece.shape[-1] else next(run) for piece, run in zip(held, runs, strict=True)]
            n = min(piece.shape[-1] for piece in held)
            if n:  # a pass that begins before the recording has nothing at first
                yield sum(piece[..., :n] for piece in held)  # type: ignore[misc]
            held = [piece[..., n:] for piece in held]
            left -= n

    def _grid(self, model: Any) -> tuple[int, int]:
        """Frames of one segment and between two, as Demucs counts them."""
        length = int(model.samplerate * (model.segment if self._segment is None else self._segment))
        return length, max(1, int((1 - self._overlap) * length))

    def _over(self, audio: Audio, groups: list[Group], each: _Pass, tick: Callable[[], None]) -> Iterator[FloatArray]:
        """One pass in pieces (sources, channels, n), already multiplied by its share."""
        length, stride = self._grid(each.model)
        rise = np.arange(1, length // 2 + 1, dtype=np.float32)
        fall = np.arange(length - length // 2, 0, -1, dtype=np.float32)
        triangle = np.concatenate([rise, fall]) / fall[0]
        total = np.zeros((len(self.picked), audio.channels, length), np.float32)
        weight = np.zeros(length, np.float32)
        for offset in range(each.start, audio.frames, stride):
            n = min(length, audio.frames - offset)
            # Short segments are centred in the sound around them: half a segment on either side is more than enough.
            margin = length // 2 + 1
            window = audio.read(offset - margin, offset + length + margin)
            inside = slice(max(margin - offset, 0), margin + audio.frames - offset)
            for group in groups:
                tick()
                if window[list(group.channels), margin : margin + n].any():
                    chunk = self._heard(each.model, window, group, inside, margin, n)
                    total[:, list(group.channels), :n] += triangle[:n] * chunk
            weight[:n] += triangle[:n]
            ready = min(stride, audio.frames - offset)
            piece = total[..., :ready] / weight[:ready] * each.share[:, None, None]
            yield piece[..., max(-offset, 0) :]
            total[..., :-stride], weight[:-stride] = total[..., stride:].copy(), weight[stride:].copy()
            total[..., -stride:], weight[-stride:] = 0, 0

    def _heard(
        self, model: Any, window: FloatArray, group: Group, inside: slice, at: int, n: int
    ) -> NDArray[np.float32]:
        """(sources, group's channels, n): what the model makes of the `n` frames at `at` of a window."""
        import torch
        from demucs.apply import TensorChunk, apply_model

        # Beyond the recording's ends there is silence, not the mean.
        scaled = np.zeros((self._bag.audio_channels, window.shape[1]), np.float32)
        scaled[:, inside] = group.scaled(window[:, inside], self._bag.audio_channels)
        chunk = TensorChunk(torch.from_numpy(scaled)[None], at, n)
        state = random.getstate()
        random.seed(_SEED)  # transformers draw from it too
        try:
            out = apply_model(model, chunk, shifts=0, split=False, segment=self._segment, device=self._device)
        finally:
            random.setstate(state)
        return group.restored(out[0, self.picked].cpu().numpy())
