"""Reads a cue sheet that somebody edited: CSV as spreadsheets save it, XLSX, or our JSON."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ...core.errors import BadValue, UnreadableMedia
from ...core.language import tell
from ...core.serial import from_json
from ...core.spotting import Cue
from ...core.time import Timebase
from ...io.cells import plain_cell
from ...subtitles.encodings import decode
from .cells import json_values
from .columns import COLUMNS, DERIVED, column_of
from .parse import Cell, Row, cue_of
from .words import joined

#: Rows that a title may take above the headings.
_ABOVE = 20
_DELIMITERS = (",", ";", "\t")
_MOST_BYTES = 64 * 1024 * 1024
#: What a spreadsheet may unpack to, and what of it is read: a film has hundreds of cues, a small file can claim to be
#: gigabytes, or to have a cell in its last row.
_MOST_UNPACKED, _MOST_ROWS, _MOST_COLUMNS = 256 * 1024 * 1024, 20_000, 256


class Sheet(NamedTuple):
    """What a cue sheet holds; `remarks` says what in it was passed over."""

    cues: tuple[Cue, ...]
    remarks: tuple[str, ...] = ()


def read_sheet(path: Path, timebase: Timebase, language: str = "en") -> Sheet:
    """Cues out of CSV (any usual encoding, comma, semicolon or tab), XLSX or JSON, by the file's suffix.

    Columns may stand in any order, under their ids or their titles in any language; all but the in point, and the out
    point or a duration, may be missing. Timecode counts from the start of `timebase`; where timecode and seconds
    differ by a frame or more, timecode is believed. Times are taken as they are: no order, no end. A cue without label
    and number has the number 0. Remarks are in `language`.

    Raises BadValue that names row, column and remedy, UnreadableMedia where the file cannot be opened.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise BadValue(f"{path.name} is no cue sheet.", value=str(path), choices=_READERS, remedy="Save it as one.")
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise BadValue(f"{path.name} is larger than any cue sheet ({_MOST_BYTES >> 20} MiB).", value=str(path))
        data = path.read_bytes()
    except OSError as error:
        raise UnreadableMedia(f"Cannot read {path}: {error.strerror or error}.", value=str(path)) from error
    return reader(data, path.name, timebase, language)


def _read_json(data: bytes, name: str, timebase: Timebase, language: str) -> Sheet:
    try:
        found = json_values(data.decode("utf-8-sig"))
    except ValueError as error:
        raise BadValue(f"{name} is no JSON: {error}.", value=name) from error
    entries = found.get("cues") if isinstance(found, dict) else found
    if not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries):
        raise BadValue(f"{name} holds no list of cues.", value=name, remedy="Write [{…}] or {'cues': [{…}]}.")
    own = ({key: value for key, value in each.items() if key not in DERIVED} for each in entries)
    return Sheet(tuple(from_json(Cue, each, where=f"{name}: cue {n}") for n, each in enumerate(own, 1)))


def _read_csv(data: bytes, name: str, timebase: Timebase, language: str) -> Sheet:
    try:
        decoded = decode(data, name)
    except BadValue as error:
        remedy = "Save it as CSV in UTF-8, or as .xlsx."
        raise BadValue(f"The letters of {name} are in no encoding that is known.", value=name, remedy=remedy) from error
    tables = ([_plain(row) for row in _csv_rows(decoded.text, mark)] for mark in _DELIMITERS)
    best = max(tables, key=lambda rows: len(_heading(rows)[1]))
    sheet = _cues(best, name, timebase, language)
    if not decoded.warnings:
        return sheet
    return Sheet(sheet.cues, (tell("sheet.read_guess", language, file=name, encoding=decoded.encoding), *sheet.remarks))


def _csv_rows(text: str, delimiter: str) -> list[list[str]]:
    if text.startswith("sep="):  # Excel's own line that names the delimiter
        text = text.partition("\n")[2]
    csv.field_size_limit(_MOST_BYTES)
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


def _plain(row: Iterable[str]) -> list[str]:
    return [plain_cell(cell) for cell in row]


def _read_xlsx(data: bytes, name: str, timebase: Timebase, language: str) -> Sheet:
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
        if unpacked > _MOST_UNPACKED:
            raise ValueError(f"it unpacks to {unpacked >> 20} MiB, which no cue sheet does")
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=False)
        tables = [_rows_of(sheet) for sheet in book.worksheets]
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError, SyntaxError) as error:
        raise BadValue(
            f"{name} is no spreadsheet that can be read: {error}.", value=name, remedy="Save it as .xlsx or .csv."
        ) from error
    if not tables:
        raise BadValue(f"{name} has no sheet.", value=name)
    return _cues(max(tables, key=lambda rows: len(_heading(rows)[1])), name, timebase, language)


def _rows_of(sheet: Any) -> list[Sequence[Cell]]:
    """The rows of a sheet, as far as a cue sheet may reach."""
    return list(sheet.iter_rows(values_only=True, max_row=_MOST_ROWS, max_col=_MOST_COLUMNS))


def _heading(rows: Sequence[Sequence[Cell]]) -> tuple[int, dict[int, str]]:
    """The index of the row that has most known headings, and its columns by position."""
    best: tuple[int, dict[int, str]] = (0, {})
    for index, row in enumerate(rows[:_ABOVE]):
        known: dict[int, str] = {}
        for place, cell in enumerate(row):
            column = column_of(cell) if isinstance(cell, str) else None
            if column and column not in known.values():
                known[place] = column
        if len(known) > len(best[1]):
            best = index, known
    return best


def _cues(rows: Sequence[Sequence[Cell]], name: str, timebase: Timebase, language: str) -> Sheet:
    def told(key: str, **values: str | int) -> str:
        return tell(f"sheet.read_{key}", language, file=name, **values)

    index, columns = _heading(rows)
    if not {"in_timecode", "in_s"} & set(columns.values()):
        raise BadValue(
            f"{name} has no column of in points.",
            value=name,
            choices=COLUMNS,
            remedy="The first row names the columns; 'in_timecode' and 'out_timecode' are needed.",
        )
    heading = rows[index]
    titles = {column: str(heading[place]) for place, column in columns.items()}
    foreign = [str(cell).strip() for n, cell in enumerate(heading) if n not in columns and _filled(cell)]
    remarks = [told("foreign", columns=joined(language, *foreign))] if foreign else []
    cues: list[Cue] = []
    overruled: list[str] = []
    for line, row in enumerate(rows[index + 1 :], index + 2):
        filled = {columns[n]: cell for n, cell in enumerate(row) if n in columns and _filled(cell)}
        if not filled:
            continue
        if len(filled) == 1 and not {"in_timecode", "in_s"} & set(filled):
            remarks.append(told("no_cue", row=line, text=str(next(iter(filled.values())))))
            continue
        cells = Row(filled, titles, f"{name}, row {line}")
        cues.append(cue_of(cells, timebase, cues[-1].reel if cues else 1))
        if cells.overruled:
            overruled.append(str(line))
    if overruled:
        remarks.append(told("overruled", rows=joined(language, *overruled)))
    return Sheet(tuple(cues), tuple(remarks))


def _filled(cell: Cell) -> bool:
    return cell is not None and bool(str(cell).strip())


_READERS: dict[str, Callable[[bytes, str, Timebase, str], Sheet]] = {
    ".csv": _read_csv,
    ".tsv": _read_csv,
    ".txt": _read_csv,
    ".xlsx": _read_xlsx,
    ".json": _read_json,
}
