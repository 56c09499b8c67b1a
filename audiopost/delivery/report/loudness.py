"""Loudness over time against the delivery spec: a section of the report, and a page of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ...core.marks import LoudnessReport, SpecCheck, overall
from ...core.project import Project
from ...core.time import Span, clock, merge_spans
from ...io.atomic import write_text
from . import page
from .charts import Bar, TimeAxis, curve, level_ticks, minus, number

#: What the charts show below their top, in LU.
_SPAN_LU = 42.0
_FIELDS = (
    ("Integrated", "integrated_lufs", "LUFS"),
    ("Short-term max", "short_term_max_lufs", "LUFS"),
    ("Momentary max", "momentary_max_lufs", "LUFS"),
    ("Loudness range", "loudness_range_lu", "LU"),
    ("True peak", "true_peak_dbtp", "dBTP"),
)
_MARKS = {"pass": ("pass", "✓ pass"), "FAIL": ("fail", "✗ fail"), "note": ("noted", "● note")}


def section(project: Project, axis: TimeAxis) -> dict[str, Any] | None:
    """What the template draws; None where nothing was measured. Source and master are on one scale."""
    reports = [(name, r) for name, r in (("source", project.loudness_in), ("master", project.loudness)) if r]
    if not reports:
        return None
    checks = project.loudness_checks or ()
    target = next((check for check in checks if check.unit == "LUFS"), None)
    limits = [limit for limit in (target.low, target.high) if limit is not None] if target else []
    gated = target is not None and target.name.startswith("dialogue")
    known = [v for _, r in reports for v in (*r.momentary_lufs, *r.short_term_lufs) if v is not None]
    top = min(0.0, float(np.ceil((max([*known, *limits], default=-18.0) + 3) / 6) * 6))
    low = top - _SPAN_LU

    def height(value: float) -> float:
        return round((top - min(max(value, low), top)) / (top - low) * 100, 2)

    band = (height(max(limits)), round(height(min(limits)) - height(max(limits)), 2)) if len(limits) == 2 else None
    ceiling = next((check.high for check in checks if check.unit == "dBTP"), None)
    return {
        "charts": [
            {
                "name": name,
                "momentary": _path(report, report.momentary_lufs, axis, low, top),
                "short_term": _path(report, report.short_term_lufs, axis, low, top),
                "integrated": _level(report.integrated_lufs, height),
                "dialogue": _level(target.value, height) if target and gated and report is reports[-1][1] else None,
                "over": [] if ceiling is None else _over(report, ceiling, axis),
                "highest": _highest(report, axis),
            }
            for name, report in reports
        ],
        "names": [name for name, _ in reports],
        "ticks": level_ticks(low, top, 6),
        "band": band,
        "target": _level(float(np.mean(limits)) if limits else None, height),
        "target_text": minus(target.limit) if target else "",
        "ceiling": "" if ceiling is None else number(ceiling, 1, "dBTP"),
        "rows": [(label, [number(getattr(r, name), 1, unit) for _, r in reports]) for label, name, unit in _FIELDS],
        "checks": [_row(check) for check in checks],
    }


def _path(report: LoudnessReport, values: tuple[float | None, ...], axis: TimeAxis, low: float, top: float) -> str:
    times = [(i + 1) * report.step_s for i in range(len(values))]
    return curve(times, values, axis, low, top, gap_s=float("inf"))


def _level(value: float | None, height: Any) -> tuple[float, str] | None:
    return None if value is None else (height(value), number(value, 1, "LUFS"))


def _over(report: LoudnessReport, ceiling: float, axis: TimeAxis) -> list[Bar]:
    """The stretches of whole seconds whose true peak passes the ceiling."""
    spans = [Span(i, i + 1) for i, v in enumerate(report.true_peaks_dbtp) if v is not None and v > ceiling]
    bars = []
    for span in merge_spans(spans, axis.duration_s / 2000):
        inside = report.true_peaks_dbtp[int(span.start_s) : int(span.end_s)]
        most = max(value for value in inside if value is not None)
        bars.append(axis.bar(span.start_s, span.end_s, f"{clock(span.start_s)}: true peak {number(most, 1, 'dBTP')}"))
    return bars


def _highest(report: LoudnessReport, axis: TimeAxis) -> Bar | None:
    """Where the highest true peak lies, to a second."""
    peaks = [-np.inf if value is None else value for value in report.true_peaks_dbtp]
    if not peaks or max(peaks) == -np.inf:
        return None
    second = int(np.argmax(peaks))
    label = f"{number(report.true_peak_dbtp, 1, 'dBTP')} at {clock(second)}"
    return axis.bar(second, second + 1, f"Highest true peak: {label}", label)


def _row(check: SpecCheck) -> dict[str, str]:
    state, words = _MARKS.get(check.verdict, ("muted", check.verdict))
    value = number(check.value, check.decimals, check.unit)
    return {
        "name": check.name, "value": value, "limit": minus(check.limit), "remark": minus(check.remark),
        "state": state, "verdict": words,
    }  # fmt: skip


def verdict(project: Project) -> tuple[str, str] | None:
    """State (ok, bad, plain) and sentence over all checks; None where nothing was held against a spec."""
    checks = project.loudness_checks
    if not checks:
        return None
    failed = [check.name for check in checks if check.verdict == "FAIL"]
    noted = [check.name for check in checks if check.verdict == "note"]
    state = {"FAIL": "bad", "pass": "ok"}.get(overall(checks), "plain")
    words = {"bad": f"fails: {', '.join(failed)}", "ok": "passes", "plain": "not all could be measured"}[state]
    return state, f"{words}; not as recommended: {', '.join(noted)}" if noted else words


def render(project: Project) -> str:
    """The page as HTML: charts of source and master, what was measured, each rule's verdict."""
    from .view import activity_lanes, facts, loudness_chips

    axis = TimeAxis(project.media.duration_s)
    step = project.step("loudness")
    return page(
        "loudness.html.j2",
        {
            "title": Path(project.media.path).name,
            "facts": facts(project),
            "chips": loudness_chips(project),
            "notes": step.warnings if step else (),
            "time_ticks": axis.ticks,
            "loudness": section(project, axis),
            "activity_lanes": activity_lanes(project, axis),
        },
    )


def write_loudness(path: Path, project: Project) -> Path:
    """Writes the page. Raises OutputError."""
    return write_text(path, render(project))
