"""Pops: the low-frequency thump that rings behind a click is taken away as the damped sinusoids that it is."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
Values = NDArray[np.float64]

#: Thumps are sought at this rate, up to so long behind a click, with so much known sound before it and after them.
_RATE, _LONG_S, _BEFORE_S, _AFTER_S = 4000, 0.040, 0.050, 0.030
_ORDER = 32
#: A thump stirs up its first milliseconds: what is unpredicted there is so many times the power of what is elsewhere.
_FIRST_S, _STIR = 0.006, 2.0
#: Their frequencies, and the times in which they fall to 1/e.
_HZ = np.geomspace(40, 700, 24)
_FALL_S = (0.0007, 0.0015, 0.003, 0.006, 0.012)
#: The most sinusoids in one thump; each explains so much of what is unpredicted there, and stands so far over the rest.
_MOST, _SHARE, _OVER = 4, 0.15, 8.0


def without_thump(x: FloatArray, at: int, rate: int, most: float) -> FloatArray:
    """`x` (n,) less the thump that starts at sample `at`; as it is where there is none, or no room around it, or where
    its peak would pass `most`: then something else begins there.

    Sound and thump are parted by their models (S. J. Godsill & C. H. Tan, "Removal of low frequency transient noise
    from old recordings using model-based signal separation techniques", WASPAA 1997): the sound is autoregressive, as
    on either side of the thump; the thump is a few damped sinusoids that start together, found one by one where they
    explain most of what the sound's model does not predict (orthogonal matching pursuit on the residual).
    """
    from scipy.linalg import solve_toeplitz

    before, long, after = (round(s * rate) for s in (_BEFORE_S, _LONG_S, _AFTER_S))
    first, last = at - before, at + long + after
    if first < 0 or last > len(x) or rate <= _RATE:
        return x
    low = _lowered(x[first:last].astype(np.float64), rate)
    atoms, sounds = _atoms(rate)
    start = round(_BEFORE_S * _RATE)
    end = start + round(_LONG_S * _RATE)
    correlation = _correlation(low[:start]) + _correlation(low[end:])
    correlation[0] = correlation[0] * (1 + 1e-4) + 1e-10
    whitener = np.r_[1.0, -solve_toeplitz(correlation[:-1], correlation[1:])]
    unpredicted = np.convolve(low, whitener)[: len(low)]
    usual = float(np.mean(np.square(np.r_[unpredicted[_ORDER : start - 4], unpredicted[end + _ORDER :]]))) + 1e-14
    zone = unpredicted[start - 4 : start + round(_FIRST_S * _RATE)]
    if np.mean(np.square(zone)) < _STIR * usual:
        return x
    white = np.stack([np.convolve(a, whitener)[: len(a)] for a in atoms.reshape(-1, atoms.shape[-1])])[:, start - 4 :]
    white = white.reshape(len(atoms), 2, -1)
    target = unpredicted[start - 4 :]
    left, chosen = target, list[int]()
    weights = np.zeros(0)
    # The pair of one frequency is made orthogonal once, so that what it explains is a sum of two squares.
    bases = np.linalg.qr(white.transpose(0, 2, 1))[0]
    for _ in range(_MOST):
        explained = np.square(np.einsum("knp,n->kp", bases, left)).sum(axis=1)
        best = int(np.argmax(explained))
        if explained[best] < max(_SHARE * np.sum(left**2), _OVER * usual * 2):
            break
        chosen.append(best)
        matrix = white[chosen].reshape(-1, white.shape[-1]).T
        weights = np.linalg.lstsq(matrix, target, rcond=1e-6)[0]
        left = target - matrix @ weights
    if not chosen:
        return x
    thump = weights @ sounds[chosen].reshape(-1, sounds.shape[-1])
    if np.max(np.abs(thump)) > most:
        return x
    out = x.copy()
    out[at : at + long] -= thump.astype(np.float32)
    return out


def _correlation(x: Values) -> Values:
    shaped = x * np.hanning(len(x) + 2)[1:-1]
    return np.asarray(np.correlate(shaped, shaped, "full")[len(x) - 1 :][: _ORDER + 1], np.float64)


def _lowered(x: Values, rate: int) -> Values:
    from scipy.signal import resample_poly

    low: Values = resample_poly(x, _RATE, rate)
    return low


@functools.lru_cache(maxsize=4)
def _atoms(rate: int) -> tuple[Values, Values]:
    """Damped sines and cosines at 4 kHz, padded as the sound is cut (k, 2, m), and at `rate` (k, 2, long)."""
    before, long, after = (round(s * rate) for s in (_BEFORE_S, _LONG_S, _AFTER_S))
    time = np.arange(long) / rate
    fade = np.clip((_LONG_S - time) / 0.005, 0, 1)
    sounds = np.stack(
        [
            np.stack([np.sin(2 * np.pi * hz * time), np.cos(2 * np.pi * hz * time)]) * np.exp(-time / fall) * fade
            for hz in _HZ
            for fall in _FALL_S
        ]
    )
    padded = np.pad(sounds, ((0, 0), (0, 0), (before, after)))
    lows = np.stack([np.stack([_lowered(wave, rate) for wave in pair]) for pair in padded])
    return lows, sounds
