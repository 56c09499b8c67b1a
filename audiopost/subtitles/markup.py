"""Text with a look: the one place where styling spans become runs of text, and runs become cleaned lines with spans.

A run is text with a set of marks, each (kind, value): the kinds of `Styling`, and 'speaker' and 'language'. Parsers
make runs out of whatever tags a file has; renderers put tags of their own around them.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable
from itertools import groupby
from typing import NamedTuple

from ..core.speech import Caption, Styling
from .text import clean

Mark = tuple[str, str]
Look = frozenset[Mark]
Run = tuple[str, Look]

PLAIN: Look = frozenset()
#: The kinds of styling, in the order in which tags are nested.
KINDS = ("colour", "bold", "italic", "underline")
#: What text is shown in where nothing is said: no colour at all.
WHITE = "#ffffff"

#: Names that CSS 2, TTML and WebVTT share.
COLOURS = {
    "black": "#000000", "silver": "#c0c0c0", "gray": "#808080", "grey": "#808080", "white": WHITE,
    "maroon": "#800000", "red": "#ff0000", "purple": "#800080", "fuchsia": "#ff00ff", "magenta": "#ff00ff",
    "green": "#008000", "lime": "#00ff00", "olive": "#808000", "yellow": "#ffff00", "navy": "#000080",
    "blue": "#0000ff", "teal": "#008080", "aqua": "#00ffff", "cyan": "#00ffff", "orange": "#ffa500",
}  # fmt: skip
_RGB = re.compile(r"rgba?\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})\b")


class Marked(NamedTuple):
    """Lines ready for a caption. Speakers and languages are one a line, '' where unknown."""

    lines: tuple[str, ...]
    styling: tuple[Styling, ...]
    line_speakers: tuple[str, ...]
    line_languages: tuple[str, ...]

    def caption(self, start_s: float, end_s: float, position: int = 2) -> Caption:
        """A caption of these lines; what is the same on every line is said once."""
        speakers, languages = set(self.line_speakers), set(self.line_languages)
        return Caption(
            start_s,
            end_s,
            self.lines,
            (next(iter(speakers)) if len(speakers) == 1 else "") or None,
            next(iter(languages)) if len(languages) == 1 else "",
            tuple(name or None for name in self.line_speakers) if len(speakers) > 1 else (),
            self.line_languages if len(languages) > 1 else (),
            self.styling,
            position,
        )


def colour(text: str) -> str:
    """'#rrggbb' of a name, #rgb, #rrggbb, #rrggbbaa or rgb(r, g, b); '' for what is none."""
    value = text.strip().strip("\"'").lower()
    if value in COLOURS:
        return COLOURS[value]
    if re.fullmatch(r"#?[0-9a-f]{6}(?:[0-9a-f]{2})?", value):
        return "#" + value.lstrip("#")[:6]
    if re.fullmatch(r"#[0-9a-f]{3}", value):
        return "#" + "".join(digit * 2 for digit in value[1:])
    found = _RGB.match(value)
    return "#" + "".join(f"{min(int(part), 255):02x}" for part in found.groups()) if found else ""


def styled(line: str, styling: Iterable[Styling]) -> list[Run]:
    """A line cut where its look changes; where two colours meet, the later span wins."""
    looks: list[dict[str, str]] = [{} for _ in line]
    for span in styling:
        for at in range(max(span.start, 0), min(span.end, len(line))):
            looks[at][span.kind] = span.value
    shown = zip(line, (frozenset(look.items()) for look in looks), strict=True)
    return [("".join(char for char, _ in part), look) for look, part in groupby(shown, key=lambda pair: pair[1])]


def caption_runs(caption: Caption) -> list[Run]:
    """A caption as runs, its lines parted by line feeds, each with its speaker and language among the marks."""
    runs: list[Run] = []
    for number, line in enumerate(caption.lines):
        speaker = (caption.line_speakers[number] if number < len(caption.line_speakers) else None) or caption.speaker
        language = (caption.line_languages[number] if number < len(caption.line_languages) else "") or caption.language
        marks = {("speaker", clean(speaker or "")), ("language", clean(language))}
        spans = [span for span in caption.styling if span.line == number]
        runs += [(text, look | marks) for text, look in styled(line.replace("\n", " "), spans)]
        runs.append(("\n", PLAIN))
    return runs


@functools.lru_cache(4096)
def _kept(char: str) -> str:
    """'' for what no line may hold, ' ' for white space, else the character."""
    return clean(f"x{char}x")[1:-1]


def marked(runs: Iterable[Run]) -> Marked:
    """Runs as cleaned lines: no control characters, no empty line, white space collapsed as `text.clean` does it.

    White is the colour of plain text and no mark. A line has the speaker and the language it begins with.
    """
    lines: list[list[tuple[str, Look]]] = [[]]
    for text, look in runs:
        look = look - {("colour", WHITE)}
        for char in text:
            if char == "\n":
                lines.append([])
            elif (kept := _kept(char)) and (kept != " " or (lines[-1] and lines[-1][-1][0] != " ")):
                lines[-1].append((kept, look))
    for line in lines:
        if line and line[-1][0] == " ":
            line.pop()
    full = [line for line in lines if line]
    return Marked(
        tuple("".join(char for char, _ in line) for line in full),
        tuple(span for number, line in enumerate(full) for span in _spans(number, [look for _, look in line])),
        tuple(_first(line[0][1], "speaker") for line in full),
        tuple(_first(line[0][1], "language") for line in full),
    )


def _first(look: Look, kind: str) -> str:
    return next((value for mark, value in look if mark == kind), "")


def _spans(line: int, looks: list[Look]) -> list[Styling]:
    spans = []
    for mark in {mark for look in looks for mark in look if mark[0] in KINDS}:
        at = 0
        for on, part in groupby(looks, key=lambda look, mark=mark: mark in look):  # type: ignore[misc]
            length = len(list(part))
            if on:
                spans.append(Styling(line, at, at + length, *mark))
            at += length
    return sorted(spans, key=lambda span: (span.start, span.end, span.kind, span.value))


def tagged(
    line: str, styling: Iterable[Styling], escape: Callable[[str], str], tags: Callable[[Mark], tuple[str, str]]
) -> str:
    """A line with a format's tags: `escape` protects text, `tags` gives what opens and closes a mark ('' for none)."""
    out = ""
    for text, look in styled(line, styling):
        opened = [tags(mark) for kind in KINDS for mark in sorted(look) if mark[0] == kind]
        out += "".join(before for before, _ in opened) + escape(text) + "".join(after for _, after in reversed(opened))
    return out
