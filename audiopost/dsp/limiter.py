"""True-peak limiter with look-ahead, streamed; all channels get the same gain, latency is compensated.

The attenuation each frame needs (dB) is held over the look-ahead, released exponentially, and smoothed by two moving
averages that together span the look-ahead. Every value that the average of a frame sees is at least what the frame
needs, hence no overshoot at the points that were looked at. Between the samples the moving gain itself can add some
hundredths of a dB; a second, nearly idle pass takes those.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from ..core.audio import Audio, FloatArray
from ..core.errors import BadValue
from .true_peak import HALF, envelope, oversampling

LOOKAHEAD_S = 0.005
#: The attenuation in dB falls to 37 % in this time.
RELEASE_S = 0.12
#: Aimed this much below the ceiling: rounding to 24 bits and what the second pass leaves.
MARGIN_DB = 0.02
#: Attenuation below this is none.
_IDLE_DB = 1e-4


def limit(audio: Audio, ceiling_dbtp: float, *, gain_db: float = 0.0, block: int = 1 << 14) -> Iterator[FloatArray]:
    """`audio` times a gain, with no true peak above the ceiling: blocks (channels, n), together as long as `audio`.

    Frames further than the look-ahead and a few release times from any peak are changed by the gain alone.
    """
    if not ceiling_dbtp <= 20:
        raise BadValue(f"A ceiling is in dBTP, at most 20, got {ceiling_dbtp}.", value=ceiling_dbtp)
    gain = np.float32(10 ** (gain_db / 20))
    ceiling = 10 ** ((ceiling_dbtp - MARGIN_DB) / 20)
    once = _limited((gain * samples for samples in audio.blocks(block)), audio.channels, audio.rate, ceiling)
    return _limited(once, audio.channels, audio.rate, ceiling)


def _limited(blocks: Iterable[FloatArray], channels: int, rate: int, ceiling: float) -> Iterator[FloatArray]:
    factor = oversampling(rate)
    smooth = max(1, round(LOOKAHEAD_S * rate / 2))
    ahead = 2 * smooth
    release = _Release(RELEASE_S * rate)
    # Frames before the next one to leave: HALF for the interpolation, one for the peak between the two.
    context = HALF + 1
    held: FloatArray = np.zeros((channels, context), np.float32)
    past: NDArray[np.float64] = np.zeros(ahead)
    # The attenuation begins to rise before the first frame: a look-ahead of silence comes first and is dropped.
    before, after = (np.zeros((channels, frames), np.float32) for frames in (ahead, ahead + HALF))
    drop = ahead
    for block in itertools.chain([before], blocks, [after]):
        held = np.concatenate([held, block], axis=1)
        ready = held.shape[1] - context - ahead - HALF
        if ready <= 0:
            continue
        peaks = envelope(held, factor, floor=ceiling)
        needed = 20 * np.log10(np.maximum(np.maximum(peaks[:-1], peaks[1:]) / ceiling, 1.0, dtype=np.float64))
        attenuation = np.concatenate([past, release(_maximum(needed, ahead))])
        past = attenuation[ready:]
        piece = held[:, context : context + ready]
        if attenuation.any():
            gain = 10 ** (-_mean(_mean(attenuation, smooth + 1), smooth + 1) / 20)
            piece = (piece * gain).astype(np.float32)
        if ready > drop:
            yield piece[:, drop:]
        drop = max(0, drop - ready)
        held = held[:, ready:]


class _Release:
    """Follows a rise at once and a fall exponentially, in dB: the running maximum of log attenuation on a slope."""

    def __init__(self, time_constant: float) -> None:
        self._slope = 1 / time_constant
        self._log = -np.inf

    def __call__(self, attenuation: NDArray[np.float64]) -> NDArray[np.float64]:
        fallen = np.arange(1, len(attenuation) + 1) * self._slope
        with np.errstate(divide="ignore"):
            raised = np.log(attenuation) + fallen
        followed = np.maximum(np.maximum.accumulate(raised), self._log) - fallen
        self._log = followed[-1]
        released = np.exp(followed)
        released[released < _IDLE_DB] = 0.0
        return np.asarray(released)


def _maximum(values: NDArray[np.float64], ahead: int) -> NDArray[np.float64]:
    """The largest of each value and the `ahead` that follow it, (n - ahead,)."""
    from scipy.ndimage import maximum_filter1d

    if not values.any():
        return np.zeros(len(values) - ahead)
    filtered = maximum_filter1d(values, ahead + 1, mode="constant")
    return np.asarray(filtered[ahead // 2 : len(values) - ahead // 2])


def _mean(values: NDArray[np.float64], length: int) -> NDArray[np.float64]:
    """The mean of every `length` neighbours, (n - length + 1,)."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    means: NDArray[np.float64] = (sums[length:] - sums[:-length]) / length
    return means
