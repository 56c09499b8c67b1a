"""What every backend is that hears feelings by a model: it finds its folder, and loads it when it is first asked."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from functools import cached_property
from typing import ClassVar

from ...analysis.affect import Reading
from ...core.audio import Audio
from ...core.stage import Availability, ModelInfo, Progress
from ...core.time import Span
from ...models import torch_setup
from ...models.held import held
from . import Options
from .listening import Model, readings
from .model_folders import Family, availability, located
from .windows import Window


class ModelReader:
    """A subclass names itself and its `family`, and makes the network of a folder."""

    name: ClassVar[str]
    draft: ClassVar[str] = ""
    family: ClassVar[Family]

    def __init__(self, options: Options) -> None:
        self.options = options
        self.found = located(self.family, options.model)

    @classmethod
    def available(cls, options: Options) -> Availability:
        return availability(cls.family, options.model)

    @property
    def model(self) -> ModelInfo | None:
        return self.found.info

    def rate(
        self, audio: Audio, speech: Sequence[Span], windows: Sequence[Window], progress: Progress
    ) -> list[Reading | None]:
        """One reading for each window, None where it holds less than 0.2 s of speech. Raises BadValue, StageError."""
        return readings(lambda: self.network, audio, speech, windows, progress, device=self.device)

    @cached_property
    def device(self) -> str:
        return torch_setup.device(self.options.device, "emotion.device")

    @cached_property
    def network(self) -> Model:
        return held((self.name, self.found, self.device), self.load)

    @abstractmethod
    def load(self) -> Model:
        """The network, from `found`, on `device`. Raises BadValue, StageError."""
