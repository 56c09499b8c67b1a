"""Pulse: tempo, its half or double reading, beats; None where nothing recurs.

The onset curve's autocorrelation in windows of 8 s (a tempogram) gives the period, weighed by how people tap (Parncutt,
"A perceptual model of pulse salience", 1994; Ellis, "Beat tracking by dynamic programming", JNMR 2007); dynamic
programming after Ellis lays the beats; a line through them (Theil, Sen) gives a steady track's tempo to 0.1 BPM.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..core.audio import FloatArray
from .hearing import FPS

Floats = NDArray[np.float64]

#: Tempi that a pulse is looked for at, BPM.
SLOWEST, FASTEST = 40.0, 240.0
#: Centre of what is felt as the beat, and its width in octaves.
_CENTRE_BPM, _OCTAVES = 115.0, 1.0
_WINDOW_S, _STEP_S, _SHORTEST_S = 8.0, 1.0, 1.5
#: What share of the comb its teeth have: one, two, three, four periods.
_TEETH = (0.4, 0.3, 0.15, 0.15)
#: What divided beats and, in recordings up to so long, whole bars count beside the comb.
_DIVIDED, _BARS, _LOOP_S = 0.5, 0.25, 16.0
#: Height of the comb from which a pulse is told, and in recordings too short to show more than chance. Of 20 s of
#: speech the 98th percentile is .13, the 10th of music .15 (out of ../shared/train; see benchmarks/tempo.py).
_PULSE, _SHORT_PULSE, _SHORT_S = 0.13, 0.6, 8.0
#: What a short piece of music gets that shows no more than whole bars.
_LOOP_CONFIDENCE = 0.3
#: Rise of the log spectrum that the strongest 2 % of frames reach in any music with onsets; drones lie below.
_LEAST_RISE = 0.03
#: A spectrum rises most while its window reaches the attack, before the centre is there: clicks peak 16 ms, struck
#: notes about 10 ms early.
_EARLY_S = 0.012
#: How strictly beats keep to the period (Ellis's alpha).
_TIGHTNESS = 300.0
#: Beats whose median deviation from a straight line is less than this share of a beat are a steady track's.
_STEADY = 0.04


@dataclass(frozen=True)
class Pulse:
    """`bpm`, and the half or double reading `other` that is as likely to be felt (None: too slow or too fast)."""

    bpm: float
    confidence: float
    other: float | None
    beats_s: tuple[float, ...]


def pulse(novelty: FloatArray, *, musical: bool = False) -> Pulse | None:
    """The pulse of an onset curve (n,) at FPS; None where there is none.

    `musical`: it is known to be music, so that a short one that holds whole bars is taken for a loop.
    """
    duration_s = len(novelty) / FPS
    if duration_s < _SHORTEST_S or float(np.percentile(novelty, 98)) < _LEAST_RISE:
        return None
    onsets = levelled(novelty)
    correlation = _tempogram(onsets)
    period = _period(correlation, duration_s)
    if period is None:
        return None
    confidence = _confidence(float(_comb(correlation, np.array([period]))[0]), duration_s, musical)
    times = _laid(onsets, period)
    if len(times) < 3 or not confidence:
        return None
    bpm = 60 / _beat_s(times)
    return Pulse(bpm, confidence, _other(correlation, period, bpm), tuple(np.round(times, 4).tolist()))


def at_other(novelty: FloatArray, pulse: Pulse) -> Pulse:
    """The same pulse in its other reading, which must be there."""
    assert pulse.other is not None
    times = _laid(levelled(novelty), 60 * FPS / pulse.other)
    return Pulse(60 / _beat_s(times), pulse.confidence, pulse.bpm, tuple(np.round(times, 4).tolist()))


def _laid(onsets: Floats, period: float) -> Floats:
    """Beats in seconds, `period` frames apart."""
    return _between_frames(onsets, _trimmed(onsets, _beats(onsets, period))) / FPS + _EARLY_S


def levelled(novelty: FloatArray) -> Floats:
    """What stands out of its surroundings (1 s), in units of what stands out around it (8 s): quiet parts count too."""
    from scipy.ndimage import uniform_filter1d

    # One rise beyond all others, as out of silence at the start, must not make its neighbours small.
    rise = np.minimum(novelty, np.percentile(novelty, 99.5)).astype(np.float64)
    rise = np.maximum(rise - uniform_filter1d(rise, round(FPS), mode="mirror"), 0)
    around = np.sqrt(uniform_filter1d(rise**2, round(8 * FPS), mode="mirror"))
    return rise / np.maximum(around, 0.25 * float(np.sqrt(np.mean(rise**2))) + 1e-9)


def _tempogram(onsets: Floats) -> Floats:
    """(lags,) mean autocorrelation of windows, 1 at lag 0, none expected where nothing recurs."""
    size = min(round(_WINDOW_S * FPS), len(onsets))
    step = round(_STEP_S * FPS)
    lags = np.arange(size - size // 6)
    total, weight = np.zeros(len(lags)), 0.0
    for start in range(0, len(onsets) - size + 1, step):
        window = onsets[start : start + size]
        window = window - window.mean()
        spectrum = np.fft.rfft(window, 2 * size)
        correlation = np.fft.irfft(np.abs(spectrum) ** 2)[: len(lags)]
        total += correlation * (size / (size - lags))
        weight += correlation[0]
    return total / weight if weight > 0 else total


def _comb(correlation: Floats, periods: Floats) -> Floats:
    """Mean correlation at multiples of each period (frames), as far as there are lags; a tooth is 3 % wide."""
    lags = np.arange(len(correlation))
    score, share = np.zeros(len(periods)), np.zeros(len(periods))
    for number, tooth in enumerate(_TEETH, 1):
        beside = [np.interp(periods * number * (1 + d), lags, correlation) for d in (-0.015, 0, 0.015)]
        near = np.max([0.95 * beside[0], beside[1], 0.95 * beside[2]], axis=0)
        there = periods * number < len(correlation) - 1
        score += np.where(there, tooth * near, 0)
        share += np.where(there, tooth, 0)
    return np.where(share > 0, score / np.maximum(share, 0.1), 0)


def _divided(correlation: Floats, periods: Floats) -> Floats:
    """How much recurs at a half and a quarter of each period, or at a third."""
    lags = np.arange(len(correlation))
    half, third, quarter = (np.maximum(np.interp(periods / n, lags, correlation), 0) for n in (2, 3, 4))
    return np.maximum((half + quarter) / 2, 0.7 * third)


def _preference(bpm: Floats) -> Floats:
    return np.asarray(np.exp(-0.5 * (np.log2(bpm / _CENTRE_BPM) / _OCTAVES) ** 2))


def _whole(bpm: Floats, duration_s: float) -> Floats:
    """1 where a short recording holds whole bars of four: loops are cut to the sample."""
    if duration_s > _LOOP_S:
        return np.zeros(len(bpm))
    beats = bpm * duration_s / 60
    bars = np.maximum(np.round(beats / 4), 1) * 4
    return np.asarray(np.exp(-0.5 * (np.log(beats / bars) / 0.015) ** 2))


def _period(correlation: Floats, duration_s: float) -> float | None:
    """The beat's period in frames."""
    bpm = np.geomspace(SLOWEST, FASTEST, 520)
    periods = 60 * FPS / bpm
    comb = np.maximum(_comb(correlation, periods), 0)
    score = (comb + _DIVIDED * _divided(correlation, periods) + _BARS * _whole(bpm, duration_s)) * _preference(bpm)
    best = int(np.argmax(score))
    return float(periods[best]) if comb.any() else None


