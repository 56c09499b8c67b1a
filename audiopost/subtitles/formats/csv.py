"""Captions as CSV for spreadsheets: timecode and seconds, speaker, language, text with its lines. Formulas are defused.

Reading takes tables of other programs too: any of `,`, `;` and tabs between cells, columns by their headings, times as
seconds, milliseconds, clock times or timecode.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from ...core.errors import BadValue
from ...core.time import TIMEBASE_25, Timebase
from ...io.cells import plain_cell, safe_cell
from ..encodings import decode
from ..markup import PLAIN, marked
from . import BETWEEN, CAPTIONS, Document, Loaded, left_behind
from .ass import named

HOLDS = CAPTIONS | {"speaker", "languages"}

_HEADINGS = ("timecode_in", "timecode_out", "start_s", "end_s", "speaker", "language", "text")
#: Headings of other programs, in small letters; seconds and milliseconds before timecode, which is less exact.
_COLUMNS = {
    "start": (
        "start_s",
        "start_ms",
        "start",
        "start time",
        "in",
        "begin",
        "from",
        "timecode_in",
        "timecode in",
        "tc in",
    ),
    "end": ("end_s", "end_ms", "end", "end time", "out", "stop", "to", "timecode_out", "timecode out", "tc out"),
    "text": ("text", "line", "subtitle", "subtitles", "caption", "dialogue", "transcript", "content"),
    "speaker": ("speaker", "name", "character", "who", "actor", "voice"),
    "language": ("language", "lang"),
}
_CLOCK = re.compile(r"(?:(\d+):)?(\d{1,2}):(\d{1,2})(?:[.,](\d{1,3}))?")


def render(document: Document) -> str:
    """CSV text (RFC 4180) that begins with a byte order mark, without which Excel takes it for another encoding."""
    out = io.StringIO()
    out.write("\ufeff")
    table = csv.writer(out, lineterminator="\r\n")
    table.writerow(_HEADINGS)
    for event in document.events():
        start, end = event.start_ms / 1000, event.end_ms / 1000
        row = (
            document.timebase.timecode(start), document.timebase.timecode(end), f"{start:.3f}", f"{end:.3f}",
            *(one or (BETWEEN.join(each) if any(each) else "") for one, each in
              ((event.speaker, event.line_speakers), (event.language, event.line_languages))),
            "\n".join(event.lines),
        )  # fmt: skip
        table.writerow([safe_cell(cell) for cell in row])
    return out.getvalue()


def parse(data: bytes, name: str, encoding: str | None = None) -> Loaded:
    """The captions of a table. Raises BadValue for one without columns of times and text."""
    text, _, warnings = decode(data, name, encoding)
    first = text.lstrip("\ufeff").split("\n", 1)[0]
    delimiter = max("\t,;", key=first.count)
    # Only our own and other proper CSV quotes cells; in TSV a quotation mark is text.
    source = io.StringIO(text.lstrip("\ufeff"), newline="")
    table = csv.reader(source, delimiter=delimiter, quoting=csv.QUOTE_NONE if delimiter == "\t" else csv.QUOTE_MINIMAL)
    rows = [row for row in table if any(map(str.strip, row))]
    columns = _columns(rows[0] if rows else [], name)
    seconds, notes = _clock_of(rows[1:], columns, rows[0])
    captions, lost = [], Counter[str]()
    for row in rows[1:]:
        cells = {key: plain_cell(row[at]) if at < len(row) else "" for key, at in columns.items()}
        start, end = seconds(cells["start"]), seconds(cells["end"])
        shown = marked([(cells["text"], PLAIN)])
        if start is None or end is None or end < start or not shown.lines:
            lost["row{s} without a text or without times in order"] += 1
            continue
        languages = tuple(cells.get("language", "").split(BETWEEN))
        if len(languages) != len(shown.lines):
            languages = (cells.get("language", ""),) * len(shown.lines)
        names = named(cells.get("speaker", ""), len(shown.lines))
        captions.append(shown._replace(line_speakers=names, line_languages=languages).caption(start, end))
    captions.sort(key=lambda caption: (caption.start_s, caption.end_s))
    lost["column"] = len(rows[0]) - len(columns) - sum(heading in _HEADINGS[:2] for heading in rows[0])
    return Loaded(tuple(captions), warnings=warnings + notes + left_behind(lost))


def _columns(headings: Sequence[str], name: str) -> dict[str, int]:
    """Where each kind of cell stands."""
    known = [heading.strip().lower() for heading in headings]
    columns = {
        key: next(known.index(heading) for heading in names if heading in known)
        for key, names in _COLUMNS.items()
        if set(names) & set(known)
    }
    if missing := {"start", "end", "text"} - set(columns):
        raise BadValue(
            f"{name} has no column for {' and '.join(sorted(missing))}: its first row is {', '.join(headings)[:80]!r}.",
            value=name,
            choices=_HEADINGS,
            remedy="Name the columns in the first row.",
        )
    return columns


def _clock_of(
    rows: Iterable[Sequence[str]], columns: dict[str, int], headings: Sequence[str]
) -> tuple[Callable[[str], float | None], tuple[str, ...]]:
    """What turns a cell into seconds, and what it assumed: whole numbers are milliseconds where seconds would last."""
    heading = headings[columns["start"]].strip().lower()
    cells = [row[columns[key]].strip() for row in rows for key in ("start", "end") if columns[key] < len(row)]
    whole = all(map(str.isdigit, filter(None, cells))) and not heading.endswith("_s")
    numbers = [int(cell) for cell in cells] if whole and all(cells) else []
    lengths = sorted(end - start for start, end in zip(numbers[::2], numbers[1::2], strict=False))
    in_ms = heading.endswith("_ms") or (bool(lengths) and lengths[len(lengths) // 2] >= 100)
    notes: tuple[str, ...] = ()
    if in_ms and not heading.endswith("_ms"):
        notes = ("Times are taken for milliseconds.",)
    if any(_CLOCK.fullmatch(cell) is None and cell.count(":") + cell.count(";") == 3 for cell in cells):
        notes = (*notes, f"Timecode is taken for {TIMEBASE_25.rate} frames a second.")
    return (lambda cell: _seconds(cell.strip(), 1000 if in_ms else 1, TIMEBASE_25)), notes


def _seconds(cell: str, units: int, timebase: Timebase) -> float | None:
    if found := _CLOCK.fullmatch(cell):
        hours, minutes, seconds, fraction = found.groups()
        whole = (int(hours or 0) * 60 + int(minutes)) * 60 + int(seconds)
        return whole + int((fraction or "0").ljust(3, "0")) / 1000
    try:
        return timebase.seconds(cell)
    except BadValue:
        number = re.fullmatch(r"\d+(?:[.,]\d+)?", cell)
        return float(cell.replace(",", ".")) / units if number else None
