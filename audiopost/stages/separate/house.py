"""Separate by a network of our own, `analysis.house`: dialogue, music and effects of films, streamed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from ...analysis import house, rnnoise
from ...core.audio import Audio, FloatArray
from ...core.stage import Availability, BuiltIn, ModelInfo, Progress
from ...models.store import together
from . import Options, estimates
from .vocabulary import FILM


class House(BuiltIn[Options]):
    """A band-split recurrent network, with RNNoise's opinion of what is speech beside it."""

    name: ClassVar[str] = "house"
    reason: ClassVar[str] = "audiopost's own network, needs no download"
    draft: ClassVar[str] = (
        "a split by a small network: expect some music among the effects and the other way round; listen to it"
    )

    @classmethod
    def available(cls, options: Options) -> Availability:
        if options.stems in FILM:
            return Availability(True, cls.reason)
        remedy = "take separate.backend=dsp or demucs for songs"
        return Availability(False, f"it knows films, not {options.stems} stems", remedy)

    @property
    def model(self) -> ModelInfo | None:
        return together((house.model_info(), rnnoise.model_info()))

    @property
    def note(self) -> str:
        return ""

    def separate(self, audio: Audio, progress: Progress) -> Iterator[FloatArray]:
        wanted = [house.FOUND.index(name) for name in estimates(self.options)]

        def told(step: str, completed: float, total: float) -> None:
            progress(f"separate: {step}", completed, total)

        return (block[wanted] for block in house.found_in(audio, told))
