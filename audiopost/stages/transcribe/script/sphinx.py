"""English by pocketsphinx, offline: recognition with a language model of the script, then forced alignment.

Moreno et al., "A recursive algorithm for the forced alignment of very long audio segments", ICSLP 1998: a recogniser
that expects the script's words finds places where both agree, and each stretch between is aligned on its own.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from math import log
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from ....core.audio import Audio
from ....core.stage import ModelInfo, Progress
from ..windows import Window
from .match import Heard
from .pronounce import pronounce
from .timing import Timed
from .words import ScriptWord

_RATE = 16_000
_FRAMES_A_SECOND = 100
#: Sounds that are no words (<s>, <sil>, [NOISE]), and the number of a pronunciation: reduced(2).
_FILLER, _VARIANT = re.compile(r"^[<\[].*[>\]]$|^\+\+.*\+\+$"), re.compile(r"\(\d+\)$")
_SAYABLE = re.compile(r"^[a-z][a-z']*$")
#: Search so wide that a known text is aligned in noise too, and a wrong one scored instead of lost.
_WIDE = {"beam": 1e-120, "pbeam": 1e-120, "wbeam": 1e-100, "silprob": 0.5}
#: Silence put behind a stretch, without which its last word would take the rest of the sound (0.3 s at the 90th
#: percentile of word ends in the example scene, 0.02 s with it).
_TAIL = np.zeros(_RATE // 2, np.float32)
#: Log-likelihood of what underflows.
_LOWEST = -700.0


class SphinxAligner:
    name: ClassVar[str] = "script-pocketsphinx"
    listens: ClassVar[bool] = True
    biased: ClassVar[bool] = True

    def __init__(self) -> None:
        self._sayable: frozenset[str] = frozenset()
        self._aligner: Any = None

    @property
    def model(self) -> ModelInfo:
        from .. import Options
        from ..sphinx import PocketSphinx

        return PocketSphinx(Options(language="en")).model

    def sounded(self, words: Sequence[ScriptWord]) -> list[ScriptWord]:
        return list(words)

    def hear(
        self, words: Sequence[ScriptWord], sound: Audio, windows: Sequence[Window], progress: Progress
    ) -> list[Heard]:
        decoder = self._learned(words)
        if decoder is None:
            return []
        heard: list[Heard] = []
        total_s = sum(window.duration_s for window in windows)
        done_s = 0.0
        for window in windows:
            progress("listen for the script", done_s, total_s)
            for text, start, end, _ in self._decoded(decoder, window.samples(sound)):
                heard.append(Heard(*window.locate(start, end), text))
            done_s += window.duration_s
        progress("listen for the script", total_s, total_s)
        return heard

    def fit(self, words: Sequence[ScriptWord], sound: Audio, window: Window) -> list[Timed | None] | None:
        said = [[token for token in word.tokens if token in self._sayable] for word in words]
        text = [token for tokens in said for token in tokens]
        if not text:
            return None
        self._aligner.set_align_text(" ".join(text))
        found = self._decoded(self._aligner, np.concatenate([window.samples(sound), _TAIL]))
        if [token for token, *_ in found] != text:
            return None  # no path: the words cannot be in that little sound
        times: list[Timed | None] = []
        at = 0
        for tokens in said:
            own = found[at : at + len(tokens)]
            at += len(tokens)
            if not own:
                times.append(None)
                continue
            start_s, end_s = window.locate(own[0][1], own[-1][2])
            frames = sum(end - start for _, start, end, _ in own) * _FRAMES_A_SECOND
            times.append(Timed(start_s, end_s, None, sum(score for *_, score in own) / max(frames, 1)))
        return times

    def _learned(self, words: Sequence[ScriptWord]) -> Any:
        """A recogniser of the script's words and word sequences; sets the aligner of these words too.

        None where no word can be said in English. Only the script's words are in the dictionary: with all 130,000
        of the package's the search takes seconds to set up.
        """
        known = _dictionary()
        spoken: dict[str, list[str]] = {}
        for token in dict.fromkeys(token for word in words for token in word.tokens):
            if _SAYABLE.match(token):
                phones = known.get(token) or [pronounce(token, lambda part: known.get(part, [None])[0])]
                spoken[token] = [said for said in phones if said]
        self._sayable = frozenset(token for token, phones in spoken.items() if phones)
        if not self._sayable:
            return None
        with tempfile.TemporaryDirectory(prefix="audiopost-script-") as folder:
            model, dictionary = Path(folder) / "script.lm", Path(folder) / "script.dict"
            dictionary.write_text("".join(_entries(spoken)), "utf-8")
            self._write_language_model(words, model)
            self._aligner = _decoder(lm=None, dict=str(dictionary), **_WIDE)
            return _decoder(lm=str(model), dict=str(dictionary))

    def _write_language_model(self, words: Sequence[ScriptWord], path: Path) -> None:
        """A trigram model of the script's lines, and of each with its next."""
        from pocketsphinx.lm import ArpaBoLM

        lines: dict[int, list[str]] = {}
        for word in words:
            lines.setdefault(word.line, []).extend(token for token in word.tokens if token in self._sayable)
        texts = [" ".join(tokens) for tokens in lines.values() if tokens]
        pairs = [f"{first} {second}" for first, second in pairwise(texts)]
        model = ArpaBoLM(text="\n".join(texts + pairs), add_start=True)
        model.compute()
        model.write_file(str(path))

    def _decoded(self, decoder: Any, samples: Any) -> list[tuple[str, float, float, float]]:
        """(word, start, end, log-likelihood), times in seconds of `samples`; [] where the search found no way."""
        # Full scale in 16 bit: what is recorded low would lose its last bits.
        scaled = samples * (32_000 / max(float(np.abs(samples).max(initial=0.0)), 1e-4))
        decoder.reinit_feat()  # forgets level and noise of the stretch before: each is heard for itself
        decoder.start_utt()
        decoder.process_raw(scaled.astype("<i2").tobytes(), no_search=False, full_utt=True)
        decoder.end_utt()
        found = []
        for segment in decoder.seg() or ():
            text = _VARIANT.sub("", segment.word)
            if text and not _FILLER.match(text):
                score = log(segment.ascore) if segment.ascore > 0 else _LOWEST
                start, end = segment.start_frame / _FRAMES_A_SECOND, (segment.end_frame + 1) / _FRAMES_A_SECOND
                found.append((text, start, end, score))
        return found


def _decoder(**settings: Any) -> Any:
    from pocketsphinx import Decoder

    return Decoder(samprate=float(_RATE), frate=_FRAMES_A_SECOND, loglevel="FATAL", **settings)


def _dictionary() -> dict[str, list[str]]:
    """Pronunciations of the words of CMUdict, as pocketsphinx brings it."""
    from pocketsphinx import get_model_path

    found: dict[str, list[str]] = {}
    for line in Path(get_model_path("en-us/cmudict-en-us.dict")).read_text("utf-8").splitlines():
        word, _, phones = line.partition(" ")
        found.setdefault(_VARIANT.sub("", word), []).append(phones)
    return found


def _entries(spoken: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Lines of a dictionary; further pronunciations of a word are numbered from 2."""
    for token, phones in spoken.items():
        for n, said in enumerate(phones, 1):
            yield f"{token}{f'({n})' if n > 1 else ''} {said}\n"
