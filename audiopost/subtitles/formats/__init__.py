"""Subtitle formats: one module each, found through one literal table.

To add one:
1. Write a module with `HOLDS`, the features of FEATURES that a file of the format keeps (most start from CAPTIONS),
   and `render(document) -> str | bytes`: escape what the format would take for markup, write times as exactly as it
   can, and raise BadValue for text it cannot hold at all. `document.events()` gives cleaned captions.
2. Where files of it are read, add `parse(data, name, encoding=None) -> Loaded`; `encodings.decode` makes text of the
   bytes, `markup.marked` makes lines and spans of tagged text, and `warnings` counts what was left behind, in words.
3. Add its line to FORMATS and its suffixes to SUFFIXES.
4. Run tests/subtitles/test_formats.py and test_convert.py, which take every entry.
"""

from __future__ import annotations

import importlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple, Protocol, cast

from ...core.errors import BadValue, UnknownName
from ...core.speech import Caption, Styling, Transcript, joined
from ...core.time import TIMEBASE_25, Timebase
from ..caption import label
from ..markup import caption_runs, marked
from ..sdh import is_labelled
from ..text import clean

#: A format's name to its module.
FORMATS: dict[str, str] = {
    "srt": "audiopost.subtitles.formats.srt",
    "vtt": "audiopost.subtitles.formats.vtt",
    "ass": "audiopost.subtitles.formats.ass",
    "ssa": "audiopost.subtitles.formats.ssa",
    "ttml": "audiopost.subtitles.formats.ttml",
    "imsc": "audiopost.subtitles.formats.imsc",
    "ebu-tt-d": "audiopost.subtitles.formats.ebu_tt_d",
    "stl": "audiopost.subtitles.formats.stl",
    "scc": "audiopost.subtitles.formats.scc",
    "lrc": "audiopost.subtitles.formats.lrc",
    "elrc": "audiopost.subtitles.formats.elrc",
    "json": "audiopost.subtitles.formats.transcript_json",
    "txt": "audiopost.subtitles.formats.txt",
    "tsv": "audiopost.subtitles.formats.tsv",
    "csv": "audiopost.subtitles.formats.csv",
    "rttm": "audiopost.subtitles.formats.rttm",
    "ctm": "audiopost.subtitles.formats.ctm",
}

#: Suffixes to the format they are written in, a format's own suffix first.
SUFFIXES: dict[str, str] = {
    ".srt": "srt",
    ".vtt": "vtt",
    ".webvtt": "vtt",
    ".ass": "ass",
    ".ssa": "ssa",
    ".ttml": "ttml",
    ".imsc.xml": "imsc",
    ".imsc": "imsc",
    ".ebuttd.xml": "ebu-tt-d",
    ".ebuttd": "ebu-tt-d",
    ".stl": "stl",
    ".scc": "scc",
    ".lrc": "lrc",
    ".elrc": "elrc",
    ".json": "json",
    ".txt": "txt",
    ".tsv": "tsv",
    ".csv": "csv",
    ".rttm": "rttm",
    ".ctm": "ctm",
}
#: Suffixes that several formats share: the parser named here tells them apart by content; writing needs the name.
SHARED_SUFFIXES: dict[str, str] = {".xml": "ttml", ".dfxp": "ttml", ".itt": "ttml"}

#: What a format may be able to hold: each format's HOLDS is a subset.
FEATURES = {
    "text": "the words themselves",
    "times": "when captions come",
    "ends": "when captions go",
    "milliseconds": "times to the millisecond",
    "hundredths": "times between frames",
    "overlaps": "captions that stand together",
    "lines": "which words stand on which line",
    "italic": "italics",
    "bold": "bold type",
    "underline": "underlining",
    "colour": "colours",
    "position": "the place on the screen",
    "speaker": "who speaks, apart from the text",
    "language": "the language of the whole",
    "languages": "the languages of captions and lines that are not in it",
    "words": "times of words",
    "probabilities": "how sure the recogniser was of words",
    "draft": "the note that the text is a machine's draft",
    "remarks": "places that a person should look at",
}
#: What nearly every format of captions holds.
CAPTIONS = frozenset({"text", "times", "ends", "milliseconds", "hundredths", "overlaps", "lines"})
#: Between the names, or languages, of a caption's lines in formats with one field for them.
BETWEEN = " | "

#: Characters a row of the formats that wrap longer lines.
ROW_CELLS = {"stl": 37, "scc": 32}
#: The formats that count frames; the others keep times as they are, whatever the frame rate.
FRAMED = frozenset({"stl", "scc", "csv"})


class Loaded(NamedTuple):
    """What a file of captions holds. `transcript` where it has words of its own, `warnings` what was left behind.

    `draft` says why the text is a machine's draft, where the file says so.
    """

    captions: tuple[Caption, ...]
    language: str = ""
    transcript: Transcript | None = None
    warnings: tuple[str, ...] = ()
    draft: str = ""


class Format(Protocol):
    """What a format's module offers; `parse` raises what it likes for files that are none of its own."""

    HOLDS: frozenset[str]

    def render(self, document: Document) -> str | bytes: ...

    def parse(self, data: bytes, name: str, encoding: str | None = None) -> Loaded: ...


