"""An idea fitted in between what is already there: where exactly it enters and leaves, on whole frames."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ...core.time import FrameRate, Span, clock
from .ideas import Context, Idea

#: A shot change, or the next line, this near takes the entry.
_CUT_REACH_S, _LINE_REACH_S = 2.0, 2.0
#: Music enters this long after a line, and before the next.
_AFTER_S, _BEFORE_S = 0.2, 0.3
#: And this long after a hard sound, if it is then heard for so long before the next words.
_RUNG_S, _HEARD_S = 0.5, 1.5
#: Room for a fade after a line; how far before its planned end music may leave in a pause.
_FADE_S, _BACK_S = 2.0, 8.0
#: How long before a line that stands alone music is gone.
_GONE_S = 0.4
#: Functions that end as they are, whatever is said then.
_EXACT_OUT = ("closing", "sting", "button", "silence")


@dataclass(frozen=True)
class Placed:
    """An idea with its times on frames, and the words for how it enters and leaves."""

    idea: Idea
    in_s: float
    out_s: float
    entry: str
    leave: str
    pause: bool

    @property
    def confidence(self) -> float:
        """How sure the voices are, times how much the idea wants to be there; less where no pause or cut lets it in."""
        sure = self.idea.feeling.confidence * min(1.0, 0.5 + self.idea.score)
        return round(min(1.0, sure if self.entry or self.idea.fixed else 0.8 * sure), 3)

    @property
    def heard(self) -> tuple[float, float]:
        """The stretch whose words name its feeling: the idea's, as far as the cue reaches into it."""
        start, end = self.idea.heard
        return start, min(end, self.out_s) if self.out_s > start + 1.0 else end


def placed(idea: Idea, context: Context, taken: Sequence[Placed], room_s: float, rate: FrameRate) -> Placed | None:
    """The idea where it fits, at most `room_s` long; None where it has no room."""
    shortest = context.shortest(idea.function)
    free = (way for way in _entries(idea, context, taken) if _free(idea, way[0], context, taken))
    enter, entry = next(free, (None, ""))
    if enter is None:
        return None
    limits = _limits(idea, enter, shortest, room_s, context, taken)
    leave, why = min(limits)
    paused = False
    if idea.function == "montage":
        cut = context.line.cut_near(leave, _CUT_REACH_S)
        leave = cut if cut is not None and enter + shortest <= cut <= leave else leave
    elif idea.function not in _EXACT_OUT:
        leave, paused = _into_pause(leave, enter, shortest, context)
    first, last = _ceil(enter, rate), _floor(min(leave, context.line.end_s), rate)
    if last <= first or rate.seconds_at(last - first) < shortest - 1.001 / float(rate.fraction):
        return None
    return Placed(idea, rate.seconds_at(first), rate.seconds_at(last), entry, why, paused)


def _entries(idea: Idea, context: Context, taken: Sequence[Placed]) -> Iterator[tuple[float, str]]:
    """Where it may enter and the words for that, in the order its function prefers; the moment itself comes last."""
    line, say = context.line, context.words.say
    prefer = () if idea.fixed else context.rules.functions[idea.function].enter
    for way in prefer:
        if way == "cut" and (cut := line.cut_near(idea.enter_s, _CUT_REACH_S)) is not None:
            if idea.function == "montage" or not line.speaks_at(cut):
                yield cut, say("enter_cut", time=clock(cut, 1))
        elif way == "pause" and (pause := line.pause_near(idea.enter_s)) is not None and pause.start_s < line.end_s:
            yield _in_pause(pause, idea, context, taken)
        elif way == "before-line" and (span := line.next_line(idea.enter_s - 0.5)) is not None:
            enter = span.start_s - _BEFORE_S
            if abs(span.start_s - idea.enter_s) <= _LINE_REACH_S and enter >= 0 and not line.speaks_at(enter):
                yield enter, say("enter_line", time=clock(span.start_s, 1))
    yield idea.enter_s, ""


