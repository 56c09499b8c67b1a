"""A row of an edited sheet as a cue: tolerant of what spreadsheets do to cells, exact about what a person typed."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from ...core.errors import AudiopostError, BadValue
from ...core.spotting import Cue, Fades, TempoFit
from ...core.time import Timebase
from . import cells
from .words import ids, meant

T = TypeVar("T")
#: What a cell may hold: text, or what a spreadsheet made of it.
Cell = str | int | float | datetime.time | datetime.timedelta | datetime.date | None

#: How far apart a time and its seconds in a sheet, with three decimals, may lie.
_ROUNDED_S = 0.000_6
_LABEL = re.compile(r"^\s*(\d+)\s*m\s*(\d+)", re.IGNORECASE)
_CLOCK = re.compile(r"^(?:(\d+):)?(\d+):(\d{1,2}(?:[.,]\d+)?)$")
_WHOLE_SECONDS = re.compile(r"^\d{1,2}:\d{2}:\d{2}$")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


class Row:
    """The cells of one row by column. What goes wrong in `take` names the row, the column and the remedy.

    `overruled` holds what of it was not believed.
    """

    def __init__(self, cells: Mapping[str, Cell], titles: Mapping[str, str], where: str) -> None:
        self._cells, self._titles, self._where = cells, titles, where
        self.overruled: set[str] = set()

    def text(self, column: str) -> str:
        cell = self._cells.get(column)
        if isinstance(cell, float) and cell.is_integer():
            cell = int(cell)
        return "" if cell is None else str(cell).strip()

    def raw(self, column: str) -> Cell:
        cell = self._cells.get(column)
        return None if isinstance(cell, str) and not cell.strip() else cell

    def take(self, column: str, read: Callable[[Any], T], default: T) -> T:
        """`read` of the cell, `default` where there is none. Raises BadValue."""
        cell = self.raw(column)
        if cell is None:
            return default
        try:
            if isinstance(cell, str) and cell.startswith("=") and column not in ("title", "reason", "texture"):
                raise BadValue(f"{cell!r} is a formula.", value=cell, remedy="Paste its value instead.")
            return read(cell)
        except (AudiopostError, ValueError) as error:
            raise self.refused(column, cell, error) from error

    def refused(self, column: str, cell: object, error: Exception) -> BadValue:
        """The error with its place before it."""
        place = f"{self._where}, column {self._titles.get(column, column)!r}: "
        if isinstance(error, AudiopostError):
            return BadValue(place + error.problem, value=cell, choices=error.choices, remedy=error.remedy)
        return BadValue(f"{place}{cell!r} cannot be read: {error}.", value=cell)

    def has(self, column: str) -> bool:
        """Whether the sheet has the column; existing music without bars leaves its metre empty."""
        return column in self._titles

    def lacks(self, what: str, remedy: str) -> BadValue:
        return BadValue(f"{self._where}: {what}", remedy=remedy)


def cue_of(row: Row, timebase: Timebase, reel: int = 1) -> Cue:
    """The cue of a row; `reel` and number 0 are those of one that has neither a label nor a number.

    Raises BadValue that names row and column. Whether the times make sense is not judged here.
    """
    reel, number = _identity(row, reel)
    in_s = _start(row, timebase)
    out_s = _end(row, in_s, timebase)
    return Cue(
        number,
        in_s,
        out_s,
        row.take("function", _one("function"), "underscore"),
        row.take("emotion", _one("emotion"), "neutral"),
        row.take("tempo_bpm", lambda cell: cells.tempo_of(str(cell)), (60, 120)),
        row.take("mode", lambda cell: meant("mode", str(cell)) or str(cell).strip(), ""),
        row.take("instruments", _several, ()),
        row.text("reason"),
        row.take("confidence", _share, 1.0),
        reel,
        row.take("status", _one("status"), "suggested"),
        row.text("title"),
        row.take("metre", metre_of, "" if row.has("metre") else "4/4"),
        row.text("key"),
        row.text("texture"),
        row.text("dynamics"),
        row.take("level_lu", _number, Cue.level_lu),
        row.take("curve", lambda cell: cells.curve_of(str(cell), timebase), ()),
        row.take("hits", lambda cell: cells.hits_of(str(cell), timebase), ()),
        _fit(row),
        row.take("ducks", lambda cell: cells.ducks_of(str(cell), timebase), ()),
        Fades(
            row.take("fade_in_s", _number, 0.0),
            row.take("fade_out_s", _number, 0.0),
            row.take("fade_in_shape", _one("fade"), "cut"),
            row.take("fade_out_shape", _one("fade"), "cut"),
        ),
        row.take("alternatives", lambda cell: cells.alternatives_of(str(cell)), ()),
        row.take("tracks", lambda cell: cells.tracks_of(str(cell), row.text("track_data")), ())
        or row.take("track_data", lambda cell: cells.tracks_of("", str(cell)), ()),
    )


def _identity(row: Row, reel: int) -> tuple[int, int]:
    """Reel and number: of the label, which people read, else of their columns."""
    found = _LABEL.match(row.text("label"))
    if found:
        return int(found[1]), int(found[2])
    return row.take("reel", _whole, reel), row.take("number", _whole, 0)


def _start(row: Row, timebase: Timebase) -> float:
    time_s = _time(row, "in", timebase)
    if time_s is None:
        raise row.lacks("the cue has no in point.", f"Write a timecode such as {timebase.start_timecode}, or seconds.")
    return time_s


def _end(row: Row, in_s: float, timebase: Timebase) -> float:
    time_s = _time(row, "out", timebase)
    if time_s is None:
        length_s = row.take("duration_s", _number, math.nan)
        if math.isnan(length_s):
            raise row.lacks("the cue has no out point.", "Write a timecode, seconds, or a duration.")
        return in_s + length_s
    return time_s


def _time(row: Row, end: str, timebase: Timebase) -> float | None:
    """Of a cue's two times, what the sheet says.

    Editors work on timecode, so that it is believed; seconds beside it that lie in the same frame are more exact.
    """
    seconds = row.take(f"{end}_s", _seconds, None)
    coded = row.take(f"{end}_timecode", lambda cell: _timecode(cell, timebase), None)
    if coded is None or seconds is None:
        return seconds if coded is None else coded
    if timebase.rate.frame_at(seconds) != timebase.rate.frame_at(coded):
        row.overruled.add(f"{end}_s")
        return coded
    return seconds if abs(seconds - coded) > _ROUNDED_S else coded


def _timecode(cell: Any, timebase: Timebase) -> float:
    if isinstance(cell, datetime.datetime):
        cell = cell.time()
    if isinstance(cell, datetime.time | datetime.timedelta):
        minutes, seconds = divmod(round(_clock_seconds(cell)), 60)
        cell = f"{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}"
    text = str(cell).strip().replace("：", ":").replace("；", ";")
    if isinstance(cell, int | float):
        raise BadValue(
            f"{text!r} is not a timecode.", value=cell, remedy="Seconds belong in the column 'In s'/'Out s'."
        )
    return cells.time_of(f"{text}:00" if _WHOLE_SECONDS.match(text) else text, timebase)


def _clock_seconds(cell: datetime.time | datetime.timedelta) -> float:
    if isinstance(cell, datetime.timedelta):
        return cell.total_seconds()
    return cell.hour * 3600 + cell.minute * 60 + cell.second + cell.microsecond / 1e6


def _seconds(cell: Any) -> float:
    """Seconds as a number, or as H:MM:SS.sss of the recording."""
    if isinstance(cell, datetime.datetime):
        cell = cell.time()
    if isinstance(cell, datetime.time | datetime.timedelta):
        return _clock_seconds(cell)
    found = _CLOCK.match(str(cell).strip())
    if found:
        return int(found[1] or 0) * 3600 + int(found[2]) * 60 + float(found[3].replace(",", "."))
    return _number(cell)


def _number(cell: Any) -> float:
    """A number; a comma may stand for the point, as much of Europe writes it."""
    text = str(cell).strip().replace("−", "-").replace("\u00a0", "").replace(" ", "")
    text = text.removesuffix("%") if text.endswith("%") else text
    try:
        value = float(text.replace(",", ".") if text.count(",") == 1 and "." not in text else text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise BadValue(f"{cell!r} is not a number.", value=cell, remedy="Write digits, like 12.5.")
    return value


def _share(cell: Any) -> float:
    """0 to 1, or a percentage."""
    value = _number(cell)
    value = value / 100 if str(cell).strip().endswith("%") else value
    if not 0 <= value <= 1:
        raise BadValue(f"{cell!r} is no confidence.", value=cell, remedy="Write 0 to 1, or a percentage.")
    return value


def _whole(cell: Any) -> int:
    value = _number(cell)
    if value != int(value):
        raise BadValue(f"{cell!r} is not a whole number.", value=cell, remedy="Write 1, 2, 3 …")
    return int(value)


def _several(cell: Any) -> tuple[str, ...]:
    return tuple(filter(None, cells.split(str(cell).replace("；", ";"), ";")))


def _one(kind: str) -> Callable[[Any], str]:
    def read(cell: Any) -> str:
        value = meant(kind, str(cell))
        if value is None:
            raise BadValue(f"There is no {kind} {str(cell).strip()!r}.", value=cell, choices=ids(kind))
        return value

    return read


def metre_of(cell: Any) -> str:
    """'6/8', also where a spreadsheet took it for a date: 8 June, '06-Aug', '6月8日'.

    Of the two numbers the lower one of a metre is a power of two; where both are, it is the larger.
    """
    if isinstance(cell, datetime.date):
        return _metre(cell.month, cell.day)
    text = str(cell).strip()
    named = re.match(r"^(?:(\d{1,2})[- ]([A-Za-z]{3})|([A-Za-z]{3})[- ](\d{1,2}))", text)
    if named and (month := (named[2] or named[3]).lower()) in _MONTHS:
        return _metre(_MONTHS.index(month) + 1, int(named[1] or named[4]))
    dated = re.match(r"^(\d{1,2})月(\d{1,2})日$", text)
    if dated:
        return _metre(int(dated[1]), int(dated[2]))
    plain = re.match(r"^(\d{1,2})\s*/\s*(\d{1,2})$", text)
    if not plain:
        raise BadValue(f"{text!r} is not a metre.", value=cell, remedy="Write it like 4/4.")
    return f"{int(plain[1])}/{int(plain[2])}"


def _metre(first: int, second: int) -> str:
    lower = max((n for n in (first, second) if n in (2, 4, 8)), default=second)
    upper = first if lower == second else second
    return f"{upper}/{lower}"


def _fit(row: Row) -> TempoFit | None:
    """The fitted tempo, where the sheet has a tempo and where its first beat lies."""
    bpm = row.take("fitted_bpm", _number, math.nan)
    first = row.take("first_beat_s", _seconds, math.nan)
    if math.isnan(bpm) or math.isnan(first):
        return None
    return TempoFit(bpm, first, row.take("rms_frames", _number, 0.0), row.take("worst_frames", _number, 0.0))
