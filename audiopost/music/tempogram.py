"""What recurs in an onset curve: autocorrelation in windows, combs over it, the period that is felt, and how it drifts.

Periods are weighed by how people tap (Parncutt, "A perceptual model of pulse salience", 1994; Ellis, "Beat tracking by
dynamic programming", JNMR 2007).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..core.audio import FloatArray
from .hearing import FPS

Floats = NDArray[np.float64]

#: Tempi that a pulse is looked for at, BPM.
SLOWEST, FASTEST = 40.0, 240.0
#: Centre of what is felt as the beat, and its width in octaves.
_CENTRE_BPM, _OCTAVES = 115.0, 1.0
_WINDOW_S, _STEP_S = 8.0, 1.0
#: What share of the comb its teeth have: one, two, three, four periods.
_TEETH = (0.4, 0.3, 0.15, 0.15)
#: What divided beats and, in recordings up to LOOP_S, whole bars count beside the comb.
_DIVIDED, _BARS, LOOP_S = 0.5, 0.25, 16.0
#: What a change of tempo from one window to the next (2 s) costs: a share of the comb for each 0.7 %, up to a tenth.
_DRIFT_STEP_S, _DRIFT_COST, _DRIFT_MOST = 2.0, 0.02, 15


def levelled(novelty: FloatArray) -> Floats:
    """What stands out of its surroundings (1 s), in units of what stands out around it (8 s): quiet parts count too."""
    from scipy.ndimage import uniform_filter1d

    # One rise beyond all others, as out of silence at the start, must not make its neighbours small.
    rise = np.minimum(novelty, np.percentile(novelty, 99.5)).astype(np.float64)
    rise = np.maximum(rise - uniform_filter1d(rise, round(FPS), mode="mirror"), 0)
    around = np.sqrt(uniform_filter1d(rise**2, round(8 * FPS), mode="mirror"))
    return rise / np.maximum(around, 0.25 * float(np.sqrt(np.mean(rise**2))) + 1e-9)


def tempogram(onsets: Floats) -> Floats:
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


def comb(correlation: Floats, periods: Floats) -> Floats:
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


def divided(correlation: Floats, periods: Floats) -> Floats:
    """How much recurs at a half and a quarter of each period, or at a third."""
    lags = np.arange(len(correlation))
    half, third, quarter = (np.maximum(np.interp(periods / n, lags, correlation), 0) for n in (2, 3, 4))
    return np.maximum((half + quarter) / 2, 0.7 * third)


def preference(bpm: Floats) -> Floats:
    return np.asarray(np.exp(-0.5 * (np.log2(bpm / _CENTRE_BPM) / _OCTAVES) ** 2))


def _whole(bpm: Floats, duration_s: float) -> Floats:
    """1 where a short recording holds whole bars of four: loops are cut to the sample."""
    if duration_s > LOOP_S:
        return np.zeros(len(bpm))
    beats = bpm * duration_s / 60
    bars = np.maximum(np.round(beats / 4), 1) * 4
    return np.asarray(np.exp(-0.5 * (np.log(beats / bars) / 0.015) ** 2))


def period_of(correlation: Floats, duration_s: float) -> float | None:
    """The beat's period in frames."""
    bpm = np.geomspace(SLOWEST, FASTEST, 520)
    periods = 60 * FPS / bpm
    height = np.maximum(comb(correlation, periods), 0)
    score = (height + _DIVIDED * divided(correlation, periods) + _BARS * _whole(bpm, duration_s)) * preference(bpm)
    best = int(np.argmax(score))
    return float(periods[best]) if height.any() else None


def drift(onsets: Floats) -> tuple[float, Floats]:
    """Mean height of the comb along the best path of tempi, and the path: (n,) the period at each frame of `onsets`.

    For music whose tempo bends and changes, where no one period holds: a Viterbi path over windows of 8 s.
    """
    size, step = round(_WINDOW_S * FPS), round(_DRIFT_STEP_S * FPS)
    bpm = np.geomspace(SLOWEST, FASTEST, 260)
    weight = preference(bpm)
    starts = range(0, max(len(onsets) - size, 0) + 1, step)
    heights = np.array([comb(tempogram(onsets[at : at + size]), 60 * FPS / bpm) for at in starts])
    apart = np.abs(np.subtract.outer(np.arange(len(bpm)), np.arange(len(bpm))))
    cost = _DRIFT_COST * np.minimum(apart, _DRIFT_MOST)
    best, came = np.maximum(heights[0], 0) * weight, []
    for row in heights[1:]:
        reached = best[np.newaxis] - cost
        came.append(reached.argmax(axis=1))
        best = reached.max(axis=1) + np.maximum(row, 0) * weight
    path = [int(best.argmax())]
    for before in reversed(came):
        path.append(int(before[path[-1]]))
    path.reverse()
    height = float(np.mean(heights[np.arange(len(path)), path]))
    middles = np.asarray(starts) + size / 2
    return height, np.interp(np.arange(len(onsets)), middles, 60 * FPS / bpm[path])
