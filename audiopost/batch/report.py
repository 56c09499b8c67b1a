"""The report of a whole batch: one self-contained page for a person, and a table of everything for spreadsheets."""

from __future__ import annotations

import base64
import hashlib
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

from ..core.time import clock
from ..delivery.report.charts import number
from ..io.atomic import write_text
from .claim import is_claimed
from .job import STATES, Attempt, Job, Output, State
from .job_logs import JobLogs
from .ledger import Ledger
from .places import below, is_url
from .summary import Row, Summary, rows, summarise

COLUMNS = (
    "id", "name", "source", "state", "error", "reason", "preset", "language", "title", "attempts", "crashes", "losses",
    "added", "begun", "ended", "media_s", "seconds", "rtf", "peak_mb", "captions", "caption_issues", "unsure",
    "findings", "cues", "lufs", "peak_dbtp", "spec", "verdict", "warnings", "outputs", "output_bytes", "out",
    "backends", "stage_seconds", "content_sha256",
)  # fmt: skip

#: What the page shows; the rest is in the CSV. With these it stays below 3 MB for some thousand jobs.
MOST_CARDS, MOST_FAILED, MOST_DONE, MOST_REST, MOST_IN_HAND = 150, 1000, 1500, 200, 100
_MOST_ATTEMPTS, _MOST_LINES, _MOST_NOTES, _MOST_LINKS = 10, 14, 5, 8
_LONGEST_REASON, _LONGEST_LINE, _LONGEST_NOTE = 1500, 300, 240
#: Deliverables that a person opens first.
_FIRST = ("report", "spotting")
_TEMPLATES = Path(__file__).parent / "templates"


def write_csv(ledger: Ledger, path: Path) -> Path:
    """All jobs with the columns of COLUMNS; UTF-8 with a byte order mark, which Excel needs. Raises OutputError."""
    from ..delivery.tables import csv_text

    return write_text(path, csv_text(map(_csv_row, rows(ledger)), COLUMNS), bom=True)


def write_html(ledger: Ledger, logs: JobLogs, path: Path, *, now: float | None = None) -> Path:
    """Writes the page; its links to local results are relative to `path`. `now`, in seconds since 1970, is the clock's
    where it is not given. Raises OutputError."""
    return write_text(path, render(ledger, logs, path, now=now))


def render(ledger: Ledger, logs: JobLogs, path: Path, *, now: float | None = None) -> str:
    """The page as HTML, to lie at `path`."""
    from markupsafe import Markup

    from ..delivery import report as house
    from ..delivery.templates import page

    style = (Path(house.__file__).parent / "report.css", _TEMPLATES / "batch.css")
    script = (_TEMPLATES / "batch.js.j2").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return page(
        _TEMPLATES / "batch.html.j2",
        v=_view(ledger, logs, path, time.time() if now is None else now),
        # Files of this package, not of users: nothing in them is to be escaped.
        style=Markup("\n".join(each.read_text(encoding="utf-8") for each in style)),  # noqa: S704
        script=Markup(script),  # noqa: S704
        script_hash=f"sha256-{digest}",
    )


# --- the table


def _csv_row(each: Row) -> dict[str, Any]:
    return {
        **{name: getattr(each, name) for name in COLUMNS if hasattr(each, name)},
        "added": _iso(each.added), "begun": _iso(each.begun), "ended": _iso(each.ended),
        "media_s": _round(each.media_s, 3), "seconds": _round(each.seconds, 3), "rtf": _round(each.rtf, 4),
        "peak_mb": _round(each.peak_mb, 1), "lufs": _round(each.lufs, 2), "peak_dbtp": _round(each.peak_dbtp, 2),
        "warnings": list(each.warnings),
        "backends": [f"{stage}={backend}" for stage, backend in each.backends.items()],
        "stage_seconds": [f"{stage}={seconds:.3f}" for stage, seconds in each.stages.items()],
        "content_sha256": each.content,
    }  # fmt: skip


