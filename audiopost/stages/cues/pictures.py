"""What the picture asks for where nobody speaks, or hardly: many shots in a row, a wordless beginning."""

from __future__ import annotations

import numpy as np

from ...core.spotting import StoryBeat
from ...core.time import Span, merge_spans
from .ruleset import Ruleset
from .timeline import Feeling, Timeline

#: Windows that cuts are counted in, and their distance.
_WINDOW_S, _STEP_S = 12.0, 1.0
#: How sure a feeling is that was read off the pace of the cutting alone.
_GUESS = 0.25


def montages(line: Timeline, rules: Ruleset) -> list[tuple[Span, Feeling, int]]:
    """Stretches with many shots and few words: (from first to last cut, feeling, number of cuts)."""
    limits = rules.thresholds
    marked = []
    for start in np.arange(0.0, max(line.end_s - _WINDOW_S, 0.0) + _STEP_S, _STEP_S).tolist():
        end = min(start + _WINDOW_S, line.end_s)
        rate = 60 * len(line.cuts_between(start, end)) / _WINDOW_S
        if rate >= limits.montage_cuts_a_minute and line.spoken_share(start, end) <= limits.montage_speech:
            marked.append(Span(start, end))
    found = []
    for run in merge_spans(marked):
        cuts = line.cuts_between(run.start_s, run.end_s)
        whole = Span(cuts[0], cuts[-1])
        if whole.duration_s > 0:
            found.append((whole, line.feeling(*_of(whole)) or paced(line, whole), len(cuts)))
    return found


def picture_opening(line: Timeline, rules: Ruleset, until_s: float) -> tuple[Span, Feeling, list[StoryBeat]] | None:
    """The first stretch of a recording without speech, to its next scene, if pictures or sounds happen in it."""
    shortest, longest = rules.functions["opening"].length_s
    scene = next((s.start_s for s in line.material.scenes[1:] if s.start_s >= shortest), line.end_s)
    run = Span(0.0, min(until_s, longest, scene))
    marks = [b for b in line.material.beats if b.kind in ("shot", "sound") and b.time_s < run.end_s]
    return (run, paced(line, run), marks) if marks else None


def paced(line: Timeline, run: Span) -> Feeling:
    """Arousal by the pace of the cutting alone: 0 at 12 shots a minute, 0.5 at 36; valence unknown."""
    rate = 60 * len(line.cuts_between(*_of(run))) / max(run.duration_s, 1.0)
    return Feeling(float(np.clip((rate - 12) / 48, -0.3, 0.6)), 0.0, _GUESS)


def _of(span: Span) -> tuple[float, float]:
    return span.start_s, span.end_s
