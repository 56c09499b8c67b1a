"""Music cues: where music should enter and leave, for what, and in which mood.

To add a backend: write a class with `name`, `draft`, `available`, `model` and `suggest` in a file of its own, add its
'module:Class' to BACKENDS, and run tests/stages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from ...core.marks import Activity
from ...core.options import change, option
from ...core.project import Project
from ...core.registry import AUTO, Backends
from ...core.speech import SpeakerTurn
from ...core.spotting import Cue, EmotionPoint, EmotionUtterance, Scene
from ...core.stage import Backend, Choice, Progress, silent


@dataclass(frozen=True)
class Options:
    """How much music is suggested, and how it keeps clear of what is there."""

    backend: str = option(AUTO, "rules, a plug-in, auto or embedded")
    shortest_s: float = option(
        10.0, "shortest cue; in recordings under a minute a sixth of them", low=2.0, high=120.0, unit="s"
    )
    longest_s: float = option(90.0, "longest cue", low=10.0, high=600.0, unit="s")
    share: float = option(0.4, "most of the recording that cues may cover", low=0.0, high=1.0)
    change: float = option(0.3, "smallest turn of feeling that asks for music", low=0.05, high=1.0)
    margin_s: float = option(2.0, "distance from music that is already there", low=0.0, high=30.0, unit="s")


@dataclass(frozen=True)
class Material:
    """What cues are drawn from; all in order of time."""

    points: tuple[EmotionPoint, ...]
    utterances: tuple[EmotionUtterance, ...]
    turns: tuple[SpeakerTurn, ...]
    activity: tuple[Activity, ...]
    scenes: tuple[Scene, ...]
    duration_s: float


class CueFinder(Backend, Protocol):
    """Cues in order of time that overlap neither each other nor music, numbered from 1."""

    def suggest(self, material: Material) -> tuple[Cue, ...]: ...


BACKENDS = Backends(
    stage="cues", table={"rules": "audiopost.stages.cues.rules:Rules"}, embedded="rules", auto=("rules",)
)


def suggest_cues(
    points: Sequence[EmotionPoint],
    utterances: Sequence[EmotionUtterance],
    *,
    turns: Sequence[SpeakerTurn] = (),
    activity: Sequence[Activity] = (),
    scenes: Sequence[Scene] = (),
    duration_s: float,
    options: Options | None = None,
    progress: Progress = silent,
    **changes: Any,
) -> tuple[Cue, ...]:
    """Music cues for a recording of `duration_s`, out of its feelings (see stages.emotion), pauses and scenes.

    `activity` says where there is music already ('music') and where more speech than the utterances is ('speech').
    Without speech there are no cues. `changes` are fields of Options. Raises UnknownName, BadValue.
    """
    material = _material(points, utterances, turns, activity, scenes, duration_s)
    return _run(material, change(options, Options, changes, "cues."), progress)[0]


def _material(
    points: Sequence[EmotionPoint],
    utterances: Sequence[EmotionUtterance],
    turns: Sequence[SpeakerTurn],
    activity: Sequence[Activity],
    scenes: Sequence[Scene],
    duration_s: float,
) -> Material:
    return Material(
        tuple(sorted(points, key=lambda p: p.time_s)),
        tuple(sorted(utterances, key=lambda u: (u.start_s, u.end_s))),
        tuple(sorted(turns, key=lambda t: (t.start_s, t.end_s))),
        tuple(sorted(activity, key=lambda a: (a.start_s, a.end_s))),
        tuple(sorted(scenes, key=lambda s: s.start_s)),
        duration_s,
    )


def _run(material: Material, options: Options, progress: Progress) -> tuple[tuple[Cue, ...], Choice]:
    backend, choice = BACKENDS.choose(options)
    cues: tuple[Cue, ...] = backend.suggest(material)
    progress("cues", material.duration_s, material.duration_s)
    return cues, choice


class Stage:
    """Suggests music cues for the Project."""

    name = "cues"
    requires: ClassVar[frozenset[str]] = frozenset({"emotion"})
    assigns: ClassVar[frozenset[str]] = frozenset({"cues"})
    options_type = Options

    def __call__(self, project: Project, options: Options, progress: Progress) -> Project:
        project.require(self.requires, self.name)
        material = _material(
            project.emotion or (),
            project.emotion_utterances or (),
            project.turns or (),
            project.activity or (),
            project.scenes or (),
            project.audio.duration_s,
        )
        cues, choice = _run(material, options, progress)
        return project.after(self.name, choice, options, cues=cues)
