"""Targets that count real time from the start of the recording: Reaper's regions and markers, Audition's markers.

Three decimals are a twentieth of a frame at most, so that frames survive; the programme's start timecode is for the
session to set.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

from ...core.time import FrameRate
from ...io.atomic import write_text
from ..spotting import Spotting
from .marks import hits, marks, regions

#: Reaper's colours as it writes them, RRGGBB.
_COLOURS = {"accepted": "2E9E5B", "existing": "8E44AD", "suggested": "1F9DB0"}
_HIT = "C0392B"


def clock_ms(frame: int, rate: FrameRate) -> str:
    """M:SS.mmm, or H:MM:SS.mmm from an hour on."""
    seconds, ms = divmod(round(frame / rate.fraction * 1000), 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}.{ms:03d}" if hours else f"{minutes}:{seconds:02d}.{ms:03d}"


def reaper_csv(spotting: Spotting) -> str:
    """The Region/Marker Manager's list, which Reaper imports: cues as regions R1 …, hit points as markers M1 …"""
    rate, text = spotting.timebase.rate, io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("#", "Name", "Start", "End", "Length", "Color"))
    for number, mark in enumerate(regions(spotting), 1):
        times = (clock_ms(frame, rate) for frame in (mark.start, mark.end, mark.frames))
        writer.writerow((f"R{number}", mark.name, *times, _COLOURS[mark.cue.status]))
    for number, mark in enumerate(hits(spotting), 1):
        writer.writerow((f"M{number}", mark.name, clock_ms(mark.start, rate), "", "", _HIT))
    return text.getvalue()


def write_reaper(path: Path, spotting: Spotting) -> Path:
    """`reaper_csv` in UTF-8. Raises OutputError."""
    return write_text(path, reaper_csv(spotting))


def audition_csv(spotting: Spotting) -> str:
    """Adobe Audition's marker list: tab-separated in spite of the suffix; decimal time, cue markers with durations."""
    rate = spotting.timebase.rate
    lines = ["Name\tStart\tDuration\tTime Format\tType\tDescription"]
    for mark in marks(spotting):
        length = clock_ms(0 if mark.is_hit else mark.frames, rate)
        lines.append("\t".join((mark.name, clock_ms(mark.start, rate), length, "decimal", "Cue", mark.note)))
    return "".join(f"{line}\n" for line in lines)


def write_audition(path: Path, spotting: Spotting) -> Path:
    """`audition_csv` in UTF-8 with a byte order mark, which Audition's own lists have. Raises OutputError."""
    return write_text(path, audition_csv(spotting), bom=True)
