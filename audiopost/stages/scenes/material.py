"""What scenes and beats are found in: everything known of a recording, put in order and measured once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from ...analysis import vad
from ...analysis.shots import find_shots
from ...core.audio import Audio, sound_of
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
#: Music is known to so many seconds.
_MUSIC_EDGE_S = 3.0
#: What is known to half a second began with the sudden sound this near.
_ATTACK_S = 0.75
#: Music that rises this early fades in from the beginning.
_FADE_S = 1.0
#: Speech from this length on is believed without a turn or a line that says so.
_SURE_S = 0.5
#: What of project.activity is no sound event.
_NO_EVENTS = ("speech", "music", "silence")


@dataclass(frozen=True)
class Material:
    """All in order of time and inside the recording of `duration_s`; what a recording does not have is empty.

    `speech` is what the VAD, the turns or the utterances say; `backgrounds` are changes of the background outside
    music, `sudden` sounds neither in speech nor in music, `feelings` turns of feeling.
    """

    duration_s: float
    speech: tuple[Span, ...] = ()
    turns: tuple[SpeakerTurn, ...] = ()
    utterances: tuple[EmotionUtterance, ...] = ()
    points: tuple[EmotionPoint, ...] = ()
    events: tuple[Activity, ...] = ()
    music: tuple[Span, ...] = ()
    backgrounds: tuple[novelty.Change, ...] = ()
    sudden: tuple[novelty.Sudden, ...] = ()
    cuts: tuple[Cut, ...] = ()
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
    audio = sound_of(audio)
    end_s = audio.duration_s
    known, talk, said = _inside(activity, end_s), _inside(turns, end_s), _inside(utterances, end_s)
    heard = vad.speech_spans(audio, vad.gain_to_usual(audio)) if speech is None else speech
    spoken = _speech(heard, [*_spans(talk), *_spans(said)], end_s)
    curve = tuple(sorted((p for p in points if _felt(p, end_s)), key=lambda p: p.time_s))
    scape = novelty.soundscape(audio, progress)
    music = _music([a for a in known if _is_music(a)], scape, [*_spans(talk), *_spans(said)], end_s)
    return Material(
        end_s,
        spoken,
        talk,
        said,
        curve,
        tuple(a for a in known if not _is_music(a) and a.kind not in _NO_EVENTS),
        *_sounds(scape, spoken, music),
        tuple(c for c in cuts(find_shots(film, progress)) if c.time_s < end_s) if film is not None else (),
        feelings.turns(curve, said, smallest_turn),
    )


def _sounds(
    scape: novelty.Soundscape, spoken: Sequence[Span], music: Sequence[Span]
) -> tuple[tuple[Span, ...], tuple[novelty.Change, ...], tuple[novelty.Sudden, ...]]:
    """Music, changes of the background, and sudden sounds that are neither's beginning: that one says when it began."""
    inside = [Span(m.start_s + _ATTACK_S, m.end_s) for m in music if m.duration_s > _ATTACK_S]
    sudden = novelty.sudden(scape.envelope, [*spoken, *inside])
    music = [Span(at, m.end_s) if (at := _begun(m.start_s, sudden)) < m.end_s else m for m in music]
    changes = [
        change._replace(time_s=_begun(change.time_s, sudden)) if change.rise_db > 0 else change
        for change in novelty.changes(scape.levels)
        if not any(_inside_music(span, change.time_s) for span in music)
    ]
    begun = {m.start_s for m in music} | {c.time_s for c in changes}
    return tuple(music), tuple(changes), tuple(s for s in sudden if s.time_s not in begun)


def _begun(time_s: float, sudden: Sequence[novelty.Sudden]) -> float:
    """The moment of the sudden sound that lies nearest to a time known to half a second, or that time."""
    near = [s.time_s for s in sudden if abs(s.time_s - time_s) <= _ATTACK_S]
    return min(near, key=lambda at: abs(at - time_s), default=time_s)


def _is_music(activity: Activity) -> bool:
    """'music', or 'music:strings' from a detector that hears what plays."""
    return activity.kind.partition(":")[0] == "music"


def _inside(marks: Sequence[Timed], end_s: float) -> tuple[Timed, ...]:
    cut = (replace(m, start_s=max(0.0, m.start_s), end_s=min(m.end_s, end_s)) for m in marks)
    return tuple(sorted((m for m in cut if m.end_s > m.start_s), key=lambda m: (m.start_s, m.end_s)))


def _felt(point: EmotionPoint, end_s: float) -> bool:
    numbers = (point.time_s, point.arousal, point.valence, point.dominance, point.confidence)
    return all(map(math.isfinite, numbers)) and 0 <= point.time_s <= end_s


def _spans(marks: Sequence[Timed]) -> list[Span]:
    return [Span(mark.start_s, mark.end_s) for mark in marks]


def _speech(heard: Sequence[Span], lines: Sequence[Span], end_s: float) -> tuple[Span, ...]:
    """What is heard as speech and what is known as lines; a short sound that no line knows is a door or a cough."""

    def sure(span: Span) -> bool:
        return not lines or span.duration_s >= _SURE_S or any(span & line for line in lines)

    inside = [Span(min(s.start_s, end_s), min(s.end_s, end_s)) for s in (*filter(sure, heard), *lines)]
    return tuple(span for span in merge_spans(inside) if span.duration_s > 0)


def _music(marked: Sequence[Activity], scape: novelty.Soundscape, lines: Sequence[Span], end_s: float) -> list[Span]:
    """Music known to some seconds: it enters where the background rises most, and leaves where it falls most.

    Lines are left out: what rises and falls with them is the voice.
    """

    def refined(span: Span) -> Span:
        start_s = novelty.steepest(scape.levels, span.start_s, _MUSIC_EDGE_S, lines, rising=True)
        until_s = novelty.steepest(scape.levels, span.end_s, _MUSIC_EDGE_S, lines, rising=False)
        if start_s is None:
            start_s = 0.0 if span.start_s <= _MUSIC_EDGE_S else span.start_s
        elif start_s <= _FADE_S:
            start_s = 0.0
        if until_s is None:
            until_s = end_s if span.end_s >= end_s - _MUSIC_EDGE_S else span.end_s
        return Span(start_s, min(until_s, end_s)) if start_s < until_s else span

    return merge_spans([refined(span) for span in merge_spans(_spans(marked), _MUSIC_GAP_S)])


def _inside_music(span: Span, time_s: float) -> bool:
    return span.start_s - _MUSIC_EDGE_S <= time_s <= span.end_s + _MUSIC_EDGE_S
