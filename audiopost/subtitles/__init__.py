"""Subtitles: a transcript laid out by a style guide, checked against it, written in any format, and read back."""

from __future__ import annotations

from pathlib import Path

from ..core.errors import UnknownName
from ..core.marks import CaptionIssue
from ..core.registry import load
from ..core.speech import Caption, Transcript
from ..core.time import Timebase
from ..io.atomic import write_text
from .caption import layout
from .check import check
from .formats import FORMATS, Document
from .reader import read
from .styles import Limits, Style, load_style, style_names


def build(
    transcript: Transcript, style_name: str = "plain", timebase: Timebase | None = None
) -> tuple[tuple[Caption, ...], tuple[CaptionIssue, ...]]:
    """Captions of a transcript and what in them breaks the style. Raises UnknownName."""
    style = load_style(style_name)
    captions = layout(transcript, style, timebase)
    return captions, check(captions, style, timebase)


def render(captions: tuple[Caption, ...], transcript: Transcript, kind: str, *, speakers: bool = True) -> str:
    """The text of a subtitle file; `kind` is a name of FORMATS. Raises UnknownName."""
    if kind not in FORMATS:
        raise UnknownName("subtitle format", kind, FORMATS)
    text: str = load(FORMATS[kind])(Document(tuple(captions), transcript, speakers))
    return text


def write(
    path: Path, captions: tuple[Caption, ...], transcript: Transcript, kind: str = "", *, speakers: bool = True
) -> Path:
    """Writes a subtitle file, whole or not at all; the suffix of `path` says the format unless `kind` does.

    `speakers` False leaves names out. Raises UnknownName, OutputError.
    """
    return write_text(path, render(captions, transcript, kind or path.suffix.lower().lstrip("."), speakers=speakers))


__all__ = [
    "FORMATS",
    "Caption",
    "CaptionIssue",
    "Limits",
    "Style",
    "build",
    "check",
    "layout",
    "load_style",
    "read",
    "render",
    "style_names",
    "write",
]
