"""Emotion: arousal, valence and dominance over time, from the voice and, where there is a transcript, the words.

To add a backend (a speech emotion model, say): write a class with `name`, `draft`, `available`, `model` and `rate`
in a file of its own, add its 'module:Class' to BACKENDS, or to WORDS if it reads text, add it to `auto` if it should be
picked unasked, and run tests/contract. Grid, fusion and labels (analysis/affect.py) stay the same for every backend.
One that hears by a model derives from ModelReader (model_reader.py), which finds folders and cuts what is heard.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, NamedTuple, Protocol

from ...analysis import vad
from ...analysis.affect import Reading, fused, mean_affect, named
from ...core.audio import Audio, sound_of
from ...core.options import change, option
from ...core.project import Project
from ...core.registry import AUTO, Backends, Part
from ...core.speech import SpeakerTurn, Transcript, Utterance
from ...core.spotting import Affect, EmotionPoint, EmotionUtterance
from ...core.stage import Availability, Backend, BuiltIn, Choice, Progress, silent
from ...core.time import Span
from ...models.store import together
from .windows import Window, grid_of, utterances_of


@dataclass(frozen=True)
class Options:
    """How feelings are read."""

    backend: str = option(AUTO, "what hears the voice: transformers, emotion2vec, sensevoice, prosody, auto, embedded")
    step_s: float = option(0.5, "time between two points of the curve", low=0.25, high=10.0, unit="s")
    window_s: float = option(3.0, "length of speech that one point looks at", low=1.0, high=20.0, unit="s")
    words: bool = option(True, "let the words of a transcript count too")
    words_backend: str = option(AUTO, "what reads the words: transformers, lexicon, a plug-in, auto or embedded")
    model: str = option(
        "", "speech emotion model: a folder, a name or ORG/NAME; empty for the best that is here", names_path=True
    )
    words_model: str = option(
        "",
        "text emotion model: a folder, a name or ORG/NAME; empty for what is here in the language",
        names_path=True,
    )
    device: str = option("auto", "where models run", choices=("auto", "cpu", "cuda"))


class EmotionReader(Backend, Protocol):
    """Rates stretches of speech; None where a stretch holds too little of it."""

    def rate(
        self, audio: Audio, speech: Sequence[Span], windows: Sequence[Window], progress: Progress
    ) -> list[Reading | None]: ...


class WordReader(Backend, Protocol):
    """Rates texts, each given with its BCP 47 tag ('' where unknown); None where nothing in one tells.

    It is built with Options whose `backend` is the value of `words_backend`.
    """

    def rate(self, texts: Sequence[tuple[str, str]]) -> list[Reading | None]: ...


class Embedded(BuiltIn[Options]):
    """Base of the readers that come with the package; `asks` is the option that names a model in their place."""

    asks: ClassVar[str]

    @classmethod
    def available(cls, options: Options) -> Availability:
        # A model that is asked for and not here is refused, not replaced.
        if options.backend == AUTO and getattr(options, cls.asks):
            return Availability(False, f"emotion.{cls.asks} asks for a model", f"Leave emotion.{cls.asks} empty")
        return super().available(options)


WORDS = Backends(
    stage="emotion-words",
    table={
        "lexicon": "audiopost.stages.emotion.words:LexiconReader",
        "transformers": "audiopost.stages.emotion.transformers_text:TextReader",
    },
    embedded=("lexicon",),
    auto=("transformers", "lexicon"),
)
_READING = Part(WORDS, option="words_backend", wanted="words")
BACKENDS = Backends(
    stage="emotion",
    table={
        "prosody": "audiopost.stages.emotion.prosody:ProsodyReader",
        "transformers": "audiopost.stages.emotion.transformers_speech:TransformersReader",
        "emotion2vec": "audiopost.stages.emotion.emotion2vec:Emotion2vecReader",
        "sensevoice": "audiopost.stages.emotion.sensevoice:SenseVoiceReader",
    },
    embedded=("prosody",),
    auto=("transformers", "emotion2vec", "sensevoice", "prosody"),
    parts=(_READING,),
)


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
    reader, choice = _word_reader(transcript, options, choice)
    audio = sound_of(audio)
    # However loud the recording is: level is the mixer's, not the actor's.
    speech = vad.speech_spans(audio, vad.gain_to_usual(audio))
    said = utterances_of(transcript, speech, turns, audio.duration_s)
    grid = grid_of(speech, said, step_s=options.step_s, window_s=options.window_s, duration_s=audio.duration_s)
    windows = [Window(u.start_s, u.end_s, u.speaker) for u in said]
    heard = backend.rate(audio, speech, [*windows, *(window for _, window in grid)], progress)
    read = _read(reader, said)
    utterances = [_utterance(*each) for each in zip(said, heard, read, strict=False) if any(each[1:])]
    times = [time_s for time_s, _ in grid]
    curve = _smoothed([reading.affect if reading else None for reading in heard[len(said) :]], times, options.step_s)
    points = [
        EmotionPoint(time_s, both.arousal, both.valence, both.dominance, both.confidence, voice, words)
        for time_s, voice, words in zip(times, curve, _words_at(times, said, read), strict=True)
        if (both := fused(voice, words)) is not None
    ]
    return Emotion(tuple(points), tuple(utterances)), choice


def _word_reader(transcript: Transcript | None, options: Options, choice: Choice) -> tuple[WordReader | None, Choice]:
    """What reads the words, None where nothing is to be read; and the voice's choice with the words' added to it."""
    asked = _READING.asked(options)
    if asked is None or transcript is None or not any(u.text for u in transcript.utterances):
        return None, choice
    reader, words_choice = WORDS.choose(asked)
    models = [model for model in (choice.model, words_choice.model) if model is not None]
    reason = f"{choice.reason}; words by {words_choice.backend} ({words_choice.reason})"
    parts = {**choice.parts, WORDS.stage: words_choice.backend}
    return reader, replace(choice, reason=reason, model=together(models) if models else None, parts=parts)


def _read(reader: WordReader | None, said: Sequence[Utterance]) -> list[Reading | None]:
    """What the words of each utterance say."""
    texts = [(u.text, u.language) for u in said if u.text]
    readings = iter(reader.rate(texts) if reader is not None and texts else [None] * len(texts))
    return [next(readings) if u.text else None for u in said]


def _smoothed(affects: Sequence[Affect | None], times: Sequence[float], step_s: float) -> list[Affect | None]:
    """The voice's curve, each point averaged 1:2:1 with its neighbours, weighted by confidence."""

    def neighbour(at: int, centre: int) -> Affect | None:
        beside = 0 <= at < len(times) and abs(times[at] - times[centre]) < 1.5 * step_s
        return affects[at] if beside else None

    curve: list[Affect | None] = []
    for i, centre in enumerate(affects):
        around = [
            (affect, w) for affect, w in ((neighbour(i - 1, i), 1), (centre, 2), (neighbour(i + 1, i), 1)) if affect
        ]
        mean = mean_affect(around) if centre else None
        curve.append(replace(mean, confidence=centre.confidence) if mean and centre else centre)
    return curve


