"""Where a cue meets the picture and the words: its hit points, and the lines it lies low under."""

from __future__ import annotations

from collections.abc import Sequence

from ...core.spotting import Duck, HitPoint
from ...core.time import FrameRate, Span, merge_spans
from .ideas import Context

#: Moments nearer to each other than this are one hit, the harder.
_APART_S = 1.0
_KINDS = ("shot", "sound", "emotion")
#: Music does not come up in gaps shorter than this between two lines: it would pump.
_GAP_S = 1.5
#: It is down this long before a line, and stays down this long after.
_BEFORE_S, _AFTER_S = 0.3, 0.4


def hit_points(context: Context, in_s: float, out_s: float, function: str, rate: FrameRate) -> tuple[HitPoint, ...]:
    """The hardest moments inside a cue that its function asks to be hit, in order of time, on frames."""
    rules = context.rules.functions[function]
    inside = [
        beat for beat in context.line.material.beats
        if beat.kind in _KINDS and beat.strength >= rules.hit_strength
        and in_s - 1 < beat.time_s < out_s + 1 and in_s <= rate.snap(beat.time_s) < out_s
    ]  # fmt: skip
    kept: list[HitPoint] = []
    for beat in sorted(inside, key=lambda beat: (-beat.strength, beat.time_s)):
        if len(kept) < rules.most_hits and all(abs(beat.time_s - hit.time_s) >= _APART_S for hit in kept):
            what = context.words.happening(beat.kind, beat.detail)
            kept.append(HitPoint(rate.snap(beat.time_s), what, round(beat.strength, 3)))
    return tuple(sorted(kept, key=lambda hit: hit.time_s))


def ducks(speech: Sequence[Span], in_s: float, out_s: float, level_lu: float, rate: FrameRate) -> tuple[Duck, ...]:
    """Where a cue lies low: its dialogue, with lines that follow quickly joined, on frames within the cue."""
    spoken = [
        Span(max(in_s, s.start_s - _BEFORE_S), min(out_s, s.end_s + _AFTER_S))
        for s in speech if s.start_s < out_s and s.end_s > in_s
    ]  # fmt: skip
    joined = merge_spans(spoken, _GAP_S)
    snapped = [(max(in_s, rate.snap(s.start_s)), min(out_s, rate.snap(s.end_s))) for s in joined]
    return tuple(Duck(start, end, level_lu) for start, end in snapped if end > start)
