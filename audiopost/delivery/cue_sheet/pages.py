"""Printed pages: A4 on its side, a head and a foot on each, tables that repeat their head, text that wraps."""

from __future__ import annotations

import html
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph, SimpleDocTemplate, Table, TableStyle

from ...core.language import tell
from .fonts import WESTERN, fonts_for, western

INK, MUTED, LINE = colors.HexColor("#1B1E22"), colors.HexColor("#666C74"), colors.HexColor("#C9CCD0")
SHADE, ACCENT = colors.HexColor("#F1F3F2"), colors.HexColor("#0E7A70")
#: The colour of a cue's status.
STATUS = {
    "accepted": colors.HexColor("#17803D"), "suggested": ACCENT, "rejected": colors.HexColor("#A0A5AB"),
    "existing": colors.HexColor("#8E44AD"),
}  # fmt: skip
MARGIN = 14 * mm
WIDTH = landscape(A4)[0] - 2 * MARGIN


@dataclass(frozen=True)
class Type:
    """The fonts of a document: `text` is all that it may show."""

    plain: str
    bold: str
    language: str

    @classmethod
    def of(cls, text: str, language: str) -> Type:
        return cls(*fonts_for(text, language), language)

    def font(self, text: str, *, bold: bool = False) -> str:
        """The font for a text: in English pages a Western one wherever it will do, as Chinese quotes are wide."""
        plain, heavy = WESTERN if self.language == "en" and western(text) else (self.plain, self.bold)
        return heavy if bold else plain

    def paragraph(
        self, text: str, size: float = 8, *, bold: bool = False, colour: Any = INK, right: bool = False
    ) -> Paragraph:
        """Text as it is: markup in it is shown, line ends stay; Chinese wraps between characters."""
        if self.language == "en":
            text = text.replace("−", "–")  # a minus is all that many an English page has beyond Western fonts
        style = ParagraphStyle(
            "sheet",
            fontName=self.font(text, bold=bold),
            fontSize=size,
            leading=size * 1.32,
            textColor=colour,
            alignment=2 if right else 0,
        )
        if text and sum(map(_wide, text)) > 0.3 * len(text):
            style.wordWrap = "CJK"
        return Paragraph(html.escape(text, quote=False).replace("\n", "<br/>"), style)


def _wide(char: str) -> bool:
    return "\u2e80" <= char <= "\uffef"


def table(
    type_: Type, heads: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[float], inks: Sequence[Any] = ()
) -> Table:
    """A table whose head is repeated on each page; `widths` are shares of the page's, `inks` colours of the rows."""
    size = 8.0
    body = [
        [type_.paragraph(cell, size, colour=ink) for cell in row]
        for row, ink in zip(rows, inks or [INK] * len(rows), strict=True)
    ]
    head = [type_.paragraph(cell, size - 0.5, bold=True, colour=MUTED) for cell in heads]
    total = sum(widths)
    made = Table([head, *body], [WIDTH * width / total for width in widths], repeatRows=1, splitInRow=1)
    made.setStyle(
        TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LINEBELOW", (0, 0), (-1, 0), 0.8, INK),
                ("LINEBELOW", (0, 1), (-1, -1), 0.25, LINE),
                ("LEFTPADDING", (0, 0), (-1, -1), 3),
                ("RIGHTPADDING", (0, 0), (-1, -1), 5),
                ("TOPPADDING", (0, 0), (-1, -1), 2.5),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
            ]
        )
    )
    return made


def pdf(story: list[Any], type_: Type, *, title: str, header: str) -> bytes:
    """The document; equal stories give equal bytes (no date, no random id)."""

    class Numbered(Canvas):  # type: ignore[misc]
        """Knows how many pages there are before it draws their heads and feet."""

        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            self._pages: list[dict[str, Any]] = []

        def showPage(self) -> None:  # noqa: N802 (reportlab's name)
            self._pages.append(dict(self.__dict__))
            self._startPage()

        def save(self) -> None:
            for page in self._pages:
                self.__dict__.update(page)
                _frame(self, type_, header, len(self._pages))
                Canvas.showPage(self)
            Canvas.save(self)

    data = io.BytesIO()
    SimpleDocTemplate(
        data,
        pagesize=landscape(A4),
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=20 * mm,
        bottomMargin=14 * mm,
        title=title,
        author="",
        creator="audiopost",
        producer="audiopost",
        lang=type_.language,
        invariant=1,
    ).build(story, canvasmaker=Numbered)
    return data.getvalue()


def _frame(canvas: Canvas, type_: Type, header: str, pages: int) -> None:
    width, height = landscape(A4)
    canvas.setStrokeColor(LINE)
    canvas.setLineWidth(0.5)
    canvas.line(MARGIN, height - 14 * mm, width - MARGIN, height - 14 * mm)
    head = type_.paragraph(header, 8.5, colour=MUTED)
    head.wrapOn(canvas, WIDTH, 10 * mm)
    head.drawOn(canvas, MARGIN, height - 12.5 * mm)
    where = tell("sheet.page", type_.language, number=canvas.getPageNumber(), total=pages)
    canvas.setFont(type_.font(where), 8)
    canvas.setFillColor(MUTED)
    canvas.drawRightString(width - MARGIN, 8 * mm, where)
