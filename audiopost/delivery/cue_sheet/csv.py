"""The cue sheet as CSV: ids as headings in English, so that programs find them; titles in the other languages."""

from __future__ import annotations

from pathlib import Path

from ...io.atomic import write_text
from ..spotting import Spotting
from ..tables import csv_text
from .columns import COLUMNS, sheet_row, title


def write(path: Path, spotting: Spotting) -> Path:
    """UTF-8 with a byte order mark, which Excel needs; formulas defused. Raises OutputError."""
    language = spotting.language
    rows = (sheet_row(cue, spotting.timebase, language) for cue in spotting.cues)
    heading = None if language == "en" else {column: title(column, language) for column in COLUMNS}
    return write_text(path, csv_text(rows, COLUMNS, heading), bom=True)
