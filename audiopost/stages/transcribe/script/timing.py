"""From agreements to times: words in between are spread out, and the sound is cut into stretches to align finely."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from statistics import median

from ....core.time import Span, merge_spans
from ..windows import Window
from .match import Heard, Matched
from .words import ScriptWord, weight

#: Seconds a letter where nothing was heard that would tell: 14 letters a second.
_LETTER_S = 0.07
#: Words are not squeezed into less than this many seconds each; a neighbour gives way.
_SHORTEST_S = 0.03
#: Pauses shorter than this are left to the aligner to find; sound kept around words that are cut apart.
_PAUSE_S, _MARGIN_S = 0.15, 0.3
#: Longest pause that words of unknown place may lie in, and the longest stretch that is aligned at once.
_LONGEST_PAUSE_S, LONGEST_S = 15.0, 40.0


@dataclass(frozen=True)
class Timed:
    """When a word is said. `fit` is the aligner's own score, as it defines it; None where it was spread."""

    start_s: float
    end_s: float
    probability: float | None = None
    fit: float | None = None


@dataclass(frozen=True)
class Stretch:
    """Words (indices, in order of time) to be aligned with the speech of a window."""

    words: tuple[int, ...]
    window: Window


def letters(word: ScriptWord) -> int:
    return max(sum(weight(token) for token in word.tokens), 1)


def known_times(words: Sequence[ScriptWord], matched: Matched, heard: Sequence[Heard]) -> dict[int, Timed]:
    """Times of the words that were heard, by index; words that share one heard token share its time by letters."""
    known: dict[int, Timed] = {}
    placed: list[tuple[int, list[int]]] = []
    at = 0
    for w, word in enumerate(words):
        found = [j for j in matched.at[at : at + len(word.tokens)] if j >= 0]
        at += len(word.tokens)
        if found:
            placed.append((w, found))
    i = 0
    while i < len(placed):
        same = [placed[i][0]]
        while i + len(same) < len(placed) and placed[i + len(same)][1][0] == placed[i][1][-1]:
            same.append(placed[i + len(same)][0])
        tokens = [heard[j] for _, found in placed[i : i + len(same)] for j in found]
        sure = [token.probability for token in tokens if token.probability is not None]
        start, end = min(t.start_s for t in tokens), max(t.end_s for t in tokens)
        spread = _spread(start, end, [letters(words[w]) for w in same])
        for w, (begin, finish) in zip(same, spread, strict=True):
            known[w] = Timed(begin, finish, min(sure, default=None))
        i += len(same)
    return known


def _spread(start_s: float, end_s: float, shares: Sequence[float]) -> list[tuple[float, float]]:
    """[start, end] cut in proportion to `shares`."""
    whole, done, out = sum(shares), 0.0, []
    for share in shares:
        out.append((start_s + (end_s - start_s) * done / whole, start_s + (end_s - start_s) * (done + share) / whole))
        done += share
    return out


def in_time(words: Sequence[ScriptWord], known: Mapping[int, Timed]) -> list[int]:
    """Words of the lines that have a known word, as indices, lines in order of time."""
    starts: dict[int, float] = {}
    for w, timed in known.items():
        line = words[w].line
        starts[line] = min(starts.get(line, timed.start_s), timed.start_s)
    return sorted((w for w, word in enumerate(words) if word.line in starts), key=lambda w: (starts[words[w].line], w))


def letter_s(words: Sequence[ScriptWord], known: Mapping[int, Timed]) -> float:
    """Seconds that a letter takes in this recording."""
    rates = [(timed.end_s - timed.start_s) / letters(words[w]) for w, timed in known.items()]
    return min(max(median(rates), 0.03), 0.2) if rates else _LETTER_S


def filled(
    order: Sequence[int], words: Sequence[ScriptWord], known: Mapping[int, Timed], duration_s: float
) -> dict[int, Timed]:
    """Times for all words of `order`: those unknown lie between their neighbours, at the pace of the recording."""
    pace = letter_s(words, known)
    times = dict(known)
    at = 0
    while at < len(order):
        if order[at] in known:
            at += 1
            continue
        end = at
        while end < len(order) and order[end] not in known:
            end += 1
        _fill(order, at, end, words, times, pace, duration_s)
        at = end
    return times


def _fill(
    order: Sequence[int],
    first: int,
    after: int,
    words: Sequence[ScriptWord],
    times: dict[int, Timed],
    pace: float,
    duration_s: float,
) -> None:
    """Times of order[first:after], all unknown, between the known words on either side."""
    low = times[order[first - 1]].end_s if first else 0.0
    high = times[order[after]].start_s if after < len(order) else duration_s
    run = list(order[first:after])
    if high - low < _SHORTEST_S * len(run):
        # No room: the words beside them share theirs.
        if first and words[order[first - 1]].line == words[run[0]].line:
            run.insert(0, order[first - 1])
            low = times[run[0]].start_s
        elif after < len(order):
            run.append(order[after])
            high = times[run[-1]].end_s
        else:
            run.insert(0, order[first - 1])
            low = times[run[0]].start_s
        high = max(high, low)
        return _put(run, low, high, words, times)
    needed = [letters(words[w]) * pace for w in run]
    if high - low <= 1.5 * sum(needed):
        return _put(run, low, high, words, times)
    # A pause lies here too: the words keep to the line that they belong to.
    before = [w for w in run if first and words[w].line == words[order[first - 1]].line]
    behind = run[len(before) :]
    _put(before, low, low + sum(needed[: len(before)]), words, times)
    return _put(behind, high - sum(needed[len(before) :]), high, words, times)