def _beats(onsets: Floats, period: float) -> NDArray[np.int64]:
    """Frames of the beats: the path of most onset strength whose steps keep to the period (Ellis 2007)."""
    from scipy.ndimage import gaussian_filter1d

    local = gaussian_filter1d(onsets, period / 32)
    steps = np.arange(-round(2 * period), -round(period / 2) + 1)
    cost = -_TIGHTNESS * np.log(-steps / period) ** 2
    score, before = local.copy(), np.full(len(local), -1)
    span = len(steps)
    for frame in range(-int(steps[-1]), len(local)):
        low = frame + int(steps[0])
        reachable = score[max(low, 0) : low + span]
        candidates = reachable + cost[span - len(reachable) :]
        best = int(np.argmax(candidates))
        if candidates[best] > 0:
            score[frame] += candidates[best]
            before[frame] = max(low, 0) + best
    # The last beat is the best end within the last period and a half.
    tail = max(len(score) - round(1.5 * period), 0)
    frame = tail + int(np.argmax(score[tail:]))
    found = []
    while frame >= 0:
        found.append(frame)
        frame = int(before[frame])
    return np.asarray(found[::-1])


def _trimmed(onsets: Floats, beats: NDArray[np.int64]) -> NDArray[np.int64]:
    """Without beats before the music and after it: those weaker than half the usual at either end."""
    from scipy.ndimage import maximum_filter1d

    strength = maximum_filter1d(onsets, 7)[beats]
    strong = np.flatnonzero(strength >= 0.5 * np.sqrt(np.mean(strength**2)))
    return beats[strong[0] : strong[-1] + 1] if len(strong) else beats[:0]


