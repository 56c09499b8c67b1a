"""English by PocketSphinx, whose package carries its models: a draft, but one that needs no download.

Cambridge-style triphone HMMs and a trigram model (D. Huggins-Daines et al., ICASSP 2006): far behind Whisper.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from ...core.audio import Audio
from ...core.speech import Utterance, Word
from ...core.stage import Availability, ModelInfo, Progress
from ...models.held import held
from . import Options, Piece, suggested
from .sentences import utterances
from .windows import Window

_FRAMES_A_SECOND = 100
#: Sounds that are no words (<s>, <sil>, [NOISE]), and the number of a pronunciation: reduced(2).
_FILLER, _VARIANT = re.compile(r"^[<\[].*[>\]]$|^\+\+.*\+\+$"), re.compile(r"\(\d+\)$")


class PocketSphinx:
    name: ClassVar[str] = "pocketsphinx"
    draft: ClassVar[str] = "written by pocketsphinx, expect many wrong words"
    longest_s: ClassVar[float] = 15.0
    packed: ClassVar[bool] = False
    takes_hotwords: ClassVar[bool] = False

    def __init__(self, options: Options) -> None:
        self.language = self.spoken = options.language
        ignored = [name for name in ("initial_prompt", "hotwords", "languages") if getattr(options, name)]
        self.warnings = [f"pocketsphinx takes no {' and no '.join(ignored)}"] if ignored else []

    @classmethod
    def available(cls, options: Options) -> Availability:
        from ...models.store import pull_command

        pull = pull_command(suggested(options.language or options.languages))
        if importlib.util.find_spec("pocketsphinx") is None:
            return Availability(False, "pocketsphinx is not installed", "pip install pocketsphinx")
        stated = (options.language or "").split("-")[0].lower()
        if stated != "en":
            why = f"the language is {options.language}" if stated else "the language is not stated as en"
            return Availability(False, f"pocketsphinx knows English only, and {why}", pull)
        if options.task == "translate":
            return Availability(False, "pocketsphinx does not translate", pull)
        if options.model != "auto":
            return Availability(False, f"the model {options.model} is asked for", pull)
        return Availability(True, "it comes with its own English model")

    @property
    def model(self) -> ModelInfo:
        from importlib.metadata import version

        from ...models import hashes

        folder = _model_folder()
        sums = {f.relative_to(folder).as_posix(): hashes.compute(f) for f in folder.rglob("*") if f.is_file()}
        source = "https://github.com/cmusphinx/pocketsphinx"
        return ModelInfo("pocketsphinx en-us", version("pocketsphinx"), "BSD-2-Clause", source, hashes.digest(sums))

    @cached_property
    def _decoder(self) -> Any:
        from pocketsphinx import Decoder

        return held("pocketsphinx", lambda: Decoder(samprate=16_000.0, frate=_FRAMES_A_SECOND, loglevel="FATAL"))

    def transcribe(self, sound: Audio, windows: tuple[Window, ...], progress: Progress) -> Iterator[Piece]:
        total_s = sum(window.duration_s for window in windows)
        done_s = 0.0
        for number, window in enumerate(windows):
            progress("transcribe", done_s, total_s)
            said = utterances(self._decode(window, sound), self.language or "en")
            yield Piece(number, tuple(map(_as_sentence, said)))
            done_s += window.duration_s
        progress("transcribe", total_s, total_s)

    def _decode(self, window: Window, sound: Audio) -> list[Word]:
        samples = window.samples(sound)
        # Full scale in 16 bit: what is recorded low would lose its last bits.
        scaled = samples * (32_000 / max(float(np.abs(samples).max(initial=0.0)), 1e-4))
        decoder = self._decoder
        decoder.reinit_feat()  # forgets level and noise of the window before: each is heard for itself
        decoder.start_utt()
        decoder.process_raw(scaled.astype("<i2").tobytes(), no_search=False, full_utt=True)
        decoder.end_utt()
        words = []
        for segment in decoder.seg() or ():
            text = _VARIANT.sub("", segment.word)
            if not text or _FILLER.match(text):
                continue
            start_s, end_s = window.locate(
                segment.start_frame / _FRAMES_A_SECOND, (segment.end_frame + 1) / _FRAMES_A_SECOND
            )
            words.append(Word(start_s, end_s, f" {_cased(text)}", segment.prob))
        return words


def _model_folder() -> Path:
    spec = importlib.util.find_spec("pocketsphinx")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "model" / "en-us"


def _cased(word: str) -> str:
    return "I" + word[1:] if re.match(r"i('|$)", word) else word


def _as_sentence(utterance: Utterance) -> Utterance:
    """With a capital first letter and a full stop, in text and words alike: the recogniser gives neither."""
    first, *rest = utterance.words
    words = [replace(first, text=first.text[0].upper() + first.text[1:]), *rest]
    words[-1] = replace(words[-1], text=words[-1].text + ".")
    return replace(utterance, text=" ".join(word.text for word in words), words=tuple(words))
