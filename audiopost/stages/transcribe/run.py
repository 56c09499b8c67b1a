"""One transcription: checked options, windows, a backend in its process, the guard, the glossary, the script."""

from __future__ import annotations

import logging
import math
import re
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from ...analysis.vad import speech_probability
from ...core.audio import Audio
from ...core.errors import BadValue, StageError
from ...core.speech import Remark, Transcript, Utterance, Word
from ...core.stage import Choice, Progress
from ...core.time import Span, clock
from ...io.scratch import at_rate
from ...models.held import is_holding
from . import BACKENDS, Options, Transcriber, glossary, guard
from .glossary import Term
from .journal import Journal
from .windows import Window, plan, speech_of

log = logging.getLogger("audiopost")

RATE = 16_000
#: BCP 47 for "undetermined": nobody stated a language and nothing was said.
UNDETERMINED = "und"
_TAG = re.compile(r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$")
#: What speaks to a recogniser alone, and not to an aligner that listens by itself.
_FOR_RECOGNISERS = ("glossary", "hotwords", "initial_prompt", "languages")


@dataclass(frozen=True)
class Outcome:
    """What the stage hands on. `translation` is None where none was asked for, or none could be made."""

    transcript: Transcript
    translation: Transcript | None
    choice: Choice
    warnings: tuple[str, ...]


def run(audio: Audio, options: Options, progress: Progress) -> Outcome:
    """The whole of it. Raises what `transcribe` says."""
    clips = _checked(options, audio.duration_s)
    sound = at_rate(audio, RATE, mono=True)
    if not options.script:
        return _recognised(sound, clips, options, progress)
    from . import script

    known = _recognised(sound, clips, options, progress) if script.needs_words(options) else None
    heard = None if known is None else known.transcript
    found, choice, notes = script.align(options.script, sound, heard, options, progress, clips)
    said = tidied(found.utterances, sound.duration_s)
    if known is None or heard is None:
        if options.translation:
            notes = (*notes, "no translation: the script's words were timed without a recogniser")
        if unused := [name for name in _FOR_RECOGNISERS if getattr(options, name)]:
            notes = (*notes, f"the script's words were timed without a recogniser: no use for {', '.join(unused)}")
        return Outcome(replace(found, utterances=said), None, choice, notes)
    crashed = [remark for remark in heard.remarks if remark.kind == "crashed"]
    return Outcome(
        replace(found, utterances=said, remarks=(*found.remarks, *crashed)),
        known.translation,
        replace(choice, model=choice.model or known.choice.model),
        tuple(dict.fromkeys((*known.warnings, *notes))),
    )


def _recognised(sound: Audio, clips: tuple[Span, ...], options: Options, progress: Progress) -> Outcome:
    """What a backend hears in `sound` (16 kHz mono), believed and spelt right."""
    terms = glossary.read(options.glossary) if options.glossary else ()
    asked, notes = _with_hotwords(options, terms)
    backend, choice = BACKENDS.choose(asked)
    probability = speech_probability(sound)
    windows = plan(
        probability,
        sound.duration_s,
        longest_s=backend.longest_s,
        packed=backend.packed,
        vad=options.vad,
        pauses=getattr(backend, "pauses", False),
        clips=clips,
    )
    journal = Journal.of(sound, windows, asked, choice)
    _decode(backend, sound, windows, asked, journal, progress)
    pieces = [journal.pieces[number] for number in sorted(journal.pieces)]
    heard = guard.Heard(probability, speech_of(probability, sound.duration_s), sound)

    def believed(found: Iterable[Utterance]) -> tuple[tuple[Utterance, ...], list[Remark]]:
        left, dropped = guard.kept(found, heard) if options.guard else (found, [])
        said, corrections = glossary.corrected(tidied(left, sound.duration_s), terms)
        return said, dropped + corrections

    said, remarks = believed(utterance for piece in pieces for utterance in piece.utterances)
    remarks += [remark for piece in pieces for remark in piece.remarks]
    remarks.sort(key=lambda remark: (remark.start_s or 0.0, remark.end_s or 0.0, remark.kind))
    language = _main_language(options, said, journal.language)
    if not windows:
        notes = (*notes, "no speech is heard: there is nothing to transcribe")
    warnings = tuple(dict.fromkeys((*notes, *backend.warnings, *journal.warnings, *_counted(remarks))))
    for warning in warnings:
        log.info("transcribe: %s", warning)
    translation = None
    if options.translation:
        english, left_out = believed(utterance for piece in pieces for utterance in piece.translated)
        translation = Transcript("en", english, choice.draft or "machine translation into English", tuple(left_out))
    return Outcome(Transcript(language, said, choice.draft, tuple(remarks)), translation, choice, warnings)


def _decode(
    backend: Transcriber,
    sound: Audio,
    windows: tuple[Window, ...],
    options: Options,
    journal: Journal,
    progress: Progress,
) -> None:
    """Fills the journal with a Piece for each window that it does not hold yet."""
    left = [number for number in range(len(windows)) if number not in journal.pieces]
    if len(left) < len(windows):
        log.info("transcribe: %d of %d windows are there from before", len(windows) - len(left), len(windows))
    if not left:
        return
    total_s = sum(window.duration_s for window in windows)
    left_s = sum(windows[number].duration_s for number in left)

    def moved(_: str, done: float, total: float) -> None:
        progress("transcribe", total_s - left_s + left_s * (done / total if total else 0.0), total_s)

    rest, kind = for_the_rest(options, journal.spoken), type(backend)
    engine: Any
    # A process that holds its models is one that a batch can lose: it needs no child to die in its place.
    if options.isolate and getattr(kind, "native", False) and not is_holding():
        from .worker import Isolated

        engine = Isolated(kind, rest)
    else:
        engine = backend if rest == options else kind(rest)
    pieces = engine.transcribe(sound, tuple(windows[number] for number in left), moved)
    try:
        for piece in pieces:
            journal.add(replace(piece, window=left[piece.window]), engine)
    finally:
        if isinstance(pieces, Generator):
            pieces.close()  # at once, whoever still holds the error: a child process must not go on
    journal.close(engine)
    lacking = [number for number in left if number not in journal.pieces]
    if lacking:
        raise StageError(
            f"transcribe: {kind.name} gave no answer for {len(lacking)} of {len(left)} windows.",
            value=kind.name,
            remedy="Take another backend, and report this one.",
        )


def for_the_rest(options: Options, spoken: str | None) -> Options:
    """Options for the windows that an earlier process left: a language that was found is not sought again."""
    known = options.language is None and options.languages is None and spoken is not None
    return replace(options, language=spoken) if known else options


def _with_hotwords(options: Options, terms: Sequence[Term]) -> tuple[Options, tuple[str, ...]]:
    """The engine is told of the glossary's terms where it can be told; what a person should know of that."""
    named = BACKENDS.pick(options)
    if not terms or named is None or not getattr(BACKENDS.resolve(named), "takes_hotwords", True):
        return options, ()
    words, left_out = glossary.hotwords(options.hotwords, terms)
    note = f"{left_out} of the glossary's {len(terms)} terms found no room among the hotwords: they are only corrected"
    return replace(options, hotwords=words), (note,) if left_out else ()


def _main_language(options: Options, said: Sequence[Utterance], settled: str | None) -> str:
    """That of the whole; where languages are mixed, the one that is spoken longest."""
    if options.languages is not None and said:
        seconds: dict[str, float] = {}
        for utterance in said:
            seconds[utterance.language] = seconds.get(utterance.language, 0.0) + utterance.end_s - utterance.start_s
        return max(sorted(seconds), key=lambda tag: seconds[tag])
    return settled or options.language or UNDETERMINED


def _counted(remarks: Sequence[Remark]) -> Iterator[str]:
    """What of the remarks a person should know without reading the report."""
    kinds = Counter(remark.kind for remark in remarks)
    if kinds["dropped"]:
        yield f"text left out that the engine seems to have invented: {kinds['dropped']} time(s), see the remarks"
    if kinds["corrected"]:
        yield f"spelt as the glossary has it: {kinds['corrected']} time(s), see the remarks"
    for remark in remarks:
        if remark.kind == "crashed":
            yield f"no text from {clock(remark.start_s or 0.0)} to {clock(remark.end_s or 0.0)}: {remark.detail}"


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
    known = probability is not None and math.isfinite(probability)
    return min(max(float(probability), 0.0), 1.0) if known else None  # type: ignore[arg-type]


def _checked(options: Options, duration_s: float) -> tuple[Span, ...]:
    """What single options cannot check alone; the stretches of `clip_timestamps`. Raises BadValue."""
    mixed = [tag.strip() for tag in (options.languages or "any").split(",")]
    for name, tag in (("language", options.language), *(("languages", tag) for tag in mixed)):
        if tag is not None and not _TAG.match(tag):
            raise BadValue(
                f"transcribe.{name} = {getattr(options, name)!r}: {tag!r} is not a language tag.",
                value=getattr(options, name),
                remedy="Give a BCP 47 tag such as en, zh, yue or pt-BR, or leave it out to have it detected."
                if name == "language"
                else "Give BCP 47 tags with commas between, as yue,en, or any.",
            )
    primary = {tag.lower().split("-")[0] for tag in mixed}
    if options.language is not None and "any" not in primary and options.language.lower().split("-")[0] not in primary:
        raise BadValue(
            f"transcribe.language = {options.language!r} is not among transcribe.languages = {options.languages!r}.",
            value=options.language,
            choices=mixed,
            remedy="Leave one of the two out, or name it in both.",
        )
    if options.script and options.task == "translate":
        raise BadValue(
            "A script's words are timed as they are spoken: transcribe.task = 'translate' has no use for it.",
            value=options.task,
            remedy="Leave one of the two out; transcribe.translation makes a second text in English.",
        )
    return _clips(options.clip_timestamps, duration_s)


def _clips(text: str, duration_s: float) -> tuple[Span, ...]:
    """Stretches out of 'start,end,start,end …' in seconds; a last start without an end goes on to the end."""
    if not text.strip():
        return ()
    try:
        times = [float(number) for number in text.split(",")]
    except ValueError:
        times = [math.nan]
    rising = all(math.isfinite(t) and t >= 0 for t in times) and all(a < b for a, b in pairwise(times))
    if not rising or (duration_s > 0 and times[-1 if len(times) % 2 else -2] >= duration_s):
        raise BadValue(
            f"transcribe.clip_timestamps = {text!r} are no stretches of {duration_s:.2f} seconds of sound.",
            value=text,
            remedy="Give start,end,start,end … in seconds, rising, as 0,10,20,30; the last end may be left out.",
        )
    ends = [*times, duration_s] if len(times) % 2 else times
    pairs = zip(ends[::2], ends[1::2], strict=True)
    return tuple(Span(start, min(end, duration_s)) for start, end in pairs if start < duration_s)
