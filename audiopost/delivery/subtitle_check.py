"""What a check of subtitle files found: rows for JSON and spreadsheets, and one self-contained page for a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core.marks import CaptionIssue
from ..core.speech import Caption
from ..core.time import Timebase, clock
from ..io.atomic import write_text
from ..subtitles.check import Judge
from ..subtitles.rules import RULES
from ..subtitles.styles import Style
from ..subtitles.text import width
from .report import page
from .report.charts import Bar, TimeAxis, number
from .tables import csv_text

COLUMNS = (
    "file", "caption", "start_s", "timecode", "rule", "severity", "value", "limit", "fixable", "detail", "text",
)  # fmt: skip
#: Rows of the page; the rest is in JSON and CSV.
MOST_ROWS = 1500


@dataclass(frozen=True)
class Checked:
    """One file held against a style. `timebase` is None where no frame rate is known; `mended` were the issues that
    are no more; `captions` and `issues` are those of now."""

    name: str
    captions: tuple[Caption, ...]
    issues: tuple[CaptionIssue, ...]
    style: Style
    language: str = ""
    timebase: Timebase | None = None
    mended: tuple[CaptionIssue, ...] | None = None
    notes: tuple[str, ...] = ()

    @property
    def violations(self) -> int:
        return sum(issue.severity == "error" for issue in self.issues)

    @property
    def advice(self) -> int:
        return len(self.issues) - self.violations

    def at(self, time_s: float) -> str:
        """Timecode where the frame rate is known, else minutes, seconds and hundredths."""
        return self.timebase.timecode(time_s) if self.timebase else clock(time_s, 2)

    def text(self, issue: CaptionIssue) -> str:
        return " / ".join(self.captions[issue.caption - 1].lines)


def rows(checked: Checked) -> list[dict[str, Any]]:
    """JSON values with the keys of COLUMNS; `timecode` is None where no frame rate is known."""
    return [
        {
            "file": checked.name,
            "caption": issue.caption,
            "start_s": round(issue.start_s, 3),
            "timecode": checked.at(issue.start_s) if checked.timebase else None,
            "rule": issue.rule,
            "severity": issue.severity,
            "value": issue.value,
            "limit": issue.limit,
            "fixable": issue.fixable,
            "detail": issue.detail,
            "text": checked.text(issue),
        }
        for issue in checked.issues
    ]


def write_csv(path: Path, files: Sequence[Checked]) -> Path:
    """UTF-8 with a byte order mark, which Excel needs. Raises OutputError."""
    return write_text(path, csv_text([row for each in files for row in rows(each)], COLUMNS), bom=True)


def write_page(path: Path, files: Sequence[Checked]) -> Path:
    """Writes the page. Raises OutputError."""
    return write_text(path, render(files))


def render(files: Sequence[Checked]) -> str:
    """The page as HTML. It asks for nothing outside itself and runs no script: rules are filtered by style alone."""
    counts = Counter(issue.rule for each in files for issue in each.issues)
    return page(
        "subtitle_check.html.j2",
        {
            "title": files[0].name if len(files) == 1 else f"{len(files)} subtitle files",
            "captions": sum(len(each.captions) for each in files),
            "violations": sum(each.violations for each in files),
            "advice": sum(each.advice for each in files),
            "mended": None if all(f.mended is None for f in files) else sum(len(f.mended or ()) for f in files),
            "rules": [
                {"name": name, "title": rule.title, "severity": rule.severity, "count": counts[name]}
                for name, rule in RULES.items()
                if counts[name]
            ],
            "files": [_section(n, each) for n, each in enumerate(files)],
        },
    )


def _section(index: int, checked: Checked) -> dict[str, Any]:
    axis = TimeAxis(max((caption.end_s for caption in checked.captions), default=0.0))
    shown = checked.issues[:MOST_ROWS]
    return {
        "id": f"f{index}",
        "name": checked.name,
        "facts": list(_facts(checked)),
        "notes": checked.notes,
        "chips": _chips(checked),
        "ticks": axis.ticks,
        "captions": [axis.bar(c.start_s, c.end_s, "") for c in checked.captions],
        "lanes": [
            {
                "name": name,
                "title": rule.title,
                "severity": rule.severity,
                "bars": _bars(checked, name, axis),
            }
            for name, rule in RULES.items()
            if any(issue.rule == name for issue in checked.issues)
        ],
        "rows": [_row(checked, issue) for issue in shown],
        "left_out": len(checked.issues) - len(shown),
        "mended": None if checked.mended is None else _mended(checked.mended),
    }


def _facts(checked: Checked) -> Iterator[tuple[str, str]]:
    yield "Style", f"{checked.style.title} ({checked.style.name})"
    if checked.language and checked.language != "und":
        yield "Language", checked.language
    base = checked.timebase
    yield "Frame rate", str(base.rate) if base else "not known: 25 taken for frames"
    yield "Captions", str(len(checked.captions))
    yield "Until", checked.at(max((caption.end_s for caption in checked.captions), default=0.0))


def _chips(checked: Checked) -> list[dict[str, str]]:
    """Verdicts: violations, advice, and the captions that come nearest to the limits."""
    judge = Judge(checked.style, language=checked.language)
    captions = [caption for caption in checked.captions if caption.text.strip()]
    chips = [
        {"state": "bad" if checked.violations else "ok", "label": "Violations", "detail": str(checked.violations)},
        {"state": "warn" if checked.advice else "ok", "label": "Advice", "detail": str(checked.advice)},
    ]
    if not captions:
        return chips
    hasty = max(captions, key=judge.haste)
    cps = min(checked.style.limits_for(language).cps for language in judge.languages(hasty))
    speed = f"{number(judge.haste(hasty) * cps)} of {cps:g} characters/s at {checked.at(hasty.start_s)}"
    chips.append({"state": "plain", "label": "Fastest reading", "detail": speed})
    cpl, wide, at = max(_widths(checked, judge, captions), key=lambda found: found[1] / found[0])
    longest = f"{wide:g} of {cpl:g} characters at {checked.at(at)}"
    chips.append({"state": "plain", "label": "Longest line", "detail": longest})
    brief = min(captions, key=lambda caption: caption.end_s - caption.start_s)
    shortest = (
        f"{brief.end_s - brief.start_s:.2f} of {checked.style.min_duration_s:.2f} s at {checked.at(brief.start_s)}"
    )
    chips.append({"state": "plain", "label": "Shortest caption", "detail": shortest})
    return chips


def _widths(checked: Checked, judge: Judge, captions: Sequence[Caption]) -> Iterator[tuple[float, float, float]]:
    for caption in captions:
        for line, language in zip(caption.lines, judge.languages(caption), strict=True):
            yield checked.style.limits_for(language).cpl, width(line, language), caption.start_s


def _bars(checked: Checked, rule: str, axis: TimeAxis) -> list[Bar]:
    return [
        axis.bar(
            issue.start_s, checked.captions[issue.caption - 1].end_s, f"{checked.at(issue.start_s)}: {issue.detail}"
        )
        for issue in checked.issues
        if issue.rule == rule
    ]


def _row(checked: Checked, issue: CaptionIssue) -> dict[str, Any]:
    caption = checked.captions[issue.caption - 1]
    neighbours = {
        name: " / ".join(checked.captions[at].lines)
        for name, at in (("before", issue.caption - 2), ("after", issue.caption))
        if 0 <= at < len(checked.captions)
    }
    return {
        "caption": issue.caption,
        "at": checked.at(caption.start_s),
        "length": f"{caption.end_s - caption.start_s:.2f} s",
        "rule": issue.rule,
        "title": RULES[issue.rule].title,
        "severity": issue.severity,
        "value": _shown(issue.value),
        "limit": _shown(issue.limit),
        "detail": issue.detail,
        "lines": caption.lines,
        "language": caption.language,
        "fixable": issue.fixable,
        "before": "",
        "after": "",
        **neighbours,
    }


def _shown(value: float | str | None) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else f"{value:g}".replace("-", "−")


def _mended(issues: Sequence[CaptionIssue]) -> list[tuple[str, int]]:
    return [(RULES[rule].title, count) for rule, count in Counter(issue.rule for issue in issues).most_common()]
