"""Captions held against their style guide."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..core.marks import CaptionIssue
from ..core.speech import Caption
from ..core.time import Timebase
from .styles import Style
from .text import guess_language, width

#: Rounding of times in files (a millisecond at either end) breaks no rule.
_TOLERANCE_S = 0.002


def check(captions: Sequence[Caption], style: Style, timebase: Timebase | None = None) -> tuple[CaptionIssue, ...]:
    """What breaks the rules, in order: captions counted from 1, each issue with the number and its limit."""
    rate = (timebase or Timebase()).rate
    issues = []
    for n, caption in enumerate(captions):
        following = captions[n + 1] if n + 1 < len(captions) else None
        found = [*_text_issues(caption, style), *_time_issues(caption, following, style, float(rate.fraction))]
        issues += [CaptionIssue(n + 1, caption.start_s, rule, detail) for rule, detail in found]
    return tuple(issues)


def _text_issues(caption: Caption, style: Style) -> Iterator[tuple[str, str]]:
    language = caption.language or guess_language(caption.text)
    limits = style.limits_for(language)
    if not caption.text.strip():
        yield "empty", "the caption has no text"
        return
    if len(caption.lines) > style.max_lines:
        yield "lines", f"{len(caption.lines)} lines, at most {style.max_lines}"
    for line in caption.lines:
        if (wide := width(line, language)) > limits.cpl:
            yield "cpl", f"{wide:g} characters in a line, at most {limits.cpl:g}: {line!r}"
    duration = caption.end_s - caption.start_s
    if duration > 0:
        # A line break is read as a space, which counts where words are spaced.
        count = sum(width(line, language) for line in caption.lines) + width(" ", language) * (len(caption.lines) - 1)
        if (speed := count / (duration + _TOLERANCE_S)) > limits.cps + 0.05:
            yield "cps", f"{speed:.1f} characters a second, at most {limits.cps:g}"


def _time_issues(caption: Caption, following: Caption | None, style: Style, fps: float) -> Iterator[tuple[str, str]]:
    duration = caption.end_s - caption.start_s
    # A minimum is met by the frames nearest to it: 20 frames at 24 a second are 5/6 s.
    if duration < min(style.min_duration_s, round(style.min_duration_s * fps) / fps) - _TOLERANCE_S:
        yield "min_duration", f"{duration:.2f} s, at least {style.min_duration_s:.2f} s"
    if duration > style.max_duration_s + _TOLERANCE_S:
        yield "max_duration", f"{duration:.2f} s, at most {style.max_duration_s:.2f} s"
    if following is None:
        return
    gap = following.start_s - caption.end_s
    if gap < -_TOLERANCE_S:
        yield "overlap", f"{-gap:.2f} s over the next caption, none allowed"
    elif gap < style.gap_frames / fps - _TOLERANCE_S:
        yield "gap", f"{gap * fps:.0f} frames before the next caption, at least {style.gap_frames}"
