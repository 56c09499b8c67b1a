"""The time line that cues are laid on: feelings, speech and its pauses, cuts, the room that music leaves."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ...analysis.affect import CIRCUMPLEX, VOICE_VALENCE, label
from ...core.spotting import Affect, EmotionPoint, EmotionUtterance
from ...core.time import Span, merge_spans
from . import Material

#: Seconds before and after a moment that are compared to find a turn of feeling.
SIDE_S = 8.0
#: Seconds before and after that are compared to find a jump.
JUMP_S = 4.0
#: A turn rests on at least this much speech on either side.
_EVIDENCE_S = 2.5
#: A change point of the feelings this near confirms a turn.
_CONFIRMED_S = 4.0
#: Shortest gap in speech that music may use to enter or leave.
PAUSE_S = 0.4
#: Words that are nothing but neutral name the feeling only where hardly any others do.
_NEUTRAL = 0.3
#: What a turn of the words alone counts, and how much of what follows it must have words that tell.
_WORDED, _WORDS_SHARE = 0.75, 0.4
#: How far a line's name draws its place, where it is sure.
_NAMED = 0.5
#: Trust from which on a feeling can be named.
_KNOWN = 0.6


@dataclass(frozen=True)
class Feeling:
    """Mean arousal, valence and confidence of some points of the curve, and how strong a feeling that is.

    `felt` is the place drawn towards what the lines were named: names are found from more than the place. `trust` 0..1
    is how far the valence is known: a voice alone tells how aroused somebody is, hardly how glad.
    """

    arousal: float
    valence: float
    confidence: float
    trust: float = 1.0
    felt: tuple[float, float] | None = None

    @property
    def named(self) -> bool:
        """Whether the valence is known well enough for a name: glad and angry, tender and sad are told by it alone."""
        return self.trust >= _KNOWN

    @property
    def place(self) -> tuple[float, float]:
        return self.felt or (self.arousal, self.valence)

    @property
    def strength(self) -> float:
        arousal, valence = self.place
        return float(np.hypot(arousal, self.trust * valence))

    def moved(self, other: Feeling) -> tuple[float, float]:
        """The way in arousal and valence to another feeling, as far as it is known."""
        trust = min(self.trust, other.trust)
        return other.place[0] - self.place[0], trust * (other.place[1] - self.place[1])

    def distance(self, other: Feeling) -> float:
        return float(np.hypot(*self.moved(other)))


@dataclass(frozen=True)
class Turn:
    """A turn of feeling at a moment between lines; `worded` where the words turn more than words and voice together."""

    time_s: float
    before: Feeling
    after: Feeling
    worded: bool = False

    @property
    def size(self) -> float:
        return self.before.distance(self.after) * (_WORDED if self.worded else 1.0)


class Timeline:
    """Look-ups over the material of one recording."""

    def __init__(self, material: Material, margin_s: float) -> None:
        self.material = material
        self.end_s = material.duration_s
        heard = [(u.start_s, u.end_s) for u in material.utterances]
        heard += [(t.start_s, t.end_s) for t in material.turns]
        heard += [(a.start_s, a.end_s) for a in material.activity if a.kind == "speech"]
        inside = [Span(max(0.0, a), min(b, self.end_s)) for a, b in heard if min(b, self.end_s) > max(0.0, a)]
        self.speech = merge_spans(inside, PAUSE_S)
        self.lines = merge_spans([Span(max(0.0, u.start_s), u.end_s) for u in material.utterances if u.end_s > 0], 0.05)
        near = [Span(max(0.0, s.start_s - margin_s), s.end_s + margin_s) for s in material.music]
        self.music = merge_spans(near)
        self.pauses = [Span(a.end_s, b.start_s) for a, b in pairwise(self.speech)]
        if self.speech and self.end_s - self.speech[-1].end_s >= PAUSE_S:
            self.pauses.append(Span(self.speech[-1].end_s, self.end_s))
        cuts = {beat.time_s for beat in material.beats if beat.kind == "shot"}
        cuts |= {cut for scene in material.scenes for cut in scene.cuts_s}
        self.cuts = sorted(cut for cut in cuts if 0 <= cut <= self.end_s)
        self._speech_starts = [span.start_s for span in self.speech]
        self._usual_pause_s = float(np.median([p.duration_s for p in self.pauses])) if self.pauses else 0.0
        self._said = material.utterances
        self._starts = [u.start_s for u in material.utterances]
        self._times = [p.time_s for p in material.points]
        values = [(p.arousal, p.valence, *self._felt(p), _trust(p), p.confidence) for p in material.points]
        self._values = np.array(values).reshape(-1, 6)
        self._turned = [beat.time_s for beat in material.beats if beat.kind == "emotion"]
        told = [(p.words.arousal, p.words.valence, p.words.confidence) if p.words else (0.0, 0.0, 0.0)
                for p in material.points]  # fmt: skip
        self._told = np.array(told).reshape(-1, 3)
        self._edges = np.array([0.0, *(t for span in self.speech for t in (span.start_s, span.end_s))])
        spoken = np.cumsum([span.duration_s for span in self.speech])
        self._spoken = np.array([0.0, *(t for i, s in enumerate(spoken) for t in (spoken[i - 1] if i else 0.0, s))])

    def feeling(self, start_s: float, end_s: float, least: int = 1) -> Feeling | None:
        """The mean between two times, weighted by confidence; None for fewer than `least` points."""
        low, high = bisect_left(self._times, start_s), bisect_left(self._times, end_s)
        part = self._values[low:high]
        if len(part) < least:
            return None
        weight = np.maximum(part[:, -1], 1e-3)
        arousal, valence, *felt, trust, _ = (weight @ part / weight.sum()).tolist()
        return Feeling(arousal, valence, float(part[:, -1].mean()), trust, (felt[0], felt[1]))

    def worded(self, start_s: float, end_s: float) -> tuple[Feeling, float]:
        """What the words alone say between two times, neutral where they say nothing; in how much of the points."""
        low, high = bisect_left(self._times, start_s), bisect_left(self._times, end_s)
        part = self._told[low:high]
        weight = part[:, 2].sum()
        if weight <= 0:
            return Feeling(0.0, 0.0, 0.0), 0.0
        arousal, valence, _ = (part[:, 2] @ part / weight).tolist()
        share = float((part[:, 2] > 0).mean())
        return Feeling(arousal, valence, float(weight / len(part))), share

    def _felt(self, point: EmotionPoint) -> tuple[float, float]:
        """A point's place, drawn towards that of the name of the line that is heard then."""
        at = bisect_right(self._starts, point.time_s) - 1
        said = self._said[at] if at >= 0 and point.time_s < self._said[at].end_s else None
        return _drawn(point.arousal, point.valence, said) if said else (point.arousal, point.valence)

    def moods(self, start_s: float, end_s: float) -> dict[str, float]:
        """Labels of the utterances between two times by their seconds times confidence, the heaviest first."""
        share: dict[str, float] = {}
        for said in self.utterances(start_s, end_s):
            inside = min(said.end_s, end_s) - max(said.start_s, start_s)
            weight = _NEUTRAL if said.label == "neutral" else 1.0
            share[said.label] = share.get(said.label, 0.0) + weight * inside * (said.confidence + 0.01)
        return dict(sorted(share.items(), key=lambda pair: (-pair[1], pair[0])))

    def mood(self, start_s: float, end_s: float, feeling: Feeling) -> str:
        """The label of a stretch: by its utterances, where they are neutral by where `feeling` lies."""
        named = next(iter(self.moods(start_s, end_s)), "neutral")
        if named != "neutral":
            return named
        return label(Affect(feeling.arousal, feeling.valence, 0.0, feeling.confidence))

    def utterances(self, start_s: float, end_s: float) -> list[EmotionUtterance]:
        """The utterances that are heard between two times."""
        # Utterances are ordered by their start; none is longer than two minutes.
        first = bisect_left(self._starts, start_s - 120)
        return [u for u in self._said[first : bisect_left(self._starts, end_s)] if u.end_s > start_s]

    def line_at(self, time_s: float, reach_s: float = 2.5) -> EmotionUtterance | None:
        """The utterance that begins nearest to a time, or is heard then."""
        near = self.utterances(time_s - reach_s, time_s + reach_s)
        return min(near, key=lambda u: (abs(u.start_s - time_s), u.start_s), default=None)

    def spoken_share(self, start_s: float, end_s: float) -> float:
        """How much of a stretch has words, 0..1."""
        if end_s <= start_s:
            return 0.0
        past = np.interp([start_s, end_s], self._edges, self._spoken)
        return float(past[1] - past[0]) / (end_s - start_s)

    def cuts_between(self, start_s: float, end_s: float) -> list[float]:
        return self.cuts[bisect_left(self.cuts, start_s) : bisect_right(self.cuts, end_s)]

    def cut_near(self, time_s: float, reach_s: float) -> float | None:
        return min(self.cuts_between(time_s - reach_s, time_s + reach_s), key=lambda c: abs(c - time_s), default=None)

    def speaks_at(self, time_s: float, inside_s: float = 0.0) -> bool:
        """Whether somebody speaks at a time, at least `inside_s` from both ends of the line."""
        at = bisect_right(self._speech_starts, time_s) - 1
        return at >= 0 and self.speech[at].start_s + inside_s <= time_s < self.speech[at].end_s - inside_s

    def next_line(self, time_s: float) -> Span | None:
        at = bisect_left(self._speech_starts, time_s)
        return self.speech[at] if at < len(self.speech) else None

    def quiet_from(self, time_s: float) -> float | None:
        """The end of the line that ends around a time, where nobody speaks for 4 s after it."""
        at = bisect_right(self._speech_starts, time_s) - 1
        if at < 0 or self.speech[at].end_s > time_s + 1.0:
            return None
        end = self.speech[at].end_s
        return end if at + 1 == len(self.speech) or self.speech[at + 1].start_s - end >= SIDE_S / 2 else None

    def turns(self, smallest: float) -> list[Turn]:
        """Turns of feeling of at least this size where lines begin, the clearest within `SIDE_S` of each other."""
        found: list[tuple[float, Turn]] = []
        for time_s in sorted({line.start_s for line in (*self.lines, *self.speech)}):
            turn = self._turn(time_s)
            if turn is not None and turn.size >= smallest:
                # Of several lines around a turn it is the one that differs most from the line before it.
                found.append((turn.size + self._step(time_s), turn))
        kept: list[Turn] = []
        for _, turn in sorted(found, key=lambda f: (-f[0], f[1].time_s)):
            if all(abs(turn.time_s - other.time_s) >= SIDE_S for other in kept):
                kept.append(turn)
        return sorted(kept, key=lambda t: t.time_s)

    def _turn(self, time_s: float) -> Turn | None:
        """How the feeling differs after a moment from before it; None where too little is said on either side."""
        sides = (time_s - SIDE_S, time_s), (time_s, time_s + SIDE_S)
        if any(SIDE_S * self.spoken_share(*side) < _EVIDENCE_S for side in sides):
            return None
        before, after = (self.feeling(*side, least=2) for side in sides)
        if before is None or after is None:
            return None
        whole = Turn(time_s, before, after)
        (said_before, _), (said_after, share) = (self.worded(*side) for side in sides)
        words = Turn(time_s, said_before, said_after, True)
        return words if share >= _WORDS_SHARE and words.size > whole.size else whole

    def confirmed(self, time_s: float) -> bool | None:
        """Whether the story beats have a turn of feeling there too; None where they have none at all."""
        return any(abs(time_s - at) <= _CONFIRMED_S for at in self._turned) if self._turned else None

    def _step(self, time_s: float) -> float:
        """How far the utterance that begins at a time lies from the one before."""
        at = bisect_left(self._starts, time_s)
        if not 0 < at < len(self._starts) or self._starts[at] != time_s:
            return 0.0
        return _of(self._said[at - 1]).distance(_of(self._said[at]))

    def jump(self, time_s: float) -> float:
        """How far the feeling moves across a moment."""
        before = self.feeling(time_s - JUMP_S, time_s)
        after = self.feeling(time_s, time_s + JUMP_S)
        return before.distance(after) if before and after else 0.0

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
        at = bisect_left(self.pauses, Span(max(time_s, 0.0), max(time_s, 0.0)))
        close = [p for p in self.pauses[max(0, at - 4) : at + 4] if _distance(p, time_s) <= reach_s]
        return min(close, key=lambda p: (_distance(p, time_s), -p.duration_s), default=None)

    def lone_lines(self, longest_s: float, around_s: float) -> list[tuple[Span, float, float]]:
        """(line, silence before, silence after) of the lines that stand alone.

        Where all lines lie that far apart the silence must also be twice the usual.
        """
        silence = max(around_s, 2 * self._usual_pause_s)
        found = []
        for i, line in enumerate(self.speech):
            before = line.start_s - (self.speech[i - 1].end_s if i else 0.0)
            after = (self.speech[i + 1].start_s if i + 1 < len(self.speech) else self.end_s) - line.end_s
            if line.duration_s <= longest_s and min(before, after) >= silence:
                found.append((line, before, after))
        return found

    def next_music(self, time_s: float) -> float:
        """Where music (with its margin) begins next; `time_s` itself inside it, the end where there is none."""
        return next((max(time_s, m.start_s) for m in self.music if m.end_s > time_s), self.end_s)

    def in_music(self, time_s: float) -> bool:
        return any(span.start_s <= time_s < span.end_s for span in self.music)


def _drawn(arousal: float, valence: float, said: EmotionUtterance) -> tuple[float, float]:
    """A place drawn towards that of a line's name."""
    if said.label not in CIRCUMPLEX:
        return arousal, valence
    share, (to_arousal, to_valence, _) = _NAMED * said.confidence, CIRCUMPLEX[said.label]
    return arousal + share * (to_arousal - arousal), valence + share * (to_valence - valence)


def _of(said: EmotionUtterance) -> Feeling:
    felt = _drawn(said.arousal, said.valence, said)
    return Feeling(said.arousal, said.valence, said.confidence, _trust(said), felt)


def _trust(point: EmotionPoint | EmotionUtterance) -> float:
    return VOICE_VALENCE if point.voice is not None and point.words is None else 1.0


def _distance(span: Span, time_s: float) -> float:
    return max(span.start_s - time_s, time_s - span.end_s, 0.0)
