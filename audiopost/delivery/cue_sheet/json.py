"""Cues as JSON: every field of them, exactly, with timecodes beside for people."""

from __future__ import annotations

import json
from pathlib import Path

from ...io.atomic import write_text
from ..spotting import Spotting
from .columns import cue_rows


def write(path: Path, spotting: Spotting) -> Path:
    """{"name", "rate", "start_timecode", "cues"}. Raises OutputError."""
    timebase = spotting.timebase
    data = {
        "name": spotting.name,
        "rate": str(timebase.rate),
        "start_timecode": timebase.start_timecode,
        "cues": cue_rows(spotting.cues, timebase),
    }
    return write_text(path, json.dumps(data, ensure_ascii=False, indent=1) + "\n")
