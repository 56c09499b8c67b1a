"""Subtitles: a transcript laid out by a style guide, checked against it, written in any format, and read back."""

from __future__ import annotations

from ..core.marks import CaptionIssue
from ..core.speech import Caption, Transcript
from ..core.time import Timebase
from .caption import layout
from .check import check
from .convert import convert, converted
from .fix import fix
from .formats import FORMATS, SUFFIXES, Loaded, kind_of, suffix_of
from .formats.highlight import highlighted
from .losses import losses
from .reader import load_captions, read
from .styles import Limits, Style, load_style, style_names
from .writer import render, save, write


def build(
    transcript: Transcript, style_name: str = "plain", timebase: Timebase | None = None
) -> tuple[tuple[Caption, ...], tuple[CaptionIssue, ...]]:
    """Captions of a transcript and what in them breaks the style. Raises UnknownName."""
    style = load_style(style_name)
    captions = layout(transcript, style, timebase)
    return captions, check(captions, style, timebase)


__all__ = [
    "FORMATS",
    "SUFFIXES",
    "Caption",
    "CaptionIssue",
    "Limits",
    "Loaded",
    "Style",
    "build",
    "check",
    "convert",
    "converted",
    "fix",
    "highlighted",
    "kind_of",
    "layout",
    "load_captions",
    "load_style",
    "losses",
    "read",
    "render",
    "save",
    "style_names",
    "suffix_of",
    "write",
]
