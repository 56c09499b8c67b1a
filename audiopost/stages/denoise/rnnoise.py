"""Denoise by RNNoise as it is. See analysis.rnnoise."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from typing import ClassVar

from ...analysis.rnnoise import RATE, model_info, speech_stream
from ...core.audio import Audio, FloatArray
from ...core.stage import Availability, ModelInfo, Progress
from ...dsp.voices import at_rate
from . import Options, reported


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
        return reported(at_rate(audio, RATE, speech_stream), audio, progress)
