"""A tempo whose beats meet the hit points of a cue: the click-book problem.

Composers used to look it up: a click book (C. Knudson, "Project Tempo: the click track book", 1965) lists for each
tempo the time of every beat, and one leafed through it for a tempo whose beats fall where the picture asks for them
(F. Karlin and R. Wright, "On the Track: a guide to contemporary film scoring", 2nd ed. 2004, on timings and clicks).
Here it is weighted least squares over tempo and the time of the first beat:

    minimise  sum of strength * (first_beat + k * period - hit)^2   over whole numbers k >= 0 of each hit

For one tempo the best offset is exact: hits become phases on the circle of a beat, and the least variance over all
places to cut that circle open is the answer. Tempi are tried so densely that no assignment of hits to beats is passed
over; the best are then solved in closed form for their assignment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from ..core.errors import BadValue
from ..core.spotting import HitPoint, TempoFit
from ..core.time import FrameRate

Array = NDArray[np.float64]

#: How far beats at the last hit move from one tempo tried to the next, in frames.
_DRIFT_FRAMES = 0.25
#: So many of the best tempi tried are solved exactly.
_SOLVED = 48
#: Among tempi that meet the hits about as well the handier wins: what a property costs, in frames of RMS error.
_QUARTER, _ODD, _LATE, _OFF_CENTRE = 0.05, 0.15, 0.2, 0.05
#: No handier tempo may miss its worst hit by more than this where another meets all better.
_DEAD_ON_FRAMES = 0.5
_LIGHTEST = 1e-3
_BLOCK = 1 << 18


def fit_tempo(
    hits: Sequence[HitPoint], bpm: tuple[float, float], rate: FrameRate, *, start_s: float
) -> tuple[TempoFit, tuple[HitPoint, ...]]:
    """The tempo in `bpm` (lowest, highest) whose beats fall on the hits, for a cue that begins at `start_s`.

    Beat 1 lies at `start_s` or less than a beat later. Hits weigh by their strength; those before `start_s` cannot be
    met and come back without a beat. Errors are (beat - hit) in frames of `rate`; the RMS is weighted too. Of tempi
    that do as well a whole BPM comes first, then a quarter, an early first beat, the middle of the range. Without hits
    it is the middle of the range from `start_s`. Raises BadValue for a range that is none, or a time that is no number.
    """
    low, high = bpm
    if not (0 < low <= high < float("inf")):
        raise BadValue(
            f"{low} to {high} BPM is no range of tempi.", value=bpm, remedy="Give the lower number first, above 0."
        )
    numbers = (start_s, *(hit.time_s for hit in hits), *(hit.strength for hit in hits))
    if not np.isfinite(numbers).all():
        raise BadValue("A hit point's time or strength is not a number.", value=numbers)
    met = [hit for hit in hits if hit.time_s >= start_s]
    task = _Task(
        np.array([hit.time_s - start_s for hit in met]),
        np.array([max(hit.strength, _LIGHTEST) for hit in met]),
        float(low),
        float(high),
        float(rate.fraction),
    )
    best = task.solve()
    fit = TempoFit(best.bpm, max(start_s, round(start_s + best.offset_s, 6)), best.rms_frames, best.worst_frames)
    return fit, tuple(_placed(hit, fit, start_s, rate.fraction) for hit in hits)


def _placed(hit: HitPoint, fit: TempoFit, start_s: float, frames_a_second: Fraction) -> HitPoint:
    if hit.time_s < start_s:
        return replace(hit, beat=None, error_frames=None)
    period = 60 / fit.bpm
    beat = max(0, round((hit.time_s - fit.first_beat_s) / period))
    error = (fit.first_beat_s + beat * period - hit.time_s) * float(frames_a_second)
    return replace(hit, beat=beat + 1, error_frames=round(error, 3))


@dataclass(frozen=True)
class _Tempo:
    """A tempo with its first beat after the cue's in, and how it meets the hits."""

    bpm: float
    offset_s: float
    rms_frames: float
    worst_frames: float


