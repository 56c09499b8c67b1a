"""Captions held against their style guide: what breaks it, and on request what it only advises against.

Every number is the style's own; what stands here are tolerances of rounding. What no guide publishes is advice, a
warning: poor breaks, unpaired signs, labels out of place.
"""

from __future__ import annotations

import functools
import itertools
import math
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..core.marks import CaptionIssue
from ..core.speech import Caption
from ..core.time import FrameRate, Timebase
from .check_text import text_issues
from .lines import as_named, break_issues, caption_break, language_ranks, line_languages, word_count
from .rules import RULES, Finding
from .styles import Frames, Style
from .text import base, guess_language, width

#: Rounding of times in files (a millisecond at either end) breaks no rule.
_TOLERANCE_S = 0.002
#: Files that count hundredths of a second are half of one off their frame.
_OFF_FRAME_S = 0.0051
#: Frame rates that a file's times may betray.
_RATES = ("23.976", "24", "25", "29.97", "30", "50", "59.94", "60")


@dataclass(frozen=True)
class Judge:
    """A style with what else decides: the frame rate (`exact` where it is known, not assumed), shot changes in
    seconds in order, the language of text that does not tell its own, and whether advice is wanted."""

    style: Style
    rate: FrameRate = field(default_factory=lambda: Timebase().rate)
    exact: bool = False
    shots: tuple[float, ...] = ()
    language: str = ""
    advice: bool = False
    known: dict[Any, tuple[Finding, ...]] = field(default_factory=dict, repr=False, compare=False)
    """What was found in wordings seen before."""

    def languages(self, caption: Caption) -> tuple[str, ...]:
        """The language of each line of a caption."""
        return line_languages(caption, self.style, self.language)

    def time(self, time_s: float) -> float:
        """A time as it was meant: on its frame where that is known and the file's rounding hides it."""
        if not self.exact:
            return time_s
        on_frame = round(time_s * self.fps) / self.fps
        return on_frame if abs(on_frame - time_s) <= _OFF_FRAME_S else time_s

    @functools.cached_property
    def fps(self) -> float:
        return float(self.rate.fraction)

    @functools.cached_property
    def frames(self) -> Frames:
        return self.style.frames(self.rate)

    @property
    def gap_s(self) -> float:
        return self.style.gap_frames / self.fps

    @property
    def shortest_s(self) -> float:
        """The minimum duration; the nearest number of frames meets it: 20 at 24 a second are 5/6 s."""
        return min(self.style.min_duration_s, self.frames.shortest / self.fps)

    def findings(self, caption: Caption, following: Caption | None) -> Iterator[Finding]:
        """What breaks the rules in one caption, and between it and the next in time."""
        if not caption.text.strip():
            yield Finding("empty", "the caption has no text")
        else:
            yield from self._wording(caption, following)
            yield from self._speed(caption)
            near = following is not None and following.start_s - caption.end_s <= self.style.chain_s
            if self.advice and following is not None and near:
                yield from caption_break(caption, following, self.languages(caption)[-1])
        yield from self._times(caption)
        if following is not None:
            yield from self._between(caption, following)

    def _wording(self, caption: Caption, following: Caption | None) -> tuple[Finding, ...]:
        """What breaks the rules whatever the times are; kept, since mending asks again and again."""
        key = (
            caption.lines, caption.line_languages, caption.language, caption.line_speakers, caption.speaker,
            caption.styling, following.lines if following is not None else None,
        )  # fmt: skip
        if key not in self.known:
            languages = self.languages(caption)
            found = [
                *self._limits(caption, languages),
                *text_issues(caption, following, languages, self.style, self.advice),
            ]
            if self.advice:
                found += break_issues(caption, languages, self.style)
            self.known[key] = tuple(found)
        return self.known[key]

    def _speed(self, caption: Caption) -> Iterator[Finding]:
        cps = min(self.style.limits_for(language).cps for language in self.languages(caption))
        speed = self.haste(caption) * cps
        if math.isinf(speed):
            yield Finding("cps", f"no time to read it, at most {cps:g} characters a second", None, cps)
        elif speed > cps + 0.05:
            yield Finding("cps", f"{speed:.1f} characters a second, at most {cps:g}", round(speed, 2), cps)

    def haste(self, caption: Caption) -> float:
        """The time that reading takes over the time that is shown; infinite for a caption without duration."""
        duration = self.time(caption.end_s) - self.time(caption.start_s)
        if duration <= 0:
            return math.inf
        return self.style.reading_s(caption.lines, self.languages(caption)) / (duration + _TOLERANCE_S)

    def _limits(self, caption: Caption, languages: tuple[str, ...]) -> Iterator[Finding]:
        style = self.style
        if len(caption.lines) > style.max_lines:
            count = len(caption.lines)
            yield Finding("lines", f"{count} lines, at most {style.max_lines}", float(count), float(style.max_lines))
        for line, language in zip(caption.lines, languages, strict=True):
            cpl = style.limits_for(language).cpl
            if (wide := width(line, language)) > cpl:
                yield Finding("cpl", f"{wide:g} characters in a line, at most {cpl:g}: {line!r}", wide, cpl)
            if style.max_words and (words := word_count(line, language)) > style.max_words:
                detail = f"{words} words in a line, at most {style.max_words}: {line!r}"
                yield Finding("words", detail, float(words), float(style.max_words))
        if style.bilingual:
            yield from self._bilingual(languages)

    def _bilingual(self, languages: tuple[str, ...]) -> Iterator[Finding]:
        wanted = [base(language) for language in self.style.bilingual]
        ranks = language_ranks(languages, self.style)
        own, right = " over ".join(as_named(language, wanted) for language in languages), " over ".join(wanted)
        if ranks != sorted(ranks):
            yield Finding("bilingual", f"{own}, the style has {right}", own, right)
        missing = [language for n, language in enumerate(wanted) if n not in ranks]
        if self.advice and missing and min(ranks) < len(wanted):
            yield Finding("translation", f"no line in {', '.join(missing)}", own, right)

    def _times(self, caption: Caption) -> Iterator[Finding]:
        style = self.style
        start, end = self.time(caption.start_s), self.time(caption.end_s)
        duration = end - start
        if duration < self.shortest_s - _TOLERANCE_S:
            limit = style.min_duration_s
            yield Finding("min_duration", f"{duration:.2f} s, at least {limit:.2f} s", round(duration, 3), limit)
        if duration > style.max_duration_s + _TOLERANCE_S:
            limit = style.max_duration_s
            yield Finding("max_duration", f"{duration:.2f} s, at most {limit:.2f} s", round(duration, 3), limit)
        if self.exact:
            for name, time_s in (("in-time", start), ("out-time", end)):
                frames = time_s * self.fps
                if abs(frames - round(frames)) / self.fps > _OFF_FRAME_S / 100:
                    nearest = round(frames) / self.fps
                    detail = f"{name} {time_s:.3f} s lies between frames, the nearest is at {nearest:.3f} s"
                    yield Finding("frames", detail, round(time_s, 3), round(nearest, 3))
        if self.advice and style.snap_s > 0 and self.shots:
            yield from self._shot_changes(start, end)

    def _shot_changes(self, start: float, end: float) -> Iterator[Finding]:
        """In-times near a cut belong on it, out-times `gap_frames` before it."""
        for name, time_s, lead_s in (("in-time", start, 0.0), ("out-time", end, self.gap_s)):
            cut = self.near_cut(time_s)
            if cut is not None and round((time_s - cut + lead_s) * self.fps):
                off = f"{abs(time_s - cut):.2f} s {'before' if time_s < cut else 'after'} the cut at {cut:.2f} s"
                yield Finding("shot_change", f"{name} {off}", round(time_s, 3), round(cut - lead_s, 3))

    def near_cut(self, time_s: float) -> float | None:
        """The shot change nearest to a time, where the style wants the time moved to it."""
        at = bisect_left(self.shots, time_s)
        nearest = min(self.shots[max(at - 1, 0) : at + 1], key=lambda cut: abs(cut - time_s), default=None)
        if nearest is None or abs(round((nearest - time_s) * self.fps)) >= self.frames.snap:
            return None
        return nearest

    def _between(self, caption: Caption, following: Caption) -> Iterator[Finding]:
        style, fps = self.style, self.fps
        end, start = self.time(caption.end_s), self.time(following.start_s)
        gap = start - end
        if gap < -_TOLERANCE_S:
            yield Finding("overlap", f"{-gap:.2f} s over the next caption, none allowed", round(-gap, 3), 0.0)
        elif gap < self.gap_s - _TOLERANCE_S:
            detail = f"{gap * fps:.0f} frames before the next caption, at least {style.gap_frames}"
            yield Finding("gap", detail, round(gap * fps, 2), float(style.gap_frames))
        elif self._is_loose(gap, start - self.time(caption.start_s) - self.gap_s):
            detail = f"{gap * fps:.0f} frames before the next caption, should be {style.gap_frames}"
            yield Finding("chain", detail, round(gap * fps, 2), float(style.gap_frames))

    def _is_loose(self, gap_s: float, closed_duration_s: float) -> bool:
        """Whether a gap should close: a frame or more too long, short enough, and not held open by the maximum."""
        if gap_s * self.fps < self.style.gap_frames + 1 - _TOLERANCE_S * self.fps:
            return False
        if round(gap_s * self.fps, 3) > self.frames.chain:
            return False
        return closed_duration_s <= self.style.max_duration_s + _TOLERANCE_S


