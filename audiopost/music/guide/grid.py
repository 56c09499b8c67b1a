"""Where the beats of a cue lie: bars, the pulses in them, and the upbeat before the first bar. Seconds since its in."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ...core.errors import BadValue
from ...core.music import Metre
from ...core.spotting import Cue

#: Sound that leads the picture by 45 ms or lags it by 125 ms is not noticed (ITU-R BT.1359-1, Fig. 2); of hits editors
#: ask more: two frames late at most.
LEAD_S, LAG_S = 0.045, 0.08
#: The tempo of a cue that names none: an easy walk.
_UNTOLD_BPM = 72.0
_SLOWEST_BPM, _FASTEST_BPM = 10.0, 400.0
_EDGE_S = 1e-4


@dataclass(frozen=True)
class Grid:
    """The beats of a cue of `duration_s`; its first bar line lies at `first_s`, what comes before is an upbeat."""

    duration_s: float
    bpm: float
    metre: Metre
    first_s: float

    @property
    def beat_s(self) -> float:
        return 60 / self.bpm

    @property
    def bar_s(self) -> float:
        return self.metre.beats * self.beat_s

    def bars(self) -> list[float]:
        """The bar lines inside the cue."""
        count = max(0, math.ceil((self.duration_s - self.first_s - _EDGE_S) / self.bar_s))
        return [self.first_s + bar * self.bar_s for bar in range(count)]

    def pulses(self) -> list[tuple[float, int]]:
        """The pulses inside the cue with their number in the bar, those of the upbeat included."""
        found = [
            (bar + pulse * self.beat_s, number)
            for bar in (self.first_s - self.bar_s, *self.bars())
            for number, pulse in enumerate(self.metre.pulses)
        ]
        return [(time, number) for time, number in found if -_EDGE_S < time < self.duration_s - _EDGE_S]

    def met(self, time_s: float) -> float:
        """The half beat (third in compound metres) on which nobody would notice that it misses a moment, else that."""
        step = self.beat_s / self.metre.division
        nearest = self.first_s + round((time_s - self.first_s) / step) * step
        unnoticed = -LEAD_S <= nearest - time_s <= LAG_S
        return nearest if unnoticed and 0 <= nearest < self.duration_s else time_s


def grid_of(cue: Cue) -> Grid:
    """The grid of a cue: its fitted tempo, else the middle of its range from its in. Raises BadValue for no length."""
    if not (math.isfinite(cue.in_s) and math.isfinite(cue.out_s) and cue.duration_s > 0):
        raise BadValue(
            f"Cue {cue.label} has no length: it runs from {cue.in_s} to {cue.out_s} s.",
            value=(cue.in_s, cue.out_s),
            remedy="Set its out after its in.",
        )
    metre = Metre.parse(cue.metre)
    bpm, first_s = sum(cue.tempo_bpm) / 2, 0.0
    if cue.tempo is not None:
        bpm, first_s = cue.tempo.bpm, cue.tempo.first_beat_s - cue.in_s
    if not _SLOWEST_BPM <= bpm <= _FASTEST_BPM:
        bpm = min(max(bpm, _SLOWEST_BPM), _FASTEST_BPM) if bpm > 0 else _UNTOLD_BPM
    first_s = first_s if math.isfinite(first_s) else 0.0
    # A cue that its upbeat would fill begins a bar with its first beat, or with its in.
    for length_s in (metre.beats * 60 / bpm, 60 / bpm):
        upbeat_s = first_s % length_s
        if min(upbeat_s, length_s - upbeat_s) < _EDGE_S:
            upbeat_s = 0.0
        if upbeat_s < cue.duration_s / 2:
            return Grid(cue.duration_s, bpm, metre, upbeat_s)
    return Grid(cue.duration_s, bpm, metre, 0.0)
