"""Where captions end and lines break: one dynamic programme over all that is said.

Any phrase is broken before a caption is too short, or too fast to read although what it says was said slowly enough.
Where the speech itself is faster than anybody reads, what cannot be helped is weighed against broken phrases: text in
shreds is not read faster. A programme of n atoms has n·w stretches that fit into a caption (w about 20): they are
weighed at once, column by column.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .breaks import CLAUSE, SENTENCE, Atom, imbalance
from .styles import Style
from .text import is_unspaced, width
from .timing import NEVER, Timing

#: More atoms than this are never one caption (characters without width would go on for ever).
_MOST_ATOMS = 128
#: A caption costs this much, one of two speakers this much more: they share one where they could not be read apart.
_CAPTION, _TWO_SPEAKERS = 4.0, 7.0
#: A sentence, or a clause, that ends inside a caption, and how much of that stays where it ends with its line.
_SENTENCE_INSIDE, _CLAUSE_INSIDE = 6.0, 1.5
_SENTENCE_ABOVE = 3.0
#: A word or two on their own where more follows: within a phrase, and at its end.
_ALONE, _ALONE_WHOLE = 3.0, 2.5
#: The same where a phrase that began before ends.
_LEFT_OVER = 4.0
#: A word or two on their own over a longer line; without spaces between words they are a phrase.
_STUB = 5.0
#: The end of a caption is a longer break than that of a line.
_ENDS = 1.6
#: A line too fast to read that was said slowly enough, and a caption too short: they outweigh any break.
_TOO_FAST, _TOO_SHORT = 1000.0, 400.0
#: A line that was said too fast, and the square of how many times too fast, so that what lacks is shared out.
_HURRIED, _SQUARED = 25.0, 30.0
#: Each second that lacks, and by which a caption comes late.
_LACK, _LATE = 10.0, 30.0
#: A caption after the recording's last frame.
_PAST_THE_END = 1e5
_INF = math.inf

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
#: Cost of the lines, width of the first, width to read.
_Table = tuple[Floats, Floats, Floats]


@dataclass(frozen=True)
class Piece:
    """An atom in its place: `border` says what comes before it in time.

    '' the same utterance, 'utterance' another of the same speaker, 'turn' another speaker's, 'end' what no caption
    reaches across: a long pause, another language. `indent` is room that the first line leaves for a name;
    `named` is true for an SDH label, which leans on what follows.
    """

    atom: Atom
    language: str
    speaker: str | None
    border: str = ""
    indent: float = 0.0
    named: bool = False


@dataclass(frozen=True)
class Span:
    """A caption: pieces from `first` up to `end`, the pieces that open its lines, its frames."""

    first: int
    end: int
    opens: tuple[int, ...]
    two_speakers: bool
    in_frame: int
    out_frame: int


def segment(pieces: Sequence[Piece], style: Style, timing: Timing) -> list[Span]:
    """The captions of a programme in order."""
    return _Programme(pieces, style, timing).spans() if pieces else []


class _Programme:
    """Pieces are numbered; [i, j) is a caption or a line, d = j - i its length. Tables are (n, w): column d - 1."""

    def __init__(self, pieces: Sequence[Piece], style: Style, timing: Timing) -> None:
        self.style, self.timing = style, timing
        n = self.n = len(pieces)
        limits = {language: style.limits_for(language) for language in {p.language for p in pieces}}
        self.cpl = np.array([limits[p.language].cpl for p in pieces])
        self.cps = np.array([limits[p.language].cps for p in pieces])
        self.space = np.array([width(" ", p.language) for p in pieces])
        #: What a line break takes to read.
        self.seam = np.where([is_unspaced(p.language) for p in pieces], 0.0, self.space)
        own = np.array([width(p.atom.text, p.language) for p in pieces])
        self.glue = np.array([width(p.atom.glue, p.language) for p in pieces])
        self.sums = np.concatenate([[0.0], np.cumsum(own + self.glue)])
        #: A full stop that a line loses at its end.
        self.tail = np.array([1.0 if style.drops_stop(p.atom.text, p.language) else 0.0 for p in pieces])
        self.room = np.maximum(self.cpl - np.array([p.indent for p in pieces]), np.minimum(own - self.tail, self.cpl))
        self.cost = np.array([p.atom.cost for p in pieces])
        turn = np.array([p.border == "turn" for p in pieces])
        closed = np.array([p.border == "end" for p in pieces])
        self.turns = np.cumsum(turn)
        self.next_turn = np.full(n + 1, n)
        for i in range(n - 1, 0, -1):
            self.next_turn[i - 1] = i if turn[i] else self.next_turn[i]
        self.next_end = np.full(n + 1, n)
        for i in range(n - 1, 0, -1):
            self.next_end[i - 1] = i if closed[i] else self.next_end[i]
        #: Cost of a caption that ends before piece j.
        self.ends = np.append(np.where(turn | closed, 0.0, _ENDS * self.cost), 0.0)
        #: Whether the same person goes on with piece j.
        self.more = np.append(~(turn | closed), False)
        named = np.array([p.named for p in pieces])
        self.ends[1:][named] = 1e6
        starts, finishes = [p.atom.start_s for p in pieces], np.array([p.atom.end_s for p in pieces])
        self.opening = timing.openings(starts)
        self.finish = timing.at(finishes)
        self.after = np.append(self.opening, NEVER)
        pause = np.maximum(0.0, np.asarray(starts[1:]) - finishes[:-1] - 0.3) if n > 1 else np.zeros(0)
        utterance = np.array([p.border == "utterance" for p in pieces])
        sentence = _SENTENCE_INSIDE * (self.cost == SENTENCE) + _CLAUSE_INSIDE * (self.cost == CLAUSE)
        sentence = np.where(turn, 0.0, sentence + 3.0 * utterance)
        inner = 6.0 * np.concatenate([[0.0], pause]) + sentence
        #: Cost of what lies inside a caption, summed up to each piece.
        self.inner = np.cumsum(inner)
        #: Cost of a line that ends before piece k; a clause that ends with its line is no clause inside.
        back = np.where(self.cost == CLAUSE, _CLAUSE_INSIDE, 0.0)
        back = np.where(self.cost == SENTENCE, _SENTENCE_INSIDE - _SENTENCE_ABOVE, back)
        self.breaking = 1.0 + self.cost - back
        self.reach = self._reach()
        self._tables()

    def wide(self, i: Any, j: Any) -> Any:
        """Width of pieces i up to j on one line."""
        return self.sums[j] - self.sums[i] - self.glue[i] - self.tail[j - 1]

    def _reach(self) -> list[Ints]:
        """For each length d (from 1) the pieces i where [i, i + d) may be one caption, by width and borders."""
        columns: list[Ints] = []
        most = self.style.max_lines * self.cpl + 1.0
        two = 1 if self.style.dash and self.style.max_lines > 1 else 0
        alive = np.arange(self.n)
        while len(alive) and len(columns) < _MOST_ATOMS:
            d = len(columns) + 1
            if d > 1:
                j = alive + d
                alive, j = alive[j <= self.n], j[j <= self.n]
                turns = self.turns[j - 1] - self.turns[alive]
                below = np.where(turns > 0, most[np.minimum(self.next_turn[alive], self.n - 1)], 0.0)
                fits = (self.wide(alive, j) <= most[alive] + below) & (self.next_end[alive] >= j) & (turns <= two)
                alive = alive[fits]
            columns.append(alive)
        return columns

    def _tables(self) -> None:
        """Fills `base` (cost without time), `need` (frames to read), `share` (of a line) and `opens`."""
        n, w = self.n, len(self.reach)
        one, first, load = (np.full((n, w), _INF) for _ in range(3))
        for d, i in enumerate(self.reach, 1):
            wide = self.wide(i, i + d)
            fits = (wide <= self.cpl[i]) & (self.turns[i + d - 1] == self.turns[i])
            if self.style.max_words:
                fits &= d <= self.style.max_words
            fits |= d == 1  # nothing is smaller than an atom
            one[i, d - 1] = np.where(fits, 0.0, _INF)
            first[i, d - 1] = load[i, d - 1] = np.where(fits, wide, _INF)
        self.breaks: list[NDArray[np.int32]] = []
        table: _Table = (one, first, load)
        for lines in range(2, self.style.max_lines + 1):
            table, at = self._split(table, indented=lines == self.style.max_lines)
            self.breaks.append(at)
        lined, _, load = table
        self.base, self.need, self.share = np.full((n, w), _INF), np.zeros((n, w), np.int64), np.zeros((n, w))
        self.two = np.zeros((n, w), bool)
        fps, longest = self.timing.fps, self.timing.frames.longest
        for d, i in enumerate(self.reach, 1):
            j = i + d
            cost, read = lined[i, d - 1], load[i, d - 1] / self.cps[i]
            share = load[i, d - 1] / self.cpl[i]
            alone = np.where(self.ends[j] > _ENDS * CLAUSE, _ALONE, np.where(self.more[j], _ALONE_WHOLE, 0.0))
            alone = np.maximum(alone, np.where(self.more[i] & (self.cost[i] > CLAUSE), _LEFT_OVER, 0.0))
            cost = cost + np.where(share < 0.25, alone, 0.0)
            two = self.turns[j - 1] > self.turns[i]
            if two.any():
                k = np.where(two, self.next_turn[i], j)
                here, dash = np.minimum(k, self.n - 1), len(self.style.dash)
                top = self.wide(i, k) + dash * self.space[i]
                low = self.wide(here, j) + dash * self.space[here]
                fits = (top <= self.cpl[i]) & (low <= self.cpl[here])
                if self.style.max_words:
                    fits &= (k - i <= self.style.max_words) & (j - k <= self.style.max_words)
                whole = np.where(self.ends[j] > SENTENCE, 12.0, 0.0)
                cost = np.where(two, np.where(fits, _TWO_SPEAKERS + whole, _INF), cost)
                read = np.where(two, top / self.cps[i] + (low + self.seam[here]) / self.cps[here], read)
                share = np.where(two, top / self.cpl[i] + low / self.cpl[here], share)
                self.two[i, d - 1] = two
            if d > 1:  # one atom may be said for longer than a caption may stay; more are parted
                cost = np.where(self.finish[j - 1] - self.opening[i] > longest, _INF, cost)
            cost = cost + _CAPTION + self.ends[j] + self.inner[j - 1] - self.inner[i]
            fine = np.isfinite(cost)
            self.base[i, d - 1] = cost
            self.need[i, d - 1] = np.where(fine, np.ceil(np.where(fine, read, 0.0) * fps - 1e-6), 0)
            self.share[i, d - 1] = np.where(fine, share, 0.0)

    def _split(self, rest: _Table, *, indented: bool) -> tuple[_Table, NDArray[np.int32]]:
        """The table for one line more than `rest` has, and the length of the first line, 0 where it is the only one.

        Text that fits on one line stays there.
        """
        cost_rest, first_rest, load_rest = rest
        cost, first, load = cost_rest.copy(), first_rest.copy(), load_rest.copy()
        at = np.zeros(cost.shape, np.int32)
        room_for = self.room if indented else self.cpl
        for d, i in enumerate(self.reach, 1):
            j = i + d
            wide = self.wide(i, j)
            many = self.style.max_words and d > self.style.max_words
            todo = (wide > room_for[i]) | bool(many)
            todo &= (self.turns[j - 1] == self.turns[i]) & (d > 1)
            i, j = i[todo], j[todo]
            if not len(i):
                continue
            best = np.full(len(i), _INF)
            where, top_best, load_best = np.zeros(len(i), np.int32), np.zeros(len(i)), np.zeros(len(i))
            room, cpl = room_for[i], self.cpl[i]
            for e in range(1, d if not self.style.max_words else min(d, self.style.max_words + 1)):
                k = i + e
                top = self.wide(i, k)
                fits = top <= room if e > 1 else np.full(len(i), True)
                if not fits.any():
                    break
                low = first_rest[k, d - e - 1]
                stub = _STUB * ((top < 0.2 * cpl) & (self.seam[i] > 0))
                c = self.breaking[k] + imbalance(top, low, cpl) + cost_rest[k, d - e - 1] + stub
                better = fits & (c < best)
                best[better], where[better], top_best[better] = c[better], e, top[better]
                load_best[better] = (top + self.seam[i] + load_rest[k, d - e - 1])[better]
            cost[i, d - 1], first[i, d - 1], load[i, d - 1], at[i, d - 1] = best, top_best, load_best, where
        return (cost, first, load), at

    def _opens(self, i: int, j: int) -> tuple[int, ...]:
        """The pieces that open the lines of caption [i, j)."""
        d = j - i
        if self.two[i, d - 1]:
            return i, int(self.next_turn[i])
        opens = [i]
        for at in reversed(self.breaks):
            e = int(at[i, d - 1])
            if not e:
                continue
            i, d = i + e, d - e
            opens.append(i)
        return tuple(opens)

    def _timed(self, i: Any, columns: Any, start: Any) -> tuple[Any, Any]:
        """Cost of captions that open with piece i at frame `start`, and when the next one comes."""
        j = np.minimum(i + columns + 1, self.n)
        need, share = self.need[i, columns], self.share[i, columns]
        shown = self.timing.show(start, self.finish[j - 1], self.after[j], need)
        stays = shown.end - start
        fps, shortest = self.timing.fps, self.timing.frames.shortest
        lack, short = np.maximum(0, need - stays), np.maximum(0, shortest - stays)
        late = shown.following - self.after[j]
        # Said too fast: what is left of the time until the next speech, once the gap is taken off, is too short.
        hurried = need > np.minimum(self.after[j] - self.timing.frames.gap, self.timing.last) - self.opening[i]
        fast = np.where(hurried, _HURRIED + _SQUARED * (lack / stays) ** 2, _TOO_FAST) * np.maximum(share, 0.25)
        cost = self.base[i, columns] + (lack > 0) * fast + (short > 0) * _TOO_SHORT + _LACK * (lack + short) / fps
        cost = cost + (shown.end > self.timing.last) * _PAST_THE_END
        return cost + (late > 0) * 1.0 + _LATE * late / fps, shown.following

    def spans(self) -> list[Span]:
        n, w = self.n, len(self.reach)
        columns, rows = np.arange(w), np.arange(n)
        cost, comes = self._timed(rows[:, None], columns[None, :], self.opening[:, None])
        prompt = comes == self.after[np.minimum(rows[:, None] + columns + 1, n)]
        direct = np.where(prompt, cost, _INF)
        pushed: list[list[int]] = [[] for _ in rows]
        for i, c in zip(*(found.tolist() for found in np.nonzero(~prompt & np.isfinite(cost))), strict=True):
            pushed[i].append(c)
        # State 0 of a piece: a caption opens with it in time; further ones: cost, frame, where from, for a late one.
        best = np.full(n + 1, _INF)
        best[0] = 0.0
        source, state_of = np.zeros(n + 1, np.int64), np.zeros(n + 1, np.int64)
        late: list[list[tuple[float, int, int, int]]] = [[] for _ in range(n + 1)]
        for i in range(n):
            states = [(float(best[i]), int(self.opening[i]))]
            late[i] = _pareto(late[i], states[0][0])
            states += [(paid, frame) for paid, frame, _, _ in late[i]]
            end = min(w, n - i)
            for s, (paid, frame) in enumerate(states):
                if not math.isfinite(paid):
                    continue
                if s == 0:
                    row, more, costs, frames = direct[i], pushed[i], cost[i], comes[i]
                else:
                    costs, frames = self._timed(i, columns, frame)
                    on_time = frames == self.after[np.minimum(i + columns + 1, n)]
                    row = np.where(on_time, costs, _INF)
                    more = np.nonzero(~on_time & np.isfinite(costs))[0].tolist()
                sums = row[:end] + paid
                better = sums < best[i + 1 : i + 1 + end]
                if better.any():
                    best[i + 1 : i + 1 + end][better] = sums[better]
                    source[i + 1 : i + 1 + end][better] = i
                    state_of[i + 1 : i + 1 + end][better] = s
                for c in more:
                    if c < end:
                        late[i + c + 1].append((paid + float(costs[c]), int(frames[c]), i, s))
        opened, j, s = [], n, 0
        while j > 0:
            j, s = (int(source[j]), int(state_of[j])) if s == 0 else late[j][s - 1][2:]
            opened.append((j, int(self.opening[j]) if s == 0 else late[j][s - 1][1]))
        return self._spans(opened[::-1])

    def _spans(self, opened: Sequence[tuple[int, int]]) -> list[Span]:
        """Captions that open with these pieces at these frames."""
        spans = []
        for (i, start), j in zip(opened, [*(piece for piece, _ in opened[1:]), self.n], strict=True):
            finish, need = int(self.finish[j - 1]), int(self.need[i, j - i - 1])
            shown = self.timing.show(start, finish, int(self.after[j]), need)
            out = self.timing.leave(start, int(shown.end), finish, int(shown.following), need)
            spans.append(Span(i, j, self._opens(i, j), bool(self.two[i, j - i - 1]), start, out))
        return spans


def _pareto(states: list[tuple[float, int, int, int]], cheapest: float) -> list[tuple[float, int, int, int]]:
    """The late states worth following: each cheaper than every one that comes sooner."""
    kept = []
    for state in sorted(states, key=lambda state: (state[1], state[0])):
        if state[0] < cheapest - 1e-9:
            kept.append(state)
            cheapest = state[0]
    return kept