def check(
    captions: Sequence[Caption],
    style: Style,
    timebase: Timebase | None = None,
    *,
    shots: Iterable[float] = (),
    language: str = "",
    advice: bool = False,
) -> tuple[CaptionIssue, ...]:
    """What breaks the rules, in order: captions counted from 1, each issue with the number and its limit.

    Without `timebase` frames are those of 25 a second and times need not lie on them. `shots` are shot changes in
    seconds; `language` is that of text that does not tell its own; with `advice` warnings are listed too.
    """
    return judged(captions, judge(captions, style, timebase, shots=shots, language=language, advice=advice))


def judge(
    captions: Sequence[Caption],
    style: Style,
    timebase: Timebase | None = None,
    *,
    shots: Iterable[float] = (),
    language: str = "",
    advice: bool = False,
) -> Judge:
    """The judge that `check` asks, with the language of the whole found out where nobody says it."""
    if not language and any(not caption.language for caption in captions):
        language = guess_language("\n".join(caption.text for caption in captions))
    rate = (timebase or Timebase()).rate
    return Judge(style, rate, timebase is not None, tuple(sorted(shots)), language, advice)


def judged(captions: Sequence[Caption], by: Judge) -> tuple[CaptionIssue, ...]:
    """What a judge finds in captions, which may be in any order."""
    order = sorted(range(len(captions)), key=lambda n: (captions[n].start_s, captions[n].end_s))
    following = {n: captions[after] for n, after in itertools.pairwise(order)}
    issues = []
    for n, caption in enumerate(captions):
        found = list(by.findings(caption, following.get(n)))
        if n and caption.start_s < captions[n - 1].start_s - _TOLERANCE_S:
            late = captions[n - 1].start_s - caption.start_s
            found.insert(0, Finding("order", f"starts {late:.2f} s before caption {n}", round(-late, 3), 0.0))
        issues += [
            CaptionIssue(n + 1, caption.start_s, *each, RULES[each.rule].severity, RULES[each.rule].fixable)
            for each in found
        ]
    return tuple(issues)


def guess_rate(captions: Sequence[Caption]) -> FrameRate | None:
    """The slowest frame rate whose frames nearly all times of a file lie on; None where none is that plain.

    A millisecond of rounding is allowed; by chance one time in eight would fit 60 frames a second.
    """
    times = [time_s for caption in captions for time_s in (caption.start_s, caption.end_s)]
    if len(times) < 20 or all(abs(time_s - round(time_s)) < 1e-6 for time_s in times):
        return None
    for name in _RATES:
        rate = FrameRate.parse(name)
        fps = float(rate.fraction)
        fitting = sum(abs(time_s - round(time_s * fps) / fps) <= 0.00101 for time_s in times)
        if fitting >= 0.98 * len(times):
            return rate
    return None
