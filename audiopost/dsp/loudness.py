"""Loudness by ITU-R BS.1770-4 and EBU R 128 (Tech 3341, Tech 3342), streamed.

K-weighting, then power summed over 10 ms hops; every measure is a mean of such sums. The momentary (400 ms) and
short-term (3 s) maxima use all windows at a 10 ms step, as Tech 3341's cases 10 and 13 need; gating and loudness
range use windows at a 100 ms step. Only two numbers for each 100 ms are kept: 0.6 MB an hour.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..core.audio import Audio, FloatArray
from ..core.marks import LoudnessReport
from ..core.stage import Progress, silent
from ..core.time import Span
from .k_weighting import MIN_RATE as MIN_RATE
from .k_weighting import KWeighting
from .true_peak import TruePeak

#: Power weights of channels that are not 1.0: what stands between 60° and 120° counts +1.5 dB, the LFE not at all
#: (BS.1770-4, Tables 3 and 4). The rear pair of 7.1 and a rear centre stand beyond and count 1.0.
WEIGHTS = {"LFE": 0.0, "Ls": 1.41, "Rs": 1.41}
#: Hops of 10 ms in the windows, and in what is kept.
_MOMENTARY, _SHORT_TERM, _SLOT = 40, 300, 10
_SLOT_S, _SLOTS_PER_S = 0.1, 10
#: Frames read at once.
_READ = 1 << 16
#: Recordings up to this long have curves in steps of a slot, longer ones in steps of a second.
_FINE_S = 120.0
_ABSOLUTE_GATE = -70.0
#: Below this there is nothing to measure: the decaying state of a filter, not sound.
_FLOOR_LUFS = -120.0

_Powers = NDArray[np.float64]


def lufs(power: float) -> float | None:
    """Loudness of a K-weighted, channel-weighted mean square; None where there is nothing to measure."""
    value = -0.691 + 10 * math.log10(power) if power > 0 else -math.inf
    return value if value > _FLOOR_LUFS else None


class HopPowers:
    """K-weighted power, summed over the channels with their weights and over whole hops of 10 ms."""

    def __init__(self, rate: int, layout: tuple[str, ...]) -> None:
        self._rate = rate
        weights = np.array([WEIGHTS.get(name, 1.0) for name in layout], np.float32)
        #: The channels that count; a programme of nothing but an LFE has no loudness.
        self._heard = np.flatnonzero(weights)
        self._weights = weights[self._heard, np.newaxis]
        self._filter = KWeighting(rate, len(self._heard))
        self._pending = np.zeros(0, np.float32)
        self._hops = 0

    def push(self, block: FloatArray) -> _Powers:
        """Take (channels, n); returns the sums of the hops it completed, (m,). Raises BadValue for NaN and infinity."""
        filtered = self._filter(block if len(self._heard) == len(block) else block[self._heard])
        filtered *= filtered
        if (self._weights != 1).any():
            filtered *= self._weights
        pending = np.concatenate([self._pending, filtered.sum(axis=0)])
        # A hop is 10 ms rounded to whole frames, so that at no rate the grid drifts.
        first = (self._hops * self._rate + 50) // 100
        done = (100 * (first + len(pending)) + 49) // self._rate
        borders = (np.arange(self._hops, done + 1) * self._rate + 50) // 100 - first
        self._pending, self._hops = pending[borders[-1] :], done
        sums = np.add.reduceat(pending[: borders[-1]], borders[:-1]) if len(borders) > 1 else np.zeros(0)
        return sums.astype(np.float64)


def windows(sums: _Powers, length: int) -> _Powers:
    """Sums of every `length` neighbours: (n - length + 1,), empty where there are fewer."""
    if len(sums) < length:
        return np.zeros(0)
    return np.convolve(sums, np.ones(length), "valid")


class _Groups:
    """A stream of values reduced by groups of `size`: whole ones are kept, the rest waits."""

    def __init__(self, size: int, reduce: np.ufunc) -> None:
        self._size, self._reduce = size, reduce
        self._waiting: _Powers = np.zeros(0)
        self._reduced = array("d")

    def push(self, values: _Powers) -> None:
        waiting = np.concatenate([self._waiting, values])
        whole = len(waiting) // self._size * self._size
        self._reduced.extend(self._reduce.reduce(waiting[:whole].reshape(-1, self._size), axis=1))
        self._waiting = waiting[whole:]

    @property
    def values(self) -> _Powers:
        return np.array(self._reduced, np.float64)


class Curves(NamedTuple):
    """What a meter showed at the end of each 100 ms, float32, NaN for nothing: momentary and short-term loudness in
    LUFS, and the true peak within the 100 ms in dBTP."""

    momentary_lufs: FloatArray
    short_term_lufs: FloatArray
    true_peak_dbtp: FloatArray


class Meter:
    """All measures of R 128 in one pass: `push` blocks (channels, n), then ask.

    Without `true_peak` there is none in the report, and the pass takes about half the time. `fine` finds the true peak
    of every 100 ms, which `curves` wants.
    """

    def __init__(self, rate: int, layout: tuple[str, ...], *, true_peak: bool = True, fine: bool = False) -> None:
        self._rate = rate
        self._powers = HopPowers(rate, layout)
        self._true_peak = TruePeak(rate, len(layout), _SLOTS_PER_S if fine else 1) if true_peak else None
        self._recent: _Powers = np.zeros(0)
        self._momentary_max = self._short_term_max = 0.0
        self._slots = _Groups(_SLOT, np.add)
        self._momentary = _Groups(_SLOT, np.maximum)
        self._momentary.push(np.zeros(_MOMENTARY - 1))  # a value for each hop: that of the window that ends with it

    def push(self, block: FloatArray) -> None:
        if self._true_peak is not None:
            self._true_peak.push(block)
        hops = self._powers.push(block)
        if not len(hops):
            return
        recent = np.concatenate([self._recent, hops])
        momentary = windows(recent[-(len(hops) + _MOMENTARY - 1) :], _MOMENTARY)
        self._momentary.push(momentary)
        self._momentary_max = max(self._momentary_max, float(momentary.max(initial=0.0)))
        self._short_term_max = max(self._short_term_max, float(windows(recent, _SHORT_TERM).max(initial=0.0)))
        self._recent = recent[-(_SHORT_TERM - 1) :]
        self._slots.push(hops)

    def report(self) -> LoudnessReport:
        """What was measured so far; None for what silence or less than one window leaves unmeasured."""
        slots, momentary = self._slots.values, self._momentary.values / self._frames(_MOMENTARY)
        blocks = windows(slots, _MOMENTARY // _SLOT) / self._frames(_MOMENTARY)
        short_term = windows(slots, _SHORT_TERM // _SLOT) / self._frames(_SHORT_TERM)
        step = 1 if len(slots) * _SLOT_S <= _FINE_S else 10
        whole = len(slots) // step
        # The windows that end in the first 3 s are not whole yet.
        ends = np.concatenate([np.zeros(_SHORT_TERM // _SLOT - 1), short_term])[step - 1 : len(slots) : step]
        peaks = self._true_peak
        return LoudnessReport(
            integrated_lufs=integrated(blocks),
            momentary_max_lufs=lufs(self._momentary_max / self._frames(_MOMENTARY)),
            short_term_max_lufs=lufs(self._short_term_max / self._frames(_SHORT_TERM)),
            loudness_range_lu=loudness_range(short_term),
            true_peak_dbtp=peaks.dbtp if peaks else None,
            step_s=step * _SLOT_S,
            short_term_lufs=_curve(ends[:whole]),
            momentary_lufs=_curve(momentary[: whole * step].reshape(whole, step).max(axis=1)),
            true_peaks_dbtp=tuple(map(_dbtp, peaks.by_second.tolist())) if peaks else (),
        )

    def curves(self) -> Curves:
        """Every 100 ms that are whole, at any length; the true peak of a Meter that is `fine`."""
        slots, peaks = self._slots.values, self._true_peak
        momentary = self._momentary.values[: len(slots)] / self._frames(_MOMENTARY)
        short_term = np.zeros(len(slots))
        whole = windows(slots, _SHORT_TERM // _SLOT) / self._frames(_SHORT_TERM)
        short_term[len(slots) - len(whole) :] = whole
        by_slot = peaks.by_slot[: len(slots)] if peaks else np.zeros(0, np.float32)
        by_slot = np.pad(by_slot, (0, len(slots) - len(by_slot)))
        with np.errstate(divide="ignore"):
            return Curves(
                _told(_loudness(momentary)), _told(_loudness(short_term)), _told(20 * np.log10(by_slot))
            )  # fmt: skip

    def mean_lufs(self, spans: Iterable[Span]) -> float | None:
        """Ungated loudness (BS.1770-1) of the stretches inside `spans`, to 100 ms; None where they hold nothing."""
        inside = self._inside(spans)
        return lufs(float(inside.mean()) / self._frames(_SLOT)) if len(inside) else None

    def range_lu(self, spans: Iterable[Span]) -> float | None:
        """Loudness range (Tech 3342) of the stretches inside `spans`, joined; None for less than 3 s."""
        return loudness_range(windows(self._inside(spans), _SHORT_TERM // _SLOT) / self._frames(_SHORT_TERM))

    def _inside(self, spans: Iterable[Span]) -> _Powers:
        """The slots whose middle lies in one of `spans`."""
        slots = self._slots.values
        inside = np.zeros(len(slots), bool)
        for span in spans:
            inside[math.ceil(span.start_s / _SLOT_S - 0.5) : math.ceil(span.end_s / _SLOT_S - 0.5)] = True
        return slots[inside]

    def _frames(self, hops: int) -> float:
        return hops * self._rate / 100


def _curve(powers: _Powers) -> tuple[float | None, ...]:
    """Loudness to 0.01 LU."""
    return tuple(None if (value := lufs(power)) is None else round(value, 2) for power in powers.tolist())


def _told(levels_db: NDArray[np.floating[Any]]) -> FloatArray:
    """float32, NaN for what is no sound."""
    return np.where(levels_db > _FLOOR_LUFS, levels_db, np.nan).astype(np.float32)


def integrated(blocks: _Powers) -> float | None:
    """Gated loudness of the powers of 400 ms blocks: absolute gate -70 LUFS, relative gate -10 LU (BS.1770-4)."""
    audible = _gated(blocks, _ABSOLUTE_GATE)
    if not len(audible):
        return None
    return lufs(float(_gated(audible, _loudness(audible.mean()) - 10).mean()))


def loudness_range(short_term: _Powers) -> float | None:
    """LRA of the powers of 3 s windows: 10th to 95th percentile above -70 LUFS and -20 LU (EBU Tech 3342).

    The percentiles are those of Tech 3342's own program: of n sorted values the one of rank round((n - 1) p + 1).
    FFmpeg takes rank floor(n p + 1/2), mostly one lower for the 10th percentile; where values lie far apart there, as
    in a few seconds of sound, that alone moves its LRA by up to 1 LU. Both count whole windows only.
    """
    audible = _gated(short_term, _ABSOLUTE_GATE)
    if not len(audible):
        return None
    kept = _gated(audible, _loudness(audible.mean()) - 20)
    low, high = np.percentile(_loudness(kept), (10, 95), method="nearest")
    return float(high - low)


def _loudness(power: _Powers | np.float64) -> _Powers:
    return -0.691 + 10 * np.log10(power)


def _gated(powers: _Powers, gate_lufs: float | _Powers) -> _Powers:
    return powers[powers > 10 ** ((gate_lufs + 0.691) / 10)]


def _dbtp(peak: float) -> float | None:
    return round(20 * math.log10(peak), 2) if peak > 0 else None


def measure(audio: Audio, progress: Progress = silent) -> LoudnessReport:
    """Every measure of `audio`, in one pass. Raises BadValue below 4 kHz."""
    return metered(audio, progress).report()


def integrated_loudness(audio: Audio, progress: Progress = silent) -> float | None:
    """Integrated loudness alone, LUFS, in half the time of `measure`; None for silence. Raises BadValue below 4 kHz."""
    slots = _Groups(_SLOT, np.add)
    powers = HopPowers(audio.rate, audio.layout)
    for samples in _read(audio, progress):
        slots.push(powers.push(samples))
    return integrated(windows(slots.values, _MOMENTARY // _SLOT) / (_MOMENTARY * audio.rate / 100))


def metered(audio: Audio, progress: Progress = silent, block: int = _READ) -> Meter:
    """A Meter that has taken all of `audio`; progress in seconds."""
    meter = Meter(audio.rate, audio.layout)
    for samples in _read(audio, progress, block):
        meter.push(samples)
    return meter


def _read(audio: Audio, progress: Progress, block: int = _READ) -> Iterator[FloatArray]:
    done = 0
    for samples in audio.blocks(block):
        yield samples
        done += samples.shape[1]
        progress("measure loudness", done / audio.rate, audio.duration_s)
