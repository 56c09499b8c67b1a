"""Pulse: tempo, its half or double reading, beats; None where nothing recurs.

The tempogram gives the period, dynamic programming the beats, a line through them (Theil, Sen) the tempo of a steady
track to 0.1 BPM. Where no one period holds, as in rubato, the tempo is followed, and the one told is the commonest.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..core.audio import FloatArray
from .beats import beat_s, laid
from .hearing import FPS
from .tempogram import FASTEST, LOOP_S, SLOWEST, Floats, comb, drift, levelled, period_of, preference, tempogram

_SHORTEST_S = 1.5
#: Height of the comb from which a pulse is told, and in recordings too short to show more than chance. Of 20 s of
#: speech the 98th percentile is .13, the 10th of music .15 (out of ../shared/train; see benchmarks/tempo.py).
_PULSE, _SHORT_PULSE, _SHORT_S = 0.13, 0.6, 8.0
#: The same where the tempo is followed: of speech the 98th percentile is .15. Windows whose tempo is within 8 % of the
#: one told keep it.
_DRIFTING, _DRIFTING_S, _KEPT = 0.18, 16.0, 0.08
#: What a short piece of music gets that shows no more than whole bars.
_LOOP_CONFIDENCE = 0.3
#: Rise of the log spectrum that the strongest 2 % of frames reach in any music with onsets; drones lie below.
_LEAST_RISE = 0.03


@dataclass(frozen=True)
class Pulse:
    """`bpm`, and the half or double reading `other` that is as likely to be felt (None: too slow or too fast).

    Not `steady`: the tempo changes, `bpm` is the commonest.
    """

    bpm: float
    confidence: float
    other: float | None
    beats_s: tuple[float, ...]
    steady: bool = True


def pulse(novelty: FloatArray, *, musical: bool = False) -> Pulse | None:
    """The pulse of an onset curve (n,) at FPS; None where there is none.

    `musical`: it is known to be music, so that a short one that holds whole bars is taken for a loop, and in a long
    one without a steady pulse a changing one is followed.
    """
    duration_s = len(novelty) / FPS
    if duration_s < _SHORTEST_S or float(np.percentile(novelty, 98)) < _LEAST_RISE:
        return None
    onsets = levelled(novelty)
    correlation = tempogram(onsets)
    period = period_of(correlation, duration_s)
    if period is None:
        return None
    confidence = _confidence(float(comb(correlation, np.array([period]))[0]), duration_s, musical)
    if not confidence:
        return _followed(onsets) if musical and duration_s >= _DRIFTING_S else None
    times = laid(onsets, np.full(len(onsets), period))
    if len(times) < 3:
        return None
    bpm = 60 / beat_s(times)
    return Pulse(bpm, confidence, _other(correlation, period, bpm), _rounded(times))


def at_other(novelty: FloatArray, pulse: Pulse) -> Pulse:
    """The same steady pulse in its other reading, which must be there."""
    assert pulse.other is not None
    onsets = levelled(novelty)
    times = laid(onsets, np.full(len(onsets), 60 * FPS / pulse.other))
    return Pulse(60 / beat_s(times), pulse.confidence, pulse.bpm, _rounded(times))


def _followed(onsets: Floats) -> Pulse | None:
    height, periods = drift(onsets)
    times = laid(onsets, periods)
    if height < _DRIFTING or len(times) < 3:
        return None
    tempi = 60 * FPS / periods
    # The tempo that most of the time lies near to.
    near = [float(np.mean(np.abs(tempi / t - 1) <= _KEPT)) for t in tempi[:: round(FPS)]]
    bpm = float(np.median(tempi[np.abs(tempi / tempi[:: round(FPS)][int(np.argmax(near))] - 1) <= _KEPT]))
    correlation = tempogram(onsets)
    return Pulse(bpm, 0.5 * max(near), _other(correlation, 60 * FPS / bpm, bpm), _rounded(times), steady=False)


def _rounded(times: Floats) -> tuple[float, ...]:
    return tuple(np.round(times, 4).tolist())


def _confidence(height: float, duration_s: float, musical: bool) -> float:
    """0..1 of the height of the comb at the period; 0 where no pulse is told."""
    sure = 1 / (1 + math.exp(-20 * (height - _PULSE)))
    if height >= (_PULSE if duration_s >= _SHORT_S else _SHORT_PULSE):
        return sure
    return max(min(sure, 0.5), _LOOP_CONFIDENCE) if musical and duration_s <= LOOP_S else 0.0


def _other(correlation: Floats, period: float, bpm: float) -> float | None:
    """The half or double tempo, whichever the comb and the ear prefer."""
    ratios = np.array([r for r in (0.5, 2.0) if SLOWEST <= bpm * r <= FASTEST])
    if not len(ratios):
        return None
    score = (comb(correlation, period / ratios) + 0.1) * preference(bpm * ratios)
    return float(bpm * ratios[int(np.argmax(score))])