def _round(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def _iso(at: float | None) -> str | None:
    return None if at is None else datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")


# --- the page


def _view(ledger: Ledger, logs: JobLogs, path: Path, now: float) -> dict[str, Any]:
    live = is_claimed(ledger.path)
    found = list(rows(ledger))
    sums = summarise(ledger, found, now=now, live=live)
    bad = [each for each in found if each.is_bad]
    done = [each for each in found if each.state == "done"]
    hand = [each for each in found if each.state == "running"]
    return {
        "title": _title(ledger, found),
        "facts": list(_facts(ledger, sums, found)),
        "chips": list(_chips(sums)),
        "paused": ledger.about("paused"),
        "sums": list(_sums(sums)),
        "bad": _failures(bad, ledger, logs, path) if bad else None,
        "live": live,
        "hand": [_in_hand(each, now if live else None) for each in hand[:MOST_IN_HAND]],
        "done": _done(done, ledger, path) if done else None,
        "rest": _rest([each for each in found if each.state in ("waiting", "cancelled", "skipped")]),
        "stages": _stages(sums),
        "slowest": [
            {"name": each.name, "length": _time(each.media_s), "took": _time(each.seconds), "rtf": number(each.rtf, 2)}
            for each in sums.slowest
        ],
        "made": _when(now) + " UTC",
    }


def _title(ledger: Ledger, found: Sequence[Row]) -> str:
    """The folder that the results go to; the ledger's own where they go to several."""
    outs = {each.out for each in found}
    out = outs.pop() if len(outs) == 1 else str(ledger.path.parent)
    return PurePosixPath(out.replace("\\", "/").rstrip("/")).name or out


def _facts(ledger: Ledger, sums: Summary, found: Sequence[Row]) -> Iterator[tuple[str, str]]:
    presets = Counter(each.preset for each in found)
    if presets:
        yield "Presets" if len(presets) > 1 else "Preset", ", ".join(name for name, _ in presets.most_common(6))
    if sums.begun is not None and sums.ended is not None:
        yield "From", f"{_when(sums.begun)} UTC"
        yield "To", f"{_when(sums.ended)} UTC"
    outs = list(dict.fromkeys(each.out for each in found))
    if outs:
        yield "Results", outs[0] if len(outs) == 1 else f"{outs[0]} and {len(outs) - 1} more"
    yield "Ledger", str(ledger.path)


def _chips(sums: Summary) -> Iterator[dict[str, str]]:
    looks: dict[State, tuple[str, str]] = {
        "done": ("ok", "done"), "failed": ("bad", "bad"), "quarantined": ("bad", "bad"), "running": ("", "hand"),
    }  # fmt: skip
    words: dict[State, str] = {
        "done": "delivered", "failed": "refused, with the reason", "quarantined": "brought their worker down",
        "running": "in hand", "waiting": "not begun", "cancelled": "by a person", "skipped": "by the rules",
    }  # fmt: skip
    shown: tuple[State, ...] = ("failed", "quarantined", *(s for s in STATES if s not in ("failed", "quarantined")))
    for state in shown:
        if count := sums.counts[state]:
            look, target = looks.get(state, ("", "rest"))
            yield {"state": look, "label": f"{count} {state}", "detail": words[state], "target": target}
    if sums.noted:
        yield {"state": "warn", "label": f"{sums.noted} with notes", "detail": "to look at", "target": "done"}
    if not sums.total:
        yield {"state": "", "label": "No jobs", "detail": "nothing was found", "target": ""}


def _sums(sums: Summary) -> Iterator[dict[str, str]]:
    def figure(name: str, value: str, note: str = "") -> dict[str, str]:
        return {"name": name, "value": value, "note": note}

    yield figure("Sound done", clock(sums.media_s), f"{sums.counts['done']} of {sums.total} jobs")
    pauses_s = sums.wall_s - sums.busy_s
    yield figure(
        "Time taken", clock(sums.busy_s), f"and {clock(pauses_s)} with nothing in hand" if pauses_s >= 1 else ""
    )
    if sums.speed is not None:
        yield figure("Speed", f"{number(sums.speed, 1)} ×", "real time, all workers together")
    lost = f"{clock(sums.lost_s)} of it in attempts that did not end well" if sums.lost_s >= 1 else ""
    yield figure("Workers' time", clock(sums.compute_s), lost)
    if sums.left_s is None or sums.left_s > 0:
        waits = sums.counts["waiting"] + sums.counts["running"]
        left = "not known yet" if sums.left_s is None else f"about {clock(sums.left_s)}"
        yield figure("Time left", left, f"for {waits} job{'' if waits == 1 else 's'}")
    yield figure("Delivered", _bytes(sums.output_bytes), f"{sums.outputs} file{'' if sums.outputs == 1 else 's'}")


def _failures(bad: Sequence[Row], ledger: Ledger, logs: JobLogs, path: Path) -> dict[str, Any]:
    # What crashes comes first: a refusal says itself what to do, a crash has to be looked into.
    bad = sorted(bad, key=lambda each: (each.state != "quarantined", each.id))
    kinds = Counter("quarantined" if each.state == "quarantined" else each.error or "failed" for each in bad)
    shown = bad[:MOST_FAILED]
    return {
        "count": len(bad),
        "kinds": kinds.most_common(),
        "cards": [_card(each, ledger, logs, path) for each in shown[:MOST_CARDS]],
        "more": [
            {"name": each.name, "state": each.state, "attempts": each.attempts, "reason": _cut(each.reason, 400)}
            for each in shown[MOST_CARDS:]
        ],
        "left_out": len(bad) - len(shown),
    }


def _card(each: Row, ledger: Ledger, logs: JobLogs, path: Path) -> dict[str, Any]:
    attempts = ledger.attempts(each.id)
    log = logs.path(each.id)
    return {
        "id": each.id,
        "name": each.name,
        "state": each.state,
        "reason": _cut(each.reason, _LONGEST_REASON),
        "source": each.source,
        "attempts": [_attempt(attempt, each.reason) for attempt in attempts[-_MOST_ATTEMPTS:]],
        "earlier": max(0, len(attempts) - _MOST_ATTEMPTS),
        "tail": [_cut(line, _LONGEST_LINE) for line in logs.tail(each.id, _MOST_LINES)],
        "log": _link(log, path) if log.exists() else "",
    }


def _attempt(attempt: Attempt, reason: str) -> dict[str, Any]:
    return {
        "number": attempt.number,
        "begun": _when(attempt.begun),
        "lasted": _time(attempt.ended - attempt.begun) if attempt.ended else "",
        "ending": attempt.ending or "goes on",
        "detail": "as above" if attempt.detail and attempt.detail == reason else _cut(attempt.detail, _LONGEST_REASON),
        "worker": attempt.worker,
    }


def _in_hand(each: Row, now: float | None) -> dict[str, Any]:
    return {
        "name": each.name,
        "stage": each.stage or "–",
        "share": round(100 * min(max(each.share, 0.0), 1.0)),
        "spent": "" if now is None or each.begun is None else _time(max(0.0, now - each.begun)),
        "worker": each.worker,
    }


def _rest(found: Sequence[Row]) -> dict[str, Any] | None:
    if not found:
        return None
    # Those with a reason say something; that a job waits, its number says.
    shown = sorted(found, key=lambda each: (not each.reason, each.id))[:MOST_REST]
    return {
        "count": len(found),
        "rows": [{"name": e.name, "state": e.state, "reason": _cut(e.reason, _LONGEST_NOTE)} for e in shown],
        "left_out": len(found) - len(shown),
    }


def _stages(sums: Summary) -> list[dict[str, Any]]:
    most = max((stage.seconds for stage in sums.stages), default=0.0) or 1.0
    return [
        {
            "name": stage.name,
            "jobs": stage.jobs,
            "took": _time(stage.seconds),
            "rtf": number(stage.rtf, 3),
            "share": round(100 * stage.seconds / most, 1),
        }
        for stage in sums.stages
    ]


# --- what is done


@dataclass(frozen=True)
class _Column:
    """A column of the table of done jobs: its value, how that reads and looks; left out where all have None."""

    name: str
    value: Callable[[Row], float | None]
    text: Callable[[float], str]
    title: str = ""
    tone: Callable[[Row], str] = lambda each: ""


def _whole(value: float) -> str:
    return f"{value:.0f}"


_COLUMNS = (
    _Column("Length", lambda each: each.media_s, clock),
    _Column("Took", lambda each: each.seconds, lambda value: _time(value)),
    _Column("× length", lambda each: each.rtf, lambda value: number(value, 2), "Computing time by length of recording"),
    _Column("Captions", lambda each: each.captions, _whole),
    _Column(
        "Issues", lambda each: each.caption_issues, _whole, "Where captions break their style guide",
        lambda each: "noted" if each.caption_issues else "zero",
    ),
    _Column(
        "Unsure", lambda each: each.unsure, _whole, "Words of low confidence: marked in each report",
        lambda each: "noted" if each.unsure else "zero",
    ),
    _Column("Findings", lambda each: each.findings, _whole, "Faults found in the sound"),
    _Column("Cues", lambda each: each.cues, _whole),
    _Column(
        "LUFS", lambda each: each.lufs, lambda value: number(value, 1), "Integrated loudness of what was delivered",
        lambda each: "miss" if each.misses_spec else "",
    ),
    _Column("Memory", lambda each: each.peak_mb, lambda value: _bytes(int(value * 1e6)), "Most that its worker held"),
    _Column("Size", lambda each: each.output_bytes or None, lambda value: _bytes(int(value)), "Of all results"),
)  # fmt: skip


def _done(done: Sequence[Row], ledger: Ledger, path: Path) -> dict[str, Any]:
    columns = [column for column in _COLUMNS if any(column.value(each) is not None for each in done)]
    shown = sorted(sorted(done, key=lambda each: (not each.is_noted, each.id))[:MOST_DONE], key=lambda each: each.id)
    return {
        "count": len(done),
        "columns": [{"name": "Recording", "title": ""}, *({"name": c.name, "title": c.title} for c in columns)],
        "rows": [_done_row(each, columns, ledger.get(each.id), path) for each in shown],
        "left_out": len(done) - len(shown),
    }


def _done_row(each: Row, columns: Sequence[_Column], job: Job, path: Path) -> dict[str, Any]:
    notes = list(_notes(each))
    if len(notes) > _MOST_NOTES:
        notes = [*notes[: _MOST_NOTES - 1], f"and {len(notes) - _MOST_NOTES + 1} more, in its report"]
    return {"name": each.name, "notes": notes, "cells": [_cell(each, c) for c in columns], **_outputs(job, path)}


def _notes(each: Row) -> Iterator[str]:
    if each.misses_spec:
        yield f"loudness: {each.verdict}" + (f" against {each.spec}" if each.spec else "")
    if count := each.caption_issues:
        yield f"subtitles: {count} {'issue' if count == 1 else 'issues'} against the style guide"
    yield from (_cut(warning, _LONGEST_NOTE) for warning in each.warnings)


def _cell(each: Row, column: _Column) -> Mapping[str, Any]:
    value = column.value(each)
    if value is None:
        return {"value": None, "text": "–", "tone": "zero"}
    return {"value": f"{value:.6g}", "text": column.text(value), "tone": column.tone(each)}


def _outputs(job: Job, path: Path) -> dict[str, Any]:
    """Links to the results where they lie on this machine, else where they lie."""
    outputs, out = job.outcome.outputs, job.order.out
    if is_url(out):
        return {"links": [], "more": "", "elsewhere": below(out, job.order.name) if outputs else ""}
    links = [
        {"kind": output.kind.replace("_", " "), "href": href}
        for output in sorted(outputs, key=_importance)[:_MOST_LINKS]
        if (href := _link(Path(out) / PurePosixPath(output.path), path))
    ]
    more = f"and {len(outputs) - len(links)} more" if len(outputs) > len(links) else ""
    return {"links": links, "more": more, "elsewhere": ""}


def _importance(output: Output) -> tuple[int, str]:
    return _FIRST.index(output.kind) if output.kind in _FIRST else len(_FIRST), output.kind


def _link(target: Path, page: Path) -> str:
    """The percent-encoded way from a page to a file; '' where there is none (another drive)."""
    try:
        way = os.path.relpath(os.path.abspath(target), os.path.dirname(os.path.abspath(page)))
    except ValueError:
        return ""
    return quote(os.fsencode(way.replace(os.sep, "/")), safe="/")


# --- values for people


def _when(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _time(value: float | None) -> str:
    """Seconds as a clock shows them; with a tenth below ten seconds."""
    return "–" if value is None else f"{value:.1f} s" if value < 10 else clock(value)


def _bytes(count: int) -> str:
    for unit, size in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} B"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
