"""Whisper by faster-whisper (CTranslate2): batched, with word times, in the language of each stretch of speech.

Radford et al., "Robust Speech Recognition via Large-Scale Weak Supervision", 2022. Windows come from outside, so that
three hours of sound are never in memory. What a window gives depends on that window alone (its neighbours have a say
in its language only), so that a run may stop anywhere and go on with the rest.
"""

from __future__ import annotations

import importlib.util
import math
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

from ...core.audio import Audio
from ...core.errors import BadValue, StageError
from ...core.speech import Remark, Utterance, Word
from ...core.stage import Availability, ModelInfo, Progress
from . import Options, Piece, suggested
from .engine import NO_SPEECH, UNSURE, Decoded, Engine, Prompt
from .languages import FULL_EVIDENCE_S, Tongue, candidates, code_of, labelled, notes, shares, tag_of, tongue
from .sentences import utterances
from .whisper_models import Found, fetched, locate
from .windows import Window

#: What Whisper's encoder takes.
_WINDOW_S = 30.0
#: Sequential decoding goes through this much as one, so that what was written before means something.
_SEQUENCE_S = 240.0
#: Stretches whose language is told one by one: cut in the latter half, the first piece is long enough to tell.
_STRETCH_S = 2 * FULL_EVIDENCE_S
#: Stretches that are labelled together.
_RUN = 16
#: Windows by which one language is detected for all.
_HEARD_FIRST = 4


@dataclass(frozen=True)
class _Group:
    """Windows of one language that are decoded as one, by their numbers."""

    window: Window
    numbers: tuple[int, ...]
    tongue: Tongue


