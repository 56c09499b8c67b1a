"""faster-whisper with the seams we need: one encoding serves detection, transcription and translation.

The batched decoding is that of faster-whisper's BatchedInferencePipeline, step by step, over our windows. What makes
a window's result depend on the window alone is kept so: each is decoded at a time of its own, far from the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from ...core.audio import FloatArray
from ...core.errors import BadValue, StageError
from ...core.speech import Word
from ...models.held import held
from ...models.threads import cores
from . import Options

#: Whisper's own thresholds for a decoding that failed, and for silence (openai/whisper, transcribe.py).
LOOPING, UNSURE, NO_SPEECH = 2.4, -1.0, 0.6
#: Tokens that a prompt may take; Whisper keeps the other half of its context for what it writes.
PROMPT_TOKENS = 223
#: With the text before as a prompt too, hotwords get a part of it, else nothing would be left to write in.
HOTWORD_TOKENS = PROMPT_TOKENS // 4
#: Seconds between the windows of a batch: their words are timed as if nothing were said shortly before.
_APART_S = 1000
_SEED = 7


@dataclass(frozen=True)
class Decoded:
    """Text of a window, or of a part of it; words in seconds of the window's joined speech, spaces before them kept."""

    text: str
    words: tuple[Word, ...]
    log_probability: float
    no_speech: float


@dataclass(frozen=True)
class Prompt:
    """What the model is shown before it writes."""

    text: str | None = None
    hotwords: str | None = None


