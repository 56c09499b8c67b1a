"""Alignment of a supplied script: the words are known, their times are found.

A script is read (`parse`), an aligner hears the recording roughly, what it hears is matched with the script (`match`),
and the stretches in between are timed finely (`timing`, `refine`). Aligners, one file each: pocketsphinx (`sphinx`),
a CTC model (`ctc`), a recogniser's word times (`recognised`).
"""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from ....core.audio import Audio
from ....core.errors import BadValue, MissingExtra
from ....core.registry import AUTO
from ....core.speech import Remark, Transcript, Utterance, Word
from ....core.stage import Choice, Progress
from ....core.time import Span
from ....subtitles.text import base
from ..windows import Window, plan
from .aligner import Aligner
from .ctc_models import fitting, located
from .match import match
from .parse import Line, read_script
from .refine import refined
from .report import remarks
from .timing import Timed, filled, in_time, known_times, stretches
from .words import ScriptWord, weight, words_of

if TYPE_CHECKING:
    from .. import Options

log = logging.getLogger("audiopost")

#: Longest stretch of speech that is listened to at once.
_WINDOW_S = 30.0
#: An utterance ends at such a pause inside a line; lines longer than this many seconds end at their sentences too.
_PAUSE_S, _LONG_LINE_S = 1.5, 10.0
_SENTENCE_ENDS = tuple(".!?…。！？")
_CLOSING = "\"'”’」』)）"


def needs_words(options: Options) -> bool:
    """Whether a recognised transcript must be made first: its word times are the aligner. Errors as of `align`."""
    return _choose(read_script(options.script, options.language).lines, options)[0] == "words"


def align(
    script_path: str,
    sound: Audio,
    transcript: Transcript | None,
    options: Options,
    progress: Progress,
    clips: Sequence[Span] = (),
) -> tuple[Transcript, Choice, tuple[str, ...]]:
    """The script's lines with times, as utterances in order of time; which aligner and why; warnings.

    `sound` is 16 kHz mono, of which only `clips` count where there are any; `transcript` is what a recogniser heard,
    where `needs_words`. Lines that were not said are
    left out; remarks name them ('not spoken'), lines said in other words or another order ('spoken otherwise') and
    speech that no line has ('not in the script').
    Raises InputError, EmptyMedia, UnknownName, UnreadableMedia, BadValue, MissingExtra, MissingModel, StageError.
    """
    from ....analysis.vad import speech_probability

    lines, notes = read_script(script_path, options.language)
    name, reason = _choose(lines, options)
    plain = words_of(lines)
    aligner = _built(name, lines, plain, transcript, options)
    log.info("transcribe: %s (%s)", aligner.name, reason)
    words = aligner.sounded(plain)
    windows: tuple[Window, ...] = ()
    if aligner.listens:
        probability = speech_probability(sound)
        windows = plan(probability, sound.duration_s, longest_s=_WINDOW_S, packed=False, vad=options.vad, clips=clips)
    speech = [span for window in windows for span in window.spans]
    heard = aligner.hear(words, sound, windows, progress)
    matched = match(words, heard)
    known = known_times(words, matched, heard)
    order = in_time(words, known)
    rough = filled(order, words, known, sound.duration_s)
    misfits: frozenset[int] | None = None
    warnings = list(notes)
    if aligner.listens:
        cut = stretches(order, words, known, speech, sound.duration_s)
        fine = refined(aligner, words, rough, cut, speech, sound, progress, known)
        rough = dict(fine.times)
        misfits = fine.misfits if aligner.biased else None
        if fine.spread:
            warnings.append(f"{_counted(len(fine.spread))} could only be timed roughly")
    utterances = tuple(_utterances(lines, plain, rough, sound.duration_s))
    found = remarks(lines, words, rough, matched, heard, misfits)
    warnings += _summary(found, len(lines))
    transcript = Transcript(_main_language(lines, options.language), utterances, remarks=tuple(found))
    return transcript, Choice(aligner.name, reason, aligner.model), tuple(warnings)


