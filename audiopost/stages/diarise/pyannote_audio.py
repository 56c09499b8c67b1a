"""pyannote.audio's pipeline (Bredin, "pyannote.audio 2.1 speaker diarization pipeline", 2023), overlap kept.

A long recording goes through it in overlapping parts (see `parts`): its memory would grow with the length else.
Its checkpoints are pickles that name classes to import: loading one runs code. So only folders are loaded that the
model store checked against their hashes, or that the user names; a hub id is looked for in the hub's cache, and
nothing comes straight from the network.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from ...core.audio import Audio
from ...core.errors import MissingModel, StageError
from ...core.speech import SpeakerTurn
from ...core.stage import Availability, ModelInfo, Progress
from ...core.time import Span
from ...io.scratch import at_rate
from ...models import catalogue, store, torch_setup
from ...models.held import held
from . import Options, parts

_MODEL = "pyannote-community-1"
_RATE = 16_000
_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
#: Peaks below -80 dBFS are no speech; the speaker embeddings of pure silence are not numbers.
_SILENT_PEAK = 1e-4


class Pyannote:
    name: ClassVar[str] = "pyannote"
    draft: ClassVar[str] = ""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.exclusive: tuple[SpeakerTurn, ...] | None = None

    @classmethod
    def available(cls, options: Options) -> Availability:
        # find_spec of a submodule would import its parent; `pyannote` itself is only a namespace.
        if importlib.util.find_spec("pyannote") is None or importlib.util.find_spec("pyannote.audio") is None:
            return Availability(False, "pyannote.audio is not installed", "pip install 'audiopost[pyannote]'")
        if _folder(options) is None:
            return Availability(False, *_absent(options))
        return Availability(True, f"{options.model or _MODEL} is here")

    @property
    def model(self) -> ModelInfo:
        folder = _folder(self.options)
        if _is_catalogued(self.options) or folder is None:
            return store.info(_MODEL)
        return store.folder_info(folder)

    def turns(self, audio: Audio, progress: Progress) -> Iterator[SpeakerTurn]:
        mono = at_rate(audio, _RATE, mono=True)
        if mono.peak() < _SILENT_PEAK:
            return
        pipeline = held(("pyannote", self.options.model, self.options.device), self._load)
        wanted, spans = self.options, parts.spans(mono.duration_s)
        linker = parts.Linker(wanted.speakers or wanted.max_speakers)
        found: list[tuple[tuple[SpeakerTurn, ...], dict[str, str]]] = []
        exclusive: list[tuple[tuple[SpeakerTurn, ...], dict[str, str]]] = []
        for i, span in enumerate(spans):
            part = self._part(
                pipeline, mono, span, f"part {i + 1} of {len(spans)}: " if len(spans) > 1 else "", progress
            )
            names = linker.add(part)
            found.append((part.turns, names))
            if part.exclusive is not None:
                exclusive.append((part.exclusive, names))
        yield from parts.joined(spans, found)
        # Pipelines before pyannote.audio 4 have none.
        self.exclusive = tuple(parts.joined(spans, exclusive)) if len(exclusive) == len(spans) else None

    def _part(self, pipeline: Any, mono: Audio, span: Span, where: str, progress: Progress) -> parts.Part:
        """The pipeline on one part of mono audio at 16 kHz: 64 kB a second. Raises StageError."""
        import torch

        samples = mono.read(round(span.start_s * _RATE), round(span.end_s * _RATE))
        if np.abs(samples).max(initial=0.0) < _SILENT_PEAK:
            return parts.Part(span, (), (), (), None)

        def hook(step: str, _: Any, completed: int | None = None, total: int | None = None, **__: Any) -> None:
            progress(where + step.replace("_", " "), completed or 0, total or 0)

        wanted, whole = self.options, span.duration_s >= mono.duration_s
        try:
            # Stretches too short for a mean or a deviation give warnings, and embeddings that it then leaves out.
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                result = pipeline(
                    {"waveform": torch.from_numpy(samples.copy()), "sample_rate": _RATE},
                    hook=hook,
                    # Not everybody speaks in every part.
                    num_speakers=wanted.speakers if whole else None,
                    min_speakers=wanted.min_speakers if whole else None,
                    max_speakers=wanted.max_speakers if whole else wanted.speakers or wanted.max_speakers,
                )
        except (RuntimeError, ValueError, IndexError) as error:
            raise StageError(
                f"diarise: pyannote failed on this recording: {error}", remedy="Try backend embeddings."
            ) from error
        turns = getattr(result, "speaker_diarization", result)
        exclusive = getattr(result, "exclusive_speaker_diarization", None)
        speakers = tuple(turns.labels())
        embeddings = getattr(result, "speaker_embeddings", None)
        return parts.Part(
            span,
            _turns(turns, span.start_s),
            None if exclusive is None else _turns(exclusive, span.start_s),
            tuple(str(speaker) for speaker in speakers),
            embeddings if embeddings is not None and len(embeddings) == len(speakers) else None,
        )

    def _load(self) -> Any:
        """The pipeline, from its folder, on the device asked for. Raises MissingModel, StageError."""
        folder = _folder(self.options)
        if folder is None:
            problem, remedy = _absent(self.options)
            raise MissingModel(f"diarise: {problem}.", value=self.options.model, remedy=remedy)
        if _is_catalogued(self.options) and (problems := store.verify(_MODEL)):
            raise MissingModel(f"diarise: {'; '.join(problems)}.", remedy=store.pull_command(_MODEL))
        os.environ["PYANNOTE_METRICS_ENABLED"] = "0"  # telemetry; read when the package is imported
        torch_setup.prepare()
        with warnings.catch_warnings(), _offline():
            # It says at length that torchcodec is absent; it is handed waveforms and needs none.
            warnings.simplefilter("ignore")
            import torch
            from pyannote.audio import Pipeline

            device = self.options.device
            if device == "auto":
                device = "cuda" if torch.cuda.is_available() else "cpu"
            try:
                pipeline = Pipeline.from_pretrained(folder)
                return pipeline.to(torch.device(device))
            except Exception as error:  # a broken pickle or config raises anything
                raise StageError(
                    f"diarise: the pipeline in {folder} cannot be loaded on {device}: {error}",
                    value=str(folder),
                    remedy=f"Check it with: audiopost models verify {_MODEL}",
                ) from error


def _turns(annotation: Any, offset_s: float) -> tuple[SpeakerTurn, ...]:
    return tuple(
        SpeakerTurn(offset_s + float(segment.start), offset_s + float(segment.end), str(speaker))
        for segment, _track, speaker in annotation.itertracks(yield_label=True)
    )


def _is_catalogued(options: Options) -> bool:
    """Whether community-1 is meant, whose files the model store knows; a folder of its name goes first."""
    here = _own_folder(options.model)
    return not options.model or (options.model in (_MODEL, catalogue.get(_MODEL).source) and here is None)


def _own_folder(model: str) -> Path | None:
    folder = Path(model).expanduser()
    return folder if model and (folder / "config.yaml").is_file() else None


def _folder(options: Options) -> Path | None:
    """Where the pipeline lies: a folder, the model store, or the hub's cache. No network."""
    if _is_catalogued(options):
        return store.find(_MODEL)
    if (own := _own_folder(options.model)) or not _HUB_ID.fullmatch(options.model):
        return own
    cached = store.in_hub_cache(options.model, ("config.yaml",))
    return cached.path if cached else None


def _absent(options: Options) -> tuple[str, str]:
    """What is missing, and what to type."""
    pull = store.pull_command(_MODEL)
    if _is_catalogued(options):
        return f"{_MODEL} is not on this machine", pull
    if _HUB_ID.fullmatch(options.model):
        return (
            f"{options.model!r} is no folder with a config.yaml here, and not in the hub's cache",
            f"hf download {options.model}, or leave diarise.model empty and type: {pull}",
        )
    return (
        f"{options.model!r} is no folder with a config.yaml",
        f"Name a pipeline's folder, or leave diarise.model empty and type: {pull}",
    )


@contextlib.contextmanager
def _offline() -> Iterator[None]:
    """No request of the hub's client leaves the machine inside, whenever it was imported."""
    from huggingface_hub import constants

    before = constants.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = before
