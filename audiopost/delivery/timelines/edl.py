"""CMX 3600 edit decision lists: the classic one with LOC markers, and Resolve's list of timeline markers.

Written here and not with the OTIO adapter, which allows one video track, has no drop-frame and starts at zero.
"""

from __future__ import annotations

import logging
from pathlib import Path

from ...core.language import tell
from ...core.time import Timebase
from ...io.atomic import write_text
from ..spotting import Spotting
from .marks import Mark, ascii_only, hits, lanes, lost, marks, one_line, regions, timecode

log = logging.getLogger("audiopost")

#: Channels of a CMX 3600 list that hold music; more cues at a time than these are markers only.
_CHANNELS = ("A", "A2")
#: Columns of an EDL's line (CMX 3600), and what a LOC line has before its text.
_LINE, _LOC_HEAD = 80, len("* LOC: 00:00:00:00 MAGENTA ")
_LOC_COLOURS = {"accepted": "GREEN", "existing": "MAGENTA", "suggested": "CYAN"}
_RESOLVE_COLOURS = {"accepted": "Green", "existing": "Purple", "suggested": "Cyan"}


def _head(spotting: Spotting, name: str) -> list[str]:
    mode = "DROP FRAME" if spotting.timebase.rate.drop_frame else "NON-DROP FRAME"
    return [f"TITLE: {name[:70]}", f"FCM: {mode}", ""]


def _event(number: int, channel: str, source: tuple[int, int], mark: tuple[int, int], timebase: Timebase) -> str:
    """An event line: the source counts from zero, the record from the programme's start."""
    played = (timebase.rate.timecode(frame) for frame in source)
    recorded = (timecode(timebase, frame) for frame in mark)
    return f"{number:03d}  {'AX':8} {channel:5} C        {' '.join(played)} {' '.join(recorded)}"


def cue_edl(spotting: Spotting) -> str:
    """Cues as events on two audio channels, with * LOC markers for each cue and its hit points, for Avid.

    ASCII, at most 80 columns: names are ids in English, other scripts are left out. A LOC line that belongs to no
    event of the list (a third cue at a time) stands under the last one.
    """
    timebase = spotting.timebase
    lines = _head(spotting, ascii_only(spotting.name) or "CUES")
    events = [
        (mark, channel) for lane, channel in zip(lanes(regions(spotting)), _CHANNELS, strict=False) for mark in lane
    ]
    events.sort(key=lambda event: (event[0].start, event[1]))
    listed = {mark.cue for mark, _ in events}
    found = hits(spotting)
    for number, (mark, channel) in enumerate(events, 1):
        lines.append(_event(number, channel, (0, mark.frames), (mark.start, mark.end), timebase))
        lines.append(f"* FROM CLIP NAME:  {_name(mark)}")
        own = [mark, *(hit for hit in found if hit.cue == mark.cue)]
        if number == len(events):
            own += [each for each in marks(spotting) if each.cue not in listed]
        lines += [_loc(each, timebase) for each in own]
    return "\n".join(lines) + "\n"


def _name(mark: Mark) -> str:
    cue = mark.cue
    return ascii_only(f"{cue.label} {one_line(cue.title) or cue.function} {cue.emotion}").upper()[:60]


def _loc(mark: Mark, timebase: Timebase) -> str:
    colour = "RED" if mark.is_hit else _LOC_COLOURS[mark.cue.status]
    text = (ascii_only(mark.name) if mark.is_hit else _name(mark))[: _LINE - _LOC_HEAD]
    return f"* LOC: {timecode(timebase, mark.start)} {colour:7} {text.upper()}".rstrip()


def write(path: Path, spotting: Spotting) -> Path:
    """`cue_edl`; what its letters and channels could not hold is logged. Raises OutputError."""
    names = [mark.name for mark in hits(spotting)] + [cue.title for cue in spotting.cues]
    if count := lost(names):
        log.warning("%s", tell("sheet.ascii_loss", spotting.language, file=path.name, count=count))
    if more := sum(len(lane) for lane in lanes(regions(spotting))[len(_CHANNELS) :]):
        log.warning("%s", tell("sheet.lane_loss", spotting.language, file=path.name, count=more))
    return write_text(path, cue_edl(spotting))


def resolve_edl(spotting: Spotting) -> str:
    """Timeline markers as DaVinci Resolve exports and imports them ("Timeline Markers from EDL"): one event each.

    The line under it holds notes, |C: the colour, |M: the name and |D: the length in frames.
    """
    timebase = spotting.timebase
    lines = _head(spotting, one_line(spotting.name))
    for number, mark in enumerate(marks(spotting), 1):
        one = (mark.start, mark.start + 1)
        event = _event(number, "V", _from_start(one, timebase), one, timebase).replace("AX      ", "001     ")
        colour = "Red" if mark.is_hit else _RESOLVE_COLOURS[mark.cue.status]
        note, name = (text.replace("|", "/") for text in (mark.note, mark.name))
        lines += [event, f"{note} |C:ResolveColor{colour} |M:{name} |D:{mark.frames}", ""]
    return "\n".join(lines)


def _from_start(frames: tuple[int, int], timebase: Timebase) -> tuple[int, int]:
    """Frames as Resolve's own lists give the source: the same timecode as the record."""
    return frames[0] + timebase.start_frame, frames[1] + timebase.start_frame


def write_resolve(path: Path, spotting: Spotting) -> Path:
    """`resolve_edl` in UTF-8. Raises OutputError."""
    return write_text(path, resolve_edl(spotting))