def _choose(lines: Sequence[Line], options: Options) -> tuple[str, str]:
    """The aligner's name and why. Raises BadValue, MissingExtra, MissingModel for one that is named and cannot run."""
    asked = options.aligner if options.aligner != AUTO else ""
    if asked == "ctc" or (options.align_model and not asked):
        model = located(options.align_model, words_of(lines))
        return "ctc", f"asked for; {model.title} is here" if asked else f"auto: {model.title} is named"
    foreign = sorted(_languages(lines) - {"en"})
    here = importlib.util.find_spec("pocketsphinx") is not None
    if asked == "pocketsphinx":
        if foreign:
            raise BadValue(
                f"pocketsphinx aligns English only; the script has lines in {', '.join(foreign)}.",
                value=asked,
                remedy="Set transcribe.aligner to words or ctc, or transcribe.language to en if this is English.",
            )
        if not here:
            raise MissingExtra("pocketsphinx is not installed.", remedy="pip install pocketsphinx")
    if asked:
        return asked, "asked for"
    if model_here := fitting(words_of(lines), _languages(lines)):
        return "ctc", f"auto: {model_here.title} is here and has the script's letters"
    if here and not foreign:
        return "pocketsphinx", "auto: the script is in English; passed over ctc (no model for it is here)"
    why = f"the script has lines in {', '.join(foreign)}" if foreign else "pocketsphinx is not installed"
    if foreign == ["und"]:
        why = "the script's language is not stated and cannot be told"
    return "words", f"auto: {why}; passed over ctc (no model for it is here)"


def _languages(lines: Sequence[Line]) -> frozenset[str]:
    return frozenset(base(line.language) for line in lines)


def _built(
    name: str, lines: Sequence[Line], words: Sequence[ScriptWord], transcript: Transcript | None, options: Options
) -> Aligner:
    if name == "ctc":
        from .ctc import CTCAligner

        model = None if options.align_model else fitting(words, _languages(lines))
        return CTCAligner(model or located(options.align_model, words), device=options.device, threads=options.threads)
    if name == "pocketsphinx":
        from .sphinx import SphinxAligner

        return SphinxAligner()
    from .recognised import WordsAligner

    if transcript is None:
        raise BadValue(
            "Alignment by words needs a recognised transcript.",
            value=name,
            remedy="Transcribe the recording first and hand its transcript in.",
        )
    return WordsAligner(transcript)


def _utterances(
    lines: Sequence[Line], words: Sequence[ScriptWord], times: Mapping[int, Timed], duration_s: float
) -> Iterator[Utterance]:
    """Lines as utterances in order of time; words do not overlap and lie inside the recording."""
    at = 0.0
    for run in _runs(words, times):
        line = lines[words[run[0]].line]
        timed: list[Word] = []
        for w in run:
            start = min(max(round(times[w].start_s, 3), at), duration_s)
            at = min(max(round(times[w].end_s, 3), start), duration_s)
            timed.append(Word(start, at, words[w].text, times[w].probability, line.speaker))
        text = line.text[words[run[0]].start : words[run[-1]].end]
        yield Utterance(timed[0].start_s, timed[-1].end_s, text, line.language, tuple(timed), line.speaker)


def _runs(words: Sequence[ScriptWord], times: Mapping[int, Timed]) -> list[list[int]]:
    """Words of one utterance each: a line, cut at long pauses, and at its sentences where it is long."""
    by_line: dict[int, list[int]] = {}
    for w in sorted(times):
        by_line.setdefault(words[w].line, []).append(w)
    runs: list[list[int]] = []
    for own in by_line.values():
        long = times[own[-1]].end_s - times[own[0]].start_s > _LONG_LINE_S
        run: list[int] = []
        for w in own:
            if run:
                paused = times[w].start_s - times[run[-1]].end_s >= _PAUSE_S
                if paused or (long and words[run[-1]].text.rstrip(_CLOSING).endswith(_SENTENCE_ENDS)):
                    runs.append(run)
                    run = []
            run.append(w)
        runs.append(run)
    return sorted(runs, key=lambda run: (times[run[0]].start_s, run[0]))


def _main_language(lines: Sequence[Line], stated: str | None) -> str:
    if stated:
        return stated
    letters: dict[str, int] = {}
    for word in words_of(lines):
        language = lines[word.line].language
        letters[language] = letters.get(language, 0) + sum(weight(token) for token in word.tokens)
    return max(sorted(letters), key=lambda language: letters[language])


def _summary(found: Sequence[Remark], lines: int) -> list[str]:
    count = {kind: sum(remark.kind == kind for remark in found) for kind in ("not spoken", "spoken otherwise")}
    extra = len(found) - sum(count.values())
    if count["not spoken"] == lines:
        return ["no line of the script was found in the recording: is it the script of this recording?"]
    told = [f"{_counted(n)} of the script {'was' if n == 1 else 'were'} {kind}" for kind, n in count.items() if n]
    return told + ([f"{extra} stretch(es) of speech are not in the script"] if extra else [])


def _counted(lines: int) -> str:
    return f"{lines} line{'' if lines == 1 else 's'}"
