"""Scenes and story beats: what changes in picture, sound, speech, music and feeling, and where a scene ends.

Beats are all the moments where something changes; a scene begins where enough of them agree, which the backend weighs.

To add a backend: write a class with `name`, `draft`, `available`, `model` and `borders` in a file of its own, add its
'module:Class' to BACKENDS, and run tests/stages. Numbering, speakers, moods and beats stay the same for every backend.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol

from ...analysis.affect import label, mean_affect
from ...core.audio import Audio
from ...core.language import LANGUAGES, tell
from ...core.marks import Activity
from ...core.options import change, option
from ...core.project import Project
from ...core.registry import AUTO, Backends
from ...core.speech import SpeakerTurn
from ...core.spotting import Affect, EmotionPoint, EmotionUtterance, Scene, StoryBeat
from ...core.stage import Backend, Choice, Progress, silent
from ...core.time import Span
from .beats import beats
from .feelings import heard_longest
from .material import Material, gathered


@dataclass(frozen=True)
class Options:
    """How a recording is divided into scenes, and which moments are beats."""

    backend: str = option(AUTO, "boundaries, a plug-in, auto or embedded")
    shortest_s: float = option(8.0, "shortest scene", low=1.0, high=600.0, unit="s")
    pause_s: float = option(
        2.0, "shortest pause between speech that is a beat, and may end a scene", low=0.5, high=60.0, unit="s"
    )
    sensitivity: float = option(0.5, "0 gives few scenes, 1 many", low=0.0, high=1.0)
    smallest_turn: float = option(
        0.3, "smallest turn of feeling that is a beat, over arousal, valence and dominance", low=0.05, high=2.0
    )
    language: str = option("en", "language of reasons and details", choices=LANGUAGES)


@dataclass(frozen=True)
class Border:
    """Where a scene begins and why, in words."""

    time_s: float
    reason: str


class SceneFinder(Backend, Protocol):
    """The borders between scenes, in order of time."""

    def borders(self, material: Material, progress: Progress) -> list[Border]: ...


BACKENDS = Backends(
    stage="scenes",
    table={"boundaries": "audiopost.stages.scenes.boundaries:Boundaries"},
    embedded=("boundaries",),
    auto=("boundaries",),
)


def find_scenes(
    audio: Audio,
    *,
    film: Path | None = None,
    speech: Sequence[Span] | None = None,
    turns: Sequence[SpeakerTurn] = (),
    utterances: Sequence[EmotionUtterance] = (),
    points: Sequence[EmotionPoint] = (),
    activity: Sequence[Activity] = (),
    options: Options | None = None,
    progress: Progress = silent,
    **changes: Any,
) -> tuple[Scene, ...]:
    """Scenes without gaps from 0 to the end of `audio`; none for audio without samples.

    `film` gives the pictures, `speech` where speech is heard (found by the VAD where None), `turns` the speakers,
    `utterances` and `points` the feelings (see stages.emotion), `activity` music and sound events.
    `changes` are fields of Options. Raises UnknownName, BadValue, UnreadableMedia.
    """
    chosen = change(options, Options, changes, "scenes.")
    material = gathered(audio, film, speech, turns, utterances, points, activity, chosen.smallest_turn, progress)
    return _scenes(material, chosen, progress)[0]


def find_beats(
    audio: Audio,
    *,
    film: Path | None = None,
    speech: Sequence[Span] | None = None,
    turns: Sequence[SpeakerTurn] = (),
    utterances: Sequence[EmotionUtterance] = (),
    points: Sequence[EmotionPoint] = (),
    activity: Sequence[Activity] = (),
    options: Options | None = None,
    progress: Progress = silent,
    **changes: Any,
) -> tuple[StoryBeat, ...]:
    """The moments where something changes, of every kind, in order of time; arguments and errors as for find_scenes."""
    chosen = change(options, Options, changes, "scenes.")
    material = gathered(audio, film, speech, turns, utterances, points, activity, chosen.smallest_turn, progress)
    return beats(material, chosen.pause_s, chosen.language)


def _scenes(material: Material, options: Options, progress: Progress) -> tuple[tuple[Scene, ...], Choice]:
    backend, choice = BACKENDS.choose(options)
    end_s = material.duration_s
    if end_s <= 0:
        return (), choice
    first = Border(0.0, tell("scenes.beginning", options.language))
    borders: list[Border] = [first, *backend.borders(material, progress)]
    ends = [border.time_s for border in borders[1:]] + [end_s]
    return tuple(
        _scene(number, border, until_s, material)
        for number, (border, until_s) in enumerate(zip(borders, ends, strict=True), start=1)
    ), choice


def _scene(number: int, border: Border, end_s: float, material: Material) -> Scene:
    start_s = border.time_s
    affect = mean_affect(
        (Affect(p.arousal, p.valence, p.dominance, p.confidence), 1.0)
        for p in material.points
        if start_s <= p.time_s < end_s
    )
    moods = heard_longest(material.utterances, start_s, end_s)
    return Scene(
        number,
        start_s,
        end_s,
        border.reason,
        _speakers(material.turns, start_s, end_s),
        ", ".join(moods[:2]) or (label(affect) if affect is not None else ""),
        affect,
        tuple(cut.time_s for cut in material.cuts if start_s < cut.time_s < end_s),
    )


def _speakers(turns: Sequence[SpeakerTurn], start_s: float, end_s: float) -> tuple[str, ...]:
    """Who speaks for at least half a second of a scene (or of their turns), in order of first word."""
    heard: dict[str, float] = {}
    for turn in sorted(turns, key=lambda turn: turn.start_s):
        shared = min(turn.end_s, end_s) - max(turn.start_s, start_s)
        if shared >= min(0.5, turn.end_s - turn.start_s):
            heard[turn.speaker] = heard.get(turn.speaker, 0.0) + shared
    return tuple(heard)


class Stage:
    """Divides the Project into scenes and lists its beats, by pictures too where it is a film and its file is there."""

    name = "scenes"
    requires: ClassVar[frozenset[str]] = frozenset()
    assigns: ClassVar[frozenset[str]] = frozenset({"scenes", "beats"})
    options_type = Options

    def __call__(self, project: Project, options: Options, progress: Progress) -> Project:
        film = Path(project.media.path) if project.media.has_video else None
        warnings: tuple[str, ...] = ()
        if film is not None and not film.is_file():
            warnings = (f"{film.name} is no longer there: scenes were found by sound alone.",)
            film = None
        material = gathered(
            project.programme,
            film,
            project.speech_spans,
            project.turns or (),
            project.emotion_utterances or (),
            project.emotion or (),
            project.activity or (),
            options.smallest_turn,
            progress,
        )
        scenes, choice = _scenes(material, options, progress)
        found = beats(material, options.pause_s, options.language)
        return project.after(self.name, choice, options, warnings=warnings, scenes=scenes, beats=found)
