"""SubRip. It has no escapes: a word joiner, which is invisible, keeps text from being taken for markup.

Italics, bold, underlining and colours are the tags that players know; the place on the screen is `{\\an8}`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from ..encodings import decode
from ..markup import Mark, Run, colour, marked, tagged
from ..text import JOINER
from . import CAPTIONS, Document, Event, Loaded, clock_ms, left_behind
from .ass import Look

HOLDS = CAPTIONS | {"italic", "bold", "underline", "colour", "position"}

_LETTERS = {"i": "italic", "b": "bold", "u": "underline"}
_TAGS = {kind: (f"<{letter}>", f"</{letter}>") for letter, kind in _LETTERS.items()}
_TIME = re.compile(r"(\d{1,2}:)(?=\d{1,2}:\d{1,2}[.,]\d)")
_TOKEN = re.compile(r"<(/?)([a-zA-Z][\w-]*)([^>\n]*)>|(\{\\[^}\n]*\})")
_FONT = re.compile(r"\b(face|size)\s*=", re.IGNORECASE)
_COLOUR = re.compile(r"\bcolor\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s>]+)", re.IGNORECASE)


def render(document: Document) -> str:
    """SRT text with LF line ends."""
    return "\n".join(_block(number, event) for number, event in enumerate(document.labelled(), 1))


def _block(number: int, event: Event) -> str:
    lines = [tagged(line, event.spans(n), escape, _tags) for n, line in enumerate(event.lines)]
    lines = [line + JOINER if line.isdigit() else line for line in lines]  # else a caption's number
    place = "" if event.position == 2 else f"{{\\an{event.position}}}"
    times = f"{clock_ms(event.start_ms, ',')} --> {clock_ms(event.end_ms, ',')}"
    return f"{number}\n{times}\n{place}{chr(10).join(lines)}\n"


def _tags(mark: Mark) -> tuple[str, str]:
    kind, value = mark
    return (f'<font color="{value}">', "</font>") if kind == "colour" else _TAGS[kind]


def escape(line: str) -> str:
    """'<b>', '{\\an8}', '-->' and times shown as they are."""
    line = re.sub(r"([<{\\])", rf"\1{JOINER}", line).replace("-->", f"--{JOINER}>")
    return _TIME.sub(rf"\1{JOINER}", line)


def parse(data: bytes, name: str, encoding: str | None = None) -> Loaded:
    """The captions of an SRT file; blocks by pysubs2, tags by us (it knows no colours and no places)."""
    import pysubs2

    text, _, warnings = decode(data, name, encoding)
    # A number at the end keeps pysubs2 from taking a last line of digits for one; runs of blank lines slow it.
    text = re.sub(r"\n{3,}", "\n\n", text) + "\n\n0\n"
    options: dict[str, Any] = {"keep_html_tags": True}
    captions, lost = [], Counter[str]()
    for event in pysubs2.SSAFile.from_string(text, format_="srt", **options):
        look = Look()
        shown = marked(list(_runs(event.text.replace(r"\N", "\n"), look)))
        if not shown.lines:
            lost["caption{s} without text"] += 1
        elif event.end < event.start:
            lost["caption{s} with an end before the start"] += 1
        else:
            lost += look.lost
            captions.append(shown.caption(event.start / 1000, event.end / 1000, look.position or 2))
    captions.sort(key=lambda caption: (caption.start_s, caption.end_s))
    return Loaded(tuple(captions), warnings=warnings + left_behind(lost))


def _runs(text: str, look: Look) -> Iterator[Run]:
    """Runs of tagged text; a tag that nobody closes holds to the end, unknown ones are counted in `look.lost`."""
    opened: dict[str, list[str]] = {"italic": [], "bold": [], "underline": [], "colour": []}
    at = 0
    for found in (*_TOKEN.finditer(text), None):
        marks = {(kind, values[-1]) for kind, values in opened.items() if values}
        piece = text[at : found.start() if found else len(text)].replace(JOINER, "")
        yield piece, frozenset({*look.marks.items(), *marks} - {("colour", "")})
        if found is None:
            return
        at = found.end()
        closing, tag, rest, override = found.groups()
        if override:
            look.read(override)
            continue
        kind = "colour" if tag.lower() == "font" else _LETTERS.get(tag.lower())
        if kind is None:
            look.lost[f"<{tag.lower()}> tag"] += not closing
        elif closing:
            del opened[kind][-1:]
        else:
            value = _COLOUR.search(rest) if kind == "colour" else None
            opened[kind].append(colour(value[1]) if value else "")
            look.lost["change{s} of font or size"] += kind == "colour" and bool(_FONT.search(rest))
