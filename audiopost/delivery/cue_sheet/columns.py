"""The columns of a cue sheet: the one list that CSV, spreadsheet and reader share.

A column's title in English, in lower case and with underscores, is its id; the reader takes ids and titles in all
languages.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from typing import Any

from ...core.language import LANGUAGES, tell
from ...core.serial import to_json
from ...core.spotting import Cue
from ...core.time import Timebase
from . import cells
from .words import shown

COLUMNS = (
    "label", "status", "in_timecode", "out_timecode", "duration_s", "title", "function", "emotion", "tempo_bpm",
    "fitted_bpm", "first_beat_s", "rms_frames", "worst_frames", "metre", "key", "mode", "instruments", "texture",
    "dynamics", "level_lu", "ducks", "hits", "fade_in_s", "fade_in_shape", "fade_out_s", "fade_out_shape", "reason",
    "confidence", "alternatives", "tracks", "curve", "in_s", "out_s", "reel", "number", "track_data",
)  # fmt: skip
#: Widths in a spreadsheet, in characters; the others have 12.
WIDTHS = {
    "label": 8, "status": 11, "in_timecode": 13, "out_timecode": 13, "title": 22, "tempo_bpm": 11, "metre": 8, "key": 6,
    "instruments": 26, "texture": 22, "dynamics": 18, "ducks": 34, "hits": 46, "reason": 60, "alternatives": 50,
    "tracks": 50, "curve": 30, "track_data": 14,
}  # fmt: skip


def title(column: str, language: str) -> str:
    return tell(f"sheet.column_{column}", language)


def column_of(heading: str) -> str | None:
    """The column that a heading means: an id, or a title in any language; None for a foreign one."""
    return _headings().get(_plain(heading))


def _plain(heading: str) -> str:
    folded = heading.strip().casefold().replace("(", "（").replace(")", "）")
    return re.sub(r"[\s_\-.:：]+", "_", folded).strip("_")


@functools.cache
def _headings() -> Mapping[str, str]:
    titles = {_plain(title(column, language)): column for column in COLUMNS for language in LANGUAGES}
    return titles | {column: column for column in COLUMNS}


def sheet_row(cue: Cue, timebase: Timebase, language: str) -> dict[str, str | int | float | None]:
    """A cue's cells by column: numbers where a spreadsheet should count with them, None where there is nothing."""
    fit, fades = cue.tempo, cue.fades
    return {
        "label": cue.label,
        "status": shown("status", cue.status, language),
        "in_timecode": timebase.timecode(cue.in_s),
        "out_timecode": timebase.timecode(cue.out_s),
        "duration_s": round(cue.duration_s, 3),
        "title": cue.title,
        "function": shown("function", cue.function, language),
        "emotion": shown("emotion", cue.emotion, language),
        "tempo_bpm": cells.tempo_text(cue.tempo_bpm),
        "fitted_bpm": round(fit.bpm, 4) if fit else None,
        "first_beat_s": round(fit.first_beat_s, 6) if fit else None,
        "rms_frames": round(fit.rms_frames, 4) if fit else None,
        "worst_frames": round(fit.worst_frames, 4) if fit else None,
        "metre": cue.metre,
        "key": cue.key,
        "mode": shown("mode", cue.mode, language),
        "instruments": cells.join(cue.instruments, "; "),
        "texture": cue.texture,
        "dynamics": cue.dynamics,
        "level_lu": round(cue.level_lu, 3),
        "ducks": cells.ducks_text(cue.ducks, timebase),
        "hits": cells.hits_text(cue.hits, timebase),
        "fade_in_s": round(fades.in_s, 3),
        "fade_in_shape": shown("fade", fades.in_shape, language),
        "fade_out_s": round(fades.out_s, 3),
        "fade_out_shape": shown("fade", fades.out_shape, language),
        "reason": cue.reason,
        "confidence": round(cue.confidence, 3),
        "alternatives": cells.alternatives_text(cue.alternatives, language),
        "tracks": cells.tracks_text(cue.tracks),
        "curve": cells.curve_text(cue.curve, timebase),
        "in_s": round(cue.in_s, 3),
        "out_s": round(cue.out_s, 3),
        "reel": cue.reel,
        "number": cue.number,
        "track_data": cells.track_data(cue.tracks),
    }


def cue_rows(cues: Iterable[Cue], timebase: Timebase) -> list[dict[str, Any]]:
    """Cues as JSON values: all their fields, and label, duration and timecodes. `read_sheet` takes them back."""
    return [
        {
            "label": cue.label,
            "in_timecode": timebase.timecode(cue.in_s),
            "out_timecode": timebase.timecode(cue.out_s),
            "duration_s": round(cue.duration_s, 6),
            **to_json(cue),
        }
        for cue in cues
    ]


#: What `cue_rows` adds to a cue's own fields.
DERIVED = frozenset({"label", "in_timecode", "out_timecode", "duration_s"})
