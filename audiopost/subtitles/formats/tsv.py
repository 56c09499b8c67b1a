"""Tab-separated captions for spreadsheets: start and end in seconds, speaker, text. Formulas are defused."""

from __future__ import annotations

from ...io.cells import safe_cell
from . import Document


def render(document: Document) -> str:
    rows = ["start_s\tend_s\tspeaker\ttext\n"]
    for start, end, lines, speaker, _ in document.events():
        cells = (f"{start / 1000:.3f}", f"{end / 1000:.3f}", safe_cell(speaker), safe_cell(" ".join(lines)))
        rows.append("\t".join(cells) + "\n")
    return "".join(rows)