def _in_pause(pause: Span, idea: Idea, context: Context, taken: Sequence[Placed]) -> tuple[float, str]:
    """As the line before it ends, rested from the cue before, once its last hard sound is over."""
    rest = context.rules.programme.rest_s
    rested = max((c.out_s + rest for c in taken if _music(c) and c.in_s <= pause.end_s), default=0.0)
    early = max(pause.start_s + min(_AFTER_S, pause.duration_s / 2), min(rested, pause.end_s))
    if idea.function == "transition":
        early = max(early, idea.enter_s)
    told = {"seconds": pause.duration_s, "time": clock(pause.start_s)}
    sound = _last_sound(pause.start_s, min(max(idea.enter_s, idea.heard[0]), pause.end_s), context)
    if sound is not None and sound + _RUNG_S > early:
        return sound + _RUNG_S, context.words.say("enter_sound", **told, sound=clock(sound, 1))
    return early, context.words.say("enter_pause", **told)


def _last_sound(start_s: float, end_s: float, context: Context) -> float | None:
    """The last hard sound of a pause, which drowns music that begins before it.

    What leaves music no room before the next words is not waited for: it can be hit.
    """
    hard = context.rules.thresholds.hard
    times = (beat.time_s for beat in context.line.material.beats if beat.kind == "sound" and beat.strength >= hard)
    return max((at for at in times if start_s <= at < end_s - _RUNG_S - _HEARD_S), default=None)


def _free(idea: Idea, enter: float, context: Context, taken: Sequence[Placed]) -> bool:
    """Whether a cue may enter then: no music, and rested from the cue before."""
    if not 0 <= enter < context.line.end_s or context.line.in_music(enter):
        return False
    return not any(c.in_s <= enter < c.out_s + _rest(idea, c, context) - 1e-6 for c in taken)


def _limits(
    idea: Idea, enter: float, shortest: float, room_s: float, context: Context, taken: Sequence[Placed]
) -> list[tuple[float, str]]:
    """(time, words) of all that may end the cue."""
    line, say, rules = context.line, context.words.say, context.rules
    longest = min(rules.functions[idea.function].length_s[1], rules.programme.longest_s)
    limits = [
        (min(idea.until_s, line.end_s), idea.leaves if idea.until_s < line.end_s else say("why_end")),
        (enter + longest, say("why_long", seconds=longest)),
    ]
    if idea.function != "silence":
        limits.append((enter + room_s, say("why_share")))
    music = line.next_music(enter)
    if music < line.end_s:
        limits.append((music, say("why_music", time=clock(music + rules.programme.margin_s))))
    limits += [
        (c.in_s - _rest(idea, c, context), say("why_next" if _music(c) else "why_silence", time=clock(c.in_s)))
        for c in taken if c.in_s >= enter
    ]  # fmt: skip
    if idea.function in ("underscore", "transition", "opening"):
        limits += [
            (scene.end_s, say("why_scene", number=scene.number, time=clock(scene.end_s)))
            for scene in line.material.scenes
            if scene.end_s >= enter + shortest and not (idea.function == "transition" and scene.end_s <= idea.heard[0])
        ]  # fmt: skip
        alone = context.lone_line(enter + shortest, min(limits)[0])
        if alone is not None:
            limits.append((alone.start_s - _GONE_S, say("why_alone", time=clock(alone.start_s))))
    return limits


def _rest(idea: Idea, other: Placed, context: Context) -> float:
    """How far two cues stay apart: music from music, nothing from silence."""
    return context.rules.programme.rest_s if _music(other) and idea.function != "silence" else 0.0


def _music(cue: Placed) -> bool:
    return cue.idea.function != "silence"


def _into_pause(leave_s: float, enter_s: float, shortest_s: float, context: Context) -> tuple[float, bool]:
    """The last moment up to `leave_s` at which nobody speaks, up to 8 s before; and whether there is one.

    Music fades within `_FADE_S` of the last line, unless it came in after that: it does not wait in silence for the end
    of its scene.
    """
    earliest_s = enter_s + shortest_s
    for pause in reversed(context.line.pauses):
        if pause.start_s < leave_s:
            better = min(leave_s, pause.end_s, pause.start_s + _FADE_S)
            if pause.end_s >= leave_s >= earliest_s:
                return leave_s if pause.start_s <= enter_s else max(better, earliest_s), True
            if better >= max(earliest_s, leave_s - _BACK_S):
                return better, True
            break
    return leave_s, False


def _ceil(time_s: float, rate: FrameRate) -> int:
    return math.ceil(time_s * float(rate.fraction) - 1e-4)


def _floor(time_s: float, rate: FrameRate) -> int:
    return math.floor(time_s * float(rate.fraction) + 1e-4)
