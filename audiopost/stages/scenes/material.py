"""What scenes and beats are found in: everything known of a recording, put in order and measured once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from ...analysis import vad
from ...analysis.shots import find_shots
from ...core.audio import Audio
from ...core.marks import Activity
from ...core.speech import SpeakerTurn
from ...core.spotting import EmotionPoint, EmotionUtterance
from ...core.stage import Progress
from ...core.time import Span, merge_spans
from . import feelings, novelty
from .places import Cut, cuts

Timed = TypeVar("Timed", Activity, SpeakerTurn, EmotionUtterance)

#: Music that rests for less than this goes on.
_MUSIC_GAP_S = 2.0
#: A change of the background this near to where music enters or leaves is that music.
_MUSIC_EDGE_S = 2.5
#: What of project.activity is no sound event.
NO_EVENTS = ("speech", "music", "silence")


@dataclass(frozen=True)
class Material:
    """All in order of time and inside the recording of `duration_s`; what a recording does not have is empty.

    `backgrounds` are changes of the background other than those that `music` makes by entering and leaving, `sudden`
    sounds neither in speech nor in music, `feelings` turns of feeling.
    """

    duration_s: float
    speech: tuple[Span, ...] = ()
    turns: tuple[SpeakerTurn, ...] = ()
    utterances: tuple[EmotionUtterance, ...] = ()
    points: tuple[EmotionPoint, ...] = ()
    events: tuple[Activity, ...] = ()
    music: tuple[Span, ...] = ()
    cuts: tuple[Cut, ...] = ()
    backgrounds: tuple[novelty.Change, ...] = ()
    sudden: tuple[novelty.Sudden, ...] = ()
    feelings: tuple[feelings.Turn, ...] = ()


def gathered(
    audio: Audio,
    film: Path | None,
    speech: Sequence[Span] | None,
    turns: Sequence[SpeakerTurn],
    utterances: Sequence[EmotionUtterance],
    points: Sequence[EmotionPoint],
    activity: Sequence[Activity],
    smallest_turn: float,
    progress: Progress,
) -> Material:
    """Puts in order what is known and measures the rest; what lies outside the recording or has no length is left out.

    `speech` is found by the VAD where None. Raises UnreadableMedia for a broken `film`.
    """
    end_s = audio.duration_s
    known = _inside(activity, end_s)
    heard = vad.speech_spans(audio) if speech is None else speech
    said = _inside(utterances, end_s)
    curve = tuple(sorted((p for p in points if _felt(p, end_s)), key=lambda p: p.time_s))
    scape = novelty.soundscape(audio, progress)
    backgrounds = novelty.changes(scape.levels)
    music = tuple(
        _refined(span, backgrounds, end_s)
        for span in merge_spans([Span(a.start_s, a.end_s) for a in known if _is_music(a)], _MUSIC_GAP_S)
    )
    spoken = tuple(merge_spans([Span(min(s.start_s, end_s), min(s.end_s, end_s)) for s in heard]))
    return Material(
        end_s,
        tuple(span for span in spoken if span.duration_s > 0),
        _inside(turns, end_s),
        said,
        curve,
        tuple(a for a in known if not _is_music(a) and a.kind not in NO_EVENTS),
        music,
        tuple(c for c in cuts(find_shots(film, progress)) if c.time_s < end_s) if film is not None else (),
        tuple(c for c in backgrounds if not any(_edge(span, c.time_s) for span in music)),
        tuple(novelty.sudden(scape.envelope, [*spoken, *music])),
        feelings.turns(curve, said, smallest_turn),
    )


def _is_music(activity: Activity) -> bool:
    """'music', or 'music:strings' from a detector that hears what plays."""
    return activity.kind.partition(":")[0] == "music"


def _inside(marks: Sequence[Timed], end_s: float) -> tuple[Timed, ...]:
    cut = (replace(m, start_s=max(0.0, m.start_s), end_s=min(m.end_s, end_s)) for m in marks)
    return tuple(sorted((m for m in cut if m.end_s > m.start_s), key=lambda m: (m.start_s, m.end_s)))


def _felt(point: EmotionPoint, end_s: float) -> bool:
    numbers = (point.time_s, point.arousal, point.valence, point.dominance, point.confidence)
    return all(map(math.isfinite, numbers)) and 0 <= point.time_s <= end_s


def _refined(span: Span, backgrounds: Sequence[novelty.Change], end_s: float) -> Span:
    """Music is known by the second: it enters and leaves where the background rises and falls with it."""
    rises = [c.time_s for c in backgrounds if c.rise_db > 0 and abs(c.time_s - span.start_s) <= _MUSIC_EDGE_S]
    falls = [c.time_s for c in backgrounds if c.rise_db < 0 and abs(c.time_s - span.end_s) <= _MUSIC_EDGE_S]
    start_s = min(rises, key=lambda t: abs(t - span.start_s), default=span.start_s)
    until_s = min(falls, key=lambda t: abs(t - span.end_s), default=span.end_s)
    return Span(start_s, min(until_s, end_s)) if start_s < until_s else span


def _edge(span: Span, time_s: float) -> bool:
    return min(abs(time_s - span.start_s), abs(time_s - span.end_s)) <= _MUSIC_EDGE_S
