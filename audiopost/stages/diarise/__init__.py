"""Diarise: who speaks when.

To add a backend: write a class with `name`, `draft`, `available`, `model` and `turns` in a file of its own,
add its 'module:Class' to BACKENDS, add it to AUTO if it should be picked unasked, and run tests/contract.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from ...core.audio import Audio
from ...core.errors import BadValue
from ...core.options import change, option
from ...core.project import Project
from ...core.registry import AUTO, Backends
from ...core.speech import SpeakerTurn
from ...core.stage import Backend, Choice, Progress, silent


@dataclass(frozen=True)
class Options:
    """How speakers are told apart."""

    backend: str = option(AUTO, "pyannote, embeddings, a plug-in, auto or embedded")
    speakers: int | None = option(None, "how many people speak, where that is known", low=1, high=50)
    min_speakers: int | None = option(None, "at least so many people speak", low=1, high=50)
    max_speakers: int | None = option(None, "at most so many people speak", low=1, high=50)
    model: str = option(
        "", "pyannote's pipeline: a local folder; empty for community-1 from the model store", names_path=True
    )
    device: str = option("auto", "what computes", choices=("auto", "cpu", "cuda"))


class Diariser(Backend, Protocol):
    """Audio to turns in any order, labelled by any name, overlap allowed; () where nobody speaks."""

    def turns(self, audio: Audio, progress: Progress) -> Iterable[SpeakerTurn]: ...


BACKENDS = Backends(
    stage="diarise",
    table={
        "pyannote": "audiopost.stages.diarise.pyannote_audio:Pyannote",
        "embeddings": "audiopost.stages.diarise.embeddings:Embeddings",
    },
    embedded="embeddings",
    auto=("pyannote", "embeddings"),
)


def diarise(
    audio: Audio, options: Options | None = None, *, progress: Progress = silent, **changes: Any
) -> tuple[SpeakerTurn, ...]:
    """Turns in order of time; speakers are S1, S2, … in order of first appearance. Silence gives ().

    `changes` are fields of Options: `diarise(audio, backend="embeddings", speakers=2)`.
    Raises UnknownName, BadValue, MissingExtra, MissingModel, StageError.
    """
    return _run(audio, change(options, Options, changes, "diarise."), progress)[0]


def _run(audio: Audio, options: Options, progress: Progress) -> tuple[tuple[SpeakerTurn, ...], Choice]:
    low, high = options.min_speakers or 1, options.max_speakers or 50
    if low > high or not low <= (options.speakers or low) <= high:
        raise BadValue(
            f"diarise: {options.speakers or 'any number of'} speakers, at least {low} and at most {high}, "
            "contradict each other.",
            value=(options.speakers, options.min_speakers, options.max_speakers),
            remedy="Give speakers alone, or min_speakers not above max_speakers.",
        )
    backend, choice = BACKENDS.choose(options)
    return _tidy(backend.turns(audio, progress), audio.duration_s), choice


def _tidy(turns: Iterable[SpeakerTurn], duration_s: float) -> tuple[SpeakerTurn, ...]:
    """Inside the recording, in order, none empty, speakers named by first appearance."""
    clipped = ((max(0.0, t.start_s), min(duration_s, t.end_s), t.speaker) for t in turns)
    names: dict[str, str] = {}
    return tuple(
        SpeakerTurn(start, end, names.setdefault(who, f"S{len(names) + 1}"))
        for start, end, who in sorted(clipped)
        if end > start
    )


class Stage:
    """Diarises the Project's dialogue; a transcript that is there gets its speakers."""

    name = "diarise"
    requires: ClassVar[frozenset[str]] = frozenset()
    assigns: ClassVar[frozenset[str]] = frozenset({"turns", "transcript"})
    options_type = Options

    def __call__(self, project: Project, options: Options, progress: Progress) -> Project:
        turns, choice = _run(project.dialogue, options, progress)
        transcript = project.transcript and project.transcript.with_speakers(turns)
        return project.after(self.name, choice, options, turns=turns, transcript=transcript)
