"""Loudness by ITU-R BS.1770-4 and EBU R 128 (Tech 3341, Tech 3342), streamed.

K-weighting, then power summed over 10 ms hops; every measure is a mean of such sums. The momentary (400 ms) and
short-term (3 s) maxima use all windows at a 10 ms step, as Tech 3341's cases 10 and 13 need; gating and loudness
range use windows at a 100 ms step. Only sums over 100 ms are kept: 0.3 MB an hour.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from ..core.audio import Audio, FloatArray
from ..core.errors import BadValue
from ..core.marks import LoudnessReport
from ..core.stage import Progress, silent
from ..core.time import Span
from .true_peak import TruePeak

#: Power weights of channels that are not 1.0: what stands between 60° and 120° counts +1.5 dB, the LFE not at all
#: (BS.1770-4, Tables 3 and 4). The rear pair of 7.1 and a rear centre stand beyond and count 1.0.
WEIGHTS = {"LFE": 0.0, "Ls": 1.41, "Rs": 1.41}
MIN_RATE = 4000
#: Hops of 10 ms in the windows, and in what is kept.
_MOMENTARY, _SHORT_TERM, _SLOT = 40, 300, 10
_SLOT_S = 0.1
_ABSOLUTE_GATE = -70.0
#: Below this there is nothing to measure: the decaying state of a filter, not sound.
_FLOOR_LUFS = -120.0

_Powers = NDArray[np.float64]


def k_weighting(rate: int) -> NDArray[np.float64]:
    """The K-weighting filter as second-order sections (2, 6), re-derived for any rate from 4 kHz.

    BS.1770 prints coefficients for 48 kHz only; these are bilinear transforms of the analogue prototypes behind them
    (B. De Man, "Evaluation of implementations of the EBU R128 loudness measurement", AES 145, 2018).
    """
    if rate < MIN_RATE:
        raise BadValue(
            f"Loudness is measured from {MIN_RATE} Hz, got {rate} Hz.", value=rate, remedy="Resample to 48000 Hz."
        )
    k, q = math.tan(math.pi * 1681.974450955533 / rate), 0.7071752369554196
    high = 10 ** (3.999843853973347 / 20)
    middle = high**0.4996667741545416
    a0 = 1 + k / q + k * k
    shelf_b = [(high + middle * k / q + k * k) / a0, 2 * (k * k - high) / a0, (high - middle * k / q + k * k) / a0]
    shelf_a = [1.0, 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0]
    k, q = math.tan(math.pi * 38.13547087602444 / rate), 0.5003270373238773
    a0 = 1 + k / q + k * k
    pass_a = [1.0, 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0]
    return np.array([shelf_b + shelf_a, [1.0, -2.0, 1.0, *pass_a]])


def lufs(power: float) -> float | None:
    """Loudness of a K-weighted, channel-weighted mean square; None where there is nothing to measure."""
    value = -0.691 + 10 * math.log10(power) if power > 0 else -math.inf
    return value if value > _FLOOR_LUFS else None


class HopPowers:
    """K-weighted power, summed over the channels with their weights and over whole hops of 10 ms."""

    def __init__(self, rate: int, layout: tuple[str, ...]) -> None:
        self._rate = rate
        self._sos = k_weighting(rate)
        self._weights = np.array([WEIGHTS.get(name, 1.0) for name in layout])
        self._state = np.zeros((2, len(layout), 2))
        self._pending: _Powers = np.zeros(0)
        self._hops = 0

    def push(self, block: FloatArray) -> _Powers:
        """Take (channels, n); returns the sums of the hops it completed, (m,)."""
        from scipy.signal import sosfilt

        if block.shape[1] == 0:
            return np.zeros(0)
        filtered, self._state = sosfilt(self._sos, block.astype(np.float64), axis=1, zi=self._state)
        if not np.isfinite(self._state).all():
            raise BadValue("The samples hold NaN or infinity.", remedy="Clean them: np.nan_to_num(samples).")
        self._state[np.abs(self._state) < 1e-60] = 0.0  # denormals would slow the filter down in silence
        pending = np.concatenate([self._pending, self._weights @ np.square(filtered)])
        # A hop is 10 ms rounded to whole frames, so that at no rate the grid drifts.
        first = (self._hops * self._rate + 50) // 100
        done = (100 * (first + len(pending)) + 49) // self._rate
        borders = (np.arange(self._hops, done + 1) * self._rate + 50) // 100 - first
        self._pending, self._hops = pending[borders[-1] :], done
        return np.add.reduceat(pending[: borders[-1]], borders[:-1]) if len(borders) > 1 else np.zeros(0)


def windows(sums: _Powers, length: int) -> _Powers:
    """Sums of every `length` neighbours: (n - length + 1,), empty where there are fewer."""
    if len(sums) < length:
        return np.zeros(0)
    return np.asarray(np.lib.stride_tricks.sliding_window_view(sums, length).sum(axis=1))


class Meter:
    """All measures of R 128 in one pass: `push` blocks (channels, n), then ask."""

    def __init__(self, rate: int, layout: tuple[str, ...]) -> None:
        self._rate = rate
        self._powers = HopPowers(rate, layout)
        self._true_peak = TruePeak(rate, len(layout))
        self._recent: _Powers = np.zeros(0)
        self._in_slot: _Powers = np.zeros(0)
        self._slots = array("d")
        self._momentary_max = self._short_term_max = 0.0

    def push(self, block: FloatArray) -> None:
        self._true_peak.push(block)
        hops = self._powers.push(block)
        recent = np.concatenate([self._recent, hops])
        self._momentary_max = max(self._momentary_max, float(windows(recent, _MOMENTARY).max(initial=0.0)))
        self._short_term_max = max(self._short_term_max, float(windows(recent, _SHORT_TERM).max(initial=0.0)))
        self._recent = recent[-(_SHORT_TERM - 1) :]
        waiting = np.concatenate([self._in_slot, hops])
        whole = len(waiting) // _SLOT * _SLOT
        self._slots.extend(waiting[:whole].reshape(-1, _SLOT).sum(axis=1))
        self._in_slot = waiting[whole:]

    def report(self) -> LoudnessReport:
        """What was measured so far; None for what silence or less than one window leaves unmeasured."""
        slots = np.asarray(self._slots, np.float64)
        blocks = windows(slots, _MOMENTARY // _SLOT) / self._frames(_MOMENTARY)
        short_term = windows(slots, _SHORT_TERM // _SLOT) / self._frames(_SHORT_TERM)
        curve = [lufs(power) for power in short_term[::10].tolist()]
        return LoudnessReport(
            integrated_lufs=integrated(blocks),
            momentary_max_lufs=lufs(self._momentary_max / self._frames(_MOMENTARY)),
            short_term_max_lufs=lufs(self._short_term_max / self._frames(_SHORT_TERM)),
            loudness_range_lu=loudness_range(short_term),
            true_peak_dbtp=self._true_peak.dbtp,
            step_s=1.0,
            # The windows that end after 1 s and 2 s are not whole yet.
            short_term_lufs=(None, None, *curve) if curve else (None,) * (len(slots) // 10),
        )

    def mean_lufs(self, spans: Iterable[Span]) -> float | None:
        """Ungated loudness (BS.1770-1) of the stretches inside `spans`, to 100 ms; None where they hold nothing."""
        slots = np.asarray(self._slots, np.float64)
        inside = np.zeros(len(slots), bool)
        for span in spans:
            # A slot belongs to the span that its middle lies in.
            inside[math.ceil(span.start_s / _SLOT_S - 0.5) : math.ceil(span.end_s / _SLOT_S - 0.5)] = True
        return lufs(float(slots[inside].mean()) / self._frames(_SLOT)) if inside.any() else None

    def _frames(self, hops: int) -> float:
        return hops * self._rate / 100


def integrated(blocks: _Powers) -> float | None:
    """Gated loudness of the powers of 400 ms blocks: absolute gate -70 LUFS, relative gate -10 LU (BS.1770-4)."""
    audible = _gated(blocks, _ABSOLUTE_GATE)
    if not len(audible):
        return None
    return lufs(float(_gated(audible, _loudness(audible.mean()) - 10).mean()))


def loudness_range(short_term: _Powers) -> float | None:
    """LRA of the powers of 3 s windows: 10th to 95th percentile above -70 LUFS and -20 LU (EBU Tech 3342)."""
    audible = _gated(short_term, _ABSOLUTE_GATE)
    if not len(audible):
        return None
    kept = _gated(audible, _loudness(audible.mean()) - 20)
    low, high = np.percentile(_loudness(kept), (10, 95))
    return float(high - low)


def _loudness(power: _Powers | np.float64) -> _Powers:
    return -0.691 + 10 * np.log10(power)


def _gated(powers: _Powers, gate_lufs: float | _Powers) -> _Powers:
    return powers[powers > 10 ** ((gate_lufs + 0.691) / 10)]


def measure(audio: Audio, progress: Progress = silent) -> LoudnessReport:
    """Every measure of `audio`, in one pass. Raises BadValue below 4 kHz."""
    return metered(audio, progress).report()


def metered(audio: Audio, progress: Progress = silent, block: int = 1 << 16) -> Meter:
    """A Meter that has taken all of `audio`; progress in seconds."""
    meter = Meter(audio.rate, audio.layout)
    done = 0
    for samples in audio.blocks(block):
        meter.push(samples)
        done += samples.shape[1]
        progress("measure loudness", done / audio.rate, audio.duration_s)
    return meter
