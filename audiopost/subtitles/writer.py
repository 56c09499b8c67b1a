"""Captions out: rendered in any format, and written whole or not at all."""

from __future__ import annotations

from pathlib import Path

from ..core.speech import Caption, Transcript
from ..core.time import TIMEBASE_25, Timebase
from ..io.atomic import write_bytes, write_text
from .formats import Document, find, kind_of


def render(
    captions: tuple[Caption, ...],
    transcript: Transcript,
    kind: str,
    *,
    speakers: bool = True,
    timebase: Timebase = TIMEBASE_25,
    name: str = "recording",
) -> str | bytes:
    """The content of a subtitle file: text, or bytes where the format is binary; `kind` is a name of FORMATS.

    `speakers` False leaves names out; `timebase` is what formats with timecode count in; `name` is what RTTM and CTM
    call the recording. Raises UnknownName, and BadValue for what the format cannot hold at all.
    """
    return find(kind).render(Document(tuple(captions), transcript, speakers, timebase, name))


def write(
    path: Path,
    captions: tuple[Caption, ...],
    transcript: Transcript,
    kind: str = "",
    *,
    speakers: bool = True,
    timebase: Timebase = TIMEBASE_25,
) -> Path:
    """Writes a subtitle file, whole or not at all; the suffix of `path` says the format unless `kind` does.

    Raises what `render` raises, and OutputError.
    """
    kind = kind or kind_of(path, writing=True)
    return save(path, render(captions, transcript, kind, speakers=speakers, timebase=timebase, name=path.stem))


def save(path: Path, content: str | bytes) -> Path:
    """What `render` gave, written whole or not at all. Raises OutputError."""
    return write_bytes(path, content) if isinstance(content, bytes) else write_text(path, content)
