"""A cue where a person wants one, dressed by the rules as suggested ones are."""

from __future__ import annotations

from dataclasses import replace

from ...core.errors import BadValue, UnknownName
from ...core.project import Project
from ...core.spotting import EMOTIONS, FUNCTIONS, Cue
from ...core.time import Span
from . import Material, Options, material_of
from .dressing import Dresser
from .fitting import Placed
from .ideas import Context, Idea
from .ruleset import load_ruleset
from .timeline import Feeling, Timeline
from .words import Words


def cue_by_hand(
    project: Project, span: Span, options: Options, *, function: str = "underscore", emotion: str = ""
) -> Cue:
    """A cue of `span`, on frames, with the tempo, colour, hits, ducks and fades that the rules give its feeling.

    `emotion` '' is what is felt there. Its number is 0 and its confidence 1: a person is sure. Raises BadValue for a
    span that holds no frame, UnknownName for a function or emotion.
    """
    if function not in FUNCTIONS:
        raise UnknownName("function", function, FUNCTIONS)
    if emotion and emotion not in EMOTIONS:
        raise UnknownName("emotion", emotion, EMOTIONS)
    rate = project.media.timebase.rate
    start_s, end_s = rate.snap(span.start_s), rate.snap(min(span.end_s, project.media.duration_s))
    if end_s <= start_s:
        raise BadValue(
            f"A cue from {span.start_s:g} to {span.end_s:g} s has no length.", value=(span.start_s, span.end_s),
            remedy="Mark a stretch of a frame or more within the recording.",
        )  # fmt: skip
    there = tuple(cue for cue in project.cues or () if cue.status == "existing")
    context = _context(replace(material_of(project), existing=there), options)
    feeling, said = _felt(context.line, start_s, end_s), context.words.say
    reason = said("by_hand_unheard")
    if feeling:
        reason = said("by_hand", arousal=feeling.arousal, valence=feeling.valence)
    idea = Idea(start_s, end_s, function, feeling or Feeling(0.0, 0.0, 0.0), reason, 1.0, (start_s, end_s), "", True)
    cue = Dresser(context, rate, options.reel).asked(Placed(idea, start_s, end_s, "", "", False), 0, emotion)
    return replace(cue, reason=reason, confidence=1.0, edited=True)


def redressed(project: Project, cue: Cue, options: Options) -> Cue:
    """`cue` with what its function and emotion ask for by the rules; its place, title and what was decided stay."""
    anew = cue_by_hand(project, Span(cue.in_s, cue.out_s), options, function=cue.function, emotion=cue.emotion)
    kept = ("number", "reel", "status", "title", "reason", "confidence", "alternatives")
    return replace(anew, **{name: getattr(cue, name) for name in kept}, tracks=cue.tracks)


def _context(material: Material, options: Options) -> Context:
    rules = load_ruleset(options.rules)
    line = Timeline(material, rules.programme.margin_s)
    return Context(line, rules, Words(options.language, rules.words), 0.0)


def _felt(line: Timeline, start_s: float, end_s: float) -> Feeling | None:
    """The feeling in a stretch, else in the seconds around it."""
    return line.feeling(start_s, end_s) or line.feeling(start_s - 8.0, end_s + 8.0)
