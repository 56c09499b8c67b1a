"""pyannote.audio's pipeline (Bredin, "pyannote.audio 2.1 speaker diarization pipeline", 2023), overlap kept.

Its checkpoints are pickles that name classes to import: loading one runs code. So only folders are loaded that the
model store checked against their hashes, or that the user names; never anything straight from the network.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from ...core.audio import Audio
from ...core.errors import MissingModel, StageError
from ...core.speech import SpeakerTurn
from ...core.stage import Availability, ModelInfo, Progress
from ...io.scratch import at_rate
from ...models import store, torch_setup
from . import Options

_MODEL = "pyannote-community-1"
_RATE = 16_000
#: Peaks below -80 dBFS are no speech; the speaker embeddings of pure silence are not numbers.
_SILENT_PEAK = 1e-4


class Pyannote:
    name: ClassVar[str] = "pyannote"
    draft: ClassVar[str] = ""

    def __init__(self, options: Options) -> None:
        self.options = options

    @classmethod
    def available(cls, options: Options) -> Availability:
        # find_spec of a submodule would import its parent; `pyannote` itself is only a namespace.
        if importlib.util.find_spec("pyannote") is None or importlib.util.find_spec("pyannote.audio") is None:
            return Availability(False, "pyannote.audio is not installed", "pip install 'audiopost[pyannote]'")
        if _folder(options) is None:
            if options.model:
                return Availability(
                    False,
                    f"{options.model!r} is no folder with a config.yaml",
                    f"Name a pipeline's folder, or leave diarise.model empty and type: {store.pull_command(_MODEL)}",
                )
            return Availability(False, f"{_MODEL} is not on this machine", store.pull_command(_MODEL))
        return Availability(True, f"{options.model or _MODEL} is here")

    @property
    def model(self) -> ModelInfo:
        if self.options.model:
            return store.folder_info(Path(self.options.model).expanduser())
        return store.info(_MODEL)

    def turns(self, audio: Audio, progress: Progress) -> Iterator[SpeakerTurn]:
        mono = at_rate(audio, _RATE, mono=True)
        if mono.peak() < _SILENT_PEAK:
            return
        pipeline = self._load()
        import torch

        def hook(step: str, _: Any, completed: int | None = None, total: int | None = None, **__: Any) -> None:
            progress(step.replace("_", " "), completed or 0, total or 0)

        wanted = self.options
        # The pipeline wants the whole waveform: 64 kB a second, 690 MB for three hours.
        file = {"waveform": torch.from_numpy(mono.samples.copy()), "sample_rate": _RATE}
        try:
            # Stretches too short for a mean or a deviation give warnings, and embeddings that it then leaves out.
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                result = pipeline(
                    file,
                    hook=hook,
                    num_speakers=wanted.speakers,
                    min_speakers=wanted.min_speakers,
                    max_speakers=wanted.max_speakers,
                )
        except (RuntimeError, ValueError, IndexError) as error:
            raise StageError(
                f"diarise: pyannote failed on this recording: {error}", remedy="Try backend embeddings."
            ) from error
        for segment, _track, speaker in result.speaker_diarization.itertracks(yield_label=True):
            yield SpeakerTurn(float(segment.start), float(segment.end), str(speaker))

    def _load(self) -> Any:
        """The pipeline, from its folder, on the device asked for. Raises MissingModel, StageError."""
        folder = _folder(self.options)
        problems = store.verify(_MODEL) if not self.options.model else []
        if folder is None or problems:
            raise MissingModel(
                f"diarise: {'; '.join(problems) or f'{_MODEL} is gone'}.", remedy=store.pull_command(_MODEL)
            )
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


def _folder(options: Options) -> Path | None:
    if not options.model:
        return store.find(_MODEL)
    folder = Path(options.model).expanduser()
    return folder if (folder / "config.yaml").is_file() else None


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
