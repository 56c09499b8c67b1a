"""What is rated: utterances, and the windows around the points of the curve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import ceil

from ...core.speech import SpeakerTurn, Transcript, Utterance
from ...core.time import Span, merge_spans

#: Spans of speech closer than this belong to one utterance where no transcript says otherwise.
_JOIN_S = 0.6
_LONGEST_S = 8.0
#: How many utterances on either side are looked at for somebody else's.
_NEAR = 8


@dataclass(frozen=True)
class Window:
    """A stretch to be rated, and who speaks in it where that is known."""

    start_s: float
    end_s: float
    speaker: str | None = None


def utterances_of(
    transcript: Transcript | None, speech: Sequence[Span], turns: Sequence[SpeakerTurn], duration_s: float
) -> list[Utterance]:
    """The transcript's utterances, else stretches of speech of one speaker, at most `_LONGEST_S` long."""
    if transcript is not None and transcript.utterances:
        own = transcript if any(u.speaker for u in transcript.utterances) else transcript.with_speakers(tuple(turns))
        inside = (replace(u, start_s=max(0.0, u.start_s)) for u in own.utterances)
        return [u for u in inside if u.end_s > u.start_s and u.start_s < duration_s]
    # Turns of different speakers may overlap: speech is cut where one begins or ends, each piece given to one.
    edges = sorted({e for turn in turns for e in (turn.start_s, turn.end_s)})
    pieces: list[tuple[Span, str | None]] = []
    for span in merge_spans(list(speech), _JOIN_S):
        inner = [span.start_s, *(e for e in edges if span.start_s < e < span.end_s), span.end_s]
        for start_s, end_s in pairwise(inner):
            who = _speaker_at((start_s + end_s) / 2, turns)
            if pieces and pieces[-1][1] == who and start_s - pieces[-1][0].end_s < 1e-6:
                pieces[-1] = (pieces[-1][0] | Span(start_s, end_s), who)
            else:
                pieces.append((Span(start_s, end_s), who))
    found = []
    for span, who in pieces:
        count = max(1, -int(-span.duration_s // _LONGEST_S))
        length = span.duration_s / count
        for k in range(count):
            start_s = span.start_s + k * length
            found.append(Utterance(start_s, start_s + length, "", "", (), who))
    return found


def _speaker_at(time_s: float, turns: Sequence[SpeakerTurn]) -> str | None:
    """Who began to speak last among those who speak at a time."""
    speaking = [turn for turn in turns if turn.start_s <= time_s < turn.end_s]
    return max(speaking, key=lambda turn: turn.start_s).speaker if speaking else None


def grid_of(
    speech: Sequence[Span], said: Sequence[Utterance], *, step_s: float, window_s: float, duration_s: float
) -> list[tuple[float, Window]]:
    """Times every `step_s` within half a step of speech, each with the window around it, of one speaker."""
    grid: list[tuple[float, Window]] = []
    at = 0
    for span in speech:
        first = max(0, ceil((span.start_s - step_s / 2) / step_s))
        for k in range(first, int((span.end_s + step_s / 2) / step_s) + 1):
            time_s = round(k * step_s, 6)
            if time_s > duration_s or (grid and time_s <= grid[-1][0]):
                continue
            while at + 1 < len(said) and said[at + 1].start_s <= time_s:
                at += 1
            own = _own(time_s, step_s, said, at)
            if own is None:
                grid.append((time_s, Window(max(0.0, time_s - window_s / 2), time_s + window_s / 2)))
            else:
                grid.append((time_s, _window(time_s, window_s / 2, said, own)))
    return grid


def _own(time_s: float, step_s: float, said: Sequence[Utterance], last: int) -> int | None:
    """The utterance that a time lies in, the last begun of several; else the nearest within a step.

    `last` is the last that has begun: one before it may go on where somebody has cut in.
    """
    near = [
        (max(said[k].start_s - time_s, time_s - said[k].end_s, 0.0), -k)
        for k in range(max(0, last - _NEAR), min(last + 1, len(said)))
    ]
    distance_s, k = min(near, default=(step_s + 1, 0))
    return -k if distance_s <= step_s else None


def _window(time_s: float, half_s: float, said: Sequence[Utterance], at: int) -> Window:
    """The window around a time in the utterance at `at`, cut where somebody else speaks before or after it."""
    who = said[at].speaker
    start_s, end_s = max(0.0, time_s - half_s), time_s + half_s
    others = [u for u in said[max(0, at - _NEAR) : at + _NEAR + 1] if u.speaker != who]
    start_s = max([start_s, *(u.end_s for u in others if u.end_s <= min(time_s, said[at].start_s))])
    end_s = min([end_s, *(u.start_s for u in others if u.start_s >= max(time_s, said[at].end_s))])
    return Window(start_s, end_s, who)
