"""What is known of a piece of music: what analysis hears in it, who made it, and how it would be cut to a cue.

All times in seconds of the track, unless a field says that it is of the recording.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class Section:
    """A part of a track that differs from its neighbours; `energy` 0..1 of the track's own range."""

    start_s: float
    end_s: float
    energy: float


@dataclass(frozen=True)
class Loop:
    """A stretch whose end leads back to its start: whole bars; `likeness` 0..1 of what follows either end."""

    start_s: float
    end_s: float
    bars: int
    likeness: float


@dataclass(frozen=True)
class TrackAnalysis:
    """What a track sounds like.

    `bpm` is None without a pulse; `bpm_other` is the half or double reading that is as likely to be felt. `key` is a
    note name ('F#'), `mode` 'major', 'minor' or '' where neither is clear. `energy_db` holds the level of each second
    in dBFS. `brightness_hz` is the spectral centroid, `density` onsets a second, `vocal` the probability 0..1 that
    somebody sings, arousal and valence as in EmotionPoint.
    """

    duration_s: float
    bpm: float | None = None
    bpm_confidence: float = 0.0
    bpm_other: float | None = None
    beats_s: tuple[float, ...] = ()
    metre: int | None = None
    downbeats_s: tuple[float, ...] = ()
    key: str = ""
    mode: str = ""
    key_confidence: float = 0.0
    energy_db: tuple[float, ...] = ()
    brightness_hz: float = 0.0
    density: float = 0.0
    vocal: float = 0.0
    loudness_lufs: float | None = None
    sections: tuple[Section, ...] = ()
    loops: tuple[Loop, ...] = ()
    arousal: float = 0.0
    valence: float = 0.0


@dataclass(frozen=True)
class TrackInfo:
    """A track of the user's library and what its file says of itself; '' where it says nothing.

    `vocal` is TrackAnalysis.vocal, None for a track that nobody listened to.
    """

    path: str
    title: str = ""
    artist: str = ""
    composer: str = ""
    publisher: str = ""
    society: str = ""
    """Performing right society: CASH, PRS, ASCAP …"""
    album: str = ""
    genre: str = ""
    isrc: str = ""
    iswc: str = ""
    licence: str = ""
    tagged_bpm: float | None = None
    duration_s: float = 0.0
    vocal: float | None = None


@dataclass(frozen=True)
class EditPiece:
    """`start_s` to `end_s` of the track, laid at `at_s` of the recording; `join_s` of cross-fade with the last one."""

    at_s: float
    start_s: float
    end_s: float
    join_s: float = 0.0


@dataclass(frozen=True)
class TrackEdit:
    """A proposed cut of a track to a cue: its pieces in order, fades at both ends, gain before ducking."""

    pieces: tuple[EditPiece, ...]
    fade_in_s: float = 0.0
    fade_out_s: float = 0.0
    gain_db: float = 0.0


@dataclass(frozen=True)
class TrackMatch:
    """A track that may serve a cue: `score` 0..1, reasons for a person to read, the edit, and whether it was taken."""

    track: TrackInfo
    score: float
    reasons: tuple[str, ...]
    edit: TrackEdit
    accepted: bool = False


@dataclass(frozen=True)
class Metre:
    """A time signature. `beats` a bar, `pulses` where the stressed ones fall, `division` parts of a beat.

    What tempo counts is the dotted quarter in 3/8, 6/8, 9/8 and 12/8, the quarter in other metres of eighths, whose
    pulses group as 2+2+3, else the note that the signature names.
    """

    numerator: int
    denominator: int

    @classmethod
    def parse(cls, text: str) -> Metre:
        """The first signature in a text ('3/4', '6/8 or 12/8'), 4/4 where there is none."""
        found = re.search(r"(\d+)\s*/\s*(\d+)", text)
        if not found:
            return cls(4, 4)
        over, under = int(found[1]), int(found[2])
        return cls(over, under) if 1 <= over <= 32 and under in (1, 2, 4, 8, 16) else cls(4, 4)

    @property
    def compound(self) -> bool:
        return self.denominator >= 8 and self.numerator % 3 == 0

    @property
    def _units(self) -> int:
        """Notes of the signature in a beat."""
        return 3 if self.compound else 2 if self.denominator >= 8 else 1

    @property
    def quarters(self) -> Fraction:
        """Quarter notes in a beat."""
        return Fraction(4 * self._units, self.denominator)

    @property
    def beats(self) -> float:
        return self.numerator / self._units

    @property
    def division(self) -> int:
        return 3 if self.compound else 2

    @property
    def pulses(self) -> tuple[float, ...]:
        """Beats since the bar line; an odd eighth at the end of a bar joins the pulse before it."""
        return tuple(float(n) for n in range(max(1, int(self.beats))))