class Event(NamedTuple):
    """A caption as a file holds it: milliseconds, and at least one line of clean text.

    `speaker` and `language` hold for all lines, '' where the lines differ or nothing is known; `line_speakers` and
    `line_languages` always have one entry a line. `styling` counts characters of these lines.
    """

    start_ms: int
    end_ms: int
    lines: tuple[str, ...]
    speaker: str
    language: str
    line_speakers: tuple[str, ...]
    line_languages: tuple[str, ...]
    styling: tuple[Styling, ...]
    position: int

    @property
    def text(self) -> str:
        """The lines as one, run on in languages without spaces."""
        return joined(self.lines, self.line_languages[0])

    def spans(self, line: int) -> list[Styling]:
        """The styling of one line."""
        return [span for span in self.styling if span.line == line]

    def labelled(self, line: int, name: str) -> Event:
        """The same with 'name: ' before a line."""
        text = label(name)
        lines = tuple(text + shown if n == line else shown for n, shown in enumerate(self.lines))
        moved = tuple(
            replace(span, start=span.start + len(text), end=span.end + len(text)) if span.line == line else span
            for span in self.styling
        )
        return self._replace(lines=lines, styling=moved)


@dataclass(frozen=True)
class Document:
    """What a format renders: captions, the transcript they came from, and whether speakers are named.

    `name` is what the formats of speech research (RTTM, CTM) call the recording.
    """

    captions: tuple[Caption, ...]
    transcript: Transcript
    speakers: bool = True
    timebase: Timebase = TIMEBASE_25
    name: str = "recording"

    @property
    def draft(self) -> str:
        """One line that says the text is a machine's draft, '' where it is not."""
        return _DRAFT + clean(self.transcript.draft) if self.transcript.draft else ""

    @property
    def several_speakers(self) -> bool:
        return len({name for c in self.captions for name in (c.speaker, *c.line_speakers) if name}) > 1

    def events(self) -> Iterator[Event]:
        """What each caption shows, cleaned; captions without text are left out."""
        for caption in self.captions:
            shown = marked(caption_runs(caption))
            if shown.lines:
                start = max(round(caption.start_s * 1000), 0)
                speakers = shown.line_speakers if self.speakers else ("",) * len(shown.lines)
                yield Event(
                    start,
                    max(round(caption.end_s * 1000), start),
                    shown.lines,
                    speakers[0] if len(set(speakers)) == 1 else "",
                    shown.line_languages[0] if len(set(shown.line_languages)) == 1 else "",
                    speakers,
                    shown.line_languages,
                    shown.styling,
                    caption.position,
                )

    def labelled(self) -> Iterator[Event]:
        """Events of formats without a place for names: 'S1: ' opens the line after each change of speaker.

        Lines that begin with a dash already say that another speaker has the word, and those of SDH say who.
        """
        several, shown = self.several_speakers, ""
        for event in self.events():
            for line, speaker in enumerate(event.line_speakers):
                dashed = len(set(event.line_speakers)) > 1 and event.lines[line][0] in "-‐‑–—－"
                if (
                    several
                    and speaker
                    and speaker != shown
                    and not dashed
                    and not is_labelled(event.lines[line], speaker)
                ):
                    event = event.labelled(line, speaker)
                shown = speaker or shown
            yield event


def find(kind: str) -> Format:
    """The module of a format. Raises UnknownName."""
    if kind not in FORMATS:
        raise UnknownName("subtitle format", kind, FORMATS)
    return cast(Format, importlib.import_module(FORMATS[kind]))


def holds(kind: str) -> frozenset[str]:
    """The features of FEATURES that files of a format keep. Raises UnknownName."""
    return find(kind).HOLDS


def suffix_of(kind: str) -> str:
    """The suffix that files of a format have. Raises UnknownName."""
    find(kind)
    return next(suffix for suffix, name in SUFFIXES.items() if name == kind)


def kind_of(path: Path, *, writing: bool = False) -> str:
    """The format that a file's name says; the longest suffix counts ('.imsc.xml' before '.xml').

    Raises UnknownName for a foreign suffix, BadValue for one to write that several formats share.
    """
    name = path.name.lower()
    known = SUFFIXES | SHARED_SUFFIXES
    found = max((suffix for suffix in known if name.endswith(suffix)), key=len, default=None)
    if found is None:
        raise UnknownName("subtitle format", path.suffix or path.name, known)
    if writing and found in SHARED_SUFFIXES:
        raise BadValue(f"{found} may be several formats.", value=found, choices=FORMATS, remedy="Name one with --to.")
    return known[found]


def clock_ms(time_ms: int, separator: str = ".") -> str:
    """HH:MM:SS.mmm; hours may pass 99."""
    seconds, ms = divmod(time_ms, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{separator}{ms:03d}"


def unended_s(lines: Iterable[str]) -> float:
    """How long a caption stays that nothing ends: a second for every ten characters, as it would be read."""
    return max(1.0, len(" ".join(lines)) / 10)


#: How files with a place for remarks say that their text is a machine's draft.
_DRAFT = "Machine draft: "


def draft_in(text: str) -> str:
    """The reason a draft's note gives, '' where there is no note."""
    found = re.search(rf"^\W*{_DRAFT}(.+)$", text, re.MULTILINE)
    return found[1].strip() if found else ""


def counted(number: int, noun: str) -> str:
    """'1 comment', '3 comments'; braces hold what the plural adds elsewhere: 'class{es} without a colour'."""
    plural = "" if number == 1 else r"\1"
    return f"{number} " + re.sub(r"\{([a-z]+)\}", plural, noun if "{" in noun else noun + "{s}")


def left_behind(counts: Counter[str]) -> tuple[str, ...]:
    """Warnings out of counts by noun, as `counted` takes them."""
    return tuple(f"Left behind: {counted(number, noun)}." for noun, number in counts.items() if number)
