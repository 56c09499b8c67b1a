"""Scenes: a table of number, in, out, who speaks, mood and where it cuts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..core.language import tell
from ..core.spotting import Scene
from ..core.time import Timebase
from ..io.atomic import write_text
from .cue_sheet.words import shown
from .spotting import Spotting
from .tables import csv_text

SCENE_COLUMNS = (
    "number", "start_s", "end_s", "start_timecode", "end_timecode", "reason", "speakers", "mood", "cuts", "arousal",
    "valence", "dominance",
)  # fmt: skip
_SHOWN = ("number", "start_timecode", "end_timecode", "speakers", "mood", "cuts", "reason")


def scene_rows(scenes: Iterable[Scene], timebase: Timebase) -> list[dict[str, Any]]:
    """JSON values with the keys of SCENE_COLUMNS; `speakers` and `cuts` (timecodes) are lists.

    The feeling's axes are None where nobody speaks.
    """
    return [
        {
            "number": scene.number,
            "start_s": round(scene.start_s, 3),
            "end_s": round(scene.end_s, 3),
            "start_timecode": timebase.timecode(scene.start_s),
            "end_timecode": timebase.timecode(scene.end_s),
            "reason": scene.reason,
            "speakers": list(scene.speakers),
            "mood": scene.mood,
            "cuts": [timebase.timecode(cut) for cut in scene.cuts_s],
            **{
                axis: round(getattr(scene.affect, axis), 3) if scene.affect else None
                for axis in ("arousal", "valence", "dominance")
            },
        }
        for scene in scenes
    ]


def mood(text: str, language: str) -> str:
    """A scene's mood, each of the EMOTIONS in it by its name."""
    return "".join(shown("emotion", part, language) for part in re.findall(r"[a-z]+|[^a-z]+", text))


def scene_titles(language: str) -> list[str]:
    """Headings of what `scene_cells` gives."""
    return [tell(f"sheet.scene_{column}", language) for column in _SHOWN]


def scene_cells(scene: Scene, timebase: Timebase, language: str) -> list[Any]:
    """A scene as a person reads it: number, in, out, who speaks, mood, cuts, why it begins there."""
    (row,) = scene_rows([scene], timebase)
    row |= {"mood": mood(scene.mood, language)}
    cells = (row[column] for column in _SHOWN)
    return ["; ".join(cell) if isinstance(cell, list) else cell for cell in cells]


def write(path: Path, spotting: Spotting) -> Path:
    """CSV in UTF-8 with a byte order mark, which Excel needs. Raises OutputError."""
    rows = scene_rows(spotting.scenes or (), spotting.timebase)
    return write_text(path, csv_text(rows, SCENE_COLUMNS), bom=True)
