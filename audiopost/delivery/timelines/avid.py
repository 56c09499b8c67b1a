"""Avid Media Composer's marker list ("Import Markers"): a line of tab-separated fields a marker."""

from __future__ import annotations

from pathlib import Path

from ...io.atomic import write_text
from ..spotting import Spotting
from .marks import marks, timecode

_COLOURS = {"accepted": "green", "existing": "magenta", "suggested": "cyan"}


def marker_list(spotting: Spotting) -> str:
    """User, timecode, track, colour, comment, length in frames; on the timecode track, as no picture track is cut."""
    lines = []
    for mark in marks(spotting):
        colour = "red" if mark.is_hit else _COLOURS[mark.cue.status]
        comment = f"{mark.name}: {mark.note}" if mark.note else mark.name
        when = timecode(spotting.timebase, mark.start)
        lines.append("\t".join(("audiopost", when, "TC1", colour, comment, str(mark.frames))))
    return "".join(f"{line}\n" for line in lines)


def write(path: Path, spotting: Spotting) -> Path:
    """`marker_list` in UTF-8. Raises OutputError."""
    return write_text(path, marker_list(spotting))
