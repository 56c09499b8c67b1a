"""Feelings in a voice by SenseVoice-Small: Mandarin, Cantonese, English, Japanese, Korean; without torch."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import ClassVar

from ...analysis import sensevoice
from ...analysis.affect import Reading
from ...core.errors import BadValue
from .listening import Model, Samples
from .model_folders import Family
from .model_labels import SURE_OF_A_VOICE, emotions_of, reading
from .model_reader import ModelReader


class SenseVoiceReader(ModelReader):
    name: ClassVar[str] = "sensevoice"
    family: ClassVar[Family] = Family(
        stage="emotion",
        backend="sensevoice",
        option="emotion.model",
        what="SenseVoice model",
        needed=sensevoice.NEEDED,
        weights=sensevoice.WEIGHTS,
        packages=("onnxruntime",),
        install="pip install onnxruntime",
    )

    @functools.cached_property
    def device(self) -> str:
        import onnxruntime

        able = "CUDAExecutionProvider" in onnxruntime.get_available_providers()
        if self.options.device == "cuda" and not able:
            raise BadValue(
                "emotion.device = 'cuda', but this ONNX Runtime has no CUDA.",
                value="cuda",
                choices=("auto", "cpu"),
                remedy="Take emotion.device=auto, or install onnxruntime-gpu in place of onnxruntime.",
            )
        return "cuda" if able and self.options.device != "cpu" else "cpu"

    def load(self) -> Model:
        network = sensevoice.Network(self.found.weights, device=self.device)
        return functools.partial(_heard, network, emotions_of(sensevoice.FEELINGS, self.found.title))


def _heard(network: sensevoice.Network, emotions: Sequence[str | None], waves: Samples) -> list[Reading]:
    return [reading(row, emotions, SURE_OF_A_VOICE) for row in network(waves).feelings]
