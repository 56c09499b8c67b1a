"""Enhanced LRC: LRC with the time of each word before it, `[00:01.00]<00:01.00>Hello <00:01.50>there`."""

from __future__ import annotations

from ...core.speech import Caption, joined
from ..timed_words import Placed, placed_words
from . import Document, Event
from .lrc import HOLDS as LRC_HOLDS
from .lrc import clock, escape, parse, rendered

HOLDS = LRC_HOLDS | {"words"}

__all__ = ["HOLDS", "parse", "render"]


def render(document: Document) -> str:
    """LRC text with LF line ends; captions without words of known times stay plain."""
    events = list(document.labelled())
    captions = [Caption(event.start_ms / 1000, event.end_ms / 1000, event.lines) for event in events]
    placed = placed_words(captions, document.transcript)

    def text_of(event: Event, number: int) -> str:
        lines = (
            _timed(line, [place for place in placed[number] if place.line == n]) for n, line in enumerate(event.lines)
        )
        return joined(lines, event.line_languages[0])

    return rendered(document, text_of)


def _timed(line: str, places: list[Placed]) -> str:
    """A line with the time of each word before it, and behind it where it ends early; punctuation stays with it."""
    if not places:
        return escape(line)
    out = escape(line[: places[0].start])
    for place, following in zip(places, [*places[1:], None], strict=True):
        piece = line[place.start : following.start if following else None]
        end = round(place.word.end_s * 100)
        early = following is None or end < round(following.word.start_s * 100)
        out += f"<{clock(round(place.word.start_s * 100))}>{escape(piece.rstrip())}"
        out += (f"<{clock(end)}>" if early else "") + piece[len(piece.rstrip()) :]
    return out
