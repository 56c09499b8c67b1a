"""What is settled before a note is written: where beats lie, the mode, the mood, which chord sounds when."""

from __future__ import annotations

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
        return next((chord for chord in reversed(self.chords) if chord.start_s <= time_s + 1e-6), self.chords[0])

    def pitch(self, step: int) -> int:
        """The MIDI pitch of a scale step; 0 is the tonic."""
        return self.mode.pitch(self.tonic, step)
