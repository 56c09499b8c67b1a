"""The performing rights cue sheet to print, with a line to sign."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from reportlab.lib.units import mm
from reportlab.platypus import Spacer, Table

from ...core.language import tell, texts
from ...io.atomic import write_bytes
from ..spotting import Spotting
from .notes import header
from .pages import MUTED, WIDTH, Type, pdf, table
from .rights import COLUMNS, cue_tracks, head, titles

#: Widths in points; columns without one are not in the table.
_WIDTHS = {
    "sequence": 28, "cue": 42, "title": 88, "composer": 86, "publisher": 80, "society": 46, "performer": 58,
    "usage": 66, "use": 66, "in_timecode": 58, "out_timecode": 58, "duration": 46, "isrc": 70,
}  # fmt: skip


def write(path: Path, spotting: Spotting) -> Path:
    """Raises OutputError."""
    language, tracks = spotting.language, cue_tracks(spotting)
    lines = head(spotting)
    words = "".join(version[language] for version in texts("sheet").values())
    type_ = Type.of(repr((lines, tracks, header(spotting))) + words, language)
    story: list[Any] = [
        type_.paragraph(tell("sheet.rights", language), 17, bold=True),
        Spacer(0, 3 * mm),
        _head(lines, type_),
        Spacer(0, 5 * mm),
    ]
    if tracks:
        names = {name: title.replace("（", "\n（") for name, title in zip(COLUMNS, titles(language), strict=True)}
        rows = [[track.cells[name] for name in _WIDTHS] for track in tracks]
        story += [table(type_, [names[name] for name in _WIDTHS], rows, list(_WIDTHS.values())), Spacer(0, 4 * mm)]
        story += [
            type_.paragraph(f"{track.cells['sequence']} · {track.cells['cue']}: {track.cells['remark']}", 8)
            for track in tracks
            if track.cells["remark"]
        ]
    else:
        story.append(type_.paragraph(tell("sheet.no_rights", language), 11))
    return write_bytes(path, pdf(story, type_, title=spotting.name, header=header(spotting)))


def _head(lines: list[tuple[str, str]], type_: Type) -> Table:
    """Names and values in three pairs of columns; a value to be filled in by hand is a line."""
    cells = [
        [type_.paragraph(name, 7.5, colour=MUTED), type_.paragraph(value or "_" * 28, 8.5)] for name, value in lines
    ]
    cells += [["", ""]] * (-len(cells) % 3)
    rows = [[part for pair in cells[n : n + 3] for part in pair] for n in range(0, len(cells), 3)]
    widths = [WIDTH / 3 * share for share in (0.36, 0.64)] * 3
    return Table(rows, widths, style=[("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (-1, -1), 3)])
