"""Separate by Demucs v4 (A. Défossez et al., MIT; S. Rouard et al., ICASSP 2023): music models and custom ones.

Film stems from a model that knows dialogue, music and effects are its own; from a music model the dialogue is its
vocals, and `film.split_rest` splits what remains. Nothing here asks the network.
"""

from __future__ import annotations

import importlib.util
import random
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import numpy as np

from ...core.audio import Audio, FloatArray
from ...core.errors import AudiopostError, BadValue, StageError, Unavailable
from ...core.stage import Availability, ModelInfo, Progress
from ...dsp import resample
from ...dsp.blocks import process
from ...io.scratch import at_rate, spool
from ...models import store
from . import STEMS, Options, demucs_models
from .film import split_rest

#: Recordings go through in blocks; a model sees whole segments (7.8 s) anyhow.
_BLOCK_S, _CONTEXT_S, _FADE_S = 60.0, 4.0, 0.5
#: Channels that a stereo model should hear together.
_PAIRS = (("L", "R"), ("Ls", "Rs"), ("Lb", "Rb"))
#: What models call the film stems.
_DIALOGUE, _MUSIC = ("dialogue", "dialog", "speech", "vocals", "voice"), ("music",)
_EFFECTS = ("effects", "sfx", "effect", "fx")


