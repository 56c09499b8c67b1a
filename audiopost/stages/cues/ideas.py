"""Places where music might enter, before any is fitted in: what each rests on, how much it wants to be there."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from ...core.spotting import EMOTIONS, EmotionUtterance, Scene
from ...core.time import Span, clock
from .pictures import montages, picture_opening
from .ruleset import Ruleset
from .timeline import SIDE_S, Feeling, Timeline, Turn
from .words import Words

#: Weights against each other, before a rule file's `wanted`.
_EDGE, _TRANSITION, _SUSTAINED, _STING, _BUTTON = 0.45, 0.25, 0.5, 0.35, 0.35
#: A turn that moves an axis by less than this is not told along that axis.
_TOLD = 0.15
#: A sting may not begin this far inside a line.
_INSIDE_S = 0.3
#: A sound with this much silence of words around it needs no jump of feeling.
_ALONE_S = 2.0
#: Feelings of the first and last words that an opening and a closing take theirs from.
_EDGE_S = 20.0
#: How far an opening reaches into the first words.
_TAIL_S = 2.0
_BUTTON_PAUSE_S = 1.2
#: A transition is done with when the new scene has gone on for so long.
_UNDER_WAY_S = 10.0
#: A later turn that goes back by less than this share of the way is a ripple within the cue.
_BACK = 0.5
#: What a turn weighs that the story beats confirm, do not, or say nothing of.
_CONFIRMED = {True: 1.25, False: 0.75, None: 1.0}
#: What a turn away from a feeling weighs: music rather comes with what begins than with what is over.
_AWAY = 0.6
_COMIC = ("joy", "surprise")


@dataclass(frozen=True)
class Idea:
    """A place for a cue of `function` from `enter_s` to about `until_s`; `score` ranks ideas against each other.

    `heard` is the stretch whose words name the feeling. `leaves` is how it leaves where nothing else ends it.
    """

    enter_s: float
    until_s: float
    function: str
    feeling: Feeling
    evidence: str
    score: float
    heard: tuple[float, float]
    leaves: str
    fixed: bool = False
    """Whether it enters exactly there, whatever its function prefers."""


@dataclass(frozen=True)
class Context:
    """What ideas are drawn from; `shortest_s` of an underscore, which is less in short recordings."""

    line: Timeline
    rules: Ruleset
    words: Words
    shortest_s: float

    def shortest(self, function: str) -> float:
        return min(self.rules.functions[function].length_s[0], self.shortest_s)

    def lone_line(self, start_s: float, end_s: float) -> Span | None:
        """The first line that starts between two times and stands alone."""
        return next((span for span in self.lone if start_s < span.start_s < end_s), None)

    @functools.cached_property
    def lone(self) -> list[Span]:
        silence = self.rules.silence
        return [span for span, _, _ in self.line.lone_lines(silence.line_s, silence.around_s)]

    def said(self, line: EmotionUtterance | None, how: str = "said") -> str:
        return self.words.said(line.text, line.speaker or self.speaker(line), how) if line else ""

    def speaker(self, line: EmotionUtterance) -> str | None:
        middle = (line.start_s + line.end_s) / 2
        turns = self.line.material.turns
        return next((t.speaker for t in turns if t.start_s - 0.5 <= middle < t.end_s), None)


def ideas(context: Context) -> Iterator[Idea]:
    """Every idea for music that the rules want at all, and whose feeling is known well enough."""
    found = (
        *_opening(context), *_closing(context), *_turns(context), *_sustained(context), *_transitions(context),
        *_stings(context), *_buttons(context), *_pictures(context),
    )  # fmt: skip
    sure = context.rules.thresholds.sure
    yield from (idea for idea in found if idea.score > 0 and idea.feeling.confidence >= sure)


def _wanted(context: Context, function: str, score: float) -> float:
    return score * context.rules.functions[function].wanted


def _opening(context: Context) -> Iterator[Idea]:
    line, say = context.line, context.words.say
    if not line.speech:
        return
    first = line.speech[0].start_s
    feeling = line.feeling(first, first + _EDGE_S)
    if first >= context.rules.thresholds.opening_s and feeling:
        evidence = say("opening", time=clock(first, 1), said=context.said(line.line_at(first), "line"))
        # It fades under the first words, and goes on under them where the lead is shorter than a cue.
        until = max(first + _TAIL_S, context.shortest("opening") + 0.5)
        score = _wanted(context, "opening", _EDGE)
        yield Idea(0.0, until, "opening", feeling, evidence, score, (first, first + _EDGE_S), say("why_words"), True)


def _closing(context: Context) -> Iterator[Idea]:
    line, say = context.line, context.words.say
    if not line.speech:
        return
    last = line.speech[-1].end_s
    feeling = line.feeling(last - _EDGE_S, last + 1)
    if line.end_s - last >= context.rules.thresholds.closing_s and feeling:
        spoken = line.utterances(last - 0.5, last + 0.5)
        said = context.said(spoken[-1] if spoken else None, "line")
        evidence = say("closing", time=clock(last, 1), said=said, seconds=line.end_s - last)
        enter = min(last + 0.2, max(0.0, line.end_s - context.shortest("closing")))
        heard = (max(0.0, last - _EDGE_S), last + 1)
        score = _wanted(context, "closing", _EDGE)
        # Where little remains it begins under the last lines, and then in a pause between them.
        after = enter > last
        yield Idea(enter, line.end_s, "closing", feeling, evidence, score, heard, say("why_end"), after)


def _turns(context: Context) -> Iterator[Idea]:
    line, say = context.line, context.words.say
    turns = line.turns(context.rules.thresholds.turn)
    for i, turn in enumerate(turns):
        later = next((t for t in turns[i + 1 :] if _counters(turn, t, context.rules.thresholds.spent)), None)
        until = later.time_s if later else line.end_s
        spent = later is not None and later.after.strength < context.rules.thresholds.spent
        leaves = say("why_spent" if spent else "why_turn", time=clock(until)) if later else say("why_end")
        said = context.said(line.line_at(turn.time_s, 1.0))
        evidence = _turned(turn, context, said)
        towards = turn.size if turn.after.strength >= turn.before.strength else _AWAY * turn.size
        score = _wanted(context, "underscore", towards * _CONFIRMED[line.confirmed(turn.time_s)])
        yield Idea(turn.time_s, until, "underscore", turn.after, evidence, score, (turn.time_s, until), leaves)


def _counters(turn: Turn, later: Turn, spent: float) -> bool:
    """Whether a later turn ends what a turn began: the feeling is spent, or goes back by much of the way."""
    moved, then = turn.before.moved(turn.after), later.before.moved(later.after)
    back = -(moved[0] * then[0] + moved[1] * then[1]) / max(turn.size, 1e-6)
    return later.after.strength < spent or back >= _BACK * turn.size


def _turned(turn: Turn, context: Context, said: str) -> str:
    """A turn with its measurement, and by name where the lines change theirs."""
    line, words = context.line, context.words
    told = {"time": clock(turn.time_s), "moves": _moves(turn, words), "said": said}
    if turn.worded:
        return words.say("turn_words", **told)
    before = line.mood(turn.time_s - SIDE_S, turn.time_s, turn.before)
    after = line.mood(turn.time_s, turn.time_s + SIDE_S, turn.after)
    if before == after or not (turn.before.named and turn.after.named):
        return words.say("turn", **told)
    return words.say("turn_named", **told, before=words.emotion(before), after=words.emotion(after))


def _moves(turn: Turn, words: Words) -> str:
    told = []
    for axis, old, new in (
        ("arousal", turn.before.arousal, turn.after.arousal),
        ("valence", turn.before.valence, turn.after.valence),
    ):
        if abs(new - old) >= _TOLD:
            told.append(words.moved(axis, old, new))
    return words.joined(told) if told else words.say("moves", size=turn.size)


def _sustained(context: Context) -> Iterator[Idea]:
    line, say = context.line, context.words.say
    for run, feeling in line.sustained(context.rules.thresholds.strong, context.shortest("underscore")):
        evidence = say(
            "strong", start=clock(run.start_s), end=clock(run.end_s), arousal=feeling.arousal,
            valence=feeling.valence, said=context.said(line.line_at(run.start_s)),
        )  # fmt: skip
        score = _wanted(context, "underscore", _SUSTAINED * feeling.strength)
        until, leaves = run.end_s, say("why_spent", time=clock(run.end_s))
        if (quiet := line.quiet_from(run.end_s)) is not None:
            # Nobody says that the feeling ends with the words: music has their pause to fade in.
            until, leaves = quiet + SIDE_S / 2, say("why_quiet", time=clock(quiet))
        yield Idea(run.start_s, until, "underscore", feeling, evidence, score, (run.start_s, run.end_s), leaves)


def _transitions(context: Context) -> Iterator[Idea]:
    line, words = context.line, context.words
    longest = context.rules.functions["transition"].length_s[1]
    for before, scene in pairwise(line.material.scenes):
        pause = line.pause_near(scene.start_s, 1.0)
        new = line.feeling(scene.start_s, scene.start_s + _EDGE_S)
        if not pause or not new or pause.duration_s < context.rules.thresholds.bridge_s:
            continue
        old = line.feeling(before.start_s, before.end_s) or new
        heard = (scene.start_s, min(scene.end_s, scene.start_s + SIDE_S))
        names = line.mood(before.start_s, before.end_s, old), line.mood(*heard, new)
        evidence = _new_scene(scene, names, words, known=old.named and new.named)
        score = _wanted(context, "transition", _TRANSITION + 0.5 * old.distance(new))
        # As much of it lies in the new scene as before it, however long the pause.
        enter = max(pause.start_s + 0.2, scene.start_s - longest / 2)
        until = min(scene.start_s + min(_UNDER_WAY_S, longest / 2), scene.end_s)
        yield Idea(enter, until, "transition", new, evidence, score, heard, words.say("why_under_way"))


def _new_scene(scene: Scene, names: tuple[str, str], words: Words, *, known: bool) -> str:
    """Where a scene begins, why, and from which feeling to which, as far as feelings are `known` by name."""
    told = {"number": scene.number, "time": clock(scene.start_s)}
    felt = any(words.emotion(name) in scene.reason for name in EMOTIONS)
    if words.own_language(scene.reason) and (known or not felt):
        evidence = words.say("transition_why", **told, why=scene.reason)
    else:
        evidence = words.say("transition", **told)
    if felt or not known or names[0] == names[1]:
        return evidence
    was, becomes = (words.emotion(name) for name in names)
    return words.say("from_to", evidence=evidence, before=was, after=becomes)


def _stings(context: Context) -> Iterator[Idea]:
    line, words, limits = context.line, context.words, context.rules.thresholds
    for beat in line.material.beats:
        if beat.kind not in ("shot", "sound") or beat.strength < limits.hard:
            continue
        after = line.feeling(beat.time_s, beat.time_s + _EDGE_S)
        if after is None or line.speaks_at(beat.time_s, _INSIDE_S):
            continue
        jump = line.jump(beat.time_s)
        alone = beat.kind == "sound" and line.spoken_share(beat.time_s - _ALONE_S, beat.time_s + _ALONE_S) == 0
        if jump < limits.jump and not alone:
            continue
        what, time = words.happening(beat.kind, beat.detail), clock(beat.time_s, 1)
        if jump >= limits.jump:
            said = context.said(line.line_at(beat.time_s + 0.5, 1.5))
            evidence = words.say("sting", what=what, time=time, jump=jump, said=said)
        else:
            evidence = words.say("sting_alone", what=what, time=time, seconds=2 * _ALONE_S)
        score = _wanted(context, "sting", _STING * beat.strength + 0.5 * jump)
        until = beat.time_s + context.rules.functions["sting"].length_s[1]
        heard = (beat.time_s, beat.time_s + 8.0)
        yield Idea(beat.time_s, until, "sting", after, evidence, score, heard, words.say("why_rung"), True)


def _buttons(context: Context) -> Iterator[Idea]:
    """A full stop after a comic line that ends a scene, or after which nobody speaks for long."""
    line, say = context.line, context.words.say
    borders = [scene.start_s for scene in line.material.scenes[1:]]
    for said in line.material.utterances:
        after = line.next_line(said.end_s)
        pause = (after.start_s if after else line.end_s) - said.end_s
        ends_scene = any(said.end_s - 0.5 <= border <= said.end_s + 4.0 for border in borders)
        if said.label not in _COMIC or pause < (_BUTTON_PAUSE_S if ends_scene else 3 * _BUTTON_PAUSE_S):
            continue
        feeling = Feeling(said.arousal, said.valence, said.confidence)
        evidence = say(
            "button", quote=context.words.quoted(said.text or "…"), time=clock(said.start_s, 1),
            emotion=context.words.emotion(said.label), seconds=pause,
        )  # fmt: skip
        score = _wanted(context, "button", _BUTTON)
        until = min(said.end_s + context.rules.functions["button"].length_s[1], said.end_s + pause)
        yield Idea(said.end_s + 0.15, until, "button", feeling, evidence, score, (said.start_s, said.end_s),
                   say("why_rung"), True)  # fmt: skip


def _pictures(context: Context) -> Iterator[Idea]:
    """What the picture alone asks for: montages, and an opening where nobody speaks at all."""
    line, say, rules = context.line, context.words.say, context.rules
    found = montages(line, rules)
    for run, feeling, cuts in found:
        share = 100 * line.spoken_share(run.start_s, run.end_s)
        evidence = say("montage", cuts=cuts, seconds=run.duration_s, start=clock(run.start_s), percent=share)
        yield Idea(run.start_s, run.end_s, "montage", feeling, evidence, _wanted(context, "montage", 0.55),
                   (run.start_s, run.end_s), say("why_pictures", time=clock(run.end_s)))  # fmt: skip
    until = found[0][0].start_s if found else line.end_s
    if not line.speech and (opening := picture_opening(line, rules, until)):
        run, feeling, marks = opening
        what = context.words.happening(marks[0].kind, marks[0].detail)
        evidence = say(
            "opening_pictures", count=len(marks), end=clock(run.end_s), time=clock(marks[0].time_s, 1), what=what
        )
        yield Idea(run.start_s, run.end_s, "opening", feeling, evidence, _wanted(context, "opening", _EDGE),
                   (run.start_s, run.end_s), say("why_pictures", time=clock(run.end_s)), True)  # fmt: skip
