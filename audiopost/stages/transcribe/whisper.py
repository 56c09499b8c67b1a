"""Whisper by faster-whisper (CTranslate2): batched, with word times, from models that lie on this machine.

Radford et al., "Robust Speech Recognition via Large-Scale Weak Supervision", 2022. The pipeline is that of
faster-whisper's BatchedInferencePipeline, with our windows for its own voice activity detection, so that three
hours of sound are never in memory, and one language for the whole recording.
"""

from __future__ import annotations

import importlib.util
import math
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from ...core.audio import Audio, FloatArray
from ...core.errors import BadValue, StageError, UnknownName
from ...core.speech import Utterance, Word
from ...core.stage import Availability, ModelInfo, Progress
from . import Options, suggested
from .sentences import utterances, without_loops
from .windows import Window

_RATE = 16_000
#: What `auto` takes, best first.
_BEST = ("whisper-large-v3", "whisper-turbo", "whisper-medium", "whisper-small", "whisper-base", "whisper-tiny")
_ALIASES = {"large": "large-v3", "large-v3-turbo": "turbo"}
#: Without tokenizer.json faster-whisper would ask the hub.
_FILES = ("config.json", "model.bin", "tokenizer.json", "vocabulary.*")
#: Primary subtags that Whisper names otherwise, and its name for each.
_WHISPER_CODES = {"cmn": "zh", "nb": "no", "fil": "tl", "jv": "jw", "iw": "he"}
_TAGS = {"jw": "jv"}
#: Whisper's own thresholds for a decoding that failed, and for silence (openai/whisper, transcribe.py).
_LOOPING, _UNSURE, _NO_SPEECH = 2.4, -1.0, 0.6


@dataclass(frozen=True)
class Found:
    """A model folder; `entry` is its name in the catalogue, `repo` its hub id; both '' for a user's own."""

    folder: Path
    entry: str = ""
    repo: str = ""

    @property
    def title(self) -> str:
        return self.entry or self.repo or self.folder.name


