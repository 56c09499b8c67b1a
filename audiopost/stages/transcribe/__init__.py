"""Transcribe: the words that are said, each with its time, in utterances that know their language.

The recording is brought to 16 kHz mono, Silero VAD finds the speech, and a backend decodes windows of it, so that
no backend can write words where nobody speaks and hours of sound need no more memory than minutes.
To add a backend: write a class as `Transcriber` says in a file of its own, add its 'module:Class' to BACKENDS and
run tests/contract.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from ...core.audio import Audio
from ...core.options import change, option
from ...core.project import Project
from ...core.registry import AUTO, Backends
from ...core.speech import Remark, Transcript, Utterance
from ...core.stage import Backend, Progress, silent
from .windows import Window


@dataclass(frozen=True)
class Options:
    """How speech becomes text."""

    backend: str = option(AUTO, "faster-whisper, pocketsphinx, a plug-in, auto or embedded")
    language: str | None = option(None, "language spoken, as a BCP 47 tag (en, yue, zh-Hant); none detects it")
    languages: str | None = option(
        None, "languages that are mixed, as yue,en, or any: each stretch of speech keeps its own"
    )
    model: str = option(
        AUTO,
        "Whisper model: a size (tiny … large-v3, turbo), a folder, a hub id, or auto for the best one here",
        names_path=True,
    )
    model_dir: str = option("", "a folder that holds model folders, looked into before the store", names_path=True)
    pull: bool = option(False, "fetch a model that is named and not here")
    task: str = option("transcribe", "transcribe, or translate into English", choices=("transcribe", "translate"))
    translation: bool = option(False, "also translate into English, as a second text beside the first")
    register: str = option(
        "spoken",
        "Cantonese as it is spoken (口語), or rendered by the machine in written Chinese (書面語)",
        choices=("spoken", "written"),
    )
    initial_prompt: str | None = option(None, "text that shows the model style and spelling")
    hotwords: str | None = option(None, "names and terms that are likely to be said")
    glossary: str = option(
        "", "a file of names and terms, one a line: said to the engine, near misses corrected", names_path=True
    )
    script: str = option("", "a script (txt, docx, fountain) whose words are known to be spoken", names_path=True)
    aligner: str = option(AUTO, "what times a script's words", choices=(AUTO, "pocketsphinx", "ctc", "words"))
    align_model: str = option("", "folder of a wav2vec2 or MMS model for the ctc aligner", names_path=True)
    beam_size: int = option(5, "hypotheses followed at once", low=1, high=20)
    batch_size: int = option(0, "windows decoded at once; 0 decides by device", low=0, high=128)
    device: str = option("auto", "where the model runs", choices=("auto", "cpu", "cuda"))
    compute_type: str = option(
        "auto",
        "arithmetic; auto is int8 on the CPU and float16 on a GPU",
        choices=("auto", "int8", "int8_float16", "int8_float32", "float16", "bfloat16", "float32"),
    )
    threads: int = option(0, "CPU threads; 0 takes all cores", low=0, high=256)
    vad: bool = option(True, "decode only where the speech detector hears speech; the guard listens too, see guard")
    guard: bool = option(True, "drop what engines invent: loops, sign-offs over silence; what was dropped is listed")
    clip_timestamps: str = option("", "only these stretches: start,end,start,end … in seconds")
    hallucination_silence_threshold: float | None = option(
        None, "skip silences longer than this around doubtful text (sequential decoding)", low=0, unit="s"
    )
    no_speech_threshold: float | None = option(
        None, "probability of silence above which a window is skipped (sequential decoding)", low=0, high=1
    )
    condition_on_previous_text: bool = option(False, "tell the model what it wrote before (sequential decoding)")
    isolate: bool = option(True, "run the engine in a process of its own: a crash costs a stretch, not the run")


def suggested(language: str | None) -> str:
    """The model to pull for a language, or for several with commas between: only large-v3 and turbo have Cantonese, for
    the rest small is a fair start."""
    tags = {tag.strip().split("-")[0].lower() for tag in (language or "").split(",")}
    return "whisper-turbo" if "yue" in tags else "whisper-small"


@dataclass(frozen=True)
class Piece:
    """What a backend heard in one window (its number in the list given): utterances, and remarks on what it left out.

    `translated` is the same speech in English where a translation was asked for too.
    """

    window: int
    utterances: tuple[Utterance, ...]
    remarks: tuple[Remark, ...] = ()
    translated: tuple[Utterance, ...] = ()


class Transcriber(Backend, Protocol):
    """Windows of speech to utterances with word times in seconds of the recording.

    A class whose code may bring the process down sets `native = True`: it then runs in a process of its own (see
    worker.py). One that cannot be told of names beforehand sets `takes_hotwords = False`.
    One that judges stretches one by one sets `pauses = True`: windows are then cut at short pauses too.
    """

    longest_s: float
    """The longest window it takes."""
    packed: bool
    """Whether stretches of speech share a window where they fit (see windows.plan)."""
    language: str | None
    """The main language of what it writes once `transcribe` has begun to yield, None while unknown."""
    spoken: str | None
    """The one language that it takes the speech for, stated or found; None while unknown or where there are several.

    What is left after a stop is decoded with it as Options.language."""
    warnings: Sequence[str]
    """What a person should know of the result; whole when `transcribe` is exhausted."""

    def transcribe(self, sound: Audio, windows: tuple[Window, ...], progress: Progress) -> Iterator[Piece]:
        """One Piece for each of `windows` (at least one) of `sound` (16 kHz mono), in any order."""
        ...


BACKENDS = Backends(
    stage="transcribe",
    table={
        "faster-whisper": "audiopost.stages.transcribe.whisper:Whisper",
        "pocketsphinx": "audiopost.stages.transcribe.sphinx:PocketSphinx",
    },
    embedded=("pocketsphinx",),
    auto=("faster-whisper", "pocketsphinx"),
)


def transcribe(
    audio: Audio, options: Options | None = None, *, progress: Progress = silent, **changes: Any
) -> Transcript:
    """What is said in `audio`; no utterances where nothing is said. What was left out or put right is in `remarks`.

    `changes` are fields of Options: `transcribe(audio, language="yue", model="large-v3")`.
    Raises UnknownName, BadValue, InputError (glossary, script), MissingExtra, MissingModel (whose remedy is the pull
    command), StageError.
    """
    from .run import run

    return run(audio, change(options, Options, changes, "transcribe."), progress).transcript


class Stage:
    """Transcribes the Project's dialogue; words get speakers where the turns are known already."""

    name = "transcribe"
    requires: ClassVar[frozenset[str]] = frozenset()
    assigns: ClassVar[frozenset[str]] = frozenset({"transcript", "translation"})
    options_type = Options

    def __call__(self, project: Project, options: Options, progress: Progress) -> Project:
        from .run import run

        done = run(project.dialogue, options, progress)
        turns = project.turns or ()
        return project.after(
            self.name,
            done.choice,
            options,
            warnings=done.warnings,
            transcript=done.transcript.with_speakers(turns),
            translation=done.translation and done.translation.with_speakers(turns),
        )
