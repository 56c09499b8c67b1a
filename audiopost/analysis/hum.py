"""Mains hum and rumble: what stays in the low end of a recording while speech and music come and go; streamed.

Power spectra of one-second Hann windows at 2 kHz, half a second apart, are gathered over half a minute. Their 20th
percentile over time keeps what never stops (minimum statistics, as in Martin, IEEE Trans. SAP 2001): hum's lines and
rumble stay, notes and voices, which move, sink into the floor.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]

_RATE, _PAD = 2000, 4
_SEGMENT, _SPARE = 60, 15
#: Mains frequencies, how far a fundamental may lie from them, and how many of its lines are looked for.
_MAINS, _REACH_HZ, _LINES = (50.0, 60.0), 0.4, 16
#: A line stands out this many dB from the floor around it; a lone fundamental must do so by more.
_STANDS_DB, _ALONE_DB = 9.0, 16.0
_LEAST_DBFS = -72.0
_RUMBLE_HZ, _ABOVE_HZ = (4.0, 38.0), (70.0, 400.0)


@dataclass(frozen=True)
class HumTone:
    """Hum in [start_s, end_s): its fundamental, the harmonics (1 is the fundamental) that stand out, RMS of all."""

    start_s: float
    end_s: float
    frequency_hz: float
    harmonics: tuple[int, ...]
    level_dbfs: float


@dataclass(frozen=True)
class Rumble:
    """Steady energy at 4 to 38 Hz in [start_s, end_s), and how far it lies above that at 70 to 400 Hz."""

    start_s: float
    end_s: float
    level_dbfs: float
    above_db: float


class LowEnd:
    """Feed it blocks (channels, n); after `close`, `hum` and `rumble` hold what was found, in order of time."""

    def __init__(self, rate: int, channels: int) -> None:
        self._rate = min(_RATE, rate)
        self._channels = channels
        self._converter: Any = None
        if rate != self._rate:
            import soxr

            self._converter = soxr.ResampleStream(rate, self._rate, channels, dtype="float32", quality="HQ")
        self._held = np.zeros((channels, 0), np.float32)
        self._spectra: list[FloatArray] = []
        self._first = 0
        self._frames = 0
        self._window = np.hanning(self._rate + 1)[:-1].astype(np.float32)
        self.hum: list[HumTone] = []
        self.rumble: list[Rumble] = []

    def feed(self, block: FloatArray) -> None:
        self._take(self._converted(block, last=False))

    def close(self, duration_s: float) -> None:
        """Judges the rest; nothing can be fed after it."""
        if self._converter is not None:
            self._take(self._converted(np.zeros((self._channels, 0), np.float32), last=True))
        if self._spectra:
            self._judge(len(self._spectra), duration_s)

    def _converted(self, block: FloatArray, *, last: bool) -> FloatArray:
        if self._converter is None:
            return block
        out = self._converter.resample_chunk(np.ascontiguousarray(block.T), last=last)
        converted: FloatArray = out.reshape(-1, self._channels).T
        return converted

    def _take(self, block: FloatArray) -> None:
        self._held = np.concatenate([self._held, block], axis=1)
        size, hop = self._rate, self._rate // 2
        while self._held.shape[1] >= size:
            frame = self._held[:, :size]
            spectrum = np.fft.rfft((frame - frame.mean(axis=1, keepdims=True)) * self._window, _PAD * size, axis=1)
            self._spectra.append((np.abs(spectrum) ** 2).mean(axis=0).astype(np.float32))
            self._held = self._held[:, hop:]
            if len(self._spectra) == _SEGMENT + _SPARE:
                self._judge(_SEGMENT, None)

    def _judge(self, count: int, end_s: float | None) -> None:
        start = self._first * 0.5
        end = (self._first + count) * 0.5 if end_s is None else end_s
        chosen = np.stack(self._spectra[:count])
        self._spectra, self._first = self._spectra[count:], self._first + count
        # Digital silence says nothing about what hums while sound is on.
        chosen = chosen[chosen.sum(axis=1) > 1e-7 * self._rate**2 * 1e-3]
        if len(chosen) < 3:
            return
        low, middle = np.percentile(chosen, (20, 50), axis=0)
        if (tone := self._tone(low + 1e-12, middle + 1e-12, start, end)) is not None:
            self.hum.append(tone)
        self._add_rumble(low, start, end)

    def _tone(self, low: FloatArray, middle: FloatArray, start: float, end: float) -> HumTone | None:
        logs = 10 * np.log10(low)
        top = min(_LINES, int((self._rate / 2 - 25) / 51))
        best: tuple[float, float, NDArray[Any]] | None = None
        for mains in _MAINS:
            for fundamental in np.arange(mains - _REACH_HZ, mains + _REACH_HZ + 0.01, 0.05):
                stands = np.array([self._prominence(logs, k * fundamental) for k in range(1, top + 1)])
                score = float(np.clip(stands, 0, 25).sum())
                if best is None or score > best[0]:
                    best = score, float(fundamental), stands
        if best is None:
            return None
        _, fundamental, stands = best
        bins = [self._peak(logs, k * fundamental) for k in range(1, top + 1)]
        steady = np.array([10 * np.log10(middle[b] / low[b]) < 6.0 for b in bins])
        lines = [k for k in range(1, top + 1) if stands[k - 1] >= _STANDS_DB and steady[k - 1]]
        early = [k for k in lines if k <= 6]
        alone = stands[0] >= _ALONE_DB and steady[0]
        if not early or (1 not in early and 2 not in early) or (len(early) < 2 and not alone):
            return None
        exact, weight = 0.0, 0.0
        for k in lines:
            share = k * (stands[k - 1] - _STANDS_DB + 0.1)
            exact += share * self._vertex(logs, bins[k - 1]) / (_PAD * k)
            weight += share
        level = 10 * np.log10(sum(8 * low[bins[k - 1]] / self._rate**2 for k in lines))
        # Lines that ride far above the floor without being steady (a voice sits on them) are hum's too.
        named = tuple(k for k in range(1, top + 1) if stands[k - 1] >= _STANDS_DB)
        frequency = exact / weight
        near = min(abs(frequency - mains) for mains in _MAINS) <= _REACH_HZ
        return HumTone(start, end, round(frequency, 3), named, float(level)) if near and level > _LEAST_DBFS else None

    def _peak(self, logs: FloatArray, frequency: float) -> int:
        centre, reach = round(frequency * _PAD), 2
        return centre - reach + int(np.argmax(logs[centre - reach : centre + reach + 1]))

    def _prominence(self, logs: FloatArray, frequency: float) -> float:
        """dB of the line over the median of the 3 to 20 Hz on either side."""
        centre, near, far = round(frequency * _PAD), 3 * _PAD, 20 * _PAD
        ring = np.concatenate([logs[max(centre - far, 0) : centre - near], logs[centre + near : centre + far]])
        return float(np.max(logs[centre - 1 : centre + 2]) - np.median(ring))

    def _vertex(self, logs: FloatArray, at: int) -> float:
        """Position of the maximum between bins, by a parabola through three of them."""
        left, mid, right = (float(v) for v in logs[at - 1 : at + 2])
        bend = left - 2 * mid + right
        return at + (0.5 * (left - right) / bend if bend < 0 else 0.0)

    def _add_rumble(self, low: FloatArray, start: float, end: float) -> None:
        scale = 2 / (_PAD * self._rate * self._rate * 0.375)
        power = [scale * float(low[int(a * _PAD) : int(b * _PAD)].sum()) for a, b in (_RUMBLE_HZ, _ABOVE_HZ)]
        level, above = (10 * np.log10(p + 1e-15) for p in power)
        self.rumble.append(Rumble(start, end, float(level), float(level - above)))