@dataclass(frozen=True)
class _Task:
    """Hits in seconds after the cue's in, their weights, the range of tempi, frames a second."""

    times: Array
    weights: Array
    low: float
    high: float
    fps: float

    def solve(self) -> _Tempo:
        exact = [self._judged(bpm) for bpm in self._solved()]
        handy = [self._judged(bpm) for bpm in _steps(self.low, self.high)]
        found = [*exact, *handy]
        least = min(found, key=lambda tempo: (tempo.rms_frames, tempo.bpm))
        worst = max(least.worst_frames, _DEAD_ON_FRAMES)
        return min((t for t in found if t.worst_frames <= worst), key=lambda t: (round(self._cost(t), 6), t.bpm))

    def _cost(self, tempo: _Tempo) -> float:
        quarters = tempo.bpm * 4
        odd = 0.0 if tempo.bpm.is_integer() else _QUARTER if quarters.is_integer() else _ODD
        centre, half = (self.low + self.high) / 2, max((self.high - self.low) / 2, 1e-9)
        late = tempo.offset_s * tempo.bpm / 60
        return tempo.rms_frames + odd + _LATE * late + _OFF_CENTRE * abs(tempo.bpm - centre) / half

    def _solved(self) -> list[float]:
        """The best tempi, each solved in closed form for the beats that its hits fall on."""
        if len(self.times) < 2:
            return [(self.low + self.high) / 2]
        periods = self._periods()
        errors = np.concatenate([_offsets(block, self.times, self.weights)[1] for block in _blocks(periods)])
        padded = np.concatenate([[np.inf], errors, [np.inf]])
        valleys = np.flatnonzero((errors <= padded[:-2]) & (errors <= padded[2:]))
        best = valleys[np.argsort(errors[valleys], kind="stable")][:_SOLVED]
        return [self._refined(float(period)) for period in periods[best]]

    def _periods(self) -> Array:
        shortest, longest = 60 / self.high, 60 / self.low
        beats = max(float(np.ptp(self.times)) / shortest, 1.0)
        step = _DRIFT_FRAMES / self.fps / beats
        return np.linspace(shortest, longest, max(2, int(np.ceil((longest - shortest) / step)) + 1))

    def _refined(self, period: float) -> float:
        """The tempo of the regression of hits on their beats, within the range and to a thousandth of a BPM."""
        offset = float(_offsets(np.array([period]), self.times, self.weights)[0][0])
        beats = np.round((self.times - offset) / period)
        beats = beats - np.average(beats, weights=self.weights)
        spread = float(np.sum(self.weights * beats**2))
        if spread > 0:
            period = float(np.sum(self.weights * beats * self.times)) / spread
        wanted = 60 / period if period > 0 else self.high
        return min(max(round(wanted, 3), self.low), self.high)

    def _judged(self, bpm: float) -> _Tempo:
        """A tempo with its best first beat. Beats begin with the cue: none lies before it.

        That makes a hit within the first beat a case of its own, so the best offset of every cut is tried, and the in.
        """
        if not len(self.times):
            return _Tempo(bpm, 0.0, 0.0, 0.0)
        period = 60 / bpm
        means, _ = _cuts(np.array([period]), self.times, self.weights)
        offsets = np.append(np.mod(means[0], 1.0) * period, 0.0)
        # Where the first beat could not lie before the in, what is left of the assignment has an offset of its own.
        better = np.average(self.times - period * self._beats(offsets, period), axis=1, weights=self.weights)
        offsets = np.concatenate([offsets, better[(better >= 0) & (better < period)]])
        errors = (offsets[:, None] + self._beats(offsets, period) * period - self.times) * self.fps
        rms = np.sqrt(np.average(errors**2, axis=1, weights=self.weights))
        best = int(np.argmin(np.round(rms, 6)))
        worst = float(np.max(np.abs(errors[best])))
        return _Tempo(bpm, float(offsets[best]), round(float(rms[best]), 6), round(worst, 6))

    def _beats(self, offsets: Array, period: float) -> Array:
        """The beat (m, n), 0 being the first, that lies nearest to each hit for each offset (m,)."""
        return np.maximum(np.round((self.times - offsets[:, None]) / period), 0)


def _steps(low: float, high: float) -> list[float]:
    """All quarters of a BPM in a range."""
    return [quarter / 4 for quarter in range(int(np.ceil(low * 4 - 1e-9)), int(np.floor(high * 4 + 1e-9)) + 1)
            if low <= quarter / 4 <= high]  # fmt: skip


def _blocks(periods: Array) -> list[Array]:
    return [periods[at : at + _BLOCK] for at in range(0, len(periods), _BLOCK)]


def _offsets(periods: Array, times: Array, weights: Array) -> tuple[Array, Array]:
    """For each period (p,) the first beat in [0, period) that meets times (n,) best, and the weighted squared error."""
    means, errors = _cuts(periods, times, weights)
    best = np.argmin(errors, axis=1)[:, None]
    offset = np.mod(np.take_along_axis(means, best, axis=1)[:, 0], 1.0) * periods
    return offset, np.take_along_axis(errors, best, axis=1)[:, 0] * periods**2


def _cuts(periods: Array, times: Array, weights: Array) -> tuple[Array, Array]:
    """The circle of a beat cut open before each hit in turn: means and weighted squared errors (p, n), in beats."""
    phases = np.mod(times[None, :] / periods[:, None], 1.0)
    order = np.argsort(phases, axis=1, kind="stable")
    phases, heavy = np.take_along_axis(phases, order, axis=1), weights[order]
    total = float(weights.sum())
    # The hits passed so far move on by a whole beat.
    moved = np.cumsum(heavy, axis=1) - heavy
    moved_phase = np.cumsum(heavy * phases, axis=1) - heavy * phases
    mean = ((heavy * phases).sum(axis=1, keepdims=True) + moved) / total
    square = (heavy * phases**2).sum(axis=1, keepdims=True) + 2 * moved_phase + moved
    return mean, np.maximum(square - total * mean**2, 0.0)
