"""How a voice sounds in single frames: balance of the spectrum, formants, roughness. All frames of a block at once.

Definitions after Eyben et al. 2016 (see `prosody`), with what lies above 3.5 kHz left out.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]

RATE = 16_000
#: Pitch is looked for from here to there.
LOW_HZ, HIGH_HZ = 60.0, 600.0
#: Nothing above is looked at: what a telephone carries.
TOP_HZ = 3500.0
_TINY = 1e-18


def balance(power: Floats, hz: Floats) -> Floats:
    """(7, n): Hammarberg index in dB, slopes of 0 to 500 and 500 to 1500 Hz in dB/kHz, MFCC 1 to 4.

    `power` is (n, bins) at the frequencies `hz`.
    """
    peak = [power[:, (hz >= low) & (hz < high)].max(axis=1) for low, high in ((60, 2000), (2000, TOP_HZ))]
    hammarberg = 10 * np.log10((peak[0] + _TINY) / (peak[1] + _TINY))
    slopes = []
    for low, high in ((0, 500), (500, 1500)):
        inside = (hz >= low) & (hz < high)
        khz = hz[inside] / 1000 - hz[inside].mean() / 1000
        slopes.append(10 * np.log10(power[:, inside] + _TINY) @ (khz / (khz @ khz)))
    bands = np.log(power @ _mel(len(hz)) + _TINY)
    return np.vstack([hammarberg, *slopes, (bands @ _cosines(bands.shape[1])).T])


@functools.cache
def _mel(bins: int, count: int = 20) -> Floats:
    """(bins, count) triangles, even on the mel scale from 60 Hz to TOP_HZ."""
    hz = np.linspace(0, RATE / 2, bins)
    low, high = 1127 * np.log1p(np.array([60.0, TOP_HZ]) / 700)
    mel = np.linspace(low, high, count + 2)
    edges = 700 * np.expm1(mel / 1127)
    rise = (hz[:, None] - edges[:-2]) / (edges[1:-1] - edges[:-2])
    fall = (edges[2:] - hz[:, None]) / (edges[2:] - edges[1:-1])
    return np.asarray(np.clip(np.minimum(rise, fall), 0, None), np.float32)


@functools.cache
def _cosines(bands: int) -> Floats:
    """(bands, 4): the cosine transform's rows 1 to 4. Row 0, the level, is left out."""
    k = np.arange(1, 5)
    angle = np.pi * k * (np.arange(bands)[:, None] + 0.5) / bands
    return np.asarray(np.cos(angle) * np.sqrt(2 / bands), np.float32)


def first_harmonics(power: Floats, hz: Floats, f0_hz: Floats) -> Floats:
    """(n,): level of the first harmonic over the second, dB: high in breathy voices, low in pressed ones."""
    rows = np.arange(len(power))
    levels = []
    for harmonic in (1, 2):
        bins = np.clip(np.rint(harmonic * f0_hz / hz[1]).astype(int), 1, len(hz) - 2)
        levels.append(np.max([power[rows, bins + k] for k in (-1, 0, 1)], axis=0))
    return np.asarray(10 * np.log10((levels[0] + _TINY) / (levels[1] + _TINY)))


_ORDER = 8
#: Formants are poles between these, narrower than this.
_FORMANT_HZ, _WIDEST_HZ = (150.0, 3400.0), 400.0


