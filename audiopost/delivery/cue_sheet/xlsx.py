"""The cue sheet as a spreadsheet: typed cells, lists to choose from; scenes and hit points on sheets of their own."""

from __future__ import annotations

import datetime
import io
import logging
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ...core.language import tell
from ...io.atomic import write_bytes
from ..scene_list import scene_cells, scene_titles
from ..spotting import Spotting
from .columns import COLUMNS, WIDTHS, sheet_row, title
from .notes import header
from .words import ids, shown

log = logging.getLogger("audiopost")

#: What a cell of XLSX holds (Excel's own limit).
MOST_CHARACTERS = 32_767
#: Columns whose values are chosen from a list, and the kind in words.py.
_CHOSEN = {
    "status": "status", "function": "function", "emotion": "emotion", "fade_in_shape": "fade", "fade_out_shape": "fade",
}  # fmt: skip
#: Columns for programs, folded away.
_HIDDEN = ("curve", "in_s", "out_s", "reel", "number", "track_data")
#: Rows that a list to choose from reaches, beyond those written: for cues that a person adds.
_ADDED = 200


def write(path: Path, spotting: Spotting) -> Path:
    """Text stays text, equal cues give equal bytes; what no cell holds is cut, and logged. Raises OutputError."""
    import xlsxwriter

    data, language = io.BytesIO(), spotting.language
    options = {
        "in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
    }  # fmt: skip
    with xlsxwriter.Workbook(data, options) as book:
        book.set_properties({"title": spotting.name, "created": datetime.datetime(2000, 1, 1)})
        _cue_sheet(book, spotting)
        if spotting.scenes:
            rows = (scene_cells(scene, spotting.timebase, language) for scene in spotting.scenes)
            table(book, tell("sheet.scenes", language), scene_titles(language), rows, (8, 13, 13, 24, 18, 34, 60))
        heads = [tell(f"sheet.{key}", language) for key in ("cue", "when", "what", "strength", "beat", "off")]
        hits = list(_hits(spotting))
        if hits:
            table(book, tell("sheet.hit_points", language), heads, hits, (8, 14, 60, 10, 8, 12))
    return write_bytes(path, data.getvalue())


def _cue_sheet(book: Any, spotting: Spotting) -> None:
    language = spotting.language
    rows = [list(sheet_row(cue, spotting.timebase, language).values()) for cue in spotting.cues]
    heads = [title(column, language) for column in COLUMNS]
    sheet = table(book, tell("sheet.cues", language), heads, rows, [WIDTHS.get(column, 12) for column in COLUMNS])
    if not rows:
        sheet.write_string(1, 0, tell("sheet.no_cues", language), book.add_format({"text_wrap": False}))
    for column in _HIDDEN:
        place = COLUMNS.index(column)
        sheet.set_column(place, place, WIDTHS.get(column, 12), None, {"level": 1, "hidden": True})
    for column, kind in _CHOSEN.items():
        place = COLUMNS.index(column)
        choices = [shown(kind, value, language) for value in ids(kind)]
        sheet.data_validation(1, place, len(rows) + _ADDED, place, {"validate": "list", "source": choices})
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.set_header("&L" + header(spotting).replace("&", "&&")[:200] + "&R&P / &N")


def table(book: Any, name: str, heads: Sequence[str], rows: Iterable[Sequence[Any]], widths: Sequence[float]) -> Any:
    """A sheet with a frozen, filtered header; strings as strings, numbers as numbers. Returns it."""
    head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1, "bg_color": "#EEF2F1"})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    sheet = book.add_worksheet(name[:31])
    sheet.freeze_panes(1, 1)
    for place, (heading, width) in enumerate(zip(heads, widths, strict=True)):
        sheet.set_column(place, place, width, wrapped)
        sheet.write_string(0, place, heading, head)
    line = 0
    for line, row in enumerate(rows, 1):
        for place, value in enumerate(row):
            if isinstance(value, str):
                if value:
                    sheet.write_string(line, place, _held(value, f"row {line + 1}, {heads[place]}"), wrapped)
            elif value is not None:
                sheet.write_number(line, place, value, wrapped)
    if line:
        sheet.autofilter(0, 0, line, len(heads) - 1)
    return sheet


def _held(text: str, where: str) -> str:
    """What a cell holds of a text: whole lines, as each is an item; of a single line (track data) nothing."""
    if len(text) <= MOST_CHARACTERS:
        return text
    log.warning("%s: longer than a cell of a spreadsheet, and cut; CSV and JSON hold all of it", where)
    return text[:MOST_CHARACTERS].rpartition("\n")[0]


def _hits(spotting: Spotting) -> Iterable[tuple[Any, ...]]:
    for cue in spotting.cues:
        for hit in cue.hits:
            off = None if hit.error_frames is None else round(hit.error_frames, 2)
            when = spotting.timebase.timecode(hit.time_s)
            yield cue.label, when, hit.what, round(hit.strength, 2), hit.beat, off
