"""Diarise: who speaks when, and, with a cast file, under which name through a whole series.

To add a backend: write a class with `name`, `draft`, `available`, `model` and `turns` in a file of its own,
add its 'module:Class' to BACKENDS, add it to AUTO if it should be picked unasked, and run tests/contract.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Protocol

from ...core.audio import Audio
from ...core.errors import BadValue
from ...core.options import change, option
from ...core.project import Project
from ...core.registry import AUTO, Backends
from ...core.speech import CastRole, SpeakerTurn
from ...core.stage import Backend, Choice, Progress, silent

log = logging.getLogger("audiopost")


@dataclass(frozen=True)
class Options:
    """How speakers are told apart."""

    backend: str = option(AUTO, "pyannote, embeddings, a plug-in, auto or embedded")
    speakers: int | None = option(None, "how many people speak, where that is known", low=1, high=50)
    min_speakers: int | None = option(None, "at least so many people speak", low=1, high=50)
    max_speakers: int | None = option(None, "at most so many people speak", low=1, high=50)
    model: str = option(
        "", "pyannote's pipeline: a folder or hub id; empty for community-1 from the store", names_path=True
    )
    device: str = option("auto", "what computes", choices=("auto", "cpu", "cuda"))
    cast: str = option(
        "",
        "the series' cast file (JSON, made if need be): known voices get their names, new ones join",
        names_path=True,
    )
    # Goes with `cast`, so it is offered where that is.
    consent: str = option(
        "", "consent to keep voice prints of who is new, as 'WHO; SCOPE; YYYY-MM-DD'", names_path=True
    )

    def __post_init__(self) -> None:
        low, high = self.min_speakers or 1, self.max_speakers or 50
        if low > high or not low <= (self.speakers or low) <= high:
            raise BadValue(
                f"diarise: {self.speakers or 'any number of'} speakers, at least {low} and at most {high}, "
                "contradict each other.",
                value=(self.speakers, self.min_speakers, self.max_speakers),
                remedy="Give speakers alone, or min_speakers not above max_speakers.",
            )
        if self.consent and not self.cast:
            raise BadValue(
                "diarise.consent says what a cast file may keep, and no cast file is given.",
                remedy="Name one with cast (--cast FILE), or leave consent out.",
            )
        if self.consent:
            from ...analysis.cast import parse_consent

            parse_consent(self.consent)


class Diariser(Backend, Protocol):
    """Audio to turns in any order, labelled by any name, overlap allowed; () where nobody speaks.

    `exclusive`, set once `turns` is exhausted, are turns of the same labels without overlap, by which words get their
    speakers; a backend that has nothing better than `turns` leaves it None or has no such attribute.
    """

    exclusive: tuple[SpeakerTurn, ...] | None

    def turns(self, audio: Audio, progress: Progress) -> Iterable[SpeakerTurn]: ...


BACKENDS = Backends(
    stage="diarise",
    table={
        "pyannote": "audiopost.stages.diarise.pyannote_audio:Pyannote",
        "embeddings": "audiopost.stages.diarise.embeddings:Embeddings",
    },
    embedded=("embeddings",),
    auto=("pyannote", "embeddings"),
)


def diarise(
    audio: Audio, options: Options | None = None, *, progress: Progress = silent, **changes: Any
) -> tuple[SpeakerTurn, ...]:
    """Turns in order of time; speakers are S1, S2, … in order of first appearance. Silence gives ().

    With `cast` they are the cast's names or ids where a voice is recognised or new, and the cast file is brought up to
    date; what to know about that is logged as warnings.
    `changes` are fields of Options: `diarise(audio, backend="embeddings", speakers=2)`.
    Raises UnknownName, BadValue, MissingExtra, MissingModel, StageError, and OutputError for the cast file.
    """
    chosen = change(options, Options, changes, "diarise.")
    result = _run(audio, chosen, progress, lambda: ("", audio.sha256()))
    for warning in result.warnings:
        log.warning("diarise: %s", warning)
    return result.turns


@dataclass(frozen=True)
class _Result:
    choice: Choice
    turns: tuple[SpeakerTurn, ...]
    exclusive: tuple[SpeakerTurn, ...]
    roles: tuple[CastRole, ...] | None = None
    warnings: tuple[str, ...] = ()


def _run(audio: Audio, options: Options, progress: Progress, identity: Callable[[], tuple[str, str]]) -> _Result:
    """`identity` gives the recording's name and hash, by which a cast file knows it again."""
    if options.cast:
        from . import cast

        cast.check(options)  # before the work: a file that cannot be used is told at once
    backend, choice = BACKENDS.choose(options)
    names: dict[str, str] = {}
    turns = _tidy(backend.turns(audio, progress), audio.duration_s, names)
    exclusive = getattr(backend, "exclusive", None)
    exclusive = turns if exclusive is None else _tidy(exclusive, audio.duration_s, names)
    result = _Result(choice, turns, exclusive, warnings=_miscounted(len({turn.speaker for turn in turns}), options))
    if not options.cast:
        return result
    found = cast.bring_up_to_date(audio, turns, options, cast.Recording(*identity()), progress)
    return replace(
        result,
        turns=_relabelled(turns, found.labels),
        exclusive=_relabelled(result.exclusive, found.labels),
        roles=found.roles,
        warnings=(*result.warnings, *found.warnings),
    )


def _miscounted(found: int, options: Options) -> tuple[str, ...]:
    """A sentence where as many speakers as asked for could not be found; nobody at all is an answer of its own."""
    low, high = (options.speakers or bound for bound in (options.min_speakers or 1, options.max_speakers or 50))
    if not found or low <= found <= high:
        return ()
    bound = "" if options.speakers else f"at least {low}" if found < low else f"at most {high}"
    return (f"speakers asked for: {bound or options.speakers}; told apart: {found}",)


def _tidy(turns: Iterable[SpeakerTurn], duration_s: float, names: dict[str, str]) -> tuple[SpeakerTurn, ...]:
    """Inside the recording, in order, none empty, speakers named by first appearance; `names` grows."""
    clipped = ((max(0.0, t.start_s), min(duration_s, t.end_s), t.speaker) for t in turns)
    return tuple(
        SpeakerTurn(start, end, names.setdefault(who, f"S{len(names) + 1}"))
        for start, end, who in sorted(clipped)
        if end > start
    )


def _relabelled(turns: tuple[SpeakerTurn, ...], labels: Mapping[str, str]) -> tuple[SpeakerTurn, ...]:
    return tuple(replace(turn, speaker=labels.get(turn.speaker, turn.speaker)) for turn in turns)


class Stage:
    """Diarises the Project's dialogue; a transcript that is there and its translation get their speakers."""

    name = "diarise"
    requires: ClassVar[frozenset[str]] = frozenset()
    assigns: ClassVar[frozenset[str]] = frozenset({"turns", "transcript", "translation", "cast"})
    options_type = Options

    def __call__(self, project: Project, options: Options, progress: Progress) -> Project:
        media = project.media
        result = _run(project.dialogue, options, progress, lambda: (Path(media.path).name, media.sha256))
        transcript, translation = (
            text and text.with_speakers(result.exclusive) for text in (project.transcript, project.translation)
        )
        return project.after(
            self.name,
            result.choice,
            options,
            warnings=result.warnings,
            turns=result.turns,
            transcript=transcript,
            translation=translation,
            cast=result.roles,
        )