def _between_frames(onsets: Floats, beats: NDArray[np.int64]) -> Floats:
    """Beats in fractions of a frame, where a parabola through the onset's peak near each has its top."""
    peaks = []
    for beat in beats.tolist():
        low, high = max(beat - 3, 1), min(beat + 4, len(onsets) - 1)
        top = low + int(np.argmax(onsets[low:high])) if high > low else beat
        if high > low and onsets[top] > 0 and onsets[top] >= max(onsets[top - 1], onsets[top + 1]):
            a, b, c = onsets[top - 1 : top + 2]
            peaks.append(top + 0.5 * (a - c) / min(a - 2 * b + c, -1e-9))
        else:
            peaks.append(float(beat))
    return np.asarray(peaks)


def _beat_s(times: Floats) -> float:
    """Seconds of a beat: the slope of a line through steady beats, else the median of their distances."""
    apart = np.diff(times)
    number = np.concatenate([[0], np.cumsum(np.maximum(np.round(apart / np.median(apart)), 1))])
    half = max(len(times) // 2, 1)
    # Theil-Sen over pairs half the track apart: each is exact to a jitter divided by that many beats.
    slope = float(np.median((times[half:] - times[:-half]) / (number[half:] - number[:-half])))
    off = times - slope * number
    steady = float(np.median(np.abs(off - np.median(off)))) < _STEADY * slope
    return slope if steady else float(np.median(apart))


def _confidence(height: float, duration_s: float, musical: bool) -> float:
    """0..1 of the height of the comb at the period; 0 where no pulse is told."""
    sure = 1 / (1 + math.exp(-20 * (height - _PULSE)))
    if height >= (_PULSE if duration_s >= _SHORT_S else _SHORT_PULSE):
        return sure
    return max(min(sure, 0.5), _LOOP_CONFIDENCE) if musical and duration_s <= _LOOP_S else 0.0


def _other(correlation: Floats, period: float, bpm: float) -> float | None:
    """The half or double tempo, whichever the comb and the ear prefer."""
    ratios = np.array([r for r in (0.5, 2.0) if SLOWEST <= bpm * r <= FASTEST])
    if not len(ratios):
        return None
    score = (_comb(correlation, period / ratios) + 0.1) * _preference(bpm * ratios)
    return float(bpm * ratios[int(np.argmax(score))])
