"""Cues and scenes as rows: for JSON as they are, for spreadsheets as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..core.spotting import Cue, Scene
from ..core.time import Timebase
from ..io.atomic import write_text
from ..io.cells import safe_cell

CUE_COLUMNS = (
    "number", "in_s", "out_s", "in_timecode", "out_timecode", "function", "emotion", "tempo_bpm", "mode",
    "instruments", "reason", "confidence",
)  # fmt: skip
SCENE_COLUMNS = ("number", "start_s", "end_s", "start_timecode", "end_timecode", "reason", "speakers", "mood")


def cue_rows(cues: Iterable[Cue], timebase: Timebase) -> list[dict[str, Any]]:
    """JSON values with the keys of CUE_COLUMNS; `tempo_bpm` is [low, high], `instruments` a list."""
    return [
        {
            "number": cue.number,
            "in_s": round(cue.in_s, 3),
            "out_s": round(cue.out_s, 3),
            "in_timecode": timebase.timecode(cue.in_s),
            "out_timecode": timebase.timecode(cue.out_s),
            "function": cue.function,
            "emotion": cue.emotion,
            "tempo_bpm": list(cue.tempo_bpm),
            "mode": cue.mode,
            "instruments": list(cue.instruments),
            "reason": cue.reason,
            "confidence": round(cue.confidence, 3),
        }
        for cue in cues
    ]


def scene_rows(scenes: Iterable[Scene], timebase: Timebase) -> list[dict[str, Any]]:
    """JSON values with the keys of SCENE_COLUMNS; `speakers` is a list."""
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
        }
        for scene in scenes
    ]


def csv_text(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> str:
    """RFC 4180 with a header; lists joined (two numbers as '80-100', words with '; '); formulas defused."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([safe_cell(_joined(row[column])) for column in columns])
    return text.getvalue()


def _joined(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    return ("-" if value and isinstance(value[0], int) else "; ").join(map(str, value))


def write_cues_csv(path: Path, cues: Iterable[Cue], timebase: Timebase) -> Path:
    """UTF-8 with a byte order mark, which Excel needs. Raises OutputError."""
    return write_text(path, csv_text(cue_rows(cues, timebase), CUE_COLUMNS), bom=True)


def write_scenes_csv(path: Path, scenes: Iterable[Scene], timebase: Timebase) -> Path:
    """UTF-8 with a byte order mark, which Excel needs. Raises OutputError."""
    return write_text(path, csv_text(scene_rows(scenes, timebase), SCENE_COLUMNS), bom=True)