class Whisper:
    name: ClassVar[str] = "faster-whisper"
    draft: ClassVar[str] = ""
    longest_s: ClassVar[float] = 30.0
    packed: ClassVar[bool] = True

    def __init__(self, options: Options) -> None:
        self._options = options
        self.language = options.language
        self.warnings: list[str] = []
        self._code = _whisper_code(options.language) if options.language else None
        found = locate(options.model)
        assert isinstance(found, Found), found  # `available` was asked first
        self._found = found

    @classmethod
    def available(cls, options: Options) -> Availability:
        from ...models import store

        if importlib.util.find_spec("faster_whisper") is None:
            pull = store.pull_command(suggested(options.language))
            return Availability(
                False, "faster-whisper is not installed", f"pip install 'audiopost[whisper]', then {pull}"
            )
        found = locate(options.model, options.language)
        if isinstance(found, Found):
            return Availability(True, f"{found.title} is here")
        return found

    @property
    def model(self) -> ModelInfo:
        from ...models import store

        found = self._found
        if found.entry:
            return store.info(found.entry)
        own = store.folder_info(found.folder)
        if not found.repo:
            return own
        return replace(
            own, name=found.repo, version=found.folder.name[:12], source=f"https://huggingface.co/{found.repo}"
        )

    @cached_property
    def _engine(self) -> Any:
        """The batched pipeline around the loaded model. Raises BadValue, StageError."""
        import ctranslate2
        from faster_whisper import BatchedInferencePipeline, WhisperModel

        wanted = self._options
        device = wanted.device
        if device == "auto":
            device = "cuda" if ctranslate2.get_cuda_device_count() else "cpu"
        try:
            supported = ctranslate2.get_supported_compute_types(device)
            kind = wanted.compute_type
            if kind == "auto":
                best = ("int8",) if device == "cpu" else ("float16", "int8")
                kind = next((name for name in best if name in supported), "float32")
            if kind not in supported:
                raise BadValue(
                    f"transcribe.compute_type = {kind!r} cannot run on this {device}.",
                    value=kind,
                    choices=sorted(supported),
                )
            model = WhisperModel(
                str(self._found.folder),
                device=device,
                compute_type=kind,
                cpu_threads=wanted.threads or os.cpu_count() or 1,
                local_files_only=True,
            )
        except (RuntimeError, ValueError, OSError) as error:
            raise StageError(
                f"transcribe: the model in {self._found.folder} does not load on {device}: {error}",
                value=str(self._found.folder),
                remedy="Set transcribe.device to cpu." if device == "cuda" else "Pull or copy the model again.",
            ) from error
        return BatchedInferencePipeline(model)

    def transcribe(self, sound: Audio, windows: tuple[Window, ...], progress: Progress) -> Iterator[Utterance]:
        total_s = sum(window.duration_s for window in windows)
        progress("transcribe", 0, total_s)
        # More windows at once cost memory, and a CPU soon gains nothing by them.
        size = self._options.batch_size or (16 if self._engine.model.model.device == "cuda" else 4)
        done_s = 0.0
        dropped: list[str] = []
        try:
            code = self._settled_language(sound, windows)
            for at in range(0, len(windows), size):
                batch = windows[at : at + size]
                for window, segment in self._decoded(batch, [window.samples(sound) for window in batch], code):
                    words, reason = kept_words(window, segment)
                    dropped += [reason] if reason else []
                    yield from utterances(words, self.language or code)
                done_s += sum(window.duration_s for window in batch)
                progress("transcribe", done_s, total_s)
        except (RuntimeError, IndexError) as error:
            raise StageError(
                f"transcribe: faster-whisper failed: {error}",
                value=str(self._found.folder),
                remedy="Try another model or transcribe.batch_size=1.",
            ) from error
        self.warnings += [
            f"{reason}: text left out, {dropped.count(reason)} time(s)" for reason in sorted(set(dropped))
        ]

    def _settled_language(self, sound: Audio, windows: tuple[Window, ...]) -> str:
        """Whisper's code for the language; sets `language` to the tag of what will be written."""
        model = self._engine.model
        code = self._code
        if not model.model.is_multilingual:
            if code not in (None, "en"):
                raise BadValue(
                    f"The model {self._found.title} knows English only, the language is {self.language}.",
                    value=self.language,
                    remedy="Choose a model without '.en' in its name.",
                )
            code = "en"
        elif code is None:
            code = self._detected(sound, windows)
        self.language = self.language or _TAGS.get(code, code)
        if code == "yue" and model.hf_tokenizer.token_to_id("<|yue|>") is None:
            self.warnings.append(
                "this model does not know Cantonese: it was decoded as Chinese (zh) and stays tagged yue; "
                "large-v3 and turbo know it"
            )
            code = "zh"
        if self._options.task == "translate":
            if self.language.split("-")[0] != "en":
                self.warnings.append(f"the text is a machine translation from {self.language} into English")
            self.language = "en"
        return code

    def _detected(self, sound: Audio, windows: tuple[Window, ...]) -> str:
        """The most likely language of the first four windows, weighed by how sure the model is."""
        votes: dict[str, float] = {}
        for window in windows[:4]:
            code, probability, _ = self._engine.model.detect_language(audio=window.samples(sound))
            if math.isfinite(probability):
                votes[code] = votes.get(code, 0.0) + float(probability) * window.duration_s
        return max(sorted(votes), key=lambda code: votes[code]) if votes else "en"

    def _decoded(
        self, windows: tuple[Window, ...], samples: list[FloatArray], code: str
    ) -> Iterator[tuple[Window, Any]]:
        """Segments of faster-whisper, one for each window, their times those of the window's joined speech."""
        # Windows begin at whole 10 ms: a segment names its window by its offset in such steps.
        padded = [np.pad(piece, (0, -len(piece) % 160)) for piece in samples]
        ends = list(accumulate(len(piece) / _RATE for piece in padded))
        starts = [0.0, *ends[:-1]]
        wanted = self._options
        segments, _ = self._engine.transcribe(
            np.concatenate(padded),
            language=code,
            task=wanted.task,
            beam_size=wanted.beam_size,
            temperature=0.0,  # sampling would make two runs differ
            initial_prompt=wanted.initial_prompt,
            hotwords=wanted.hotwords,
            word_timestamps=True,
            vad_filter=False,
            clip_timestamps=[{"start": start, "end": end} for start, end in zip(starts, ends, strict=True)],
            batch_size=len(windows),
        )
        for segment in segments:
            which = min(range(len(starts)), key=lambda i: abs(starts[i] * 100 - segment.seek))
            for word in segment.words or ():
                word.start, word.end = float(word.start) - starts[which], float(word.end) - starts[which]
            yield windows[which], segment


