"""The performing rights cue sheet: what music the programme uses, for how long, and who is to be paid for it.

Societies ask for the same facts in their own words. The programme's head and the columns hold what ASCAP and BMI
(RapidCue: title, use, timing, composer and publisher with their society), PRS (title, writers, publisher, performer,
duration, use, origin, ISRC, ISWC, timecodes) and CASH (after CISAC's Common Cue Sheet) want; the use stands twice, in
the codes of the first and in the words of the others. Nothing is invented: what a file's tags do not say is MISSING.
"""

from __future__ import annotations

import csv
import datetime
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path, PurePath
from typing import Any

from ...core.language import tell
from ...core.music import TrackInfo
from ...core.spotting import Cue
from ...core.time import clock
from ...io.atomic import write_bytes, write_text
from ...io.cells import safe_cell
from ..spotting import Programme, Spotting
from .words import joined

#: Columns in order, and their widths in a spreadsheet.
COLUMNS = {
    "sequence": 6, "cue": 8, "title": 30, "composer": 26, "publisher": 24, "society": 12, "performer": 22, "usage": 11,
    "use": 14, "origin": 10, "in_timecode": 13, "out_timecode": 13, "duration": 9, "isrc": 15, "iswc": 15, "file": 28,
    "remark": 60,
}  # fmt: skip
#: Codes of ASCAP and BMI by function: main title, end title, visual; all else is background. The second is for songs.
_CODES = {"opening": ("MT", "MT"), "closing": ("ET", "ET"), "source": ("VI", "VV")}
_BACKGROUND = ("BI", "BV")
#: Words of PRS and CASH by function.
_USES = {"opening": "signature", "closing": "signature", "source": "featured"}
#: From this probability of a voice on a track counts as a song. Below it a voice in a full band may have been missed.
_SUNG = 0.5
#: What a society cannot do without.
_NEEDED = ("title", "composer", "publisher", "society")


@dataclass(frozen=True)
class CueTrack:
    """A piece of music in the programme: cells by the names of COLUMNS, its length, and what `_NEEDED` it lacks."""

    cells: dict[str, str]
    duration_s: float
    missing: tuple[str, ...]


def cue_tracks(spotting: Spotting) -> tuple[CueTrack, ...]:
    """Accepted tracks, and the music that was there before, in the order of the programme."""
    used = [cue for cue in spotting.cues if cue.status == "existing" or (cue.status != "rejected" and cue.track)]
    used.sort(key=lambda cue: cue.in_s)
    return tuple(_cue_track(number, cue, spotting) for number, cue in enumerate(used, 1))


def _cue_track(number: int, cue: Cue, spotting: Spotting) -> CueTrack:
    language, timebase = spotting.language, spotting.timebase
    match = cue.track
    track = match.track if match else TrackInfo("", title=cue.title)
    known = {name: getattr(track, name) for name in _NEEDED}
    missing = tuple(name for name, value in known.items() if not value)
    absent = tell("sheet.missing", language)
    plain, song = _CODES.get(cue.function, _BACKGROUND)
    sung = track.vocal is not None and track.vocal >= _SUNG
    cells = {
        "sequence": str(number),
        "cue": cue.label,
        **{name: value or absent for name, value in known.items()},
        "performer": track.artist,
        "usage": song if sung else plain,
        "use": tell(f"sheet.use_{_USES.get(cue.function, 'background')}", language),
        "origin": "",
        "in_timecode": timebase.timecode(cue.in_s),
        "out_timecode": timebase.timecode(cue.out_s),
        "duration": clock(cue.duration_s),
        "isrc": track.isrc,
        "iswc": track.iswc,
        "file": PurePath(track.path).name,
    }
    remarks: list[str] = [tell("sheet.rights_existing", language)] if cue.status == "existing" else []
    if missing:
        names = joined(language, *(tell(f"sheet.rights_{name}", language) for name in missing))
        remarks.append(tell("sheet.missing_remedy", language, fields=names))
    if plain != song:
        key = "sheet.heard_voice" if sung else "sheet.assumed_instrumental"
        remarks.append(tell(key, language, sung=song, plain=plain))
    cells["remark"] = (" " if language == "en" else "").join(remarks)
    return CueTrack({name: cells[name] for name in COLUMNS}, cue.duration_s, missing)


def titles(language: str) -> list[str]:
    return [tell(f"sheet.rights_{name}", language) for name in COLUMNS]


def head(spotting: Spotting) -> list[tuple[str, str]]:
    """Names and values at the head of the sheet: the programme, its length, and how much music there is in it."""
    programme, language = spotting.programme, spotting.language
    lines = [
        (tell(f"sheet.programme_{field.name}", language), getattr(programme, field.name)) for field in fields(Programme)
    ]
    music_s = sum(track.duration_s for track in cue_tracks(spotting))
    lines.append((tell("sheet.programme_duration", language), clock(spotting.duration_s)))
    return [*lines, (tell("sheet.total", language), clock(music_s))]


def _body(spotting: Spotting) -> Iterator[Sequence[str]]:
    """The rows under the columns' titles, or one that says that there is none."""
    found = cue_tracks(spotting)
    yield from (list(track.cells.values()) for track in found)
    if not found:
        yield [tell("sheet.no_rights", spotting.language)]


def write_csv(path: Path, spotting: Spotting) -> Path:
    """The head as names and values, an empty line, the table. UTF-8 with a byte order mark. Raises OutputError."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerows([safe_cell(cell) for cell in line] for line in head(spotting))
    writer.writerow(())
    writer.writerow(titles(spotting.language))
    writer.writerows([safe_cell(cell) for cell in row] for row in _body(spotting))
    return write_text(path, text.getvalue(), bom=True)


def write_xlsx(path: Path, spotting: Spotting) -> Path:
    """The same on one sheet, what is missing in red; equal cues give equal bytes. Raises OutputError."""
    import xlsxwriter

    data = io.BytesIO()
    with xlsxwriter.Workbook(
        data, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    ) as book:
        book.set_properties({"title": spotting.name, "created": datetime.datetime(2000, 1, 1)})
        sheet = book.add_worksheet(tell("sheet.rights", spotting.language)[:31])
        _fill(book, sheet, spotting)
    return write_bytes(path, data.getvalue())


def _fill(book: Any, sheet: Any, spotting: Spotting) -> None:
    bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    red = book.add_format({"text_wrap": True, "valign": "top", "font_color": "#C02F2F", "bold": True})
    absent = tell("sheet.missing", spotting.language)
    line = 0
    for line, (name, value) in enumerate(head(spotting)):
        sheet.merge_range(line, 0, line, 2, name, bold)
        sheet.merge_range(line, 3, line, 6, value, wrapped)
    line += 2
    for place, (title, width) in enumerate(zip(titles(spotting.language), COLUMNS.values(), strict=True)):
        sheet.set_column(place, place, width)
        sheet.write_string(line, place, title, bold)
    for row in _body(spotting):
        line += 1
        for place, cell in enumerate(row):
            sheet.write_string(line, place, cell, red if cell == absent else wrapped)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
