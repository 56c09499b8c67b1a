"""The time line that cues are laid on: feelings over time, speech and its pauses, the room that music leaves."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ...core.time import Span, merge_spans
from . import Material

#: Seconds before and after a moment that are compared to find a turn of feeling.
SIDE_S = 8.0
#: Shortest gap in speech that music may use to enter or leave.
PAUSE_S = 0.4


@dataclass(frozen=True)
class Feeling:
    """Mean arousal, valence and confidence of some points of the curve."""

    arousal: float
    valence: float
    confidence: float

    @property
    def strength(self) -> float:
        return float(np.hypot(self.arousal, self.valence))


@dataclass(frozen=True)
class Turn:
    """A turn of feeling at a moment between lines."""

    time_s: float
    before: Feeling
    after: Feeling

    @property
    def size(self) -> float:
        return float(np.hypot(self.after.arousal - self.before.arousal, self.after.valence - self.before.valence))


class Timeline:
    """Look-ups over the material of one recording."""

    def __init__(self, material: Material, margin_s: float) -> None:
        self.end_s = material.duration_s
        heard = [(u.start_s, u.end_s) for u in material.utterances]
        heard += [(t.start_s, t.end_s) for t in material.turns]
        heard += [(a.start_s, a.end_s) for a in material.activity if a.kind == "speech"]
        self.speech = merge_spans([Span(max(0.0, a), b) for a, b in heard if b > max(0.0, a)], PAUSE_S)
        self.lines = merge_spans([Span(max(0.0, u.start_s), u.end_s) for u in material.utterances if u.end_s > 0], 0.05)
        music = [a for a in material.activity if a.kind == "music"]
        near = [Span(max(0.0, a.start_s - margin_s), a.end_s + margin_s) for a in music if a.end_s > a.start_s]
        self.music = merge_spans(near)
        self.pauses = [Span(a.end_s, b.start_s) for a, b in pairwise(self.speech)]
        if self.speech and self.end_s - self.speech[-1].end_s >= PAUSE_S:
            self.pauses.append(Span(self.speech[-1].end_s, self.end_s))
        self._usual_pause_s = float(np.median([p.duration_s for p in self.pauses])) if self.pauses else 0.0
        self._said = material.utterances
        self._starts = [u.start_s for u in material.utterances]
        self._times = [p.time_s for p in material.points]
        self._values = np.array([(p.arousal, p.valence, p.confidence) for p in material.points]).reshape(-1, 3)

    def feeling(self, start_s: float, end_s: float, least: int = 1) -> Feeling | None:
        """The mean between two times, weighted by confidence; None for fewer than `least` points."""
        low, high = bisect_left(self._times, start_s), bisect_left(self._times, end_s)
        part = self._values[low:high]
        if len(part) < least:
            return None
        weight = np.maximum(part[:, 2], 1e-3)
        arousal, valence = weight @ part[:, :2] / weight.sum()
        return Feeling(float(arousal), float(valence), float(part[:, 2].mean()))

    def turns(self, smallest: float) -> list[Turn]:
        """Turns of feeling of at least this size where lines begin, the clearest within `SIDE_S` of each other."""
        found: list[tuple[float, Turn]] = []
        for time_s in sorted({line.start_s for line in (*self.lines, *self.speech)}):
            before = self.feeling(time_s - SIDE_S, time_s, least=2)
            after = self.feeling(time_s, time_s + SIDE_S, least=2)
            if before and after and (turn := Turn(time_s, before, after)).size >= smallest:
                # Of several lines around a turn it is the one that differs most from the line before it.
                found.append((turn.size + self._step(time_s), turn))
        kept: list[Turn] = []
        for _, turn in sorted(found, key=lambda f: (-f[0], f[1].time_s)):
            if all(abs(turn.time_s - other.time_s) >= SIDE_S for other in kept):
                kept.append(turn)
        return sorted(kept, key=lambda t: t.time_s)

    def _step(self, time_s: float) -> float:
        """How far the utterance that begins at a time lies from the one before."""
        at = bisect_left(self._starts, time_s)
        if not 0 < at < len(self._starts) or self._starts[at] != time_s:
            return 0.0
        past, new = self._said[at - 1], self._said[at]
        return float(np.hypot(new.arousal - past.arousal, new.valence - past.valence))

    def sustained(self, strength: float, shortest_s: float) -> list[tuple[Span, Feeling]]:
        """Stretches in which 8 s of feeling stay at least this strong."""
        runs: list[Span] = []
        for time_s in self._times:
            around = self.feeling(time_s - SIDE_S / 2, time_s + SIDE_S / 2, least=2)
            if around and around.strength >= strength:
                if runs and time_s - runs[-1].end_s <= SIDE_S:
                    runs[-1] = runs[-1] | Span(time_s, time_s)
                else:
                    runs.append(Span(time_s, time_s))
        found = ((run, self.feeling(run.start_s, run.end_s)) for run in runs if run.duration_s >= shortest_s)
        return [(run, feeling) for run, feeling in found if feeling]

    def pause_near(self, time_s: float, reach_s: float = 4.0) -> Span | None:
        """The pause nearest to a time, within reach; of two as near the longer."""
        at = bisect_left(self.pauses, Span(time_s, time_s))
        close = [p for p in self.pauses[max(0, at - 4) : at + 4] if _distance(p, time_s) <= reach_s]
        return min(close, key=lambda p: (_distance(p, time_s), -p.duration_s), default=None)

    def stands_alone(self, start_s: float, end_s: float) -> Span | None:
        """The first line in a stretch that must stand alone: at most 4 s, with 1.5 s of silence on both sides.

        Where all lines lie that far apart the silence must also be twice the usual.
        """
        silence = max(1.5, 2 * self._usual_pause_s)
        for i, line in enumerate(self.speech):
            before = line.start_s - (self.speech[i - 1].end_s if i else 0.0)
            after = (self.speech[i + 1].start_s if i + 1 < len(self.speech) else self.end_s) - line.end_s
            if start_s < line.start_s < end_s and line.duration_s <= 4 and min(before, after) >= silence:
                return line
        return None

    def next_music(self, time_s: float) -> float:
        """Where music (with its margin) begins next; `time_s` itself inside it, the end where there is none."""
        return next((max(time_s, m.start_s) for m in self.music if m.end_s > time_s), self.end_s)


def _distance(span: Span, time_s: float) -> float:
    return max(span.start_s - time_s, time_s - span.end_s, 0.0)
