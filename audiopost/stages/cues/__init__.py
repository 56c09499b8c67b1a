"""Music cues: where music should enter and leave, for what, in which mood and tempo; where silence is stronger.

To add a backend: write a class with `name`, `draft`, `available`, `model` and `suggest` in a file of its own, add its
'module:Class' to BACKENDS, and run tests/stages. Music that is already there, numbers and tracks out of a library stay
the same for every backend.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Protocol

from ...core.audio import Audio
from ...core.language import LANGUAGES
from ...core.marks import Activity
from ...core.options import change, option
from ...core.project import Project
from ...core.registry import AUTO, Backends
from ...core.speech import SpeakerTurn
from ...core.spotting import Cue, EmotionPoint, EmotionUtterance, Scene, StoryBeat
from ...core.stage import Backend, Choice, Progress, silent
from ...core.time import TIMEBASE_25, FrameRate, Span, Timebase, merge_spans
from .ruleset import load_ruleset, ruleset_names

#: What the option `library` calls the user's own.
OWN = "own"


@dataclass(frozen=True)
class Options:
    """Which rules cues follow, in which language they are told, and what of the rules is changed."""

    backend: str = option(AUTO, "rules, a plug-in, auto or embedded")
    rules: str = option(
        "film-drama",
        f"how music is spotted: {', '.join(ruleset_names())}, or a .toml file of your own",
        names_path=True,
    )
    language: str = option("en", "language of reasons, instruments and textures", choices=LANGUAGES)
    reel: int = option(1, "number of the reel, the 1 of 1m01", low=1, high=99)
    library: str | None = option(
        None,
        f"a library of tracks to rank for each cue: a file, or {OWN} for the one of 'audiopost library'",
        names_path=True,
    )
    tracks: int = option(5, "tracks a cue, where there is a library", low=1, high=50)
    shortest_s: float | None = option(
        None, "shortest underscore, in place of the rules'; in recordings under a minute a sixth of them", low=1.0,
        high=120.0, unit="s",
    )  # fmt: skip
    longest_s: float | None = option(None, "longest cue, in place of the rules'", low=5.0, high=3600.0, unit="s")
    share: float | None = option(
        None, "most that cues may cover of what is free of music, in place of the rules'", low=0.0, high=1.0
    )
    change: float | None = option(
        None, "smallest turn of feeling that asks for music, in place of the rules'", low=0.05, high=2.0
    )
    margin_s: float | None = option(
        None, "distance from music that is already there, in place of the rules'", low=0.0, high=30.0, unit="s"
    )

    def __post_init__(self) -> None:
        """Rules or a library that are not there are told before the work begins. Raises UnknownName, BadValue."""
        load_ruleset(self.rules)
        if self.library is not None:
            from ...music.library import Store

            Store(library_of(self.library)).close()


@dataclass(frozen=True)
class Material:
    """What cues are drawn from; all in order of time. `existing` are the cues of the music in `music`."""

    points: tuple[EmotionPoint, ...]
    utterances: tuple[EmotionUtterance, ...]
    turns: tuple[SpeakerTurn, ...]
    activity: tuple[Activity, ...]
    scenes: tuple[Scene, ...]
    duration_s: float
    beats: tuple[StoryBeat, ...] = ()
    music: tuple[Span, ...] = ()
    existing: tuple[Cue, ...] = ()
    rate: FrameRate = TIMEBASE_25.rate


class CueFinder(Backend, Protocol):
    """Cues in order of time that overlap neither each other nor music, on whole frames of the material's rate."""

    def suggest(self, material: Material) -> tuple[Cue, ...]: ...


BACKENDS = Backends(
    stage="cues", table={"rules": "audiopost.stages.cues.rules:Rules"}, embedded=("rules",), auto=("rules",)
)


def suggest_cues(
    points: Sequence[EmotionPoint],
    utterances: Sequence[EmotionUtterance],
    *,
    turns: Sequence[SpeakerTurn] = (),
    activity: Sequence[Activity] = (),
    scenes: Sequence[Scene] = (),
    beats: Sequence[StoryBeat] = (),
    duration_s: float,
    music: Audio | None = None,
    dialogue_lufs: float | None = None,
    timebase: Timebase = TIMEBASE_25,
    options: Options | None = None,
    progress: Progress = silent,
    **changes: Any,
) -> tuple[Cue, ...]:
    """Music cues for a recording of `duration_s`, out of its feelings (see stages.emotion), scenes and story beats.

    `activity` says where there is music already ('music') and where more speech than the utterances is ('speech');
    each stretch of music becomes a cue of status 'existing', analysed where `music` is given: the whole recording's
    music stem, or the recording. `dialogue_lufs` is how loud the dialogue is, for the gain of tracks out of a library.
    All cues are numbered together in order of time, silence on purpose too: its tempo is
    (0, 0). Times lie on frames of `timebase`. Without speech only pictures can ask for music, without those nothing.
    `changes` are fields of Options. Raises UnknownName, BadValue.
    """
    chosen = change(options, Options, changes, "cues.")
    material = _material(points, utterances, turns, activity, scenes, beats, duration_s, timebase.rate)
    return _run(material, music, dialogue_lufs, chosen, progress)[0]


