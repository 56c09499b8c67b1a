"""SubStation Alpha, version 4: the older form of ASS, without underlining; places are `{\\a6}`."""

from __future__ import annotations

from . import Document, Event, Loaded
from .ass import HOLDS as ASS_HOLDS
from .ass import LEGACY, head, marked_text, parse_substation, times_and_name

HOLDS = ASS_HOLDS - {"underline"}

_HEAD = """[Script Info]
{notes}Title: {title}
ScriptType: v4.00
PlayResX: 1920
PlayResY: 1080

[V4 Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, TertiaryColour, BackColour, Bold, Italic, \
BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, AlphaLevel, Encoding
Style: Default,Arial,56,16777215,255,0,0,0,0,1,3,1,2,96,96,54,0,1

[Events]
Format: Marked, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""
_PLACES = {place: number for number, place in LEGACY.items()}


def render(document: Document) -> str:
    """SSA text with LF line ends."""
    return head(_HEAD, document) + "".join(map(_dialogue, document.events()))


def _dialogue(event: Event) -> str:
    place = "" if event.position == 2 else rf"{{\a{_PLACES[event.position]}}}"
    return f"Dialogue: Marked=0,{times_and_name(event)},0,0,0,,{place}{marked_text(event, ('italic', 'bold'))}\n"


def parse(data: bytes, name: str, encoding: str | None = None) -> Loaded:
    """The captions of an SSA file."""
    return parse_substation(data, name, encoding, "ssa")
