"""Beats on an onset curve whose period is known, by dynamic programming (Ellis, JNMR 2007), and the tempo they keep."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from .hearing import FPS

Floats = NDArray[np.float64]

#: How strictly beats keep to the period (Ellis's alpha).
_TIGHTNESS = 300.0
#: Beats whose median deviation from a straight line is less than this share of a beat are a steady track's.
_STEADY = 0.04
#: A spectrum rises most while its window reaches the attack, before the centre is there: clicks peak 16 ms, struck
#: notes about 10 ms early.
_EARLY_S = 0.012


def laid(onsets: Floats, periods: Floats) -> Floats:
    """Beats in seconds; onsets and the period in frames at each of them, both (n,) at FPS."""
    return _between_frames(onsets, _trimmed(onsets, _path(onsets, periods))) / FPS + _EARLY_S


def _path(onsets: Floats, periods: Floats) -> NDArray[np.int64]:
    """Frames of the beats: the path of most onset strength whose steps keep to the period at each (Ellis 2007)."""
    from scipy.ndimage import gaussian_filter1d

    local = gaussian_filter1d(onsets, float(np.median(periods)) / 32)
    score, before = local.copy(), np.full(len(local), -1)
    for frame, period in enumerate(np.round(periods, 1).tolist()):
        low, cost = _steps(period)
        low += frame
        reachable = score[max(low, 0) : max(low + len(cost), 0)]
        if not len(reachable):
            continue
        candidates = reachable + cost[len(cost) - len(reachable) :]
        best = int(np.argmax(candidates))
        if candidates[best] > 0:
            score[frame] += candidates[best]
            before[frame] = max(low, 0) + best
    # The last beat is the best end within the last period and a half.
    tail = max(len(score) - round(1.5 * float(periods[-1])), 0)
    frame = tail + int(np.argmax(score[tail:]))
    found = []
    while frame >= 0:
        found.append(frame)
        frame = int(before[frame])
    return np.asarray(found[::-1])


@functools.lru_cache(1024)
def _steps(period: float) -> tuple[int, Floats]:
    """The furthest step back, in frames, and what each costs from there to half a period."""
    steps = np.arange(-round(2 * period), -round(period / 2) + 1)
    return int(steps[0]), np.asarray(-_TIGHTNESS * np.log(-steps / period) ** 2)


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


def beat_s(times: Floats) -> float:
    """Seconds of a beat: the slope of a line through steady beats, else the median of their distances."""
    apart = np.diff(times)
    number = np.concatenate([[0], np.cumsum(np.maximum(np.round(apart / np.median(apart)), 1))])
    half = max(len(times) // 2, 1)
    # Theil-Sen over pairs half the track apart: each is exact to a jitter divided by that many beats.
    slope = float(np.median((times[half:] - times[:-half]) / (number[half:] - number[:-half])))
    off = times - slope * number
    steady = float(np.median(np.abs(off - np.median(off)))) < _STEADY * slope
    return slope if steady else float(np.median(apart))
