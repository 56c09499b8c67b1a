"""Transcribe: the words that are said, each with its time, in utterances that know their language.

The recording is brought to 16 kHz mono, Silero VAD finds the speech, and a backend decodes windows of it, so that
no backend can write words where nobody speaks and hours of sound need no more memory than minutes.
To add a backend: write a class as `Transcriber` says in a file of its own, add its 'module:Class' to BACKENDS and
run tests/contract.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Protocol

from ...core.audio import Audio
from ...core.errors import BadValue
from ...core.options import change, option
from ...core.project import Project
from ...core.registry import AUTO, Backends
from ...core.speech import Transcript, Utterance, Word
from ...core.stage import Backend, Choice, Progress, silent
from ...io.scratch import at_rate
from .windows import Window, plan

log = logging.getLogger("audiopost")

RATE = 16_000
#: BCP 47 for "undetermined": nobody stated a language and nothing was said.
UNDETERMINED = "und"
_TAG = re.compile(r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$")


@dataclass(frozen=True)
class Options:
    """How speech becomes text."""

    backend: str = option(AUTO, "faster-whisper, pocketsphinx, a plug-in, auto or embedded")
    language: str | None = option(None, "language spoken, as a BCP 47 tag (en, yue, zh-Hant); none detects it")
    model: str = option(
        AUTO,
        "Whisper model: a size (tiny … large-v3, turbo), a folder, a hub id, or auto for the best one here",
        names_path=True,
    )
    task: str = option("transcribe", "transcribe, or translate into English", choices=("transcribe", "translate"))
    initial_prompt: str | None = option(None, "text that shows the model style and spelling")
    hotwords: str | None = option(None, "names and terms that are likely to be said")
    beam_size: int = option(5, "hypotheses followed at once", low=1, high=20)
    batch_size: int = option(0, "windows decoded at once; 0 decides by device", low=0, high=128)
    device: str = option("auto", "where the model runs", choices=("auto", "cpu", "cuda"))
    compute_type: str = option(
        "auto",
        "arithmetic; auto is int8 on the CPU and float16 on a GPU",
        choices=("auto", "int8", "int8_float16", "int8_float32", "float16", "bfloat16", "float32"),
    )
    threads: int = option(0, "CPU threads; 0 takes all cores", low=0, high=256)
    vad: bool = option(True, "write words only where the speech detector hears speech")


def suggested(language: str | None) -> str:
    """The model to pull for a language: only large-v3 and turbo have Cantonese, for the rest small is a fair start."""
    return "whisper-turbo" if (language or "").split("-")[0].lower() == "yue" else "whisper-small"


class Transcriber(Backend, Protocol):
    """Windows of speech to utterances with word times in seconds of the recording."""

    longest_s: ClassVar[float]
    """The longest window it takes."""
    packed: ClassVar[bool]
    """Whether stretches of speech share a window where they fit (see windows.plan)."""
    language: str | None
    """The main language once `transcribe` has begun to yield, None while unknown."""
    warnings: Sequence[str]
    """What a person should know of the result; whole when `transcribe` is exhausted."""

    def transcribe(self, sound: Audio, windows: tuple[Window, ...], progress: Progress) -> Iterator[Utterance]:
        """Utterances of `sound` (16 kHz mono), at least one window, in any order."""
        ...


BACKENDS = Backends(
    stage="transcribe",
    table={
        "faster-whisper": "audiopost.stages.transcribe.whisper:Whisper",
        "pocketsphinx": "audiopost.stages.transcribe.sphinx:PocketSphinx",
    },
    embedded="pocketsphinx",
    auto=("faster-whisper", "pocketsphinx"),
)


def transcribe(
    audio: Audio, options: Options | None = None, *, progress: Progress = silent, **changes: Any
) -> Transcript:
    """What is said in `audio`; no utterances where nothing is said.

    `changes` are fields of Options: `transcribe(audio, language="yue", model="large-v3")`.
    Raises UnknownName, BadValue, MissingExtra, MissingModel (whose remedy is the pull command), StageError.
    """
    return _run(audio, change(options, Options, changes, "transcribe."), progress)[0]


def _run(audio: Audio, options: Options, progress: Progress) -> tuple[Transcript, Choice, tuple[str, ...]]:
    from ...analysis.vad import speech_probability

    if options.language is not None and not _TAG.match(options.language):
        raise BadValue(
            f"transcribe.language = {options.language!r} is not a language tag.",
            value=options.language,
            remedy="Give a BCP 47 tag such as en, zh, yue or pt-BR, or leave it out to have it detected.",
        )
    backend, choice = BACKENDS.choose(options)
    sound = at_rate(audio, RATE, mono=True)
    windows = plan(
        speech_probability(sound), sound.duration_s, longest_s=backend.longest_s, packed=backend.packed, vad=options.vad
    )
    found = tidied(backend.transcribe(sound, windows, progress), audio.duration_s) if windows else ()
    language = backend.language or options.language or UNDETERMINED
    for warning in backend.warnings:
        log.info("transcribe: %s", warning)
    return Transcript(language, found, choice.draft), choice, tuple(backend.warnings)


def tidied(utterances: Iterable[Utterance], duration_s: float) -> tuple[Utterance, ...]:
    """Utterances in order of time, without empty ones; words in order, apart, and inside utterance and recording."""

    def within(time_s: float, low_s: float) -> float:
        """Whole milliseconds from `low_s` to the end of the recording."""
        return min(max(low_s, round(float(time_s), 3)), duration_s)

    kept: list[Utterance] = []
    for utterance in sorted(utterances, key=lambda u: (u.start_s, u.end_s)):
        start_s = at = within(utterance.start_s, 0.0)
        words: list[Word] = []
        for word in utterance.words:
            if text := word.text.strip():
                begin = within(word.start_s, at)
                at = within(word.end_s, begin)
                words.append(replace(word, start_s=begin, end_s=at, text=text, probability=_share(word.probability)))
        if text := utterance.text.strip():
            start_s = words[0].start_s if words else start_s
            end_s = within(max(utterance.end_s, at), start_s)
            kept.append(replace(utterance, start_s=start_s, end_s=end_s, text=text, words=tuple(words)))
    return tuple(kept)


def _share(probability: float | None) -> float | None:
    return None if probability is None else min(max(float(probability), 0.0), 1.0)


class Stage:
    """Transcribes the Project's dialogue; words get speakers where the turns are known already."""

    name = "transcribe"
    requires: ClassVar[frozenset[str]] = frozenset()
    assigns: ClassVar[frozenset[str]] = frozenset({"transcript"})
    options_type = Options

    def __call__(self, project: Project, options: Options, progress: Progress) -> Project:
        transcript, choice, warnings = _run(project.dialogue, options, progress)
        transcript = transcript.with_speakers(project.turns or ())
        return project.after(self.name, choice, options, warnings=warnings, transcript=transcript)