def _words_at(times: Sequence[float], said: Sequence[Utterance], read: Sequence[Reading | None]) -> list[Affect | None]:
    """What the words say at each time: the reading of the utterance it falls into."""
    found: list[Affect | None] = [None] * len(times)
    for utterance, reading in zip(said, read, strict=True):
        for i in range(bisect_left(times, utterance.start_s), bisect_left(times, utterance.end_s)):
            found[i] = found[i] or (reading.affect if reading else None)
    return found


def _utterance(said: Utterance, heard: Reading | None, read: Reading | None) -> EmotionUtterance:
    voice, words = (reading.affect if reading else None for reading in (heard, read))
    both = fused(voice, words)
    assert both is not None
    return EmotionUtterance(
        said.start_s, said.end_s, named(heard, read), both.arousal, both.valence, both.confidence,
        said.speaker, said.text, both.dominance, voice, words,
    )  # fmt: skip


class Stage:
    """Reads the feelings of the Project's dialogue."""

    name = "emotion"
    requires: ClassVar[frozenset[str]] = frozenset()
    assigns: ClassVar[frozenset[str]] = frozenset({"emotion", "emotion_utterances"})
    options_type = Options

    def __call__(self, project: Project, options: Options, progress: Progress) -> Project:
        found, choice = _run(project.dialogue, project.transcript, project.turns or (), options, progress)
        return project.after(self.name, choice, options, emotion=found.points, emotion_utterances=found.utterances)
