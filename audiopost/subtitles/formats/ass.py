"""Advanced SubStation Alpha: speakers in the name field. Its times are hundredths of a second."""

from __future__ import annotations

import re

from ..text import JOINER
from . import Document

_HEAD = """[Script Info]
{notes}Title: {title}
ScriptType: v4.00+
WrapStyle: 2
ScaledBorderAndShadow: yes
PlayResX: 1920
PlayResY: 1080

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, \
StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,Arial,56,&H00FFFFFF,&H000000FF,&H00000000,&H80000000,0,0,0,0,100,100,0,0,1,3,1,2,96,96,54,1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""


def render(document: Document) -> str:
    """ASS text with LF line ends."""
    notes = f"; {document.draft}\n" if document.draft else ""
    head = _HEAD.format(notes=notes, title=f"Subtitles ({document.transcript.language})")
    events = [
        f"Dialogue: 0,{_clock(start)},{_clock(end)},Default,{_name(speaker)},0,0,0,,{join(lines)}\n"
        for start, end, lines, speaker, _ in document.events()
    ]
    return head + "".join(events)


def join(lines: tuple[str, ...]) -> str:
    """The text field of an event; what libavcodec's subtitle encoders take as well."""
    return r"\N".join(map(escape, lines))


def escape(line: str) -> str:
    """Braces become full-width ones (no renderer agrees on an escape), marked so that reading turns them back."""
    line = line.replace("{", f"｛{JOINER}").replace("}", f"｝{JOINER}")
    return re.sub(r"\\", rf"\\{JOINER}", line)


def unescape(text: str) -> str:
    return text.replace(f"｛{JOINER}", "{").replace(f"｝{JOINER}", "}").replace(JOINER, "")


def _name(speaker: str) -> str:
    """A comma would end the field."""
    return speaker.replace(",", ";")


def _clock(time_ms: int) -> str:
    seconds, hundredths = divmod((time_ms + 5) // 10, 100)
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{hundredths:02d}"
