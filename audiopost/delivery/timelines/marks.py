"""Regions and markers in frames of the recording: what all timeline formats are written from."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from ...core.spotting import Cue
from ...core.time import Timebase
from ..cue_sheet.words import shown
from ..spotting import Spotting


@dataclass(frozen=True)
class Mark:
    """A cue (a region) or a hit point of one (`is_hit`, of one frame): frames [start, end) counted from 0."""

    start: int
    end: int
    name: str
    note: str
    cue: Cue
    is_hit: bool = False

    @property
    def frames(self) -> int:
        return self.end - self.start


class Laid(Protocol):
    """What lies on a track from a frame to another."""

    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...


M = TypeVar("M", bound=Laid)
#: Of a name: more is nowhere shown, and some programs refuse it.
MOST_CHARACTERS = 100


def regions(spotting: Spotting) -> list[Mark]:
    """The cues that are not rejected, by their in points; none begins before the recording or has less than a frame."""
    rate, language = spotting.timebase.rate, spotting.language
    made = []
    for cue in spotting.cues:
        if cue.status == "rejected":
            continue
        start = max(rate.frame_at(cue.in_s), 0)
        said = [shown("status", cue.status, language)] if cue.status == "existing" else []
        said += [cue.title or shown("function", cue.function, language), shown("emotion", cue.emotion, language)]
        name = short(f"{cue.label} {one_line(' · '.join(said))}")
        made.append(Mark(start, max(rate.frame_at(cue.out_s), start + 1), name, one_line(cue.reason), cue))
    return sorted(made, key=lambda mark: (mark.start, mark.end))


def hits(spotting: Spotting) -> list[Mark]:
    """The hit points of those cues, in order of time."""
    rate = spotting.timebase.rate
    made = []
    for cue in spotting.cues:
        for hit in cue.hits if cue.status != "rejected" else ():
            frame, what = max(rate.frame_at(hit.time_s), 0), one_line(hit.what)
            name = f"{cue.label} {what}"
            note = [] if hit.beat is None else [f"beat {hit.beat}"]
            note += [what] if len(name) > MOST_CHARACTERS else []
            made.append(Mark(frame, frame + 1, short(name), ": ".join(note), cue, True))
    return sorted(made, key=lambda mark: mark.start)


def marks(spotting: Spotting) -> list[Mark]:
    """Regions and hit points together, in order of time; a cue comes before its hit on the same frame."""
    return sorted([*regions(spotting), *hits(spotting)], key=lambda mark: (mark.start, mark.is_hit))


def lanes(found: Iterable[M]) -> list[list[M]]:
    """Marks on as few tracks as hold them without overlap; each goes on the first that is free."""
    tracks: list[list[M]] = []
    for mark in sorted(found, key=lambda each: each.start):
        free = next((track for track in tracks if track[-1].end <= mark.start), None)
        if free is None:
            tracks.append(free := [])
        free.append(mark)
    return tracks


def timecode(timebase: Timebase, frame: int) -> str:
    """The timecode of a frame of the recording."""
    return timebase.rate.timecode(timebase.start_frame + frame)


def one_line(text: str) -> str:
    """Without line ends, tabs and control characters, which end a field in text formats, and what XML cannot hold."""
    kept = (" " if unicodedata.category(char) == "Cc" or char in "\ufffe\uffff" else char for char in text)
    return " ".join("".join(kept).split())


def short(text: str) -> str:
    """At most MOST_CHARACTERS, an ellipsis where some were cut."""
    return text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 1].rstrip() + "…"


_PLAIN = str.maketrans({"–": "-", "—": "-", "−": "-", "‘": "'", "’": "'", "“": '"', "”": '"', "…": "...", "·": "-"})


def ascii_only(text: str) -> str:
    """What of a text ASCII holds: accents go, other scripts go; '' where nothing is left."""
    folded = unicodedata.normalize("NFKD", text.translate(_PLAIN)).encode("ascii", "ignore").decode()
    return " ".join(folded.split())


def lost(texts: Sequence[str]) -> int:
    """How many texts lose letters in ASCII."""
    return sum(sum(map(str.isalpha, text)) > sum(map(str.isalpha, ascii_only(text))) for text in texts)
