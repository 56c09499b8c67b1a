"""Emotion: arousal, valence and dominance over time, from the voice and, where there is a transcript, the words.

To add a backend (a speech emotion model, say): write a class with `name`, `draft`, `available`, `model` and `rate`
in a file of its own, add its 'module:Class' to BACKENDS, add it to AUTO if it should be picked unasked, and run
tests/contract. Grid, words and labels stay the same for every backend.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar, NamedTuple, Protocol

from ...analysis import vad
from ...core.audio import Audio
from ...core.options import change, option
from ...core.project import Project
from ...core.registry import AUTO, Backends
from ...core.speech import SpeakerTurn, Transcript, Utterance
from ...core.spotting import EmotionPoint, EmotionUtterance
from ...core.stage import Backend, Choice, Progress, silent
from ...core.time import Span, merge_spans
from .affect import Rating, Window, combined, label
from .words import rate_text


@dataclass(frozen=True)
class Options:
    """How feelings are read."""

    backend: str = option(AUTO, "prosody, a plug-in, auto or embedded")
    step_s: float = option(1.0, "time between two points of the curve", low=0.25, high=10.0, unit="s")
    window_s: float = option(3.0, "length of speech that one point looks at", low=1.0, high=20.0, unit="s")
    words: bool = option(True, "let the words of a transcript count too")


class EmotionReader(Backend, Protocol):
    """Rates stretches of speech; None where a stretch holds too little of it."""

    def rate(
        self, audio: Audio, speech: Sequence[Span], windows: Sequence[Window], progress: Progress
    ) -> list[Rating | None]: ...


BACKENDS = Backends(
    stage="emotion",
    table={"prosody": "audiopost.stages.emotion.prosody:ProsodyReader"},
    embedded="prosody",
    auto=("prosody",),
)

#: Spans of speech closer than this belong to one utterance where no transcript says otherwise.
_JOIN_S = 0.6
_LONGEST_S = 8.0


class Emotion(NamedTuple):
    """The curve, on a regular grid where there is speech, and the utterances with a label each."""

    points: tuple[EmotionPoint, ...]
    utterances: tuple[EmotionUtterance, ...]


def emotion(
    audio: Audio,
    transcript: Transcript | None = None,
    turns: Sequence[SpeakerTurn] | None = None,
    options: Options | None = None,
    *,
    progress: Progress = silent,
    **changes: Any,
) -> Emotion:
    """Feelings in -1..1, 0 being neutral speech of the population, each with a confidence in 0..1.

    `audio` is speech (the dialogue stem of a film); `transcript` adds the words, `turns` the speakers, whose own norms
    count from 30 s of their speech on. Without a transcript utterances are spans of speech of a few seconds.
    Silence gives empty results. `changes` are fields of Options. Raises UnknownName, BadValue, MissingExtra.
    """
    return _run(audio, transcript, turns or (), change(options, Options, changes, "emotion."), progress)[0]


def _run(
    audio: Audio, transcript: Transcript | None, turns: Sequence[SpeakerTurn], options: Options, progress: Progress
) -> tuple[Emotion, Choice]:
    backend, choice = BACKENDS.choose(options)
    speech = vad.speech_spans(audio)
    said = _utterances(transcript, speech, turns, audio.duration_s)
    grid = _grid(speech, said, options, audio.duration_s)
    windows = [Window(u.start_s, u.end_s, u.speaker) for u in said]
    ratings = backend.rate(audio, speech, [*windows, *(window for _, window in grid)], progress)
    texts = [rate_text(u.text, u.language) if options.words and u.text else None for u in said]
    voiced = dict(zip((t for t, _ in grid), ratings[len(said) :], strict=True))
    utterances = [
        _utterance(u, rating)
        for u, heard, text in zip(said, ratings, texts, strict=False)
        if (rating := combined(heard, text)) is not None
    ]
    points = []
    for time_s, _ in grid:
        heard = _smoothed(voiced, time_s, options.step_s)
        rating = combined(heard, _text_at(time_s, said, texts))
        if rating is not None:
            points.append(EmotionPoint(time_s, rating.arousal, rating.valence, rating.dominance, rating.confidence))
    return Emotion(tuple(points), tuple(utterances)), choice


def _utterances(
    transcript: Transcript | None, speech: Sequence[Span], turns: Sequence[SpeakerTurn], duration_s: float
) -> list[Utterance]:
    """The transcript's utterances, else stretches of speech of one speaker, at most `_LONGEST_S` long."""
    if transcript is not None and transcript.utterances:
        own = transcript if any(u.speaker for u in transcript.utterances) else transcript.with_speakers(tuple(turns))
        return [u for u in own.utterances if u.end_s > u.start_s and u.start_s < duration_s]
    # Turns of different speakers may overlap: speech is cut where one begins or ends, each piece given to one.
    edges = sorted({e for turn in turns for e in (turn.start_s, turn.end_s)})
    pieces: list[tuple[Span, str | None]] = []
    for span in merge_spans(list(speech), _JOIN_S):
        inner = [span.start_s, *(e for e in edges if span.start_s < e < span.end_s), span.end_s]
        for start_s, end_s in pairwise(inner):
            who = _speaker_at((start_s + end_s) / 2, turns)
            if pieces and pieces[-1][1] == who and start_s - pieces[-1][0].end_s < 1e-6:
                pieces[-1] = (pieces[-1][0] | Span(start_s, end_s), who)
            else:
                pieces.append((Span(start_s, end_s), who))
    found = []
    for span, who in pieces:
        count = max(1, -int(-span.duration_s // _LONGEST_S))
        length = span.duration_s / count
        for k in range(count):
            start_s = span.start_s + k * length
            found.append(Utterance(start_s, start_s + length, "", "", (), who))
    return found


def _speaker_at(time_s: float, turns: Sequence[SpeakerTurn]) -> str | None:
    """Who began to speak last among those who speak at a time."""
    speaking = [turn for turn in turns if turn.start_s <= time_s < turn.end_s]
    return max(speaking, key=lambda turn: turn.start_s).speaker if speaking else None


def _grid(
    speech: Sequence[Span], said: Sequence[Utterance], options: Options, duration_s: float
) -> list[tuple[float, Window]]:
    """Times every `step_s` within half a step of speech, each with the window around it, of one speaker."""
    grid: list[tuple[float, Window]] = []
    step, half = options.step_s, options.window_s / 2
    at = 0
    for span in speech:
        first = max(0, round((span.start_s - step / 2) / step))
        for k in range(first, int((span.end_s + step / 2) / step) + 1):
            time_s = round(k * step, 6)
            if time_s > duration_s or (grid and time_s <= grid[-1][0]):
                continue
            while at + 1 < len(said) and said[at + 1].start_s <= time_s:
                at += 1
            who = said[at].speaker if said and said[at].start_s - step <= time_s <= said[at].end_s + step else None
            grid.append((time_s, Window(max(0.0, time_s - half), time_s + half, who)))
    return grid


def _smoothed(voiced: dict[float, Rating | None], time_s: float, step_s: float) -> Rating | None:
    """The rating at a point of the grid, averaged 1:2:1 with its neighbours, weighted by confidence."""
    centre = voiced[time_s]
    if centre is None:
        return None
    weighted = [
        (share * r.confidence, r)
        for share, r in (
            (1, voiced.get(round(time_s - step_s, 6))),
            (2, centre),
            (1, voiced.get(round(time_s + step_s, 6))),
        )
        if r is not None
    ]
    total = sum(weight for weight, _ in weighted)
    if total <= 0:
        return centre
    return Rating(
        sum(w * r.arousal for w, r in weighted) / total,
        sum(w * r.valence for w, r in weighted) / total,
        sum(w * r.dominance for w, r in weighted) / total,
        centre.confidence,
    )


def _text_at(time_s: float, said: Sequence[Utterance], texts: Sequence[Rating | None]) -> Rating | None:
    """What the words say at a time: the rating of the utterance it falls into."""
    return next((t for u, t in zip(said, texts, strict=True) if u.start_s <= time_s < u.end_s and t), None)


def _utterance(said: Utterance, rating: Rating) -> EmotionUtterance:
    word = label(rating.arousal, rating.valence, rating.dominance)
    return EmotionUtterance(
        said.start_s, said.end_s, word, rating.arousal, rating.valence, rating.confidence, said.speaker, said.text
    )


class Stage:
    """Reads the feelings of the Project's dialogue."""

    name = "emotion"
    requires: ClassVar[frozenset[str]] = frozenset()
    assigns: ClassVar[frozenset[str]] = frozenset({"emotion", "emotion_utterances"})
    options_type = Options

    def __call__(self, project: Project, options: Options, progress: Progress) -> Project:
        found, choice = _run(project.dialogue, project.transcript, project.turns or (), options, progress)
        return project.after(self.name, choice, options, emotion=found.points, emotion_utterances=found.utterances)
