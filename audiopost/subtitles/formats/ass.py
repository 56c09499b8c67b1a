"""Advanced SubStation Alpha: speakers in the name field. Its times are hundredths of a second."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ..encodings import decode
from ..markup import Mark, Run, marked, tagged
from ..text import JOINER, clean
from . import BETWEEN, CAPTIONS, Document, Event, Loaded, draft_in, left_behind

HOLDS = (CAPTIONS - {"milliseconds"}) | {"italic", "bold", "underline", "colour", "position", "speaker", "draft"}

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
_SWITCHES = {"i": "italic", "b": "bold", "u": "underline"}


def render(document: Document) -> str:
    """ASS text with LF line ends."""
    return head(_HEAD, document) + "".join(
        f"Dialogue: 0,{times_and_name(event)},0,0,0,,{_place(event)}{marked_text(event, tuple(_SWITCHES.values()))}\n"
        for event in document.events()
    )


def head(template: str, document: Document) -> str:
    """Everything before the events, with the note on a draft and the title put in."""
    notes = f"; {document.draft}\n" if document.draft else ""
    return template.format(notes=notes, title=f"Subtitles ({clean(document.transcript.language)})")


def times_and_name(event: Event) -> str:
    """The fields Start, End, Style and Name; a comma, which would end the name, becomes a marked semicolon."""
    name = event.speaker or (BETWEEN.join(event.line_speakers) if any(event.line_speakers) else "")
    return f"{_clock(event.start_ms)},{_clock(event.end_ms)},Default,{name.replace(',', f';{JOINER}')}"


def marked_text(event: Event, kinds: tuple[str, ...]) -> str:
    """The text field, with override tags for colours and for those of `kinds`."""

    def tags(mark: Mark) -> tuple[str, str]:
        kind, value = mark
        if kind == "colour":
            return rf"{{\c&H{value[5:7]}{value[3:5]}{value[1:3]}&}}", r"{\c}"
        letter = next((letter for letter, name in _SWITCHES.items() if name == kind and kind in kinds), "")
        return (f"{{\\{letter}1}}", f"{{\\{letter}0}}") if letter else ("", "")

    return r"\N".join(tagged(line, event.spans(n), escape, tags) for n, line in enumerate(event.lines))


def _place(event: Event) -> str:
    return "" if event.position == 2 else f"{{\\an{event.position}}}"


def escape(line: str) -> str:
    """Braces become full-width ones (no renderer agrees on an escape), marked so that reading turns them back."""
    line = line.replace("{", f"｛{JOINER}").replace("}", f"｝{JOINER}")
    return re.sub(r"\\", rf"\\{JOINER}", line)


def unescape(text: str) -> str:
    return text.replace(f"｛{JOINER}", "{").replace(f"｝{JOINER}", "}").replace(JOINER, "")


def _clock(time_ms: int) -> str:
    seconds, hundredths = divmod((time_ms + 5) // 10, 100)
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{hundredths:02d}"


@dataclass
class Look:
    """What override tags make of the text: its marks and its place (0: none said).

    `base` has the marks of the event's style, `styles` those of each.
    """

    base: dict[str, str] = field(default_factory=dict)
    styles: dict[str, dict[str, str]] = field(default_factory=dict)
    marks: dict[str, str] = field(default_factory=dict)
    position: int = 0
    drawing: bool = False
    lost: Counter[str] = field(default_factory=Counter)

    def read(self, block: str) -> None:
        """Takes one block of override tags, '{\\i1\\c&H00FFFF&\\an8}', into account.

        pysubs2's own reader of them knows no colours and no places, and its time grows with the square of their number.
        """
        block, moving = _ANIMATED.subn("", block)
        self.lost["animation"] += moving
        self.lost["comment{s} in braces"] += "\\" not in block and not moving
        for tag in _TAG.finditer(block):
            if tag["switch"]:
                weight = int(tag["on"] or 0)
                self._switch(_SWITCHES[tag["switch"]], weight == 1 or weight >= 600 if tag["on"] else None)
            elif tag["colour"] is not None:
                digits = re.sub(r"[^0-9A-Fa-f]", "", tag["colour"])
                self._switch("colour", True if digits else None, _colour(int(digits or "0", 16)))
            elif tag["an"]:
                self.position = int(tag["an"])
            elif tag["a"]:
                self.position = LEGACY.get(int(tag["a"]), 2)
            elif tag["drawing"]:
                self.drawing = int(tag["drawing"]) > 0
            elif tag["reset"] is not None:
                self.marks = dict(self.styles.get(tag["reset"].strip(), self.base))
            else:
                self.lost[next((name for name, tags in _OTHER.items() if tag["other"] in tags), "other effect")] += 1

    def _switch(self, kind: str, on: bool | None, value: str = "") -> None:
        """A mark on, off, or (None) as the style has it."""
        if on is None:
            on, value = kind in self.base, self.base.get(kind, "")
        if on:
            self.marks[kind] = value
        else:
            self.marks.pop(kind, None)


_BLOCK = re.compile(r"\{[^}]*\}")
_ANIMATED = re.compile(r"\\t\((?:[^()]|\([^()]*\))*\)")
_TAG = re.compile(
    r"\\(?:(?P<switch>[ibu])(?P<on>\d*)(?![a-zA-Z(])|1?c(?![a-zA-Z])(?P<colour>[&H0-9A-Fa-f]*)"
    r"|an(?P<an>[1-9])|a(?P<a>\d{1,2})|p(?P<drawing>\d+)|r(?P<reset>[^\\}]*)|(?P<other>[1-4]?[a-zA-Z]+))"
)
#: The places of SSA: rows from the bottom, the top, the middle.
LEGACY = {1: 1, 2: 2, 3: 3, 5: 7, 6: 8, 7: 9, 9: 4, 10: 5, 11: 6}
#: What the other tags are called in warnings.
_OTHER = {
    "karaoke time": ("k", "K", "kf", "ko", "kt"),
    "animation": ("move", "fad", "fade"),
    "place{s} by coordinates": ("pos", "org"),
    "change{s} of font or size": ("fn", "fs", "fscx", "fscy", "fsp", "fe"),
}


def _colour(bgr: int) -> str:
    return f"#{bgr & 255:02x}{bgr >> 8 & 255:02x}{bgr >> 16 & 255:02x}"


def parse(data: bytes, name: str, encoding: str | None = None) -> Loaded:
    """The captions of an ASS file."""
    return parse_substation(data, name, encoding, "ass")


def parse_substation(data: bytes, name: str, encoding: str | None, kind: str) -> Loaded:
    """The captions of an ASS or SSA file: sections and fields by pysubs2, in order of time."""
    import pysubs2

    text, _, warnings = decode(data, name, encoding)
    file = pysubs2.SSAFile.from_string(text, format_=kind)
    lost = Counter({"attached font": len(file.fonts_opaque), "attached picture": len(file.graphics_opaque)})
    styles = {name: _marks(style) for name, style in file.styles.items()}
    captions, layers = [], set()
    for event in file:
        style = file.styles.get(event.style, pysubs2.SSAStyle.DEFAULT_STYLE)
        base = _marks(style)
        look = Look(base, styles, dict(base), int(style.alignment))
        shown = marked(list(_runs(event.text, look)))
        if event.is_comment:
            lost["comment"] += 1
        elif not shown.lines:
            lost["drawing" if look.lost["drawing"] else "caption{s} without text"] += 1
        elif event.end < event.start or event.start < 0:
            lost["caption{s} with an end before the start"] += 1
        else:
            layers.add(event.layer)
            lost += look.lost
            lost["effect{s} by name"] += bool(event.effect.strip())
            lost["margin{s} of single captions"] += bool(event.marginl or event.marginr or event.marginv)
            names = named(event.name, len(shown.lines))
            shown = shown._replace(line_speakers=names)
            captions.append(shown.caption(event.start / 1000, event.end / 1000, look.position))
    lost["layer{s} over another"] = max(len(layers) - 1, 0)
    lost["font{s} of named styles"] = len({e.style for e in file} & set(file.styles) - {"Default"})
    captions.sort(key=lambda caption: (caption.start_s, caption.end_s))
    return Loaded(tuple(captions), warnings=warnings + left_behind(lost), draft=draft_in(text.partition("[Events]")[0]))


def _marks(style: Any) -> dict[str, str]:
    marks = {kind: "" for kind in _SWITCHES.values() if getattr(style, kind)}
    shown = style.primarycolor
    return marks | {"colour": f"#{shown.r:02x}{shown.g:02x}{shown.b:02x}"}


def named(field_text: str, lines: int) -> tuple[str, ...]:
    """The speaker of each line out of a name field."""
    names = tuple(clean(name.replace(f";{JOINER}", ",")) for name in field_text.split(BETWEEN))
    return names if len(names) == lines else (clean(field_text.replace(f";{JOINER}", ",")),) * lines


def _runs(text: str, look: Look) -> Iterator[Run]:
    """Runs of tagged text; the strokes of drawings are no text."""
    at = 0
    for found in (*_BLOCK.finditer(text), None):
        piece = re.sub(r"\\[Nn]", "\n", text[at : found.start() if found else len(text)]).replace(r"\h", " ")
        if look.drawing and piece.strip():
            look.lost["drawing"] += 1
        elif piece:
            yield unescape(piece), frozenset(look.marks.items())
        if found:
            look.read(found[0])
            at = found.end()