class Demucs:
    """A bag of Demucs models from options.repo or the model store."""

    name: ClassVar[str] = "demucs"
    draft: ClassVar[str] = ""

    def __init__(self, options: Options) -> None:
        self.options = options
        self._folder, self._name = demucs_models.locate(options.model, options.repo)
        self._bag = demucs_models.load(self._folder, self._name)
        self._device = _device(options.device)
        self._wanted = self._choose(tuple(self._bag.sources))

    @classmethod
    def available(cls, options: Options) -> Availability:
        absent = [name for name in ("demucs", "torch") if importlib.util.find_spec(name) is None]
        if absent:
            return Availability(False, f"{absent[0]} is not installed", "pip install 'audiopost[demucs]'")
        try:
            folder, name = demucs_models.locate(options.model, options.repo)
        except Unavailable as error:
            return Availability(False, error.problem, error.remedy)
        return Availability(True, f"the weights of {name} are in {folder}")

    @property
    def model(self) -> ModelInfo | None:
        if self.options.repo is None:
            return store.info(self._name)
        files = demucs_models.weight_files(self._folder, self._name)
        folder = store.folder_info(self._folder, tuple(path.name for path in files))
        return ModelInfo(self._name, folder.version, folder.licence, folder.source, folder.sha256)

    @property
    def stems(self) -> tuple[str, ...]:
        return STEMS[self.options.stems]

    @property
    def note(self) -> str:
        if self.options.stems == "film" and len(self._wanted) == 1:
            return (
                f"{self._name} is a music model: dialogue is its {self._wanted[0]}, "
                "the rest is split into music and effects by signal processing (rough)"
            )
        return ""

    def separate(self, audio: Audio, progress: Progress) -> Iterator[FloatArray]:
        pieces = self._pieces(audio, progress)
        if self.options.stems == "film" and len(self._wanted) == 1:
            dialogue = spool((piece[0] for piece in pieces), like=audio)
            return split_rest(audio, dialogue, progress)
        return pieces

    def _choose(self, sources: tuple[str, ...]) -> tuple[str, ...]:
        """The model's sources that become stems, in order, without the last stem, which is the remainder."""
        if self.options.stems == "music":
            wanted = STEMS["music"][:-1]
            if set(wanted) <= set(sources):
                return wanted
        else:
            dialogue, music, effects = (
                next((name for name in names if name in sources), None) for names in (_DIALOGUE, _MUSIC, _EFFECTS)
            )
            if dialogue:
                return (dialogue, music) if music and effects else (dialogue,)
        raise BadValue(
            f"{self._name} separates {', '.join(sources)}, which does not give {self.options.stems} stems "
            f"({', '.join(self.stems)}).",
            value=self._name,
            remedy="Choose another separate.model or separate.stems.",
        )

    def _pieces(self, audio: Audio, progress: Progress) -> Iterator[FloatArray]:
        """Blocks (wanted sources, channels, n) at the recording's own rate."""
        rate, count = self._bag.samplerate, len(self._wanted)
        converted = at_rate(audio, rate)
        blocks = max(1, -(-converted.frames // round(_BLOCK_S * rate)))
        done = 0

        def report(share: float) -> None:
            progress("separate", min(1.0, (done + share) / blocks) * audio.frames, audio.frames)

        def work(samples: FloatArray) -> FloatArray:
            nonlocal done
            out = self._apply(samples, audio.layout, report)
            done += 1
            return out.reshape(count * audio.channels, -1)

        made = process(converted, work, block_s=_BLOCK_S, context_s=_CONTEXT_S, fade_s=_FADE_S)
        for block in resample.stream(made, count * audio.channels, rate, audio.rate, audio.frames):
            yield block.reshape(count, audio.channels, -1)
        progress("separate", audio.frames, audio.frames)

    def _apply(self, samples: FloatArray, layout: tuple[str, ...], report: Callable[[float], None]) -> FloatArray:
        """(wanted sources, channels, n) of one block; the LFE goes to the remainder."""
        import torch
        from demucs.apply import apply_model

        picked = [self._bag.sources.index(name) for name in self._wanted]
        out = np.zeros((len(picked), *samples.shape), np.float32)
        heard = np.flatnonzero(samples.any(axis=0))
        if not len(heard):
            return out
        # Silence before and after the recording need not be computed.
        extent = slice(heard[0], heard[-1] + 1)
        samples = samples[:, extent]
        width = self._bag.audio_channels
        groups = _groups(layout, width)
        # Demucs' models want each recording at unit variance around zero.
        batch = np.stack([samples[[*group, *(group[-1:] * (width - len(group)))]] for group in groups])
        mean = batch.mean(axis=(1, 2), keepdims=True)
        spread = batch.mean(axis=1, keepdims=True).std(axis=2, keepdims=True) + 1e-8
        total = len(self._bag.models) * max(1, self.options.shifts)

        def callback(state: dict[str, Any]) -> None:
            if state["state"] == "end":
                runs = state["model_idx_in_bag"] * max(1, self.options.shifts) + state["shift_idx"]
                report((runs + min(1.0, state["segment_offset"] / samples.shape[1])) / total)

        dice = random.getstate()
        random.seed(0)  # Demucs draws its shifts from Python's own generator
        try:
            estimate = apply_model(
                self._bag,
                torch.from_numpy((batch - mean) / spread),
                shifts=self.options.shifts,
                overlap=self.options.overlap,
                device=self._device,
                callback=callback,
            )
        except AudiopostError:
            raise
        except (RuntimeError, ValueError, AssertionError) as error:
            why = (str(error).splitlines() or [repr(error)])[0]
            raise StageError(
                f"demucs: {self._name} failed on {self._device}: {why}",
                value=self._name,
                remedy="If memory ran out, try separate.device=cpu or separate.backend=dsp.",
            ) from error
        finally:
            random.setstate(dice)
        sources = estimate[:, picked].cpu().numpy() * spread[:, None] + mean[:, None]
        for i, group in enumerate(groups):
            # A lone channel was heard by all inputs of the model: it is the mean of all outputs.
            alone = sources[i].mean(axis=1, keepdims=True)
            out[:, group, extent] = alone if len(group) == 1 else sources[i][:, : len(group)]
        return out


def _groups(layout: tuple[str, ...], width: int) -> list[list[int]]:
    """Channel numbers that go through the model together, at most `width`; without the LFE."""
    pairs = [[layout.index(a), layout.index(b)] for a, b in _PAIRS if width > 1 and a in layout and b in layout]
    paired = {i for pair in pairs for i in pair}
    return pairs + [[i] for i, name in enumerate(layout) if i not in paired and name != "LFE"]


def _device(wanted: str) -> str:
    import torch

    if wanted == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if wanted == "cuda" and not torch.cuda.is_available():
        raise BadValue(
            "separate.device = 'cuda', but torch finds no CUDA GPU here.",
            value=wanted,
            choices=("auto", "cpu"),
            remedy="Take separate.device=auto, or install PyTorch's CUDA build.",
        )
    return wanted
