"""Where silence is stronger than music: a line that stands alone, feelings that need no help, rest after a long cue."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...core.time import clock
from .fitting import Placed
from .ideas import Context, Idea

#: Weights against the ideas for music: strong playing outweighs music that would only go along with it, not a turn.
_LINE, _PLAYING = 0.75, 0.6
#: Silence around a line that belongs to it.
_AROUND_S = 1.5


def silences(context: Context) -> Iterator[Idea]:
    """Ideas of function 'silence' that the material itself gives."""
    if context.rules.functions["silence"].wanted > 0:
        yield from _lone_lines(context)
        yield from _playing(context)


def _lone_lines(context: Context) -> Iterator[Idea]:
    line, rules = context.line, context.rules.silence
    wanted = context.rules.functions["silence"].wanted
    for span, before, after in line.lone_lines(rules.line_s, rules.around_s):
        feeling = line.feeling(span.start_s - 0.5, span.end_s + 0.5)
        said = line.line_at(span.start_s, 1.0)
        if feeling is None or feeling.strength < rules.strong or said is None or not said.text.strip():
            continue
        evidence = context.words.say(
            "silence_line", quote=context.words.quoted(said.text), time=clock(span.start_s, 1), seconds=span.duration_s,
            before=before, after=after, arousal=feeling.arousal, valence=feeling.valence,
        )  # fmt: skip
        enter, until = span.start_s - min(before, _AROUND_S), span.end_s + min(after, _AROUND_S)
        score = wanted * _LINE * feeling.strength
        yield Idea(enter, until, "silence", feeling, evidence, score, (span.start_s, span.end_s), "", True)


def _playing(context: Context) -> Iterator[Idea]:
    line, rules, function = context.line, context.rules.silence, context.rules.functions["silence"]
    for run, feeling in line.sustained(rules.strong, function.length_s[0]):
        share = line.spoken_share(run.start_s, run.end_s)
        if share > rules.sparse:
            continue
        evidence = context.words.say(
            "silence_strong", start=clock(run.start_s), end=clock(run.end_s), arousal=feeling.arousal,
            valence=feeling.valence, percent=100 * share, said=context.said(line.line_at(run.start_s)),
        )  # fmt: skip
        score = function.wanted * _PLAYING * feeling.strength
        yield Idea(run.start_s, run.end_s, "silence", feeling, evidence, score, (run.start_s, run.end_s), "", True)


def rests(context: Context, placed: Sequence[Placed]) -> Iterator[Idea]:
    """A rest for the ear after each long cue, where somebody plays on without it."""
    line, rules, function = context.line, context.rules.silence, context.rules.functions["silence"]
    for cue in placed:
        if cue.idea.function == "silence" or cue.out_s - cue.in_s < rules.after_s or function.wanted <= 0:
            continue
        until = min(cue.out_s + rules.rest_s, line.end_s)
        feeling = line.feeling(cue.out_s, until)
        if feeling is None or line.spoken_share(cue.out_s, until) == 0:
            continue
        evidence = context.words.say("silence_rest", seconds=cue.out_s - cue.in_s, time=clock(cue.out_s))
        yield Idea(cue.out_s, until, "silence", feeling, evidence, 0.1, (cue.out_s, until), "", True)
