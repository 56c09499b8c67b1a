"""A manifest: a table with a recording in each row and what is to be said of it, as CSV or as JSON lines."""

from __future__ import annotations

import csv
import io
import json
import logging
import os
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, fields
from pathlib import Path, PurePosixPath
from typing import Any

from ..core.errors import AudiopostError, BadValue, UnknownName
from ..core.time import FrameRate
from ..presets import DELIVER
from ..subtitles.encodings import decode
from .places import is_url
from .search import Found

log = logging.getLogger("audiopost")


@dataclass(frozen=True)
class Entry:
    """A row of a manifest, each field a column; '' (None, an empty tuple) where it says nothing.

    `source` and the files that it names are whole paths, or URLs. `settings` are 'stage.option=value'. `line` is where
    it begins in the file, from 1.
    """

    source: str
    name: str = ""
    title: str = ""
    show: str = ""
    season: str = ""
    episode: str = ""
    language: str = ""
    cast: str = ""
    style: str = ""
    glossary: str = ""
    script: str = ""
    speakers: str = ""
    preset: str = ""
    fps: str | None = None
    start_timecode: str | None = None
    settings: tuple[str, ...] = ()
    line: int = 0


#: Columns of a manifest; all but the first may be left out.
COLUMNS = tuple(each.name for each in fields(Entry) if each.name != "line")

#: Columns that are options, and columns that name a file of the manifest's folder.
_OPTIONS = {
    "language": "transcribe.language", "cast": "diarise.cast", "style": "subtitles.style",
    "glossary": "transcribe.glossary", "script": "transcribe.script", "speakers": "diarise.speakers",
}  # fmt: skip
_FILES = ("cast", "glossary", "script")
#: Columns that name a file where they end so, else something that is known by its name.
_MAYBE_FILES = ("style", "preset")
_SETTING = re.compile(r"\w+\.\w+\s*=")
#: A setting's value may hold semicolons: one that another setting follows ends it.
_BETWEEN = re.compile(rf"\s*;\s*(?={_SETTING.pattern}|\s*$)")
_JSON_LINES = frozenset({".jsonl", ".ndjson"})


def read(path: Path) -> tuple[Entry, ...]:
    """The rows of a manifest: CSV with commas, semicolons or tabs and a row of column names, or JSON lines.

    UTF-8, UTF-16 with a byte order mark, or, with a warning, what the text looks like. Relative paths are relative to
    its folder. Raises BadValue with the file and the line, UnknownName for a column that does not exist.
    """
    text = _text(path)
    is_json = path.suffix.lower() in _JSON_LINES or text.lstrip().startswith("{")
    entries: list[Entry] = []
    lines: dict[tuple[str, str], int] = {}
    for line, row in (_json_rows if is_json else _csv_rows)(text, path.name):
        entry = _entry(row, line, path)
        first = lines.setdefault((entry.source, entry.name), line)
        if first != line:
            raise _bad(
                path.name, line, f"{entry.source} stands in line {first} already", entry.source,
                "Give one of them a name of its own in the column name.",
            )  # fmt: skip
        entries.append(entry)
    if not entries:
        raise BadValue(f"{path} names no recording.", value=str(path), remedy="Its rows need a source at least.")
    return tuple(entries)


def found(entry: Entry, path: Path) -> Found:
    """The recording of a row of the manifest `path`; it is not looked for.

    It is seen from the manifest's folder, and has its name alone where it lies elsewhere.
    """
    folder = Path(os.path.abspath(path)).parent
    if is_url(entry.source):
        return Found(entry.source, PurePosixPath(entry.source.rstrip("/").rpartition("/")[2]))
    source = Path(entry.source)
    below = source.relative_to(folder) if source.is_relative_to(folder) else Path(source.name)
    return Found(entry.source, PurePosixPath(below.as_posix()))


def known(entry: Entry) -> dict[str, str]:
    """What a row says as text, by column: what names are made of."""
    said = {column: getattr(entry, column) for column in COLUMNS if column != "settings"}
    return {column: value for column, value in said.items() if value}


def settings_of(entry: Entry, stages: Collection[str]) -> tuple[str, ...]:
    """What a row says as 'stage.option=value', its own settings last, for a preset with these stages.

    Raises BadValue, with the line, where the preset has no such stage.
    """
    found = [(column, f"{option}={value}") for column, option in _OPTIONS.items() if (value := getattr(entry, column))]
    found += [("settings", setting) for setting in entry.settings]
    for column, setting in found:
        stage = setting.partition(".")[0].strip()
        if stage not in (*stages, DELIVER):
            raise BadValue(
                f"Line {entry.line} of the manifest, column {column}: {setting} needs the stage {stage!r}, which its "
                "preset does not have.",
                value=setting, choices=stages, remedy="Leave it empty, or take another preset.",
            )  # fmt: skip
    return tuple(setting for _, setting in found)


