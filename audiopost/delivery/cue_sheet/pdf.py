"""Spotting notes to print: an overview with a line a cue, then each cue in full, then the scenes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from reportlab.graphics.shapes import Drawing, Line, PolyLine, Rect, String
from reportlab.lib import colors
from reportlab.lib.units import mm
from reportlab.platypus import CondPageBreak, KeepTogether, Spacer, Table, TableStyle

from ...core.language import tell, texts
from ...io.atomic import write_bytes
from ..spotting import Spotting
from .notes import Card, Notes, Plot, brief, notes
from .pages import ACCENT, INK, LINE, MUTED, SHADE, STATUS, WIDTH, Type, pdf, table

#: Height of what a page holds of a cue beside its bar, in points.
_PAGE = 400.0
_LEFT = WIDTH * 0.36


def write(path: Path, spotting: Spotting) -> Path:
    """Raises OutputError."""
    page = notes(spotting)
    words = "".join(version[spotting.language] for group in ("sheet", "emotion") for version in texts(group).values())
    type_ = Type.of(page.text + words, spotting.language)
    return write_bytes(path, pdf(_story(page, type_, spotting.language), type_, title=page.name, header=page.header))


def _story(page: Notes, type_: Type, language: str) -> list[Any]:
    def told(key: str) -> str:
        return tell(f"sheet.{key}", language)

    story: list[Any] = [
        type_.paragraph(page.name, 19, bold=True),
        Spacer(0, 1 * mm),
        type_.paragraph(f"{page.kind} · {page.summary}", 10, colour=MUTED),
        Spacer(0, 4 * mm),
    ]
    if page.empty:
        story.append(type_.paragraph(page.empty, 11))
    else:
        story += [_overview(page, type_), *_heading(told("details"), type_)]
        story += [part for card in page.cards for part in _card(card, page, type_, language)]
    if page.scenes:
        story += _heading(told("scenes"), type_)
        story += [Spacer(0, 3 * mm), table(type_, page.scene_titles, page.scenes, (6, 11, 11, 16, 14, 22, 40))]
    return story


def _heading(text: str, type_: Type) -> list[Any]:
    """On a new page, unless a third of this one is left."""
    return [Spacer(0, 8 * mm), CondPageBreak(62 * mm), type_.paragraph(text, 13, bold=True)]


def _overview(page: Notes, type_: Type) -> Table:
    inks = [MUTED if status == "rejected" else INK for status in page.statuses]
    made = table(type_, page.overview_titles, page.overview, (7, 11, 11, 8, 19, 9, 24, 52), inks)
    looks = [("LINEBEFORE", (0, n), (0, n), 2.2, STATUS[status]) for n, status in enumerate(page.statuses, 1)]
    made.setStyle(TableStyle(looks))
    return made


def _card(card: Card, page: Notes, type_: Type, language: str) -> list[Any]:
    """A cue on one page: a bar, what to write on the left, why and when on the right. A long one goes over pages."""
    facts, why = _facts(card, type_), _why(card, type_, language)
    tall = max(_height([facts], _LEFT), _height(why, WIDTH - _LEFT)) > _PAGE
    body = [facts, *why] if tall else [Table([[facts, why]], [_LEFT, WIDTH - _LEFT], style=_TIGHT)]
    if card.hits:
        body.append(table(type_, page.hit_titles, card.hits, (12, 70, 9, 7, 12)))
    whole = [Spacer(0, 5 * mm), _bar(card, type_), *body]
    return whole if tall else [KeepTogether(whole)]


def _height(parts: list[Any], width: float) -> float:
    return float(sum(part.wrap(width, _PAGE)[1] for part in parts))


def _bar(card: Card, type_: Type) -> Table:
    """Name, times and status."""
    colour = STATUS[card.status]
    cells = [
        type_.paragraph(card.label, 12, bold=True, colour=colour),
        type_.paragraph(" · ".join(filter(None, (card.feel, brief(card.title)))), 10, bold=True),
        type_.paragraph(card.times, 10),
        type_.paragraph(f"{card.status_shown} · {card.sure}", 8.5, colour=MUTED, right=True),
    ]
    looks = [
        ("BACKGROUND", (0, 0), (-1, -1), SHADE),
        ("LINEBEFORE", (0, 0), (0, 0), 3, colour),
        ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
    ]
    return Table([cells], [WIDTH * share for share in (0.08, 0.38, 0.34, 0.2)], style=looks)


def _facts(card: Card, type_: Type) -> Any:
    rows = [[type_.paragraph(name, 7.5, colour=MUTED), type_.paragraph(value, 8.5)] for name, value in card.facts]
    return Table(rows, [_LEFT * 0.32, _LEFT * 0.66], style=_TIGHT, splitInRow=1) if rows else Spacer(0, 1)


def _why(card: Card, type_: Type, language: str) -> list[Any]:
    """The reason, the curve, tracks and alternatives."""
    parts: list[Any] = [type_.paragraph(card.reason, 9)]
    if card.plot:
        parts += [Spacer(0, 1.5 * mm), _curve(card.plot, type_, language)]
    for key, lines in (("column_tracks", card.tracks), ("column_alternatives", card.alternatives)):
        if lines:
            parts += [Spacer(0, 1.5 * mm), type_.paragraph(tell(f"sheet.{key}", language), 7.5, colour=MUTED)]
            parts += [type_.paragraph(f"– {line}", 8) for line in lines]
    return parts


_TIGHT = TableStyle(
    [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), 3),
        ("RIGHTPADDING", (0, 0), (-1, -1), 3),
        ("TOPPADDING", (0, 0), (-1, -1), 1.2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 1.2),
    ]
)


def _curve(plot: Plot, type_: Type, language: str) -> Drawing:
    """Arousal and valence over the cue's length, hit points as ticks as long as they are hard."""
    width, height, margin = WIDTH - _LEFT - 10, 17 * mm, 11
    drawing = Drawing(width, height + margin)
    drawing.add(Rect(0, margin, width, height, fillColor=None, strokeColor=LINE, strokeWidth=0.4))
    middle = margin + height / 2
    drawing.add(Line(0, middle, width, middle, strokeColor=LINE, strokeWidth=0.4))
    for place, strength in plot.hits:
        top = margin + height * max(min(strength, 1.0), 0.15)
        drawing.add(Line(place * width, margin, place * width, top, strokeColor=_HIT, strokeWidth=0.9))
    at = 0.0
    for index, (axis, colour) in enumerate((("arousal", ACCENT), ("valence", _VALENCE)), 1):
        line = [xy for p in plot.points for xy in (p[0] * width, middle + p[index] * height / 2)]
        drawing.add(PolyLine(line, strokeColor=colour, strokeWidth=1.3))
        drawing.add(Line(at, 4.5, at + 12, 4.5, strokeColor=colour, strokeWidth=1.3))
        drawing.add(_legend(at + 15, tell(f"emotion.{axis}", language), type_, colour))
        at += 90
    if plot.hits:
        drawing.add(Line(at, 2, at, 8, strokeColor=_HIT, strokeWidth=0.9))
        drawing.add(_legend(at + 4, tell("sheet.hit_points", language), type_, _HIT))
    return drawing


def _legend(x: float, text: str, type_: Type, colour: Any) -> String:
    return String(x, 2, text, fontName=type_.font(text), fontSize=7, fillColor=colour)


_HIT, _VALENCE = colors.HexColor("#C02F2F"), colors.HexColor("#B98A0B")