class Engine:
    """A loaded model; `sampling` where `sequence` will be asked for.

    Raises BadValue for arithmetic the device lacks, StageError where it does not load.
    """

    def __init__(self, folder: Path, options: Options, *, sampling: bool = False) -> None:
        import ctranslate2
        from faster_whisper import BatchedInferencePipeline, WhisperModel
        from faster_whisper.feature_extractor import FeatureExtractor

        class Model(WhisperModel):  # type: ignore[misc]  # faster-whisper is untyped
            def encode(self, features: Any) -> Any:
                """Takes what is encoded already as it is."""
                return features if isinstance(features, ctranslate2.StorageView) else super().encode(features)

        self._options = options
        device = options.device
        if device == "auto":
            device = "cuda" if ctranslate2.get_cuda_device_count() else "cpu"
        # Sequential decoding samples where it fails: each model's own thread draws from this seed.
        ctranslate2.set_random_seed(_SEED)
        try:
            kind = _arithmetic(ctranslate2.get_supported_compute_types(device), device, options.compute_type)
            threads = options.threads or cores()

            def load() -> Any:
                return Model(str(folder), device=device, compute_type=kind, cpu_threads=threads, local_files_only=True)

            # A model that has sampled goes on in its row of random numbers: it would depend on the recording before.
            self._model = load() if sampling else held(("whisper", folder, device, kind, threads), load)
        except BadValue:
            raise
        except Exception as error:  # weights, vocabulary and tokenizer come by three libraries
            raise StageError(
                f"transcribe: the model in {folder} does not load on {device}: {str(error).rstrip('.')}.",
                value=str(folder),
                remedy="Set transcribe.device to cpu." if device == "cuda" else "Pull or copy the model again.",
            ) from error
        bands = self._model.model.n_mels
        if self._model.feature_extractor.mel_filters.shape[0] != bands:
            # large-v3 and turbo hear 128 bands; without preprocessor_config.json faster-whisper takes 80 for granted.
            self._model.feature_extractor = FeatureExtractor(feature_size=bands)
        self._batched = BatchedInferencePipeline(self._model)
        self._tokenizer = cache(self._new_tokenizer)

    @property
    def on_gpu(self) -> bool:
        return bool(self._model.model.device == "cuda")

    @property
    def multilingual(self) -> bool:
        return bool(self._model.model.is_multilingual)

    @property
    def cantonese(self) -> bool:
        """Whether it has the token <|yue|>."""
        return self._model.hf_tokenizer.token_to_id("<|yue|>") is not None

    def encode(self, pieces: Sequence[FloatArray]) -> Any:
        """(n, 1500, width) for n pieces of at most 30 s at 16 kHz, on the model's device."""
        from faster_whisper.audio import pad_or_trim

        extract = self._model.feature_extractor
        return self._model.encode(np.stack([pad_or_trim(extract(piece)[..., :-1]) for piece in pieces]))

    def apart(self, encoded: Any) -> list[FloatArray]:
        """The pieces of `encode`'s result, each by itself in main memory; none of bfloat16, which numpy lacks."""
        import ctranslate2

        if encoded.dtype == ctranslate2.DataType.bfloat16:
            return []
        return list(np.array(encoded.to_device(ctranslate2.Device.cpu) if self.on_gpu else encoded))

    def together(self, parts: Sequence[FloatArray]) -> Any:
        """What `encode` gives, out of what `apart` gave."""
        import ctranslate2

        return ctranslate2.StorageView.from_array(np.stack(parts))

    def languages(self, encoded: Any) -> list[dict[str, float]]:
        """The probability of each of Whisper's languages, for each encoded piece."""
        found = self._model.model.detect_language(encoded)
        return [{token[2:-2]: float(share) for token, share in shares} for shares in found]

    def decode(
        self, encoded: Any, durations_s: Sequence[float], code: str, task: str, prompt: Prompt
    ) -> list[list[Decoded]]:
        """Text of each encoded piece, all at once."""
        from faster_whisper.transcribe import TranscriptionOptions, get_suppressed_tokens

        tokenizer = self._tokenizer(code, task)
        options = TranscriptionOptions(
            beam_size=self._options.beam_size,
            best_of=1,
            patience=1,
            length_penalty=1,
            repetition_penalty=1,
            no_repeat_ngram_size=0,
            log_prob_threshold=UNSURE,
            no_speech_threshold=NO_SPEECH,
            compression_ratio_threshold=LOOPING,
            condition_on_previous_text=False,
            prompt_reset_on_temperature=0.5,
            temperatures=[0.0],  # sampling would make two runs differ
            initial_prompt=prompt.text,
            prefix=None,
            suppress_blank=True,
            suppress_tokens=get_suppressed_tokens(tokenizer, [-1]),
            without_timestamps=True,
            max_initial_timestamp=0.0,
            word_timestamps=True,
            prepend_punctuations="\"'“¿([{-",
            append_punctuations="\"'.。,，!！?？:：”)]}、",
            multilingual=False,
            max_new_tokens=None,
            clip_timestamps=[],
            hallucination_silence_threshold=None,
            hotwords=prompt.hotwords,
        )
        self._batched.last_speech_timestamp = -_APART_S
        places = [{"offset": n * _APART_S, "duration": s} for n, s in enumerate(durations_s)]
        found = self._batched.forward(encoded, tokenizer, places, options)
        return [
            [
                Decoded(
                    part["text"],
                    tuple(_word(w["start"], w["end"], w, n * _APART_S) for w in part["words"]),
                    part["avg_logprob"],
                    part["no_speech_prob"],
                )
                for part in parts
            ]
            for n, parts in enumerate(found)
        ]

    def sequence(self, samples: FloatArray, code: str, task: str, prompt: Prompt) -> Iterator[Decoded]:
        """Text of one piece of any length, 30 s after 30 s, as `Options` asks for it."""
        wanted = self._options
        segments, _ = self._model.transcribe(
            samples,
            language=code,
            task=task,
            beam_size=wanted.beam_size,
            initial_prompt=prompt.text,
            hotwords=prompt.hotwords,
            word_timestamps=True,
            vad_filter=False,
            condition_on_previous_text=wanted.condition_on_previous_text,
            hallucination_silence_threshold=wanted.hallucination_silence_threshold,
            no_speech_threshold=NO_SPEECH if wanted.no_speech_threshold is None else wanted.no_speech_threshold,
        )
        for part in segments:
            words = tuple(_word(w.start, w.end, {"word": w.word, "probability": w.probability}) for w in part.words)
            yield Decoded(part.text, words, part.avg_logprob, part.no_speech_prob)

    def fitted(self, prompt: Prompt) -> Prompt:
        """`prompt` as far as it fits: the end of the text, the beginning of the hotwords."""
        room = HOTWORD_TOKENS if self._options.condition_on_previous_text else PROMPT_TOKENS
        text, hotwords = (
            self._tokens(part) if part and part.strip() else [] for part in (prompt.text, prompt.hotwords)
        )
        if len(text) + len(hotwords) > room:
            text = text[-max(room // 2, room - len(hotwords)) :]
            hotwords = hotwords[: room - len(text)]
            return Prompt(self._text(text), self._text(hotwords))
        return prompt

    def _tokens(self, text: str) -> list[int]:
        ids: list[int] = self._model.hf_tokenizer.encode(" " + text.strip(), add_special_tokens=False).ids
        return ids

    def _text(self, tokens: list[int]) -> str | None:
        # A cut may halve a character.
        return self._model.hf_tokenizer.decode(tokens).strip().strip("\ufffd") or None

    def _new_tokenizer(self, code: str, task: str) -> Any:
        from faster_whisper.tokenizer import Tokenizer

        return Tokenizer(self._model.hf_tokenizer, self.multilingual, task=task, language=code)


def _word(start_s: float, end_s: float, found: dict[str, Any], offset_s: float = 0.0) -> Word:
    # The engine's hundredths of a second, whatever was added to them.
    start_s, end_s = (round(float(time_s) - offset_s, 2) for time_s in (start_s, end_s))
    return Word(start_s, end_s, found["word"], float(found["probability"]))


def _arithmetic(supported: set[str], device: str, wanted: str) -> str:
    if wanted == "auto":
        best = ("int8",) if device == "cpu" else ("float16", "int8")
        return next((name for name in best if name in supported), "float32")
    if wanted not in supported:
        raise BadValue(
            f"transcribe.compute_type = {wanted!r} cannot run on this {device}.",
            value=wanted,
            choices=sorted(supported),
        )
    return wanted
