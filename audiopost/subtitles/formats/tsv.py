"""Tab-separated captions for spreadsheets: start and end in seconds, speaker, text. Formulas are defused."""

from __future__ import annotations

from ...io.cells import safe_cell
from . import BETWEEN, CAPTIONS, Document
from .csv import parse

HOLDS = (CAPTIONS - {"lines"}) | {"speaker"}

__all__ = ["HOLDS", "parse", "render"]


def render(document: Document) -> str:
    """TSV text with LF line ends; the lines of a caption are joined."""
    rows = ["start_s\tend_s\tspeaker\ttext\n"]
    for event in document.events():
        speaker = event.speaker or BETWEEN.join(filter(None, event.line_speakers))
        cells = (
            f"{event.start_ms / 1000:.3f}",
            f"{event.end_ms / 1000:.3f}",
            safe_cell(speaker),
            safe_cell(event.text),
        )
        rows.append("\t".join(cells) + "\n")
    return "".join(rows)
