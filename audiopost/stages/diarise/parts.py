"""A long recording diarised in overlapping parts, and the speakers of the parts linked.

Speakers of a part and of those before are matched one to one (Hungarian method: Kuhn, 1955) by the cosine of their
embeddings and by how far they talk at the same time where the parts overlap; who matches nobody is new.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ...core.audio import FloatArray
from ...core.speech import SpeakerTurn
from ...core.time import Span

#: Seconds of a part, and of what two neighbours share.
PART_S, SHARED_S = 1800.0, 60.0
#: The least sum of cosine and share of common time of one person in two parts; each is at most 1.
_SAME = 0.5


@dataclass(frozen=True)
class Part:
    """What was found in `span`, times of the whole recording. `embeddings` (speakers, size) belong to `speakers`, the
    labels of this part alone; None where there are none."""

    span: Span
    turns: tuple[SpeakerTurn, ...]
    exclusive: tuple[SpeakerTurn, ...] | None
    speakers: tuple[str, ...]
    embeddings: FloatArray | None


def spans(duration_s: float) -> tuple[Span, ...]:
    """The parts of a recording: none longer than PART_S and SHARED_S together, neighbours share SHARED_S."""
    count = max(1, int(np.ceil((duration_s - SHARED_S) / PART_S)))
    step_s = max(0.0, duration_s - SHARED_S) / count
    return tuple(Span(i * step_s, min(duration_s, (i + 1) * step_s + SHARED_S)) for i in range(count))


class Linker:
    """Parts in order of time in, the turns of the whole recording out; holds one embedding a speaker.

    `most` speakers are kept at most: further ones go to whom they resemble most.
    """

    def __init__(self, most: int | None) -> None:
        self._most = most
        self._sums: list[FloatArray | None] = []
        self._last: Part | None = None
        self._names: dict[str, int] = {}

    def add(self, part: Part) -> dict[str, str]:
        """The part's labels, and the labels of the whole recording that they stand for."""
        from scipy.optimize import linear_sum_assignment

        alike = self._likeness(part)
        names: dict[str, int] = {}
        rows, columns = linear_sum_assignment(-alike)
        for who, known in zip(rows.tolist(), columns.tolist(), strict=True):
            if alike[who, known] >= _SAME:
                names[part.speakers[who]] = known
        for row, speaker in enumerate(part.speakers):
            if speaker in names:
                continue
            if alike.shape[1] and self._most is not None and len(self._sums) >= self._most:
                names[speaker] = int(alike[row].argmax())
            else:
                names[speaker] = len(self._sums)
                self._sums.append(None)
        for row, speaker in enumerate(part.speakers):
            if part.embeddings is not None:
                seconds = sum(t.end_s - t.start_s for t in part.turns if t.speaker == speaker)
                vector = seconds * _unit(part.embeddings[row])
                before = self._sums[names[speaker]]
                self._sums[names[speaker]] = vector if before is None else before + vector
        self._last, self._names = part, names
        return {speaker: str(index) for speaker, index in names.items()}

    def _likeness(self, part: Part) -> FloatArray:
        out = np.zeros((len(part.speakers), len(self._sums)), np.float32)
        for row in range(len(out)):
            for column, known in enumerate(self._sums):
                if known is not None and part.embeddings is not None:
                    out[row, column] = float(_unit(known) @ _unit(part.embeddings[row]))
        if self._last is None:
            return out
        shared = Span(part.span.start_s, self._last.span.end_s)
        for row, speaker in enumerate(part.speakers):
            here = _marked(part, speaker, shared)
            for other, column in self._names.items():
                there = _marked(self._last, other, shared)
                either = np.count_nonzero(here | there)
                out[row, column] += np.count_nonzero(here & there) / either if either else 0.0
        return out


def joined(
    parts: tuple[Span, ...], found: list[tuple[tuple[SpeakerTurn, ...], dict[str, str]]]
) -> Iterator[SpeakerTurn]:
    """The turns of each part up to the middle of what it shares with the next; a turn over that middle stays whole."""
    edges = [parts[0].start_s, *((a.end_s + b.start_s) / 2 for a, b in pairwise(parts)), parts[-1].end_s]
    open_turns: dict[str, SpeakerTurn] = {}
    for (low_s, high_s), (turns, names) in zip(pairwise(edges), found, strict=True):
        following: dict[str, SpeakerTurn] = {}
        for turn in sorted(turns, key=lambda t: t.start_s):
            start_s, end_s, speaker = max(turn.start_s, low_s), min(turn.end_s, high_s), names[turn.speaker]
            if end_s <= start_s:
                continue
            if start_s == low_s and speaker in open_turns:
                start_s = open_turns.pop(speaker).start_s
            piece = SpeakerTurn(start_s, end_s, speaker)
            if end_s == high_s and high_s < edges[-1]:
                following[speaker] = piece
            else:
                yield piece
        yield from open_turns.values()
        open_turns = following
    yield from open_turns.values()


def _marked(part: Part, speaker: str, span: Span, step_s: float = 0.1) -> np.ndarray:
    """Where in a span a speaker of a part talks, every `step_s`."""
    times = np.arange(span.start_s, span.end_s, step_s)
    out = np.zeros(len(times), bool)
    for turn in part.turns:
        if turn.speaker == speaker:
            out |= (times >= turn.start_s) & (times < turn.end_s)
    return out


def _unit(vector: FloatArray) -> FloatArray:
    """Length 1; zeros for what is no number, as pyannote's embedding of a speaker with no clean second can be."""
    clean = np.nan_to_num(np.asarray(vector, np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    out: FloatArray = clean / max(float(np.linalg.norm(clean)), 1e-9)
    return out
