"""Separate: one recording into stems that add up to it, sample for sample.

Film stems are dialogue, music and effects; music stems are vocals, drums, bass and other. The last stem is what the
others leave, so nothing is lost and nothing is invented.
To add a backend: write a class with `name`, `draft`, `available`, `model`, `stems`, `note` and `separate` in a file of
its own, add its 'module:Class' to BACKENDS, add it to `auto` if it should be picked unasked, and run tests/contract.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Protocol

from ...core.audio import Audio, FloatArray
from ...core.errors import StageError
from ...core.options import change, option
from ...core.project import Project
from ...core.registry import AUTO, Backends
from ...core.stage import Backend, Choice, Progress, silent
from ...io.scratch import Spool

#: The names of the stems of each kind, in order; the last one is the remainder.
STEMS = {"film": ("dialogue", "music", "effects"), "music": ("vocals", "drums", "bass", "other")}


@dataclass(frozen=True)
class Options:
    """How a recording is taken apart."""

    backend: str = option(AUTO, "demucs, dsp, a plug-in, auto or embedded")
    stems: str = option("film", "film: dialogue, music, effects; music: vocals, drums, bass, other", choices=(*STEMS,))
    model: str = option("", "demucs: name of the model; empty takes htdemucs, or the only one in repo", names_path=True)
    repo: str | None = option(None, "demucs: folder of your own models instead of the model store", names_path=True)
    shifts: int = option(0, "demucs: random shifts to average over; each costs one more run", low=0, high=20)
    overlap: float = option(0.25, "demucs: share of each segment that its neighbour covers too", low=0.0, high=0.9)
    device: str = option(
        "auto", "demucs: where it runs; auto is the GPU if there is one", choices=("auto", "cpu", "cuda")
    )


class Separator(Backend, Protocol):
    """Audio to all stems but the last: blocks (len(stems) - 1, channels, n), together as long as the input."""

    @property
    def stems(self) -> tuple[str, ...]:
        """STEMS[options.stems]."""
        ...

    @property
    def note(self) -> str:
        """What the record of the choice should say about how the stems came about; '' for nothing."""
        ...

    def separate(self, audio: Audio, progress: Progress) -> Iterator[FloatArray]: ...


BACKENDS = Backends(
    stage="separate",
    table={
        "dsp": "audiopost.stages.separate.dsp:Dsp",
        "demucs": "audiopost.stages.separate.demucs:Demucs",
    },
    embedded="dsp",
    auto=("demucs", "dsp"),
)


def separate(
    audio: Audio, options: Options | None = None, *, progress: Progress = silent, **changes: Any
) -> dict[str, Audio]:
    """Stems by name, each with the input's length, rate and channels; they sum to the input.

    `changes` are fields of Options: `separate(audio, stems="music", backend="demucs")`.
    Raises UnknownName, BadValue, MissingExtra, MissingModel, StageError.
    """
    return _run(audio, change(options, Options, changes, "separate."), progress)[0]


def _run(audio: Audio, options: Options, progress: Progress) -> tuple[dict[str, Audio], Choice]:
    backend, choice = BACKENDS.choose(options)
    if backend.note:
        choice = replace(choice, reason=f"{choice.reason}; {backend.note}")
    at = 0
    with ExitStack() as stack:
        spools = [stack.enter_context(Spool(audio.rate, audio.channels, audio.layout)) for _ in backend.stems]
        for block in backend.separate(audio, progress):
            n = block.shape[-1]
            for spool, stem in zip(spools, block, strict=False):
                spool.write(stem)
            spools[-1].write(audio.read(at, at + n) - block.sum(axis=0))
            at += n
    if at != audio.frames:
        raise StageError(f"separate: {choice.backend} gave {at} of {audio.frames} frames.", value=choice.backend)
    return {name: spool.audio for name, spool in zip(backend.stems, spools, strict=True)}, choice


class Stage:
    """Separates the programme. The clean mix is made later, by denoise; until then the programme is the mix."""

    name = "separate"
    requires: ClassVar[frozenset[str]] = frozenset()
    assigns: ClassVar[frozenset[str]] = frozenset({"stems"})
    options_type = Options

    def __call__(self, project: Project, options: Options, progress: Progress) -> Project:
        stems, choice = _run(project.programme, options, progress)
        return project.after(self.name, choice, options, stems=stems)
