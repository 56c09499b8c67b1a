"""Subtitle formats: one file each, found through one literal table.

To add one: a file with `render(document: Document) -> str`, and a line in FORMATS. Escape what the format would take
for markup, write times as exactly as it can, and run tests/subtitles/test_formats.py, which takes every entry.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from ...core.speech import Caption, Transcript
from ..caption import label
from ..text import clean, clean_lines

#: Format (and suffix) to the function that renders it.
FORMATS: dict[str, str] = {
    "srt": "audiopost.subtitles.formats.srt:render",
    "vtt": "audiopost.subtitles.formats.vtt:render",
    "ass": "audiopost.subtitles.formats.ass:render",
    "ttml": "audiopost.subtitles.formats.ttml:render",
    "json": "audiopost.subtitles.formats.transcript_json:render",
    "txt": "audiopost.subtitles.formats.txt:render",
    "tsv": "audiopost.subtitles.formats.tsv:render",
}


class Event(NamedTuple):
    """A caption as a file holds it: milliseconds, at least one line of clean text, '' for no speaker."""

    start_ms: int
    end_ms: int
    lines: tuple[str, ...]
    speaker: str
    language: str


@dataclass(frozen=True)
class Document:
    """What a format renders: captions, the transcript they came from, and whether speakers are named."""

    captions: tuple[Caption, ...]
    transcript: Transcript
    speakers: bool = True

    @property
    def draft(self) -> str:
        """One line that says the text is a machine's draft, '' where it is not."""
        return f"Machine draft: {clean(self.transcript.draft)}" if self.transcript.draft else ""

    @property
    def several_speakers(self) -> bool:
        return len({caption.speaker for caption in self.captions if caption.speaker}) > 1

    def events(self) -> Iterator[Event]:
        """What each caption shows, cleaned; captions without text are left out."""
        for caption in self.captions:
            lines = clean_lines(caption.lines)
            if lines:
                start = max(round(caption.start_s * 1000), 0)
                speaker = clean(caption.speaker or "") if self.speakers else ""
                yield Event(start, max(round(caption.end_s * 1000), start), lines, speaker, caption.language)

    def labelled(self) -> Iterator[tuple[int, int, tuple[str, ...]]]:
        """Events of formats without a place for names: 'S1: ' opens the first line after each change of speaker."""
        shown = ""
        for start, end, lines, speaker, _ in self.events():
            if self.several_speakers and speaker and speaker != shown:
                lines = (label(speaker) + lines[0], *lines[1:])
            shown = speaker or shown
            yield start, end, lines


def clock_ms(time_ms: int, separator: str = ".") -> str:
    """HH:MM:SS.mmm; hours may pass 99."""
    seconds, ms = divmod(time_ms, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{separator}{ms:03d}"