class Whisper:
    """The backend. With `languages` it wants windows cut at every pause, and packs those of one language itself.

    `language` and `spoken` then stay as they were stated: every utterance knows its own.
    """

    name: ClassVar[str] = "faster-whisper"
    draft: ClassVar[str] = ""
    native: ClassVar[bool] = True

    def __init__(self, options: Options) -> None:
        self._options = options
        self._found = fetched(options)
        self.language = self.spoken = options.language
        self.warnings: list[str] = []
        self._why_sequential = [
            name
            for name, given in (
                ("hallucination_silence_threshold", options.hallucination_silence_threshold is not None),
                ("no_speech_threshold", options.no_speech_threshold is not None),
                ("condition_on_previous_text", options.condition_on_previous_text),
            )
            if given
        ]
        self._longest_s = _SEQUENCE_S if self._why_sequential else _WINDOW_S
        self.packed = options.languages is None
        self.pauses = not self.packed
        self.longest_s = self._longest_s if self.packed else _STRETCH_S
        #: Encodings that detection made and decoding will want again.
        self._encoded: dict[Window, Any] = {}

    @classmethod
    def available(cls, options: Options) -> Availability:
        from ...models import store

        if importlib.util.find_spec("faster_whisper") is None:
            pull = store.pull_command(suggested(options.language or options.languages))
            return Availability(
                False, "faster-whisper is not installed", f"pip install 'audiopost[whisper]', then {pull}"
            )
        found = locate(options)
        return Availability(True, f"{found.title} is here") if isinstance(found, Found) else found

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
    def _engine(self) -> Engine:
        return Engine(self._found.folder, self._options, sampling=bool(self._why_sequential))

    def transcribe(self, sound: Audio, windows: tuple[Window, ...], progress: Progress) -> Iterator[Piece]:
        """One Piece for each window; those of one batch come together.

        Raises BadValue for a language the model does not have, StageError where the engine fails.
        """
        total_s = sum(window.duration_s for window in windows)
        done_s = 0.0

        def tell() -> None:
            progress("transcribe", done_s, total_s)

        tell()
        try:
            for batch in self._batches(sound, windows, tell):
                for group, pieces in zip(batch, self._decoded(sound, batch, windows), strict=True):
                    done_s += group.window.duration_s
                    yield from pieces
                tell()
        except (RuntimeError, IndexError) as error:
            raise StageError(
                f"transcribe: faster-whisper failed: {error}",
                value=str(self._found.folder),
                remedy="Try another model or transcribe.batch_size=1.",
            ) from error

    def _batches(self, sound: Audio, windows: tuple[Window, ...], tell: Callable[[], None]) -> Iterator[list[_Group]]:
        """Groups of one language, as many at once as the engine takes."""
        # More windows at once cost memory, and a CPU soon gains nothing by them.
        size = self._options.batch_size or (16 if self._engine.on_gpu else 4)
        at_once = 1 if self._why_sequential else size
        if self._options.languages is None:
            chosen = self._one_language(sound, windows, size, tell)
            groups = [_Group(window, (n,), chosen) for n, window in enumerate(windows)]
            yield from (groups[at : at + at_once] for at in range(0, len(groups), at_once))
            return
        among = self._candidates()
        before = None
        for at in range(0, len(windows), _RUN):
            run = windows[at : at + _RUN]
            heard = [shares(found, among) for found in self._heard(sound, run, size, tell)]
            labels = labelled(heard, [window.duration_s for window in run], before)
            before = labels[-1]
            groups = self._grouped(run, at, [among[label] for label in labels])
            for one in dict.fromkeys(group.tongue for group in groups):
                same = [group for group in groups if group.tongue == one]
                yield from (same[n : n + at_once] for n in range(0, len(same), at_once))
            self._encoded.clear()

    def _grouped(self, run: Sequence[Window], at: int, tongues: Sequence[Tongue]) -> list[_Group]:
        """Neighbours of one language packed as far as they fit; `at` is the number of the first."""
        groups: list[_Group] = []
        for number, (window, one) in enumerate(zip(run, tongues, strict=True), at):
            last = groups[-1] if groups else None
            if last and last.tongue == one and last.window.duration_s + window.duration_s <= self._longest_s:
                groups[-1] = _Group(last.window + window, (*last.numbers, number), one)
            else:
                groups.append(_Group(window, (number,), one))
        return groups

    def _candidates(self) -> dict[str, Tongue]:
        wanted = self._options
        assert wanted.languages is not None
        among = candidates(
            wanted.languages,
            wanted.language,
            cantonese=self._engine.cantonese,
            written=wanted.register == "written",
        )
        if not self._engine.multilingual:
            raise BadValue(
                f"The model {self._found.title} knows English only; it tells no languages apart.",
                value=wanted.languages,
                remedy="Choose a model without '.en' in its name.",
            )
        return among

    def _one_language(self, sound: Audio, windows: Sequence[Window], size: int, tell: Callable[[], None]) -> Tongue:
        """The language of everything: the one stated, else the one detected."""
        engine, stated = self._engine, self._options.language
        if not engine.multilingual:
            if stated and code_of(stated) != "en":
                raise BadValue(
                    f"The model {self._found.title} knows English only, the language is {stated}.",
                    value=stated,
                    remedy="Choose a model without '.en' in its name.",
                )
            stated = stated or "en"
        elif stated is None:
            stated = tag_of(self._detected(sound, windows[:_HEARD_FIRST], size, tell))
        chosen = tongue(stated, cantonese=engine.cantonese, written=self._options.register == "written")
        if self._options.register == "written" and not chosen.spoken:
            self._warn(f"register written is for Cantonese, and the language is {stated}: nothing was changed")
        self.spoken = stated
        self.language = "en" if self._options.task == "translate" else chosen.tags[0]
        return chosen

    def _detected(self, sound: Audio, windows: Sequence[Window], size: int, tell: Callable[[], None]) -> str:
        """The most likely language of `windows`, weighed by how sure the model is and how much is said."""
        votes: dict[str, float] = {}
        for window, found in zip(windows, self._heard(sound, windows, size, tell), strict=True):
            for code, share in found.items():
                if math.isfinite(share):
                    votes[code] = votes.get(code, 0.0) + share * window.duration_s
        return max(sorted(votes), key=lambda code: votes[code]) if votes else "en"

    def _heard(
        self, sound: Audio, windows: Sequence[Window], size: int, tell: Callable[[], None]
    ) -> Iterator[dict[str, float]]:
        """What the model takes the language of each window for, by its first 30 s; the encodings are kept."""
        for at in range(0, len(windows), size):
            batch = windows[at : at + size]
            encoded = self._engine.encode([window.samples(sound)[: int(_WINDOW_S * sound.rate)] for window in batch])
            yield from self._engine.languages(encoded)
            if not self._why_sequential:
                self._encoded |= zip(batch, self._engine.apart(encoded), strict=False)
            tell()

    def _decoded(self, sound: Audio, batch: list[_Group], windows: Sequence[Window]) -> Iterator[list[Piece]]:
        """The Pieces of each group of a batch."""
        wanted, one = self._options, batch[0].tongue
        self._note(one)
        prompt = self._prompt(one)
        english = wanted.translation and wanted.task != "translate" and one.code != "en"
        tasks = [(wanted.task, prompt)]
        if english:  # what shows the style of the text says nothing of its translation
            tasks.append(("translate", self._engine.fitted(Prompt(None, wanted.hotwords))))
        if self._why_sequential:
            samples = batch[0].window.samples(sound)
            heard = [[list(self._engine.sequence(samples, one.code, *task))] for task in tasks]
        else:
            encoded = self._encoding(sound, batch)
            durations_s = [group.window.duration_s for group in batch]
            heard = [self._engine.decode(encoded, durations_s, one.code, *task) for task in tasks]
        for n, group in enumerate(batch):
            text, remarks = self._believed(group, heard[0][n], prompt)
            tag = "en" if wanted.task == "translate" else one.tags[0]
            said = list(utterances(text, tag))
            if wanted.task != "translate":
                said = one.tagged(said)
            also: list[Utterance] = []
            if english:
                words, more = self._believed(group, heard[1][n], prompt)
                also, remarks = list(utterances(words, "en")), remarks + more
            elif wanted.translation and wanted.task != "translate":
                also = said
            yield _pieces(group, windows, said, remarks, also)

    def _encoding(self, sound: Audio, batch: list[_Group]) -> Any:
        """The batch as the decoder takes it; what detection has encoded already is not encoded again."""
        known = {group.window: self._encoded.pop(group.window, None) for group in batch}
        new = [window for window, encoded in known.items() if encoded is None]
        if not new:
            return self._engine.together(list(known.values()))
        encoded = self._engine.encode([window.samples(sound) for window in new])
        if len(new) == len(batch):
            return encoded
        known |= zip(new, self._engine.apart(encoded), strict=True)
        return self._engine.together(list(known.values()))

    def _prompt(self, one: Tongue) -> Prompt:
        """What the model is shown: the user's words, else a sentence in the script that the language's tag asks for."""
        wanted = self._options
        text = wanted.initial_prompt
        if text is None and wanted.task == "transcribe" and one.sample:
            text = one.sample
            self._warn(f"the model was shown {text!r} so that it writes {one.tags[0]} (initial_prompt sets another)")
        given = Prompt(text, wanted.hotwords)
        fitted = self._engine.fitted(given)
        if fitted != given:
            self._warn("initial_prompt and hotwords are longer than the model reads: its start and their end were cut")
        return fitted

    def _believed(self, group: _Group, heard: list[Decoded], prompt: Prompt) -> tuple[list[Word], list[Remark]]:
        """Words in seconds of the recording, and remarks on the parts that cannot be believed."""
        words: list[Word] = []
        remarks: list[Remark] = []
        for part in heard:
            placed = [Word(*group.window.locate(w.start_s, w.end_s), w.text, w.probability) for w in part.words]
            echoed = prompt.text if prompt.text == group.tongue.sample else ""
            reason = doubt(part, echoed if self._options.guard else "", guard=self._options.guard)
            if not reason:
                words += placed
            elif text := part.text.strip():
                spans = group.window.spans
                start_s, end_s = (
                    (placed[0].start_s, placed[-1].end_s) if placed else (spans[0].start_s, spans[-1].end_s)
                )
                remarks.append(Remark("dropped", start_s, end_s, text, reason))
        return words, remarks

    def _note(self, one: Tongue) -> None:
        """Says, once each, what a person should know of how the language is decoded."""
        wanted = self._options
        for note in notes(one, cantonese=self._engine.cantonese):
            self._warn(note)
        if self._why_sequential:
            self._warn(
                f"decoded one after the other because {', '.join(self._why_sequential)} is set: slower, and what the "
                "engine then passes over is not listed"
            )
            if wanted.initial_prompt is not None:
                self._warn(f"initial_prompt is shown once in {_SEQUENCE_S / 60:g} minutes of speech")
        spoken = one.spoken or " or ".join(one.tags)
        if (wanted.task == "translate" or wanted.translation) and one.code != "en":
            what = "the text" if wanted.task == "translate" else "the second text"
            self._warn(f"{what} is a machine translation from {spoken} into English")
            if "turbo" in self._found.title or "distil" in self._found.title:
                self._warn(f"{self._found.title} was not trained to translate: it may write {spoken} all the same")
        if wanted.task == "translate" and wanted.translation:
            self._warn("translation adds nothing: the text is the translation already")

    def _warn(self, text: str) -> None:
        if text not in self.warnings:
            self.warnings.append(text)