def _put(run: Sequence[int], low: float, high: float, words: Sequence[ScriptWord], times: dict[int, Timed]) -> None:
    if run:
        for w, (start, end) in zip(run, _spread(low, high, [letters(words[w]) for w in run]), strict=True):
            old = times.get(w)
            times[w] = Timed(start, end, old.probability if old else None)


def stretches(
    order: Sequence[int], words: Sequence[ScriptWord], known: Mapping[int, Timed], speech: Sequence[Span], end_s: float
) -> list[Stretch]:
    """Lines with the sound they are surely said in: cut in pauses between lines, and around speech that is no line's.

    Lines stay together where unheard words on both sides of their border, or the lack of a pause, leave open where to
    cut. Sound beside heard words that unheard ones need counts as speech, whatever the detector says.
    """
    pace = letter_s(words, known)
    lines = _by_line(order, words)
    edges = [_edges(line, words, known, pace) for line in lines]
    found: list[Stretch] = []
    run: list[int] = []
    needed: list[Span] = []
    start_s = max(0.0, edges[0].start_s - edges[0].lead_s - _MARGIN_S) if edges else 0.0
    for line, edge, after in zip_longest(lines, edges, edges[1:]):
        run += line
        needed += edge.needed(end_s)
        if after is None:
            cut, start_after = min(end_s, edge.end_s + edge.tail_s + _MARGIN_S), end_s
        else:
            long = after.start_s - start_s > LONGEST_S
            cuts = _cut(edge, after, speech, long=long)
            if cuts is None:
                continue
            cut, start_after = cuts
        found.append(Stretch(tuple(run), within((*speech, *needed), start_s, max(cut, start_s + _SHORTEST_S))))
        run, needed, start_s = [], [], start_after
    return found


@dataclass(frozen=True)
class _Edges:
    """Where a line was first and last heard, and the seconds that its unheard words before and after that need."""

    start_s: float
    end_s: float
    lead_s: float
    tail_s: float

    def needed(self, latest_s: float) -> list[Span]:
        before = Span(max(0.0, self.start_s - self.lead_s), self.start_s)
        return [
            before,
            Span(self.start_s, self.end_s),
            Span(self.end_s, max(self.end_s, min(self.end_s + self.tail_s, latest_s))),
        ]


def _cut(line: _Edges, after: _Edges, speech: Sequence[Span], *, long: bool) -> tuple[float, float] | None:
    """Where the sound of a line ends and that of the next begins; None where they must be aligned together."""
    low, high = line.end_s, max(after.start_s, line.end_s)
    gap, need = high - low, line.tail_s + after.lead_s
    spoken = sum(part.duration_s for span in speech if (part := span & Span(low, high)))
    roomy = gap >= _LONGEST_PAUSE_S or spoken > need + 0.5
    if not long and (gap < _PAUSE_S or (line.tail_s and after.lead_s and not roomy)):
        return None
    if need == 0:
        middle = (low + high) / 2
        return min(middle, low + _MARGIN_S), max(middle, high - _MARGIN_S)
    middle = low + gap * line.tail_s / need
    if roomy or long:
        # Speech that neither line needs lies between: each keeps to its own side.
        return min(middle, low + line.tail_s + _MARGIN_S), max(middle, high - after.lead_s - _MARGIN_S)
    border = max(high - _MARGIN_S, low) if line.tail_s else min(low + _MARGIN_S, high)
    return border, border


def _edges(line: Sequence[int], words: Sequence[ScriptWord], known: Mapping[int, Timed], pace: float) -> _Edges:
    first, last = (next(known[w] for w in run if w in known) for run in (line, line[::-1]))
    return _Edges(
        first.start_s,
        max(last.end_s, first.start_s),
        _need(line, words, known, pace),
        _need(line[::-1], words, known, pace),
    )


def _by_line(order: Sequence[int], words: Sequence[ScriptWord]) -> list[list[int]]:
    lines: list[list[int]] = []
    for w in order:
        if lines and words[lines[-1][-1]].line == words[w].line:
            lines[-1].append(w)
        else:
            lines.append([w])
    return lines


def _need(run: Iterable[int], words: Sequence[ScriptWord], known: Mapping[int, Timed], pace: float) -> float:
    """Seconds for the words before the first known one, spoken slowly."""
    need = 0.0
    for w in run:
        if w in known:
            return need
        need += 1.8 * pace * letters(words[w])
    return need


def within(speech: Iterable[Span], start_s: float, end_s: float) -> Window:
    """What of the speech lies in [start, end]; all of it where there is none."""
    inside = [part for span in speech if (part := span & Span(start_s, end_s))]
    return Window(tuple(span for span in merge_spans(inside) if span.duration_s > 0.02) or (Span(start_s, end_s),))
