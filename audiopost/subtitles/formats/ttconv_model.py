"""ttconv's document model as captions: how EBU STL and SCC are read."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

from ...core.speech import Caption
from ..markup import PLAIN, WHITE, Look, Run, marked
from . import unended_s

#: Per cent of the picture's width from which a region says nothing about where its text stands.
_WHOLE_WIDTH = 88


@contextlib.contextmanager
def said() -> Iterator[list[str]]:
    """What ttconv logs inside, each sentence once; nothing of it reaches the user's own log."""
    heard: list[str] = []

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if (sentence := record.getMessage()) not in heard:
                heard.append(sentence)

    log, ear = logging.getLogger("ttconv"), Ear(logging.WARNING)
    before, log.propagate = log.propagate, False
    log.addHandler(ear)
    try:
        yield heard
    finally:
        log.removeHandler(ear)
        log.propagate = before


def captions_of(document: Any, language: str, offset_s: Fraction = Fraction(0)) -> tuple[Caption, ...]:
    """The captions of a ttconv ContentDocument, `offset_s` taken off their times.

    Paint-on text, which comes in word by word, becomes one caption from its first word on.
    """
    body = document.get_body()
    found = [
        caption
        for division in body or ()
        for paragraph in division
        if (caption := _caption(paragraph, language, offset_s)) is not None
    ]
    return tuple(sorted(found, key=lambda c: (c.start_s, c.end_s)))


def _caption(paragraph: Any, language: str, offset_s: Fraction) -> Caption | None:
    begin, end = paragraph.get_begin() or Fraction(0), paragraph.get_end()
    shown = marked(_runs(paragraph, PLAIN))
    if not shown.lines:
        return None
    start_s = float(begin - offset_s)
    # The last caption of a roll-up has no end.
    stop_s = float(end - offset_s) if end is not None else start_s + unended_s(shown.lines)
    if stop_s <= start_s or start_s < 0:
        return None
    return replace(shown.caption(start_s, stop_s, _position(paragraph)), language=language)


def _runs(element: Any, look: Look) -> Iterator[Run]:
    from ttconv import model

    for child in element:
        if isinstance(child, model.Br):
            yield "\n", PLAIN
        elif isinstance(child, model.Text):
            yield child.get_text(), look
        else:
            yield from _runs(child, _look(child) or look)


def _look(span: Any) -> Look:
    from ttconv.style_properties import FontStyleType, StyleProperties

    marks = set()
    if span.get_style(StyleProperties.FontStyle) is FontStyleType.italic:
        marks.add(("italic", ""))
    decoration = span.get_style(StyleProperties.TextDecoration)
    if decoration is not None and decoration.underline is True:
        marks.add(("underline", ""))
    colour = span.get_style(StyleProperties.Color)
    if colour is not None and (value := "#{:02x}{:02x}{:02x}".format(*colour.components[:3])) != WHITE:
        marks.add(("colour", value))
    return frozenset(marks)


def _position(paragraph: Any) -> int:
    """As on a number pad: by where the region's text clings to, in a narrow region by the region itself."""
    from ttconv.style_properties import DisplayAlignType, StyleProperties, TextAlignType

    region = paragraph.get_region()
    column = {TextAlignType.start: 1, TextAlignType.end: 3}.get(paragraph.get_style(StyleProperties.TextAlign), 2)
    if region is None:
        return column
    origin, extent = region.get_style(StyleProperties.Origin), region.get_style(StyleProperties.Extent)
    if origin is None or extent is None:
        return column
    if extent.width.value < _WHOLE_WIDTH:
        middle = origin.x.value + extent.width.value / 2
        column = 1 if middle < 34 else 2 if middle < 66 else 3
    shares = {DisplayAlignType.before: 0.0, DisplayAlignType.after: 1.0}
    at = origin.y.value + shares.get(region.get_style(StyleProperties.DisplayAlign), 0.5) * extent.height.value
    return column + (6 if at < 34 else 3 if at < 60 else 0)
