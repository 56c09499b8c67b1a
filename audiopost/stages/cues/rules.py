"""Cues by rules: music enters in a pause where the feeling turns, and leaves before it is in the way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import ClassVar

from ...core.spotting import Cue
from ...core.stage import BuiltIn
from ...core.time import Span, clock
from . import Material, Options, palette
from .timeline import SIDE_S, Feeling, Timeline, Turn

#: Music rests at least this long between two cues.
_REST_S = 4.0
#: Silence before the first line, or after the last, that music may open or close.
_LEAD_S = 3.0
#: Pause at a scene's border that music may bridge.
_BRIDGE_S = 1.5
#: Feelings this strong that last may carry music without a turn.
_STRONG = 0.4
#: Feeling below which nothing calls for music any more.
_SPENT = 0.2
_LONGEST_TRANSITION_S = 20.0
#: Room for a fade after a line.
_FADE_S = 2.0


@dataclass(frozen=True)
class _Idea:
    """A place where music might enter, before it is fitted in: `score` ranks ideas against each other."""

    enter_s: float
    until_s: float
    function: str
    feeling: Feeling
    evidence: str
    score: float
    fixed: bool = False
    """Whether it enters exactly there (an intro) instead of in the nearest pause."""
    until_words: str = "where the feeling turns again"


class Rules(BuiltIn[Options]):
    """Intro and outro in opening and closing silence, transitions between scenes, underscore at turns of feeling."""

    name: ClassVar[str] = "rules"
    reason: ClassVar[str] = "rules need no model"

    def suggest(self, material: Material) -> tuple[Cue, ...]:
        """The best ideas first, each where it fits, until the share of the recording that music may cover is used."""
        line = Timeline(material, self.options.margin_s)
        if not line.speech or not material.points:
            return ()
        shortest = self.options.shortest_s
        if line.end_s < 60:
            shortest = min(shortest, max(2.0, line.end_s / 6))
        # However small the share, a short recording may have one cue.
        left = max(self.options.share * line.end_s, shortest if self.options.share > 0 else 0.0)
        cues: list[Cue] = []
        for idea in sorted(self._ideas(material, line, shortest), key=lambda i: (-i.score, i.enter_s)):
            if left < shortest:
                break
            cue = self._fitted(idea, material, line, cues, shortest, min(left, self.options.longest_s))
            if cue is not None:
                cues.append(cue)
                left -= cue.out_s - cue.in_s
        ordered = sorted(cues, key=lambda cue: cue.in_s)
        return tuple(replace(cue, number=n) for n, cue in enumerate(ordered, start=1))

    def _ideas(self, material: Material, line: Timeline, shortest: float) -> Iterator[_Idea]:
        yield from _opening_and_closing(line, shortest)
        turns = line.turns(self.options.change)
        for i, turn in enumerate(turns):
            until = next((t.time_s for t in turns[i + 1 :] if _counters(turn, t)), line.end_s)
            yield _Idea(turn.time_s, until, _function(turn), turn.after, _turn_words(turn, material), turn.size)
        for run, feeling in line.sustained(_STRONG, shortest):
            words = (
                f"Feeling stays strong from {clock(run.start_s)} to {clock(run.end_s)}: "
                f"mean arousal {feeling.arousal:.2f}, mean valence {feeling.valence:.2f}"
            )
            function = "tension" if feeling.arousal > 0.3 and feeling.valence < 0 else "underscore"
            yield _Idea(
                run.start_s, run.end_s, function, feeling, words, 0.5 * feeling.strength, until_words="as it fades"
            )
        for before, scene in pairwise(material.scenes):
            pause = line.pause_near(scene.start_s, 1.0)
            new = line.feeling(scene.start_s, scene.start_s + 20)
            if pause and new and pause.duration_s >= _BRIDGE_S:
                words = f"Scene {scene.number} begins at {clock(scene.start_s)} ({scene.reason})"
                old = line.feeling(before.start_s, before.end_s)
                move = Turn(scene.start_s, old, new).size if old else 0.0
                until = min(pause.start_s + _LONGEST_TRANSITION_S, scene.end_s)
                yield _Idea(pause.start_s + 0.2, until, "transition", new, words, 0.25 + 0.5 * move,
                            until_words="once the new scene is under way")  # fmt: skip

    def _fitted(
        self, idea: _Idea, material: Material, line: Timeline, cues: list[Cue], shortest: float, longest: float
    ) -> Cue | None:
        """The cue of an idea between what is already there, or None where it has no room."""
        enter, entry = idea.enter_s, ""
        if not idea.fixed and (pause := line.pause_near(enter)) is not None and pause.start_s < line.end_s:
            rested = max((c.out_s + _REST_S for c in cues if c.in_s <= pause.end_s), default=0.0)
            enter = max(pause.start_s + min(0.2, pause.duration_s / 2), min(rested, pause.end_s))
            entry = f"; the pause of {pause.duration_s:.1f} s at {clock(pause.start_s)} lets music enter"
        if any(music.start_s <= enter < music.end_s for music in line.music):
            return None
        limits = [
            (idea.until_s, idea.until_words if idea.until_s < line.end_s else "at the end"),
            (enter + longest, "when it has lasted long enough"),
            (line.next_music(enter), "before the music that is already there"),
        ]
        limits += [(s.end_s, f"at the end of scene {s.number}") for s in material.scenes if s.end_s >= enter + shortest]
        limits += [(c.in_s - _REST_S, "before the next cue") for c in cues if c.in_s >= enter]
        if any(c.in_s <= enter < c.out_s + _REST_S for c in cues):
            return None
        alone = line.stands_alone(enter + shortest, min(limits)[0]) if idea.function != "outro" else None
        if alone is not None:
            limits.append((alone.start_s - 0.4, f"before the line at {clock(alone.start_s)} that stands alone"))
        leave, why = min(limits)
        paused = False
        if idea.function != "outro":
            leave, paused = _into_pause(leave, enter + shortest, line)
        leave = min(leave, line.end_s)
        if leave - enter < shortest - 1e-6:
            return None
        sure = idea.feeling.confidence * min(1.0, 0.5 + idea.score)
        return Cue(
            0,
            round(enter, 3),
            round(leave, 3),
            idea.function,
            _emotion(material, enter, leave, idea.feeling),
            palette.tempo_bpm(idea.feeling.arousal),
            palette.mode(idea.feeling.valence),
            palette.instruments(idea.function, idea.feeling.arousal, idea.feeling.valence),
            f"{idea.evidence}{entry}; it leaves {why}{', in a pause' if paused else ''}.",
            round(min(1.0, sure if entry or idea.fixed else 0.8 * sure), 3),
        )


def _opening_and_closing(line: Timeline, shortest: float) -> Iterator[_Idea]:
    first, last = line.speech[0].start_s, line.speech[-1].end_s
    opening, closing = line.feeling(first, first + 20), line.feeling(last - 20, last + 1)
    if first >= _LEAD_S and opening:
        words = f"The first words come only at {clock(first, 1)}, which leaves room for an opening"
        # It may go on softly under the first words, where the lead is shorter than a cue.
        until = max(first, shortest + 0.5)
        yield _Idea(0.0, until, "intro", opening, words, 0.45, True, "under the first words")
    if line.end_s - last >= _LEAD_S and closing:
        words = f"After the last words at {clock(last, 1)} {line.end_s - last:.1f} s remain"
        enter = min(last + 0.2, max(0.0, line.end_s - shortest))
        yield _Idea(enter, line.end_s, "outro", closing, words, 0.45, True)


def _counters(turn: Turn, later: Turn) -> bool:
    """Whether a later turn ends what a turn began: the feeling is spent, or goes more back than on."""
    moved = turn.after.arousal - turn.before.arousal, turn.after.valence - turn.before.valence
    then = later.after.arousal - later.before.arousal, later.after.valence - later.before.valence
    return later.after.strength < _SPENT or moved[0] * then[0] + moved[1] * then[1] < 0


def _function(turn: Turn) -> str:
    """Tension as arousal rises without pleasure, release as it falls, lift as it rises with it, else underscore."""
    arousal = turn.after.arousal - turn.before.arousal
    valence = turn.after.valence - turn.before.valence
    if abs(arousal) >= abs(valence):
        if arousal < 0:
            return "release"
        return "tension" if turn.after.valence < 0.15 else "lift"
    return "lift" if valence > 0 else "underscore"


def _turn_words(turn: Turn, material: Material) -> str:
    moves = []
    for name, old, new in (
        ("arousal", turn.before.arousal, turn.after.arousal),
        ("valence", turn.before.valence, turn.after.valence),
    ):
        if abs(new - old) >= 0.15:
            moves.append(f"{name} {'rises' if new > old else 'falls'} from {old:.2f} to {new:.2f}")
    said = next((t.speaker for t in material.turns if t.start_s - 0.5 <= turn.time_s < t.end_s), None)
    said = said or next((u.speaker for u in material.utterances if u.start_s <= turn.time_s < u.end_s), None)
    who = f" as {said} speaks" if said else ""
    text = " and ".join(moves) or f"feeling moves by {turn.size:.2f}"
    return f"{text[0].upper()}{text[1:]} between the {SIDE_S:.0f} s before and after {clock(turn.time_s)}{who}"


def _into_pause(leave_s: float, earliest_s: float, line: Timeline) -> tuple[float, bool]:
    """The last moment up to `leave_s` at which nobody speaks, up to 8 s before; and whether there is one.

    Music fades within `_FADE_S` of the last line: it does not wait in silence for the end of its scene.
    """
    for pause in reversed(line.pauses):
        if pause.start_s < leave_s:
            better = min(leave_s, pause.end_s, pause.start_s + _FADE_S)
            if pause.end_s >= leave_s >= earliest_s:
                return max(better, earliest_s), True
            if better >= max(earliest_s, leave_s - 8.0):
                return better, True
            break
    return leave_s, False


def _emotion(material: Material, start_s: float, end_s: float, feeling: Feeling) -> str:
    """What the cue's utterances are labelled longest, 'neutral' only where all are; the plane's word without any."""
    share: dict[str, float] = {}
    for u in material.utterances:
        overlap = Span(max(0.0, u.start_s), max(0.0, u.end_s)) & Span(start_s, end_s)
        if overlap:
            share[u.label] = share.get(u.label, 0.0) + overlap.duration_s * (u.confidence + 0.01)
    if len(share) > 1:
        share.pop("neutral", None)
    if share:
        return max(sorted(share), key=lambda word: share[word])
    if feeling.strength < _SPENT:
        return "neutral"
    if feeling.arousal >= 0:
        return "bright" if feeling.valence >= 0.15 else "dark" if feeling.valence <= -0.15 else "intense"
    return "calm" if feeling.valence >= -0.15 else "sad"