def formants(power: Floats, hz: Floats) -> Floats:
    """(4, n): F1, F2, F3 and the bandwidth of F1 in Hz, 0 where there is no such pole.

    Linear prediction of the band below TOP_HZ alone (J. Makhoul, "Spectral linear prediction", IEEE Transactions on
    Acoustics, Speech and Signal Processing 23, 1975), after 6 dB an octave of emphasis.
    """
    count = int(TOP_HZ / hz[1]) + 1
    angle = np.pi * np.arange(count) / (count - 1)
    emphasis = 1 + 0.97**2 - 2 * 0.97 * np.cos(angle)
    acf = np.fft.irfft(power[:, :count].astype(float) * emphasis, axis=1)[:, : _ORDER + 1]
    # A lag window of 30 Hz, and -50 dB of white noise, keep harmonics of high voices from being taken for formants.
    lags = np.arange(_ORDER + 1)
    acf *= np.exp(-0.5 * (np.pi * 30 * lags / TOP_HZ) ** 2)
    acf[:, 0] = acf[:, 0] * (1 + 1e-5) + 1e-30
    companion = np.zeros((len(power), _ORDER, _ORDER))
    companion[:, 0] = -_levinson(acf)
    companion[:, np.arange(1, _ORDER), np.arange(_ORDER - 1)] = 1
    poles = np.linalg.eigvals(companion)
    at = np.angle(poles) * TOP_HZ / np.pi
    width = -2 * np.log(np.maximum(np.abs(poles), 1e-9)) * TOP_HZ / np.pi
    good = (at > _FORMANT_HZ[0]) & (at < _FORMANT_HZ[1]) & (width < _WIDEST_HZ)
    order = np.argsort(np.where(good, at, np.inf), axis=1)[:, :3]
    found = np.take_along_axis(good, order, axis=1)
    centre = np.where(found, np.take_along_axis(at, order, axis=1), 0)
    first_width = np.where(found, np.take_along_axis(width, order, axis=1), 0)[:, :1]
    return np.hstack([centre, first_width]).T


def _levinson(acf: Floats) -> Floats:
    """(n, order) predictor coefficients a1 … of 1 + a1 z^-1 + …, by Levinson's recursion on all rows at once."""
    order = acf.shape[1] - 1
    a = np.zeros((len(acf), order + 1))
    a[:, 0] = 1
    error = acf[:, 0].copy()
    for k in range(1, order + 1):
        reflection = -np.sum(a[:, :k] * acf[:, k:0:-1], axis=1) / error
        a[:, 1 : k + 1] += reflection[:, None] * a[:, k - 1 :: -1][:, :k]
        error *= 1 - reflection**2
    return a[:, 1:]


#: Points that a period is drawn with; how many of them a neighbouring period may differ by.
_POINTS, _REACH = 64, 4


def perturbation(samples: Floats, period: Floats) -> Floats:
    """(2, n): jitter, the change of period between neighbouring cycles as a share of it, and shimmer in dB.

    `samples` is (n, window), `period` in samples. The three cycles in the middle are drawn with `_POINTS` each; the lag
    at which one is most like the next is found by correlation to a fraction of a point (waveform matching: I. Titze and
    H. Liang, "Comparison of F0 extraction methods for high-precision voice perturbation measurements", Journal of
    Speech and Hearing Research 36, 1993).
    """
    window = samples.shape[1]
    steps = np.arange(-_REACH, 3 * _POINTS + _REACH) / _POINTS - 1.5
    where = np.clip(window / 2 + period[:, None] * steps, 0, window - 1.001)
    left = where.astype(int)
    share = where - left
    rows = np.arange(len(samples))[:, None]
    drawn = samples[rows, left] * (1 - share) + samples[rows, left + 1] * share

    def lag(start: int) -> Floats:
        """Points by which the cycle after the one at `start` comes late."""
        own = drawn[:, start : start + _POINTS]
        shifted = np.lib.stride_tricks.sliding_window_view(drawn, _POINTS, axis=1)
        nexts = shifted[:, start + _POINTS - _REACH : start + _POINTS + _REACH + 1]
        likeness = np.einsum("np,nkp->nk", own, nexts) / np.sqrt(np.sum(nexts**2, axis=2) + _TINY)
        best = np.clip(np.argmax(likeness, axis=1), 1, 2 * _REACH - 1)
        flat = np.arange(len(likeness))
        before, peak, after = (likeness[flat, best + k] for k in (-1, 0, 1))
        curve = before - 2 * peak + after
        shift = np.where(curve < 0, 0.5 * (before - after) / np.where(curve < 0, curve, 1), 0)
        return np.asarray(best - _REACH + np.clip(shift, -0.5, 0.5))

    jitter = np.abs(lag(_REACH + _POINTS) - lag(_REACH)) / _POINTS
    cycles = drawn[:, _REACH : _REACH + 3 * _POINTS].reshape(len(drawn), 3, _POINTS)
    height = 20 * np.log10(cycles.max(axis=2) - cycles.min(axis=2) + _TINY)
    return np.vstack([jitter, np.abs(np.diff(height, axis=1)).mean(axis=1)])
