"""Separate: one recording into stems that add up to it, sample for sample.

Films give dialogue, music and effects, or dialogue and M&E; songs give vocals, drums, bass and other, or vocals and
instrumental. One stem of each vocabulary is the remainder (`vocabulary`), so nothing is lost and nothing is invented.
To add a backend: write a class with `name`, `draft`, `available`, `model`, `note` and `separate` in a file of its own,
add its 'module:Class' to BACKENDS, add it to `auto` if it should be picked unasked, and run tests/contract.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any, ClassVar, Protocol

from ...core.audio import Audio, FloatArray, sound_of
from ...core.errors import StageError
from ...core.options import change, option
from ...core.project import Project
from ...core.registry import AUTO, Backends
from ...core.stage import Backend, Choice, Progress, silent
from ...io.scratch import Spool
from .names import CONVENTIONS, stem_file, template_of
from .vocabulary import M_AND_E, STEMS, check, estimates, music_and_effects, plan, shares

__all__ = ["BACKENDS", "STEMS", "Options", "Separator", "Stage", "beside", "estimates", "file_of", "separate"]


@dataclass(frozen=True)
class Options:
    """How a recording is taken apart. Raises BadValue where options do not go together."""

    backend: str = option(AUTO, "demucs, house, dsp, a plug-in, auto or embedded")
    stems: str = option(
        "film",
        "film: dialogue, music, effects; m-and-e: dialogue and the rest; music: vocals, drums, bass, other; "
        "vocals: vocals and instrumental",
        choices=(*STEMS,),
    )
    two_stems: str = option("", "one stem of these: gives that stem and no_ with its name, all the rest")
    m_and_e: bool = option(False, "film: music and effects together too, beside dialogue, music and effects")
    filename: str = option(
        "audiopost",
        f"names of the files: {', '.join(CONVENTIONS)}, or a template of "
        "{track}, {trackext}, {stem}, {Stem}, {model} and {ext}",
    )
    model: str = option("", "demucs: name of the model; empty takes htdemucs, or the only one in repo", names_path=True)
    repo: str | None = option(None, "demucs: folder of your own models instead of the model store", names_path=True)
    segment: float | None = option(
        None, "demucs: length of sound it hears at once; none is what it was trained with", low=0.1, unit="s"
    )
    shifts: int = option(0, "demucs: random shifts to average over; each costs one more run", low=0, high=20)
    overlap: float = option(0.25, "demucs: share of each segment that its neighbour covers too", low=0.0, high=0.9)
    device: str = option(
        "auto", "demucs: where it runs; auto is the GPU if there is one", choices=("auto", "cpu", "cuda")
    )

    def __post_init__(self) -> None:
        check(self)
        template_of(self.filename)


class Separator(Backend, Protocol):
    """Audio to what `estimates(options)` names: blocks (estimates, channels, n), together as long as the input."""

    @property
    def note(self) -> str:
        """What the record of the choice should say about how the stems came about; '' for nothing."""
        ...

    def separate(self, audio: Audio, progress: Progress) -> Iterator[FloatArray]: ...


BACKENDS = Backends(
    stage="separate",
    table={
        "dsp": "audiopost.stages.separate.dsp:Dsp",
        "house": "audiopost.stages.separate.house:House",
        "demucs": "audiopost.stages.separate.demucs:Demucs",
    },
    embedded=("house", "dsp"),
    auto=("demucs", "house", "dsp"),
)


def separate(
    audio: Audio, options: Options | None = None, *, progress: Progress = silent, **changes: Any
) -> dict[str, Audio]:
    """Stems by name, each with the input's length, rate and channels; they sum to the input.

    NaN and infinite samples are taken as silence.
    `changes` are fields of Options: `separate(audio, stems="music", backend="demucs")`. With `m_and_e` there is the sum
    of music and effects beside them. Raises UnknownName, BadValue, MissingExtra, MissingModel, StageError.
    """
    chosen = change(options, Options, changes, "separate.")
    stems = _run(audio, chosen, progress)[0]
    return stems | ({M_AND_E: music_and_effects(stems)} if chosen.m_and_e else {})


def _run(audio: Audio, options: Options, progress: Progress) -> tuple[dict[str, Audio], Choice]:
    audio = sound_of(audio)
    backend, choice = BACKENDS.choose(options)
    if backend.note:
        choice = replace(choice, reason=f"{choice.reason}; {backend.note}")
    at = 0
    with ExitStack() as stack:
        spools = {name: stack.enter_context(Spool(audio.rate, audio.channels, audio.layout)) for name in plan(options)}
        for block in backend.separate(audio, progress):
            n = block.shape[-1]
            for name, stem in shares(options, block, audio.read(at, at + n)).items():
                spools[name].write(stem)
            at += n
    if at != audio.frames:
        raise StageError(f"separate: {choice.backend} gave {at} of {audio.frames} frames.", value=choice.backend)
    return {name: spool.audio for name, spool in spools.items()}, choice


class Stage:
    """Separates the programme. The clean mix is made later, by denoise; until then the programme is the mix."""

    name = "separate"
    requires: ClassVar[frozenset[str]] = frozenset()
    assigns: ClassVar[frozenset[str]] = frozenset({"stems"})
    options_type = Options

    def __call__(self, project: Project, options: Options, progress: Progress) -> Project:
        stems, choice = _run(project.programme, options, progress)
        return project.after(self.name, choice, options, stems=stems)


def beside(project: Project) -> dict[str, Audio]:
    """What is delivered beside a Project's stems because it was asked for: M&E. It is no stem: they sum without it."""
    step = project.step("separate")
    wanted = step is not None and step.options.get("m_and_e") and project.stems
    return {M_AND_E: music_and_effects(project.stems)} if wanted and project.stems else {}


def file_of(project: Project, stem: str, *, track: str, trackext: str, ext: str) -> PurePosixPath:
    """Where a stem of a Project goes, relative to the folder of the results, as `filename` says; see `names`."""
    step = project.step("separate")
    filename = str(step.options.get("filename", "")) if step else ""
    embedded = step is None or step.backend in BACKENDS.embedded or step.model is None
    model = step.model.name if step and step.model and not embedded else (step.backend if step else "")
    return stem_file(filename or "audiopost", track=track, trackext=trackext, stem=stem, model=model, ext=ext)
