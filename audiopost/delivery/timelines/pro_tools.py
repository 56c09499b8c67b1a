"""Text in the layout of Pro Tools' "Export Session Info as Text": the session, cues as clips, the markers listing."""

from __future__ import annotations

from pathlib import Path

from ...core.time import FrameRate
from ...io.atomic import write_text
from ..spotting import Spotting
from .marks import Mark, lanes, marks, one_line, regions, timecode

_CLIP_HEAD = "CHANNEL \tEVENT   \tCLIP NAME                     \tSTART TIME    \tEND TIME      \tDURATION      \tSTATE"
_MARKER_HEAD = "#   \tLOCATION     \tTIME REFERENCE    \tUNITS    \tNAME                             \tCOMMENTS"


def session_text(spotting: Spotting) -> str:
    """Locations in timecode from the session's start, time references in samples of `spotting.sample_rate` from it."""
    timebase, tracks = spotting.timebase, lanes(regions(spotting))
    lines = [
        f"SESSION NAME:\t{one_line(spotting.name)}",
        f"SAMPLE RATE:\t{spotting.sample_rate:.6f}",
        "BIT DEPTH:\t24-bit",
        f"SESSION START TIMECODE:\t{timecode(timebase, 0)}",
        f"TIMECODE FORMAT:\t{_format(timebase.rate)} Frame",
        f"# OF AUDIO TRACKS:\t{len(tracks)}",
        f"# OF AUDIO CLIPS:\t{sum(map(len, tracks))}",
        "# OF AUDIO FILES:\t0",
        "",
        "",
        "T R A C K  L I S T I N G",
    ]
    for number, track in enumerate(tracks, 1):
        lines += _track("Music" if number == 1 else f"Music {number}", track, spotting)
    lines += ["M A R K E R S  L I S T I N G", _MARKER_HEAD]
    lines += [_marker(number, mark, spotting) for number, mark in enumerate(marks(spotting), 1)]
    return "\n".join(lines) + "\n"


def _format(rate: FrameRate) -> str:
    return f"{float(rate.fraction):.3f}".rstrip("0").rstrip(".") + (" Drop" if rate.drop_frame else "")


def _track(name: str, track: list[Mark], spotting: Spotting) -> list[str]:
    lines = [f"TRACK NAME:\t{name}", "COMMENTS:\t", "USER DELAY:\t0 Samples", "STATE: ", "PLUG-INS: ", _CLIP_HEAD]
    for number, mark in enumerate(track, 1):
        start, end = (timecode(spotting.timebase, frame) for frame in (mark.start, mark.end))
        length = spotting.timebase.rate.timecode(mark.frames)
        lines.append(f"1       \t{number:<8}\t{mark.name:<30}\t   {start}\t   {end}\t   {length}\tUnmuted")
    return [*lines, "", ""]


def _marker(number: int, mark: Mark, spotting: Spotting) -> str:
    samples = round(mark.start / spotting.timebase.rate.fraction * spotting.sample_rate)
    when = timecode(spotting.timebase, mark.start)
    return f"{number:<4}\t{when:<13}\t{samples:<18}\tSamples  \t{mark.name:<33}\t{mark.note}"


def write(path: Path, spotting: Spotting) -> Path:
    """`session_text` in UTF-8. Raises OutputError."""
    return write_text(path, session_text(spotting))