def _bad(name: str, line: int, problem: str, value: object = None, remedy: str = "") -> BadValue:
    return BadValue(f"{name}, line {line}: {problem}.", value=value, remedy=remedy)


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadValue(
            f"The manifest {path} cannot be read: {error.strerror or error}.", value=str(path), remedy="Check its name."
        ) from error
    try:
        decoded = decode(data, path.name)
    except BadValue as error:
        raise BadValue(
            f"The manifest {path} is in no encoding that can be told.", value=str(path), remedy="Save it as UTF-8."
        ) from error
    if decoded.warnings and decoded.encoding == "utf-8":
        line = next(n for n, text in enumerate(decoded.text.split("\n"), 1) if "\ufffd" in text)
        raise _bad(path.name, line, "it has bytes that are no UTF-8", str(path), "Save it as UTF-8.")
    if decoded.warnings:
        log.warning("%s is read as %s, which is a guess: save it as UTF-8", path, decoded.encoding)
    return decoded.text


# --- rows as they stand: the line, and the values by column


def _csv_rows(text: str, name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    said = re.match(r'"?sep=(.)"?\n', text)  # Excel's own way to say it
    skipped = 1 if said else 0
    text = text[said.end() :] if said else text
    delimiter = said[1] if said else max(",;\t", key=lambda sign: _known(text, sign))
    columns: list[str] | None = None
    for line, cells in _cells(text, delimiter, name, skipped):
        if not any(cells):
            continue
        if columns is None:
            columns = [_column(cell, name, line) if cell else "" for cell in cells]
            _check_columns(columns, name, line)
            continue
        if any(cells[len(columns) :]):
            raise _bad(name, line, f"it has {len(cells)} cells for {len(columns)} columns", cells, "Quote the value.")
        row = dict(zip(columns, cells, strict=False))
        if row.pop("", ""):
            raise _bad(name, line, "it has a value in a column without a name", cells)
        yield line, row


def _cells(text: str, delimiter: str, name: str, skipped: int) -> Iterator[tuple[int, list[str]]]:
    """Each row with the line that it begins in."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + skipped + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise _bad(
                name, line, f"it is no row of CSV ({error})", remedy="A quotation mark may be missing."
            ) from error
        yield line, [cell.strip() for cell in cells]


def _known(text: str, delimiter: str) -> int:
    """How many columns the first line with anything in it names, were that the delimiter."""
    first = next((line for line in text.split("\n") if line.strip()), "")
    return sum(_normal(cell) in COLUMNS for cell in first.replace('"', "").split(delimiter))


def _normal(cell: str) -> str:
    return re.sub(r"[ -]+", "_", cell.strip().lower())


def _column(cell: str, name: str, line: int) -> str:
    if (column := _normal(cell)) not in COLUMNS:
        raise UnknownName("column", cell, COLUMNS, where=f"{name}, line {line}")
    return column


def _check_columns(columns: list[str], name: str, line: int) -> None:
    twice = next((each for each in columns if each and columns.count(each) > 1), None)
    if twice:
        raise _bad(name, line, f"the column {twice} stands there twice", twice)
    if "source" not in columns:
        raise _bad(name, line, "there is no column source", columns, "The first row names the columns.")


def _json_rows(text: str, name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    for line, said in enumerate(text.split("\n"), 1):
        if not said.strip():
            continue
        try:
            pairs = json.loads(said, object_pairs_hook=list)
        except (ValueError, RecursionError) as error:
            raise _bad(name, line, f"it is no JSON ({error})", remedy="Each line is one object.") from error
        # An empty object and an empty list look the same, and so do pairs and a list of lists.
        if not said.lstrip().startswith("{"):
            raise _bad(name, line, "it is no JSON object", said[:80], 'Each line is one object: {"source": "ep1.mov"}.')
        row: dict[str, Any] = {}
        for key, value in pairs:
            column = _column(key, name, line)
            if column in row:
                raise _bad(name, line, f"{column} stands there twice", value)
            row[column] = _scalar(value, column, name, line)
        yield line, row


def _scalar(value: Any, column: str, name: str, line: int) -> Any:
    """Text of a value, but for a list of settings."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value if column == "source" else value.strip()
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    if column == "settings" and isinstance(value, list) and all(isinstance(each, str) for each in value):
        return value
    kind = "text, or a list of texts" if column == "settings" else "text or a number"
    raise _bad(name, line, f"{column} is not {kind}", value)


# --- a row as an entry


def _entry(row: dict[str, Any], line: int, path: Path) -> Entry:
    values = {column: value for column, value in row.items() if value}
    folder = Path(os.path.abspath(path)).parent
    if "source" not in values:
        raise _bad(path.name, line, "there is no source", row, "Name the recording.")
    if any("\0" in str(value) for value in values.values()):
        raise _bad(path.name, line, "it holds a zero character", row)
    values["source"] = _whole(values["source"], folder)
    for column in (*_FILES, *(each for each in _MAYBE_FILES if values.get(each, "").endswith(".toml"))):
        if column in values:
            values[column] = _whole(values[column], folder)
    settings = values.get("settings", ())
    if isinstance(settings, str):
        settings = _BETWEEN.split(settings)
    values["settings"] = tuple(setting.strip() for setting in settings if setting.strip())
    for setting in values["settings"]:
        if not _SETTING.match(setting):
            raise _bad(
                path.name, line, f"{setting!r} is not stage.option=value", setting, "For example denoise.amount=80."
            )
    if "fps" in values:
        try:
            FrameRate.parse(values["fps"])
        except AudiopostError as error:
            error.problem = f"{path.name}, line {line}: {error.problem}"
            raise
    return Entry(**values, line=line)


def _whole(place: str, folder: Path) -> str:
    return place if is_url(place) else os.path.abspath(folder / os.path.expanduser(place))