def material_of(project: Project) -> Material:
    """What a Project has that cues are drawn from."""
    return _material(
        project.emotion or (),
        project.emotion_utterances or (),
        project.turns or (),
        project.activity or (),
        project.scenes or (),
        project.beats or (),
        project.audio.duration_s,
        project.media.timebase.rate,
    )


def _material(
    points: Sequence[EmotionPoint],
    utterances: Sequence[EmotionUtterance],
    turns: Sequence[SpeakerTurn],
    activity: Sequence[Activity],
    scenes: Sequence[Scene],
    beats: Sequence[StoryBeat],
    duration_s: float,
    rate: FrameRate,
) -> Material:
    from .existing import stretches

    return Material(
        tuple(sorted(points, key=lambda p: p.time_s)),
        tuple(sorted(utterances, key=lambda u: (u.start_s, u.end_s))),
        tuple(sorted(turns, key=lambda t: (t.start_s, t.end_s))),
        tuple(sorted(activity, key=lambda a: (a.start_s, a.end_s))),
        tuple(sorted(scenes, key=lambda s: s.start_s)),
        duration_s,
        tuple(sorted((b for b in beats if 0 <= b.time_s <= duration_s), key=lambda b: (b.time_s, b.kind))),
        stretches(activity, duration_s),
        rate=rate,
    )


def _run(
    material: Material, music: Audio | None, dialogue_lufs: float | None, options: Options, progress: Progress
) -> tuple[tuple[Cue, ...], Choice, tuple[str, ...]]:
    """The cues, who made them, and what a person should know where there are none."""
    from .existing import edged, existing_cues
    from .timeline import Timeline
    from .words import Words

    backend, choice = BACKENDS.choose(options)
    rules = load_ruleset(options.rules)
    words, line = Words(options.language, rules.words), Timeline(material, rules.programme.margin_s)
    edges = [edged(span, material.beats) for span in material.music]
    clear = merge_spans([*material.music, *edges])
    there = existing_cues(edges, music, line, rules, words, progress)
    found: tuple[Cue, ...] = backend.suggest(replace(material, music=tuple(clear), existing=there))
    if options.library is not None:
        found = with_tracks(found, line.lines, options, dialogue_lufs)
    progress("cues", material.duration_s, material.duration_s)
    ordered = sorted((*there, *found), key=lambda cue: (cue.in_s, cue.out_s))
    cues = tuple(replace(cue, number=n, reel=options.reel) for n, cue in enumerate(ordered, start=1))
    return cues, choice, () if found else (_why_none(material, words, options),)


def with_tracks(
    cues: Sequence[Cue], speech: Sequence[Span], options: Options, dialogue_lufs: float | None = None
) -> tuple[Cue, ...]:
    """The cues with the tracks of `options.library` that suit them best; as they are where there is no library."""
    from ...music.library import suggest_tracks

    if options.library is None:
        return tuple(cues)
    return suggest_tracks(
        cues,
        library_of(options.library),
        speech=speech,
        count=options.tracks,
        language=options.language,
        dialogue_lufs=dialogue_lufs,
    )


def library_of(named: str) -> Path:
    """The file of a library by its name: a path, or OWN for the user's."""
    from ...music.library import default_path

    return default_path() if named == OWN else Path(named).expanduser()


def _why_none(material: Material, words: Any, options: Options) -> str:
    covered = sum(span.duration_s for span in material.music)
    if material.duration_s < 2.0:
        return str(words.say("none_short", seconds=material.duration_s))
    if covered >= 0.8 * material.duration_s:
        return str(words.say("none_covered"))
    if not material.utterances and not material.points and not material.beats:
        return str(words.say("none_speechless"))
    return str(words.say("none_even", rules=Path(options.rules).stem))


def loudness_of(dialogue: Audio, progress: Progress = silent) -> float | None:
    """How loud the dialogue is, which tracks are laid against; None where it is silent, or its rate too low to say."""
    from ...dsp.loudness import MIN_RATE, integrated_loudness

    return integrated_loudness(dialogue, progress) if dialogue.rate >= MIN_RATE else None


class Stage:
    """Suggests music cues for the Project, and lists the music that is there."""

    name = "cues"
    requires: ClassVar[frozenset[str]] = frozenset({"emotion"})
    assigns: ClassVar[frozenset[str]] = frozenset({"cues"})
    options_type = Options

    def __call__(self, project: Project, options: Options, progress: Progress) -> Project:
        project.require(self.requires, self.name)
        material = material_of(project)
        music = (project.stems or {}).get("music") or project.programme
        lufs = loudness_of(project.dialogue, progress) if options.library is not None else None
        cues, choice, warnings = _run(material, music, lufs, options, progress)
        return project.after(self.name, choice, options, warnings=warnings, cues=cues)
