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
#: What a line's level may rise from its 20th percentile to its median; the steadiest line of a hum stays under less.
_STEADY_DB, _STEADIEST_DB = 6.0, 3.5
#: The lines that decide; how far a line may lie from its place; and a fundamental that is not heard itself from mains.
_EARLY, _STRAY_HZ, _EVEN_REACH_HZ = 6, 0.4, 0.2
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
        spread = np.array([10 * np.log10(middle[b] / low[b]) for b in bins])
        stand = [k for k in range(1, top + 1) if stands[k - 1] >= _STANDS_DB]
        at = {k: self._vertex(logs, bins[k - 1]) / _PAD for k in stand}
        # A note beside a high harmonic must not draw the fundamental after it: the low lines say where it lies.
        lines = [k for k in stand if spread[k - 1] < _STEADY_DB]
        frequency = self._fundamental(at, stands, [k for k in lines if k <= _EARLY])
        if frequency is None:
            return None
        stand = [k for k in stand if abs(at[k] - k * frequency) <= _STRAY_HZ]
        lines = [k for k in lines if k in stand]
        early = [k for k in lines if k <= _EARLY]
        alone = 1 in early and stands[0] >= _ALONE_DB
        if (1 not in early and 2 not in early) or (len(early) < 2 and not alone):
            return None
        # A voice or a note may sit on some lines of a hum, hardly on all: partials that all waver are music's.
        if min(spread[k - 1] for k in early) > _STEADIEST_DB:
            return None
        frequency = self._fundamental(at, stands, lines) or frequency
        reach = _REACH_HZ if 1 in lines else _EVEN_REACH_HZ
        level = 10 * np.log10(sum(8 * low[bins[k - 1]] / self._rate**2 for k in lines))
        if min(abs(frequency - mains) for mains in _MAINS) > reach or level <= _LEAST_DBFS:
            return None
        # Lines that ride far above the floor without being steady (a voice sits on them) are hum's too.
        return HumTone(start, end, round(frequency, 3), tuple(stand), float(level))

    def _fundamental(self, at: dict[int, float], stands: NDArray[Any], lines: list[int]) -> float | None:
        """The mean of the lines' frequencies over their numbers; high lines and clear ones weigh more."""
        shares = [k * (float(stands[k - 1]) - _STANDS_DB + 0.1) for k in lines]
        return sum(s * at[k] / k for s, k in zip(shares, lines, strict=True)) / sum(shares) if lines else None

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
