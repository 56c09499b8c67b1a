"""Scenes: by changes of place in the picture, pauses between speech, and changes of the background sound.

To add a backend: write a class with `name`, `draft`, `available`, `model` and `borders` in a file of its own, add its
'module:Class' to BACKENDS, and run tests/stages. Numbering, speakers and moods stay the same for every backend.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol

from ...core.audio import Audio
from ...core.options import change, option
from ...core.project import Project
from ...core.registry import AUTO, Backends
from ...core.speech import SpeakerTurn
from ...core.spotting import EmotionUtterance, Scene
from ...core.stage import Backend, Choice, Progress, silent
from ...core.time import Span


@dataclass(frozen=True)
class Options:
    """How a recording is divided into scenes."""

    backend: str = option(AUTO, "boundaries, a plug-in, auto or embedded")
    shortest_s: float = option(8.0, "shortest scene", low=1.0, high=600.0, unit="s")
    pause_s: float = option(2.0, "shortest pause between speech that may end a scene", low=0.5, high=60.0, unit="s")
    sensitivity: float = option(0.5, "0 gives few scenes, 1 many", low=0.0, high=1.0)


@dataclass(frozen=True)
class Border:
    """Where a scene begins and why, in words."""

    time_s: float
    reason: str


class SceneFinder(Backend, Protocol):
    """The borders between scenes, in order of time; `film` is a file with pictures, or None."""

    def borders(
        self, audio: Audio, film: Path | None, speech: Sequence[Span] | None, progress: Progress
    ) -> list[Border]: ...


BACKENDS = Backends(
    stage="scenes",
    table={"boundaries": "audiopost.stages.scenes.boundaries:Boundaries"},
    embedded="boundaries",
    auto=("boundaries",),
)


def find_scenes(
    audio: Audio,
    *,
    film: Path | None = None,
    speech: Sequence[Span] | None = None,
    turns: Sequence[SpeakerTurn] = (),
    utterances: Sequence[EmotionUtterance] = (),
    options: Options | None = None,
    progress: Progress = silent,
    **changes: Any,
) -> tuple[Scene, ...]:
    """Scenes without gaps from 0 to the end of `audio`; none for audio without samples.

    `film` gives the pictures, `speech` where speech is heard (found by the VAD where None), `turns` the speakers,
    `utterances` the moods. `changes` are fields of Options. Raises UnknownName, BadValue, UnreadableMedia.
    """
    return _run(audio, film, speech, turns, utterances, change(options, Options, changes, "scenes."), progress)[0]


def _run(
    audio: Audio,
    film: Path | None,
    speech: Sequence[Span] | None,
    turns: Sequence[SpeakerTurn],
    utterances: Sequence[EmotionUtterance],
    options: Options,
    progress: Progress,
) -> tuple[tuple[Scene, ...], Choice]:
    backend, choice = BACKENDS.choose(options)
    end_s = audio.duration_s
    if end_s <= 0:
        return (), choice
    borders: list[Border] = [Border(0.0, "the beginning"), *backend.borders(audio, film, speech, progress)]
    ends = [border.time_s for border in borders[1:]] + [end_s]
    scenes = tuple(
        Scene(
            number, border.time_s, until, border.reason,
            _speakers(turns, border.time_s, until), _mood(utterances, border.time_s, until),
        )
        for number, (border, until) in enumerate(zip(borders, ends, strict=True), start=1)
    )  # fmt: skip
    return scenes, choice


def _speakers(turns: Sequence[SpeakerTurn], start_s: float, end_s: float) -> tuple[str, ...]:
    """Who speaks for at least half a second of a scene (or of their turns), in order of first word."""
    heard: dict[str, float] = {}
    for turn in sorted(turns, key=lambda turn: turn.start_s):
        shared = min(turn.end_s, end_s) - max(turn.start_s, start_s)
        if shared >= min(0.5, turn.end_s - turn.start_s):
            heard[turn.speaker] = heard.get(turn.speaker, 0.0) + shared
    return tuple(heard)


def _mood(utterances: Sequence[EmotionUtterance], start_s: float, end_s: float) -> str:
    """The label heard longest, weighted by confidence; a second one where it has at least half as much."""
    share: dict[str, float] = {}
    for utterance in utterances:
        inside = min(utterance.end_s, end_s) - max(utterance.start_s, start_s)
        if inside > 0:
            share[utterance.label] = share.get(utterance.label, 0.0) + inside * utterance.confidence
    ranked = sorted(share, key=lambda word: (-share[word], word))
    if len(ranked) > 1 and share[ranked[1]] >= 0.5 * share[ranked[0]]:
        return f"{ranked[0]}, {ranked[1]}"
    return ranked[0] if ranked else ""


class Stage:
    """Divides the Project into scenes. The pictures are read where the recording is a film and its file is there."""

    name = "scenes"
    requires: ClassVar[frozenset[str]] = frozenset()
    assigns: ClassVar[frozenset[str]] = frozenset({"scenes"})
    options_type = Options

    def __call__(self, project: Project, options: Options, progress: Progress) -> Project:
        film = Path(project.media.path) if project.media.has_video else None
        warnings: tuple[str, ...] = ()
        if film is not None and not film.is_file():
            warnings = (f"{film.name} is no longer there: scenes were found by sound alone.",)
            film = None
        speech = None
        if project.activity is not None:
            speech = [Span(a.start_s, a.end_s) for a in project.activity if a.kind == "speech"]
        scenes, choice = _run(
            project.programme, film, speech, project.turns or (), project.emotion_utterances or (), options, progress
        )
        return project.after(self.name, choice, options, warnings=warnings, scenes=scenes)
