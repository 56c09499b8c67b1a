"""What a cue has several of, in one cell that a person reads and edits: an item a line, its parts between bars.

    01:00:12:05 | the door slams | 0.8 | 13 | 0.4

A bar, a line end or a backslash in a text is written with a backslash before it. Moments between frames have
hundredths of a frame behind the timecode, as Pro Tools writes them: 01:00:12:05.50.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from ...core.errors import BadValue
from ...core.music import TrackEdit, TrackInfo, TrackMatch
from ...core.serial import from_json, to_json
from ...core.spotting import Alternative, CurvePoint, Duck, HitPoint
from ...core.time import Timebase
from .words import meant, shown

_SUBFRAME = re.compile(r"^(.*:\d{2}[:;.]\d{2})\.(\d{2})$")
_TAKEN = re.compile(r"^\[([xX✓✔ ]?)\]\s*")


def number(value: float, decimals: int = 4) -> str:
    """A number without trailing zeros."""
    text = f"{value:.{decimals}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def moment(time_s: float, timebase: Timebase) -> str:
    """Timecode, with hundredths of a frame where the time lies between two."""
    frames = Fraction(time_s) * timebase.rate.fraction
    whole, hundredths = divmod(round(frames * 100), 100)
    timecode = timebase.rate.timecode(timebase.start_frame + whole)
    return f"{timecode}.{hundredths:02d}" if hundredths else timecode


def time_of(text: str, timebase: Timebase) -> float:
    """Seconds of the recording of what `moment` wrote. Raises BadValue.

    A programme may run past midnight: a timecode more than half a day before the start is the next day's.
    """
    found = _SUBFRAME.match(text.strip())
    frame = timebase.rate.parse_timecode(found[1] if found else text) - timebase.start_frame
    day = timebase.rate.parse_timecode("23:59:59:00") + timebase.rate.nominal
    if frame < -day // 2:
        frame += day
    if not found:
        return timebase.rate.seconds_at(frame)
    return float((frame + Fraction(int(found[2]), 100)) / timebase.rate.fraction)


def _escaped(text: str, separator: str) -> str:
    return text.replace("\\", "\\\\").replace(separator, "\\" + separator).replace("\r", "").replace("\n", "\\n")


def join(parts: Iterable[str], separator: str) -> str:
    """Texts in one line, so that `split` finds them again."""
    return separator.join(_escaped(part, separator.strip()) for part in parts)


def split(text: str, separator: str) -> list[str]:
    """The texts that `join` put together; spaces around each go."""
    parts, mark = [""], separator.strip()
    for found in re.finditer(rf"\\(.)|({re.escape(mark)})|(.)", text, re.DOTALL):
        if found[2]:
            parts.append("")
        else:
            parts[-1] += {"n": "\n"}.get(found[1], found[1]) if found[1] else found[3]
    return [part.strip(" \t") for part in parts]


def _lines(rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(join(row, " | ") for row in rows)


def _rows(text: str) -> list[list[str]]:
    return [split(line, "|") for line in _items(text)]


def _items(text: str) -> list[str]:
    """The lines that are not empty; str.splitlines would part texts at what is no line end of a table."""
    return [line for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n") if line.strip()]


def _float(text: str) -> float:
    try:
        value = float(text.replace("−", "-"))
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise BadValue(f"{text!r} is not a number.", value=text)
    return value


def _parts(row: list[str], least: int, form: str) -> list[str]:
    if len(row) < least:
        raise BadValue(f"{' | '.join(row)!r} has too few parts.", value=row, remedy=f"Write {form}.")
    return row


def hits_text(hits: Iterable[HitPoint], timebase: Timebase) -> str:
    """moment | what | strength, and | beat | error in frames where a tempo was fitted."""
    return _lines(
        [moment(hit.time_s, timebase), hit.what, number(hit.strength)]
        + ([] if hit.beat is None else [str(hit.beat), number(hit.error_frames or 0.0)])
        for hit in hits
    )


def hits_of(text: str, timebase: Timebase) -> tuple[HitPoint, ...]:
    found = []
    for row in _rows(text):
        when, what, *rest = _parts(row, 2, "time | what happens | strength")
        strength = _float(rest[0]) if rest and rest[0] else 0.5
        fitted = (int(_float(rest[1])), _float(rest[2])) if len(rest) > 2 and rest[1] else (None, None)
        found.append(HitPoint(time_of(when, timebase), what, strength, *fitted))
    return tuple(found)


def ducks_text(ducks: Iterable[Duck], timebase: Timebase) -> str:
    """moment | moment | level in LU."""
    return _lines([moment(d.start_s, timebase), moment(d.end_s, timebase), number(d.level_lu)] for d in ducks)


def ducks_of(text: str, timebase: Timebase) -> tuple[Duck, ...]:
    rows = (_parts(row, 3, "start | end | level in LU") for row in _rows(text))
    return tuple(Duck(time_of(row[0], timebase), time_of(row[1], timebase), _float(row[2])) for row in rows)


def curve_text(curve: Iterable[CurvePoint], timebase: Timebase) -> str:
    """moment | arousal | valence."""
    return _lines([moment(p.time_s, timebase), number(p.arousal), number(p.valence)] for p in curve)


def curve_of(text: str, timebase: Timebase) -> tuple[CurvePoint, ...]:
    rows = (_parts(row, 3, "time | arousal | valence") for row in _rows(text))
    return tuple(CurvePoint(time_of(row[0], timebase), _float(row[1]), _float(row[2])) for row in rows)


def tempo_text(bpm: tuple[int, int]) -> str:
    """'60-80', or '72'."""
    return str(bpm[0]) if bpm[0] == bpm[1] > 0 else f"{bpm[0]}-{bpm[1]}"


def tempo_of(text: str) -> tuple[int, int]:
    """'60-80', '60–80', '60 to 80' or '72': low and high, in whole beats a minute. Raises BadValue."""
    found = [round(float(each)) for each in re.findall(r"\d+(?:\.\d+)?", text)]
    if not 1 <= len(found) <= 2:
        raise BadValue(f"{text!r} is not a tempo range.", value=text, remedy="Write it like 60-80.")
    return min(found), max(found)


def alternatives_text(alternatives: Iterable[Alternative], language: str) -> str:
    """function | emotion | tempo range | mode | reason."""
    return _lines(
        [
            shown("function", each.function, language),
            shown("emotion", each.emotion, language),
            tempo_text(each.tempo_bpm),
            shown("mode", each.mode, language),
            each.reason,
        ]
        for each in alternatives
    )


def alternatives_of(text: str) -> tuple[Alternative, ...]:
    found = []
    for row in _rows(text):
        function, emotion, tempo, mode, *reason = _parts(row, 4, "function | emotion | 60-80 | mode | reason")
        found.append(
            Alternative(
                meant("function", function) or function,
                meant("emotion", emotion) or emotion,
                tempo_of(tempo),
                meant("mode", mode) or mode,
                " | ".join(reason),
            )
        )
    return tuple(found)


def json_values(text: str) -> Any:
    """JSON out of a sheet. Raises ValueError, also for numbers that are none (NaN, 1e999) and for endless nesting."""

    def finite(digits: str) -> float:
        value = float(digits)
        if not math.isfinite(value):
            raise ValueError(f"{digits} is no number")
        return value

    try:
        return json.loads(text, parse_float=finite, parse_constant=finite)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def tracks_text(tracks: Iterable[TrackMatch]) -> str:
    """[x] title | artist | score | path; the x stands for the track that was accepted."""
    return "\n".join(
        f"[{'x' if m.accepted else ' '}] " + join([m.track.title, m.track.artist, number(m.score), m.track.path], " | ")
        for m in tracks
    )


def track_data(tracks: Sequence[TrackMatch]) -> str:
    """Everything of the tracks, for a program to read back: JSON in one line, '' for none."""
    return json.dumps(to_json(tracks), ensure_ascii=False, separators=(",", ":")) if tracks else ""


def tracks_of(text: str, data: str) -> tuple[TrackMatch, ...]:
    """Tracks as their lines say, in that order; what lines cannot hold comes out of `data` by path.

    A line with a path that `data` does not know is a track that somebody put in.
    """
    try:
        known: tuple[TrackMatch, ...] = from_json(tuple[TrackMatch, ...], json_values(data)) if data.strip() else ()
    except ValueError as error:
        raise BadValue(f"The track data are no JSON: {error}.", remedy="Empty the cell: the lines suffice.") from error
    if not text.strip():
        return known
    by_path = {match.track.path: match for match in known}
    found = []
    for line in _items(text):
        mark = _TAKEN.match(line.strip())
        title, *rest = split(line.strip()[mark.end() :] if mark else line, "|")
        artist, score, path = (*rest, "", "", "")[:3]
        match = by_path.get(path) or TrackMatch(
            TrackInfo(path, title, artist), _float(score) if score else 0.0, (), TrackEdit(())
        )
        found.append(replace(match, accepted=bool(mark and mark[1].strip())))
    return tuple(found)