def kept_words(window: Window, segment: Any) -> tuple[list[Word], str]:
    """The words of a window that can be believed, with their times in the recording; why others were left out.

    Whisper writes sentences over noise and falls into loops. Three signs are its own: no speech heard and an unsure
    decoding; a probability that is no number, which counts as silence; text that compresses as only loops do.
    """
    raw = segment.words or []
    numbers = (segment.avg_logprob, segment.no_speech_prob, *(word.probability for word in raw))
    if not all(math.isfinite(number) for number in numbers):
        return [], "a window without a valid probability"
    if segment.no_speech_prob > _NO_SPEECH and segment.avg_logprob < _UNSURE:
        return [], "a window in which the model hears no speech"
    words = [Word(*window.locate(w.start, w.end), w.word, float(w.probability)) for w in raw]
    if segment.compression_ratio > _LOOPING:
        once = without_loops(words)
        return once, "a phrase repeated over and over" if len(once) < len(words) else ""
    return words, ""


def locate(model: str, language: str | None = None) -> Found | Availability:
    """The folder of a model, or why there is none. No network. Raises UnknownName for what is no size."""
    from ...models import store

    if model == "auto":
        for entry in _BEST:
            if folder := store.find(entry):
                return Found(folder, entry)
        return Availability(False, "no Whisper model is on this machine", store.pull_command(suggested(language)))
    folder = Path(model).expanduser()
    if folder.is_dir():
        lacking = [pattern for pattern in _FILES if not any(folder.glob(pattern))]
        if lacking:
            return Availability(
                False,
                f"{model} is no faster-whisper model: it lacks {', '.join(lacking)}",
                f"Convert it with ct2-transformers-converter, or {store.pull_command('whisper-small')}",
            )
        return Found(folder)
    if "/" in model or "\\" in model:
        return _in_hub_cache(model) or Availability(
            False, f"{model} is neither a folder nor in the hub's cache", f"Type: hf download {model}"
        )
    size = model.removeprefix("whisper-")
    entry = f"whisper-{_ALIASES.get(size, size)}"
    if entry in _BEST:
        here = store.find(entry)
        return (
            Found(here, entry)
            if here
            else Availability(False, f"{entry} is not on this machine", store.pull_command(entry))
        )
    # Sizes outside the catalogue (small.en, large-v2, distil-…) are taken where the hub's cache has them.
    distilled = size.removeprefix("distil-")
    repo = f"Systran/faster-{'distil-' if distilled != size else ''}whisper-{distilled}"
    if cached := _in_hub_cache(repo):
        return cached
    raise UnknownName("model", model, [name.removeprefix("whisper-") for name in _BEST], where="transcribe")


def _in_hub_cache(repo: str) -> Found | None:
    from ...models import store

    folders = (store.hub_cache() / f"models--{repo.replace('/', '--')}" / "snapshots").glob("*")
    complete = (folder for folder in sorted(folders) if all(any(folder.glob(pattern)) for pattern in _FILES))
    return next((Found(folder, repo=repo) for folder in complete), None)


def _whisper_code(tag: str) -> str:
    """Whisper's code for a BCP 47 tag. Raises BadValue for a language that it was not trained on."""
    from faster_whisper.tokenizer import _LANGUAGE_CODES

    primary = tag.split("-")[0].lower()
    code = _WHISPER_CODES.get(primary, primary)
    if code not in _LANGUAGE_CODES:
        raise BadValue(
            f"Whisper does not know the language {tag!r}.",
            value=tag,
            choices=[_TAGS.get(c, c) for c in _LANGUAGE_CODES],
        )
    return code