def doubt(part: Decoded, echoed: str, *, guard: bool = True) -> str:
    """Why a decoding cannot be believed by Whisper's own signs, '' where it can.

    A probability that is no number counts as silence. With the `guard`: no speech heard and an unsure decoding, or
    nothing but the prompt `echoed`. What engines have in common (loops, sign-offs) is not looked for here.
    """
    numbers = (part.log_probability, part.no_speech, *(word.probability or 0.0 for word in part.words))
    if not all(map(math.isfinite, numbers)):
        return "no valid probability, which counts as silence"
    if not part.words:
        return "no word of it could be timed"
    if guard and part.no_speech > NO_SPEECH and part.log_probability < UNSURE:
        return "the model hears no speech"
    if guard and echoed and part.text.strip() == echoed:
        return "the prompt, said again"
    return ""


def _pieces(
    group: _Group,
    windows: Sequence[Window],
    said: Sequence[Utterance],
    remarks: Sequence[Remark],
    english: Sequence[Utterance],
) -> list[Piece]:
    """A Piece for each window of a group; each utterance and remark in the one where it begins."""
    begins = [windows[number].spans[0].start_s for number in group.numbers]

    def of(found: Sequence[Any], which: int) -> tuple[Any, ...]:
        return tuple(one for one in found if max(bisect_right(begins, one.start_s) - 1, 0) == which)

    return [
        Piece(number, of(said, which), of(remarks, which), of(english, which))
        for which, number in enumerate(group.numbers)
    ]
