"""The emotion curve for other programs: every point as CSV, and lanes of break points as automation takes them.

The JSON is an object:

    schema          "audiopost.emotion/1"
    name, rate, start_timecode, duration_s     of the recording; times count from its first frame
    points          [{"time_s", "timecode", "arousal", "valence", "dominance", "confidence", "voice", "words"}]
                    as the stage made them; voice and words are {"arousal", "valence", "dominance", "confidence"} of one
                    source, or null where it said nothing
    lanes           one of each axis: {"axis", "minimum", "maximum", "tolerance", "breakpoints": [[time_s, value]]}
                    straight lines between break points lie nowhere farther than the tolerance from the points
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..core.spotting import Affect, EmotionPoint
from ..core.time import Timebase
from ..io.atomic import write_text
from .spotting import Spotting
from .tables import csv_text

AXES = ("arousal", "valence", "dominance")
#: How far a lane may lie from the curve: less than a fader's step would be heard as, on -1..1.
TOLERANCE = 0.02
_VALUES = (*AXES, "confidence")
COLUMNS = ("time_s", "timecode", *_VALUES, *(f"{source}.{value}" for source in ("voice", "words") for value in _VALUES))


def rows(points: Sequence[EmotionPoint], timebase: Timebase) -> list[dict[str, Any]]:
    """One row a point with the keys of COLUMNS; a source that said nothing has None."""
    return [
        {
            "time_s": round(point.time_s, 3),
            "timecode": timebase.timecode(point.time_s),
            **_numbers(point),
            **{f"voice.{key}": value for key, value in _numbers(point.voice).items()},
            **{f"words.{key}": value for key, value in _numbers(point.words).items()},
        }
        for point in points
    ]


def _numbers(of: EmotionPoint | Affect | None) -> dict[str, float | None]:
    return {value: None if of is None else round(getattr(of, value), 4) for value in _VALUES}


def simplified(points: Sequence[tuple[float, float]], tolerance: float) -> list[tuple[float, float]]:
    """The fewest of the points found by halving whose straight lines stay within `tolerance` of all, in the value.

    Douglas and Peucker (1973), with the distance taken along the value, since a lane is a function of time.
    """
    if not points:
        return []
    kept, spans = {0, len(points) - 1}, [(0, len(points) - 1)]
    while spans:
        first, last = spans.pop()
        (t0, v0), (t1, v1) = points[first], points[last]
        slope = (v1 - v0) / (t1 - t0) if t1 > t0 else 0.0
        off = [abs(v - v0 - slope * (t - t0)) for t, v in points[first + 1 : last]]
        if off and max(off) > tolerance:
            middle = first + 1 + off.index(max(off))
            kept.add(middle)
            spans += [(first, middle), (middle, last)]
    return [points[index] for index in sorted(kept)]


def automation(spotting: Spotting) -> dict[str, Any]:
    """The curve as described above, JSON values."""
    timebase, points = spotting.timebase, spotting.emotion or ()
    return {
        "schema": "audiopost.emotion/1",
        "name": spotting.name,
        "rate": str(timebase.rate),
        "start_timecode": timebase.start_timecode,
        "duration_s": round(spotting.duration_s, 6),
        "points": [
            {
                "time_s": round(point.time_s, 3),
                "timecode": timebase.timecode(point.time_s),
                **_numbers(point),
                "voice": _numbers(point.voice) if point.voice else None,
                "words": _numbers(point.words) if point.words else None,
            }
            for point in points
        ],
        "lanes": [_lane(axis, points) for axis in AXES],
    }


def _lane(axis: str, points: Sequence[EmotionPoint]) -> dict[str, Any]:
    values = [(round(point.time_s, 3), round(getattr(point, axis), 4)) for point in points]
    return {
        "axis": axis,
        "minimum": -1,
        "maximum": 1,
        "tolerance": TOLERANCE,
        "breakpoints": [list(point) for point in simplified(values, TOLERANCE)],
    }


def write_csv(path: Path, spotting: Spotting) -> Path:
    """UTF-8 with a byte order mark, which Excel needs. Raises OutputError."""
    return write_text(path, csv_text(rows(spotting.emotion or (), spotting.timebase), COLUMNS), bom=True)


def write_json(path: Path, spotting: Spotting) -> Path:
    """`automation` as a file. Raises OutputError."""
    return write_text(path, json.dumps(automation(spotting), ensure_ascii=False, indent=1) + "\n")
