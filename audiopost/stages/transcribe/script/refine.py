"""Fine times by an aligner, and which lines do not fit the sound.

A biased aligner is judged by the log-likelihood a frame that it gives the words it was told. In 90 clean English
sentences of seven speakers 1 % of the words that were said score below -3.1, and 90 % of words put in their place
below -3.8; noise lowers all scores, so that the limit goes with the median of the recording.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from ....core.audio import Audio
from ....core.stage import Progress
from ....core.time import Span
from .aligner import Aligner
from .timing import Stretch, Timed, letter_s, letters, within
from .words import ScriptWord

#: A word is not what was said where it scores below the lower of this and as many times the recording's median.
_LIMIT, _TIMES_MEDIAN = -4.0, 4.0
#: … and this share of it for a word that was not heard either, though the recogniser expected it.
_UNHEARD_SHARE = 0.6
#: A line was not said where its mean score is below this share of the limit for a word,
_LINE_SHARE = 0.6
#: or where words that do not fit are this share of its letters.
_MISFIT_SHARE = 0.6
#: Shorter words tell too little.
_TELLING_LETTERS = 4
#: Sound kept around a line that is aligned by itself.
_MARGIN_S = 0.3
#: Most lines that are tried together in sound that no line has.
_TRIED = 6


@dataclass(frozen=True)
class Refined:
    """Times of all words of the lines that were said, by index; `misfits` are those the sound does not fit."""

    times: Mapping[int, Timed]
    misfits: frozenset[int]
    #: Lines whose words were spread because the aligner found no way through.
    spread: frozenset[int]


def refined(
    aligner: Aligner,
    words: Sequence[ScriptWord],
    rough: Mapping[int, Timed],
    cut: Sequence[Stretch],
    speech: Sequence[Span],
    sound: Audio,
    progress: Progress,
    heard: Container[int],
) -> Refined:
    """`rough` times made fine, stretch by stretch of `cut`. `heard` are the words that were recognised, by index."""
    times = dict(rough)
    spread: set[int] = set()
    fitted: list[tuple[Stretch, dict[int, Timed]]] = []
    for n, stretch in enumerate(cut):
        progress("align the script", n, len(cut))
        for part, found in _fit_whole_or_lines(aligner, words, stretch, rough, speech, sound):
            if found is None:
                spread |= {words[w].line for w in part.words}
            else:
                times.update(found)
                fitted.append((part, found))
    progress("align the script", len(cut), len(cut))
    if not aligner.biased:
        return Refined(times, frozenset(), frozenset(spread))
    limit = _limit(times.values())
    for stretch, found in fitted:
        absent = _absent(words, found, limit)
        if not absent:
            continue
        for w in found:
            if words[w].line in absent:
                del times[w]
        rest = Stretch(tuple(w for w in stretch.words if words[w].line not in absent), stretch.window)
        if rest.words and (again := _fit(aligner, words, rest, rough, sound)):
            times.update(again)
    times.update(_rescued(aligner, words, times, speech, sound, limit))
    misfits = frozenset(
        w for w, timed in times.items() if _misfit(words[w], timed, limit if w in heard else _UNHEARD_SHARE * limit)
    )
    return Refined(times, misfits, frozenset(spread))


def _fit_whole_or_lines(
    aligner: Aligner,
    words: Sequence[ScriptWord],
    stretch: Stretch,
    rough: Mapping[int, Timed],
    speech: Sequence[Span],
    sound: Audio,
) -> Iterator[tuple[Stretch, dict[int, Timed] | None]]:
    """A stretch as aligned at once; where there is no way through, each of its lines where it was heard."""
    found = _fit(aligner, words, stretch, rough, sound)
    lines = dict.fromkeys(words[w].line for w in stretch.words)
    if found is not None or len(lines) == 1:
        yield stretch, found
        return
    for line in lines:
        own = tuple(w for w in stretch.words if words[w].line == line)
        start_s, end_s = rough[own[0]].start_s - _MARGIN_S, rough[own[-1]].end_s + _MARGIN_S
        part = Stretch(own, within(speech, max(start_s, 0.0), min(end_s, sound.duration_s)))
        yield part, _fit(aligner, words, part, rough, sound)


def _fit(
    aligner: Aligner, words: Sequence[ScriptWord], stretch: Stretch, rough: Mapping[int, Timed], sound: Audio
) -> dict[int, Timed] | None:
    found = aligner.fit([words[w] for w in stretch.words], sound, stretch.window)
    if found is None:
        return None
    return {w: timed or rough[w] for w, timed in zip(stretch.words, found, strict=True) if timed or w in rough}


def _limit(times: Iterable[Timed]) -> float:
    scores = [timed.fit for timed in times if timed.fit is not None]
    return min(_LIMIT, _TIMES_MEDIAN * median(scores)) if scores else _LIMIT


def _misfit(word: ScriptWord, timed: Timed, limit: float) -> bool:
    return timed.fit is not None and timed.fit < limit and letters(word) >= _TELLING_LETTERS


def _absent(words: Sequence[ScriptWord], found: Mapping[int, Timed], limit: float) -> set[int]:
    """The lines among `found` that were not said."""
    absent = set()
    for line in {words[w].line for w in found}:
        own = [(words[w], timed) for w, timed in found.items() if words[w].line == line and timed.fit is not None]
        seconds = sum(timed.end_s - timed.start_s for _, timed in own)
        if not own or seconds <= 0:
            continue
        mean = sum((timed.fit or 0.0) * (timed.end_s - timed.start_s) for _, timed in own) / seconds
        wrong = sum(letters(word) for word, timed in own if _misfit(word, timed, limit))
        if mean < _LINE_SHARE * limit or wrong > _MISFIT_SHARE * sum(letters(word) for word, _ in own):
            absent.add(line)
    return absent


def _rescued(
    aligner: Aligner,
    words: Sequence[ScriptWord],
    times: Mapping[int, Timed],
    speech: Sequence[Span],
    sound: Audio,
    limit: float,
) -> dict[int, Timed]:
    """Lines that were not heard but fit the speech that is left between their neighbours.

    All lines of a gap are tried together; while one does not fit, the worst is left out.
    """
    found: dict[int, Timed] = {}
    pace = letter_s(words, times)
    for gap, start_s, end_s in _gaps(words, times, sound.duration_s):
        if end_s - start_s < 0.1 or len(gap) > _TRIED:
            continue
        lines = list(gap)
        while lines:
            tried = tuple(w for line in lines for w in gap[line])
            window = within(speech, start_s, end_s)
            room = any(span & Span(start_s, end_s) for span in speech)
            if not room or window.duration_s < 0.4 * pace * sum(letters(words[w]) for w in tried):
                lines.pop()
                continue
            fits = _fit(aligner, words, Stretch(tried, window), {}, sound) or {}
            absent = _absent(words, fits, limit) if fits else set(lines)
            if not absent:
                found.update(fits)
                break
            worst = min(
                absent,
                key=lambda line: sum(
                    (timed.fit or 0.0) * (timed.end_s - timed.start_s)
                    for w, timed in fits.items()
                    if words[w].line == line
                ),
            )
            lines.remove(worst)
    return found


def _gaps(
    words: Sequence[ScriptWord], times: Mapping[int, Timed], duration_s: float
) -> list[tuple[dict[int, list[int]], float, float]]:
    """Lines without times that follow each other, with the end of the line before and the start of the one after."""
    gaps: list[tuple[dict[int, list[int]], float, float]] = []
    gap: dict[int, list[int]] = {}
    before = 0.0
    for w, word in enumerate(words):
        if w not in times:
            gap.setdefault(word.line, []).append(w)
            continue
        if gap:
            gaps.append((gap, before, times[w].start_s))
            gap = {}
        before = times[w].end_s
    if gap:
        gaps.append((gap, before, duration_s))
    return gaps
