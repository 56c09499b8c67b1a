"""What a guide plays: notes and markers in seconds since the cue's in. MIDI and sound are both made of it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from .grid import Grid
from .theory import Mode

#: A note shorter than this at the end of a cue is left out.
SHORTEST_S = 0.03


@dataclass(frozen=True)
class Note:
    """`pitch` and `velocity` as MIDI counts them; `part` is the name of a Part."""

    start_s: float
    length_s: float
    pitch: int
    velocity: int
    part: str

    @property
    def end_s(self) -> float:
        return self.start_s + self.length_s


@dataclass(frozen=True)
class Part:
    """One line of the score: General MIDI `program` from 0 (None: drum channel), `timbre` of the audio rendering."""

    name: str
    program: int | None
    timbre: str


@dataclass(frozen=True)
class Marker:
    time_s: float
    text: str


@dataclass(frozen=True)
class Score:
    """A guide: its grid, its tonic (MIDI pitch 48..59) and mode, parts and notes in the order of their starts."""

    label: str
    grid: Grid
    tonic: int
    mode: Mode
    parts: tuple[Part, ...]
    notes: tuple[Note, ...]
    markers: tuple[Marker, ...]

    @property
    def duration_s(self) -> float:
        return self.grid.duration_s


def settled(notes: Iterable[Note], duration_s: float) -> tuple[Note, ...]:
    """The notes in order, each ending with the cue at the latest and before its own pitch is played again."""
    last: dict[tuple[str, int], int] = {}
    kept: list[Note] = []
    # Of two at once on a pitch the louder one stays.
    for note in sorted(notes, key=lambda n: (n.start_s, n.part, n.pitch, -n.velocity)):
        room = duration_s - note.start_s
        if note.start_s < 0 or min(note.length_s, room) < SHORTEST_S or not math.isfinite(note.start_s):
            continue
        key = (note.part, note.pitch)
        if key in last:
            before = kept[last[key]]
            if note.start_s - before.start_s < SHORTEST_S:
                continue
            kept[last[key]] = replace(before, length_s=min(before.length_s, note.start_s - before.start_s))
        last[key] = len(kept)
        pitch, velocity = min(max(note.pitch, 0), 127), min(max(note.velocity, 1), 127)
        kept.append(replace(note, length_s=min(note.length_s, room), pitch=pitch, velocity=velocity))
    return tuple(kept)
