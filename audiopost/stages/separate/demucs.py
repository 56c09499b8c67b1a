"""Separate by Demucs v4 (A. Défossez et al., MIT; S. Rouard et al., ICASSP 2023): music models and custom ones.

Film stems from a model that knows dialogue, music and effects are its own; from a music model the dialogue is its
vocals, and our own network (`analysis.house`) finds music in what remains. Nothing here asks the internet.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from ...analysis import house
from ...core.audio import Audio, FloatArray, difference
from ...core.errors import AudiopostError, BadValue, StageError, Unavailable
from ...core.stage import Availability, ModelInfo, Progress
from ...dsp import resample
from ...io.scratch import at_rate, spool
from ...models import store, torch_setup
from ...models.held import held
from . import STEMS, Options, demucs_models, estimates
from .segments import Segments, measured
from .vocabulary import FILM

#: Channels that a stereo model should hear together.
_PAIRS = (("L", "R"), ("Ls", "Rs"), ("Lb", "Rb"))
#: What models call the stems, where it is something else.
_ALSO = {
    "dialogue": ("dialog", "speech", "vocals", "voice"),
    "music": (),
    "vocals": ("voice", "singing"),
    "drums": (),
    "bass": (),
}
_EFFECTS = ("effects", "sfx", "effect", "fx")


class Demucs:
    """A bag of Demucs models from options.repo or the model store."""

    name: ClassVar[str] = "demucs"
    draft: ClassVar[str] = ""

    def __init__(self, options: Options) -> None:
        self.options = options
        self._folder, self._name = demucs_models.locate(options.model, options.repo)
        place = (self._folder, self._name)
        self._bag = held(("demucs", *place), lambda: demucs_models.load(*place))
        self._check_segment()
        self._device = torch_setup.device(options.device, "separate.device")
        sources = self._choose(tuple(self._bag.sources))
        self._segments = Segments(
            self._bag,
            [self._bag.sources.index(source) for source in sources],
            device=self._device,
            shifts=options.shifts,
            overlap=options.overlap,
            segment=options.segment,
        )

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

    @classmethod
    def identify(cls, options: Options) -> ModelInfo:
        """The model that options name, which is not loaded. Raises MissingModel."""
        folder, name = demucs_models.locate(options.model, options.repo)
        if options.repo is None:
            return store.info(name)
        own = store.folder_info(folder, tuple(path.name for path in demucs_models.weight_files(folder, name)))
        return ModelInfo(name, own.version, own.licence, own.source, own.sha256)

    @property
    def model(self) -> ModelInfo | None:
        return self.identify(self.options)

    @property
    def note(self) -> str:
        if self._splits_rest:
            return (
                f"{self._name} is a music model: dialogue is its {self._bag.sources[self._segments.picked[0]]}, "
                "the rest is split into music and effects by audiopost-house"
            )
        if self.options.stems in FILM and not self._knows_film:
            return f"{self._name} is a music model: dialogue is its {self._bag.sources[self._segments.picked[0]]}"
        return ""

    def separate(self, audio: Audio, progress: Progress) -> Iterator[FloatArray]:
        pieces = self._pieces(audio, progress)
        if self._splits_rest:
            dialogue = spool((piece[0] for piece in pieces), like=audio)
            return _with_music(audio, dialogue, estimates(self.options), progress)
        return pieces

    @property
    def _knows_film(self) -> bool:
        """Whether it was trained on films: what a song's model calls music may be all but the voice."""
        return "music" in self._bag.sources and any(name in self._bag.sources for name in _EFFECTS)

    @property
    def _splits_rest(self) -> bool:
        """Whether music has to be found in what a music model leaves without its vocals."""
        return "music" in estimates(self.options) and not self._knows_film

    def _choose(self, sources: tuple[str, ...]) -> tuple[str, ...]:
        """The model's sources for what is to be estimated; of a music model for films the voice alone."""
        wanted = ("dialogue",) if self._splits_rest else estimates(self.options)
        found = {name: next((s for s in (name, *_ALSO[name]) if s in sources), None) for name in wanted}
        if None in found.values():
            raise BadValue(
                f"{self._name} separates {', '.join(sources)}, which does not give {self.options.stems} stems "
                f"({', '.join(STEMS[self.options.stems])}).",
                value=self._name,
                remedy="Choose another separate.model or separate.stems.",
            )
        return tuple(source for source in found.values() if source)

    def _check_segment(self) -> None:
        most, segment = float(self._bag.max_allowed_segment), self.options.segment
        if segment is not None and segment > most:
            raise BadValue(
                f"separate.segment = {segment:g} s is more than {self._name} was trained with, {most:g} s.",
                value=segment,
                remedy=f"Take at most {most:g}, or none for the model's own.",
            )

    def _pieces(self, audio: Audio, progress: Progress) -> Iterator[FloatArray]:
        """Blocks (sources, channels, n) at the recording's own rate; the LFE is silent in them."""
        count, rate = len(self._segments.picked), self._bag.samplerate
        converted = at_rate(audio, rate)
        groups = measured(converted, _groups(audio.layout, self._bag.audio_channels))
        made = self._guarded(
            self._segments.run(
                converted, groups, lambda share: progress("separate", share * audio.frames, audio.frames)
            )
        )
        rows = (block.reshape(count * audio.channels, -1) for block in made)
        for block in resample.stream(rows, count * audio.channels, rate, audio.rate, audio.frames):
            yield block.reshape(count, audio.channels, -1)
        progress("separate", audio.frames, audio.frames)

    def _guarded(self, blocks: Iterator[FloatArray]) -> Iterator[FloatArray]:
        try:
            yield from blocks
        except AudiopostError:
            raise
        except (RuntimeError, ValueError, AssertionError) as error:
            why = (str(error).splitlines() or [repr(error)])[0]
            raise StageError(
                f"demucs: {self._name} failed on {self._device}: {why}",
                value=self._name,
                remedy="If memory ran out, try a shorter separate.segment, or separate.device=cpu.",
            ) from error


def _with_music(audio: Audio, dialogue: Audio, wanted: tuple[str, ...], progress: Progress) -> Iterator[FloatArray]:
    """Blocks (wanted, channels, n) of 'dialogue' and of the 'music' in what it leaves."""

    def told(step: str, completed: float, total: float) -> None:
        progress(f"separate: {step}", completed, total)

    at = 0
    for music in house.music_in(difference(audio, dialogue), told):
        stop = at + music.shape[-1]
        both = {"dialogue": dialogue.read(at, stop), "music": music}
        yield np.stack([both[name] for name in wanted])
        at = stop


def _groups(layout: tuple[str, ...], width: int) -> list[list[int]]:
    """Channel numbers that go through the model together, at most `width`; without the LFE."""
    pairs = [[layout.index(a), layout.index(b)] for a, b in _PAIRS if width > 1 and a in layout and b in layout]
    paired = {i for pair in pairs for i in pair}
    return pairs + [[i] for i, name in enumerate(layout) if i not in paired and name != "LFE"]
