"""Denoise by RNNoise: the embedded backend. See analysis.rnnoise."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from typing import ClassVar

from ...analysis.rnnoise import model_info, speech_in
from ...core.audio import Audio, FloatArray
from ...core.stage import Availability, ModelInfo, Progress
from . import Options


class RNNoise:
    """A recurrent network for speech at 48 kHz; other rates are converted there and back, each channel by itself."""

    name: ClassVar[str] = "rnnoise"
    draft: ClassVar[str] = ""

    def __init__(self, options: Options) -> None:
        self.options = options

    @classmethod
    def available(cls, options: Options) -> Availability:
        if importlib.util.find_spec("pyrnnoise") is None:
            return Availability(False, "pyrnnoise is not installed", "pip install pyrnnoise")
        return Availability(True, "RNNoise comes with pyrnnoise and needs no download")

    @property
    def model(self) -> ModelInfo | None:
        return model_info()

    def denoise(self, audio: Audio, progress: Progress) -> Iterator[FloatArray]:
        done = 0
        for block in speech_in(audio):
            done += block.shape[1]
            yield block
            progress("denoise", done, audio.frames)
