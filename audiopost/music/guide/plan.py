"""What is settled before a note is written: where beats lie, the mode, the mood, which chord sounds when."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from .grid import Grid
from .harmony import Chord
from .rules import Mood
from .theory import Mode


@dataclass(frozen=True)
class Plan:
    """`tonic` is a MIDI pitch from 48 to 59; `chords` follow each other from the in to the out."""

    grid: Grid
    mode: Mode
    tonic: int
    mood: Mood
    chords: tuple[Chord, ...] = ()

    @property
    def last_s(self) -> float:
        """Where the last chord begins."""
        return self.chords[-1].start_s

    def chord(self, time_s: float) -> Chord:
        """The chord that sounds at a time."""
        after = bisect_right(self.chords, time_s + 1e-6, key=lambda chord: chord.start_s)
        return self.chords[max(0, after - 1)]

    def pitch(self, step: int) -> int:
        """The MIDI pitch of a scale step; 0 is the tonic."""
        return self.mode.pitch(self.tonic, step)
