"""Captions mended without changing a word.

Each rule has mends that propose changes to a caption and its neighbours. A change is taken if no rule is broken more
often than before and the whole is better: fewer violations, then less haste and shortage, then fewer warnings. That
makes three promises by construction: no mend makes a new violation, the work ends, and mending twice is mending once.
"""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from ..core.marks import CaptionIssue
from ..core.speech import Caption
from ..core.time import Timebase
from . import fix_text, fix_time
from .check import Judge, judge, judged
from .fix_time import Change, Mend, Place
from .rules import RULES, Finding
from .styles import Style

#: Rule to the mends that are tried for it, the best first.
MENDS: Mapping[str, tuple[Mend, ...]] = {
    "empty": (fix_text.remove,),
    "markup": (fix_text.rewrite,),
    "characters": (fix_text.rewrite,),
    "punctuation": (fix_text.rewrite,),
    "continuation": (fix_text.uncarry,),
    "italics": (fix_text.rewrite,),
    "dash": (fix_text.rewrite, fix_text.speakers_apart),
    "bilingual": (fix_text.order_languages,),
    "frames": (fix_time.to_frames,),
    "overlap": (fix_time.trim, fix_time.slip, fix_text.merge, fix_text.together),
    "gap": (fix_time.trim, fix_time.slip, fix_text.merge),
    "chain": (fix_time.trim,),
    "lines": (fix_text.rebreak, fix_text.part),
    "cpl": (fix_text.rebreak, fix_text.part),
    "words": (fix_text.rebreak, fix_text.part),
    "max_duration": (fix_text.part_at_clause, fix_time.shorten),
    "min_duration": (fix_time.lengthen, fix_text.merge, fix_time.slip),
    "cps": (fix_time.lengthen, fix_text.merge),
    "shot_change": (fix_time.to_cuts,),
    "one_line": (fix_text.rebreak,),
    "break": (fix_text.rebreak,),
    "top_heavy": (fix_text.rebreak,),
    "sdh": (fix_text.rewrite,),
    "spaces": (fix_text.rewrite,),
}


#: Captions that begin together change places when their ends move, and are looked at again, so often at most.
_ROUNDS = 4


class Fixed(NamedTuple):
    """Captions in order of time; what was mended, numbered as before; what is left, numbered as now."""

    captions: tuple[Caption, ...]
    mended: tuple[CaptionIssue, ...]
    left: tuple[CaptionIssue, ...]


def fix(
    captions: Sequence[Caption],
    style: Style,
    timebase: Timebase | None = None,
    *,
    shots: Iterable[float] = (),
    language: str = "",
) -> Fixed:
    """Mends what can be mended without changing words or cutting speech; arguments as for `check`.

    Times move, lines break anew, captions are parted and joined, signs are written as the style has them.
    """
    by = judge(captions, style, timebase, shots=shots, language=language, advice=True)
    mended = _Mending(captions, by).captions
    before, left = judged(captions, by), judged(mended, by)
    return Fixed(tuple(mended), _gone(before, left), tuple(replace(issue, fixable=False) for issue in left))


class _Score(NamedTuple):
    """What is wrong with a stretch of captions; less is better, in this order."""

    errors: int
    strain: float
    warnings: int
    by_rule: Counter[str]


class _Mending:
    """The captions while they are mended, always in order of time."""

    def __init__(self, captions: Sequence[Caption], by: Judge) -> None:
        self.by = by
        self.captions = list(captions)
        for again in range(_ROUNDS):
            ordered = sorted(self.captions, key=lambda c: (c.start_s, c.end_s))
            if again and ordered == self.captions:
                break
            self.captions = ordered
            n = 0
            while n < len(self.captions):
                first = self._mend(n)
                n = n + 1 if first is None else max(first - 2, 0)

    def _mend(self, n: int) -> int | None:
        """Takes the first change that helps caption `n`; the number of the first caption it changed."""
        caption, after = self.captions[n], self._at(n + 1)
        place = Place(self._at(n - 1), caption, after)
        tried = set()
        for rule in dict.fromkeys(finding.rule for finding in self.by.findings(caption, after)):
            for mend in MENDS.get(rule, ()):
                if mend in tried:
                    continue
                tried.add(mend)
                for change in mend(self.by, place):
                    if self._helps(n, change):
                        self.captions[n + change.first : n + change.last] = change.captions
                        return n + change.first
        return None

    def _at(self, n: int) -> Caption | None:
        return self.captions[n] if 0 <= n < len(self.captions) else None

    def _helps(self, n: int, change: Change) -> bool:
        first, last = n + change.first, n + change.last
        head = self.captions[first - 1 : first] if first else []
        tail = self.captions[last : last + 1]
        old, new = ([*head, *middle, *tail] for middle in (self.captions[first:last], change.captions))
        if new == old or any(b.start_s < a.start_s for a, b in itertools.pairwise(new)):
            return False
        if any(caption.end_s <= caption.start_s or caption.start_s < 0 for caption in change.captions):
            return False
        was, now = (self._score(each, len(each) - len(tail)) for each in (old, new))
        if any(count > was.by_rule[rule] for rule, count in now.by_rule.items() if RULES[rule].severity == "error"):
            return False
        return now[:3] < was[:3]

    def _score(self, captions: Sequence[Caption], count: int) -> _Score:
        """Of the first `count` captions; the one after them only bounds them."""
        following = [*captions[1:], None]
        found = [each for n in range(count) for each in self.by.findings(captions[n], following[n])]
        by_rule = Counter(finding.rule for finding in found)
        errors = sum(number for rule, number in by_rule.items() if RULES[rule].severity == "error")
        return _Score(errors, round(sum(map(_strain, found)), 3), by_rule.total() - errors, by_rule)


def _strain(finding: Finding) -> float:
    """How far a reading speed or a minimum duration is missed: what a mend may better without reaching it."""
    if finding.rule == "cps" and finding.value is None:
        return 1e3  # no time at all
    if not isinstance(finding.value, float) or not isinstance(finding.limit, float):
        return 0.0
    if finding.rule == "cps":
        return finding.value / finding.limit - 1
    return 1 - finding.value / finding.limit if finding.rule == "min_duration" else 0.0


def _gone(before: Sequence[CaptionIssue], left: Sequence[CaptionIssue]) -> tuple[CaptionIssue, ...]:
    """The issues of before that none of the same rule, the nearest in time, stands for any more."""
    open_issues: dict[str, list[tuple[float, int]]] = {}
    for n, issue in enumerate(before):
        open_issues.setdefault(issue.rule, []).append((issue.start_s, n))
    for times in open_issues.values():
        times.sort()
    for issue in left:
        times = open_issues.get(issue.rule, [])
        if times:
            at = bisect_left(times, (issue.start_s, 0))
            near = [k for k in (at - 1, at) if 0 <= k < len(times)]
            del times[min(near, key=lambda k: abs(times[k][0] - issue.start_s))]
    kept = sorted(n for times in open_issues.values() for _, n in times)
    return tuple(before[n] for n in kept)
