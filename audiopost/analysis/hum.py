"""Mains hum and rumble: what stays in the low end of a recording while speech and music come and go; streamed.

Power spectra of Hann windows of one and of four seconds are gathered, channel by channel, over half a minute. Their
lower percentiles over time keep what never stops (minimum statistics, as in Martin, IEEE Trans. SAP 2001): hum's lines
and rumble stay, notes and voices, which move, sink into the floor. Four seconds part a steady line from the notes
beside it; one second still sees a line that wanders, and there the spectra are first laid over each other along the
fundamental's most likely path (order tracking), or the line would be smeared.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
Values = NDArray[np.float64]

_RATE = 4000
#: Windows in seconds, and bins per Hz (zero padding) of both spectra.
_SHORT_S, _LONG_S, _PER_HZ = 1, 4, 4
#: Steps of half a second that are judged together; where nothing hums all the time, thirds of them are.
_SEGMENT, _PART = 60, 20
#: Mains frequencies; how far a steady fundamental may lie from them, and the mean of one that wanders.
_MAINS, _REACH_HZ, _WANDERING_HZ = (50.0, 60.0), 0.4, 0.8
#: Lines that decide which fundamental it is, those that must be heard, and those that are looked for at all.
_SCORED, _EARLY, _LINES = 16, 6, 36
#: A line stands out this many dB from the floor around it; a lone fundamental must do so by more.
_STANDS_DB, _ALONE_DB = 9.0, 16.0
#: Two lines at least stand this much over all within 7 Hz: music that repeats has lines at every multiple of its beat.
_LONELY_DB = 6.0
#: What a line's level may rise from its 20th percentile to its median; the steadiest line of a hum stays under less.
_STEADY_DB, _STEADIEST_DB = 6.0, 3.5
#: How far a line may lie from its place; and a fundamental that is not heard itself, or is alone, from mains.
_STRAY_HZ, _EVEN_REACH_HZ = 0.4, 0.2
_LEAST_DBFS = -72.0
#: A path of the fundamental: how far it may leave mains, its grid, and what a step of 0.1 Hz in half a second costs.
_PATH_HZ, _GRID_HZ, _COST_DB = 1.5, 0.05, 6.0
_RUMBLE_HZ, _OVER_RUMBLE_HZ = (4.0, 38.0), (70.0, 400.0)


@dataclass(frozen=True)
class HumTone:
    """Hum of one channel in [start_s, end_s): its mean fundamental, the harmonics (1 is the fundamental) that stand
    out with the peak amplitude of each, the RMS of all, and by how much the fundamental wanders (standard deviation).
    """

    start_s: float
    end_s: float
    frequency_hz: float
    harmonics: tuple[int, ...]
    level_dbfs: float
    amplitudes: tuple[float, ...] = ()
    channel: int = 0
    wander_hz: float = 0.0


@dataclass(frozen=True)
class Rumble:
    """Steady energy at 4 to 38 Hz in [start_s, end_s), and how far it lies above that at 70 to 400 Hz."""

    start_s: float
    end_s: float
    level_dbfs: float
    above_db: float


class LowEnd:
    """Feed it blocks (channels, n); after `close`, `hum` and `rumble` hold what was found, in order of time.

    `stated`: a fundamental that is known to hum. Then it need not prove that it is no note.
    """

    def __init__(self, rate: int, channels: int, stated: float | None = None) -> None:
        self._rate = min(_RATE, rate)
        self._channels = channels
        self._stated = stated
        self._converter: Any = None
        if rate != self._rate:
            import soxr

            self._converter = soxr.ResampleStream(rate, self._rate, channels, dtype="float32", quality="HQ")
        self._held = np.zeros((channels, 0), np.float32)
        self._at = 0
        self._short: list[FloatArray] = []
        self._long: list[FloatArray | None] = []
        self._first = 0
        self._top_hz = min(1900, int(0.45 * self._rate))
        self.hum: list[HumTone] = []
        self.rumble: list[Rumble] = []

    def feed(self, block: FloatArray) -> None:
        self._take(self._converted(block, last=False))

    def close(self, duration_s: float) -> None:
        """Judges the rest; nothing can be fed after it."""
        if self._converter is not None:
            self._take(self._converted(np.zeros((self._channels, 0), np.float32), last=True))
        if self._short:
            self._judge(len(self._short), duration_s)

    def _converted(self, block: FloatArray, *, last: bool) -> FloatArray:
        if self._converter is None:
            return block
        out = self._converter.resample_chunk(np.ascontiguousarray(block.T), last=last)
        converted: FloatArray = out.reshape(-1, self._channels).T
        return converted

    def _take(self, block: FloatArray) -> None:
        """One short and one long spectrum every half second, both ending there; the long one from 4 s on."""
        self._held = np.concatenate([self._held, block], axis=1)
        short, long = _SHORT_S * self._rate, _LONG_S * self._rate
        while self._held.shape[1] >= self._at + short:
            end = self._at + short
            self._short.append(self._spectrum(self._held[:, self._at : end]))
            self._long.append(self._spectrum(self._held[:, end - long : end]) if end >= long else None)
            self._at += self._rate // 2
            spare = max(self._at + short - long, 0)
            self._held, self._at = self._held[:, spare:], self._at - spare
            # A quarter more is waited for, so that the last part of a recording is not too short to judge.
            if len(self._short) == _SEGMENT + _SEGMENT // 4:
                self._judge(_SEGMENT, None)

    def _spectrum(self, frame: FloatArray) -> FloatArray:
        """Power (channels, bins); a sinusoid of amplitude 1 has 1 at its maximum, whatever the window's length."""
        n = frame.shape[1]
        window = np.hanning(n + 1)[:-1].astype(np.float32)
        bins = np.fft.rfft((frame - frame.mean(axis=1, keepdims=True)) * window, _PER_HZ * self._rate, axis=1)
        return np.asarray(np.abs(bins[:, : (self._top_hz + 30) * _PER_HZ]) ** 2 * (4 / n) ** 2, np.float32)

    def _judge(self, count: int, end_s: float | None) -> None:
        start = self._first * 0.5
        end = (self._first + count) * 0.5 if end_s is None else end_s
        short = np.stack(self._short[:count])
        long = np.stack([np.full_like(short[0], np.nan) if s is None else s for s in self._long[:count]])
        self._short, self._long, self._first = self._short[count:], self._long[count:], self._first + count
        for channel in range(self._channels):
            tones = self._hummed(short[:, channel], long[:, channel])
            self.hum += [
                replace(t, start_s=start + t.start_s, end_s=min(start + t.end_s, end), channel=channel) for t in tones
            ]
        mean = short.mean(axis=1)
        if np.sum(_live(mean)) >= 3:
            self._add_rumble(np.percentile(mean[_live(mean)], 20, axis=0), start, end)

    def _hummed(self, short: FloatArray, long: FloatArray) -> Iterator[HumTone]:
        """The tones of one channel, with times from the first of the spectra (steps, bins)."""
        whole = self._tone(short, long)
        if whole is not None:
            yield _located(whole, short, 0, len(short))
            return
        done_s = 0.0
        for first in range(0, len(short) - _PART, _PART // 2):
            if first / 2 < done_s:
                continue
            tone = self._tone(short[first : first + _PART], long[first : first + _PART], part=True)
            if tone is not None:
                yield (tone := _located(tone, short, first, first + _PART))
                done_s = tone.end_s

    def _tone(self, short: FloatArray, long: FloatArray, *, part: bool = False) -> HumTone | None:
        """What hums through all of these spectra, in any of three views of them."""
        # Digital silence says nothing about what hums while sound is on.
        short, long = short[_live(short)], long[_live(long)]
        if len(short) < 3:
            return None
        steady = self._seen(long, part=part, lonely=True) if len(long) >= 4 else None
        steady = steady or self._seen(short, part=part)
        path = _fundamental_path(short)
        wander = float(np.std(path))
        if wander < _GRID_HZ or len(path) < 8:
            return steady
        tone = self._seen(_straightened(short, path), part=True, reach_hz=_WANDERING_HZ)
        # Under a voice a path may err; a steady hum loses nothing by that, one that wanders gains lines.
        if tone is None or (steady and tone.level_dbfs < steady.level_dbfs + 1.0):
            return steady
        return replace(tone, wander_hz=round(wander, 2))

    def _seen(
        self, spectra: FloatArray, *, part: bool, lonely: bool = False, reach_hz: float = _REACH_HZ
    ) -> HumTone | None:
        """A steady comb at mains in spectra (steps, bins), or None. Less of them (`part`) must show more lines."""
        low, middle = np.percentile(spectra, (20, 50), axis=0) + 1e-14
        logs = 10 * np.log10(low)
        fundamental, stands = self._best(logs, reach_hz)
        lines = range(1, len(stands) + 1)
        bins = [_peak(logs, k * fundamental) for k in lines]
        spread = 10 * np.log10(middle[bins] / low[bins])
        stand = [k for k in lines if stands[k - 1] >= _STANDS_DB]
        at = {k: _vertex(logs, bins[k - 1]) / _PER_HZ for k in stand}
        # A note beside a high harmonic must not draw the fundamental after it: the low lines say where it lies.
        steady = [k for k in stand if spread[k - 1] < _STEADY_DB]
        frequency = _fundamental(at, stands, [k for k in steady if k <= _EARLY])
        if frequency is None:
            return None
        stand = [k for k in stand if abs(at[k] - k * frequency) <= _STRAY_HZ]
        steady = [k for k in steady if k in stand]
        early = [k for k in steady if k <= _EARLY]
        if 1 not in early and 2 not in early:
            return None
        if self._stated is None:
            alone = len(early) < 2
            if alone and (part or stands[0] < _ALONE_DB):
                return None
            if (part and len(steady) < 3) or (reach_hz > _REACH_HZ and len(early) < 3):
                return None
            if lonely and sum(_loneliness(logs, k * frequency) >= _LONELY_DB for k in early) < min(2, len(early)):
                return None
            # A voice or a note may sit on some lines of a hum, hardly on all: partials that all waver are music's.
            if min(spread[k - 1] for k in early) > _STEADIEST_DB:
                return None
            reach_hz = reach_hz if 1 in steady else _EVEN_REACH_HZ
            if min(abs(frequency - mains) for mains in _MAINS) > reach_hz:
                return None
        frequency = _fundamental(at, stands, steady) or frequency
        # Lines that ride far above the floor without being steady (a voice sits on them) are hum's too.
        powers = low[[bins[k - 1] for k in stand]]
        level = 10 * np.log10(powers.sum() / 2)
        if level <= _LEAST_DBFS:
            return None
        amplitudes = tuple(float(a) for a in np.sqrt(powers))
        return HumTone(0.0, 0.0, round(frequency, 3), tuple(stand), float(level), amplitudes)

    def _best(self, logs: FloatArray, reach_hz: float) -> tuple[float, Values]:
        """The fundamental whose lines stand out most, and by how much each of them does."""
        count = min(_LINES, int(self._top_hz / (_MAINS[-1] + 1)))
        near = [self._stated] if self._stated else _MAINS
        tried = [m + d for m in near for d in np.arange(-reach_hz, reach_hz + 0.01, _GRID_HZ)]
        best = max(tried, key=lambda f: float(np.clip(_prominences(logs, f, min(count, _SCORED)), 0, 25).sum()))
        return best, _prominences(logs, best, count)

    def _add_rumble(self, low: FloatArray, start: float, end: float) -> None:
        power = [float(low[int(a * _PER_HZ) : int(b * _PER_HZ)].sum()) / 12 for a, b in (_RUMBLE_HZ, _OVER_RUMBLE_HZ)]
        level, above = (10 * np.log10(p + 1e-15) for p in power)
        self.rumble.append(Rumble(start, end, float(level), float(level - above)))


def _fundamental_path(spectra: FloatArray) -> Values:
    """The fundamental in each of the spectra (steps, bins), in Hz: Viterbi's path over the sum of eight lines."""
    logs = 10 * np.log10(spectra + 1e-14)
    best: tuple[float, Values] | None = None
    for mains in _MAINS:
        grid = mains + np.arange(-_PATH_HZ, _PATH_HZ + 1e-6, _GRID_HZ)
        score = np.zeros((len(logs), len(grid)))
        for k in range(1, 9):
            centre, far = round(k * mains * _PER_HZ), 20 * _PER_HZ
            if centre + far >= logs.shape[1]:
                break
            floor = np.median(logs[:, centre - far : centre + far], axis=1, keepdims=True)
            at = np.round(k * grid * _PER_HZ).astype(int)
            score += np.clip(logs[:, at] - floor, 0, 20)
        cost = _COST_DB * np.abs(np.subtract.outer(grid, grid)) / 0.1
        total, came = score[0], np.zeros(score.shape, np.int64)
        for t in range(1, len(score)):
            ways = total[:, np.newaxis] - cost
            came[t] = np.argmax(ways, axis=0)
            total = np.max(ways, axis=0) + score[t]
        index = [int(np.argmax(total))]
        for t in range(len(score) - 1, 0, -1):
            index.append(int(came[t, index[-1]]))
        if best is None or float(total.max()) > best[0]:
            best = float(total.max()), grid[index[::-1]]
    assert best is not None
    return best[1]


def _straightened(spectra: FloatArray, path: Values) -> FloatArray:
    """Spectra stretched along frequency so that each one's fundamental comes to lie at the mean."""
    bins = np.arange(spectra.shape[1], dtype=np.float64)
    return np.stack([np.interp(bins * f / path.mean(), bins, s) for s, f in zip(spectra, path, strict=True)])


def _located(tone: HumTone, short: FloatArray, first: int, last: int) -> HumTone:
    """The tone with the times between which its lines stay near their level, around the steps [first, last)."""
    reach = round(_PER_HZ * (0.25 + 3 * tone.wander_hz))
    lines = [(k, a) for k, a in zip(tone.harmonics, tone.amplitudes, strict=True) if k <= _EARLY]
    shown = np.zeros(len(short))
    for k, amplitude in lines:
        centre = round(k * tone.frequency_hz * _PER_HZ)
        floor = np.median(short[:, centre - 10 * _PER_HZ : centre + 10 * _PER_HZ], axis=1)
        shown += short[:, centre - reach * k : centre + reach * k + 1].max(axis=1) > np.maximum(
            amplitude**2 / 3, 3 * floor
        )
    on = shown > 0.7 * len(lines)
    # A second that does not show it is bridged; a window of a second that half hums shows it too.
    on = np.convolve(on, np.ones(5), "same") > 0
    while first > 0 and on[first - 1]:
        first -= 1
    while last < len(on) and on[last]:
        last += 1
    heard = np.flatnonzero(on[first:last])
    if len(heard):
        first, last = first + int(heard[0]), first + int(heard[-1]) + 1
    begins, ends = first == 0, last == len(short)
    return replace(
        tone, start_s=first / 2 if begins else first / 2 + 1.25, end_s=last / 2 + 0.5 if ends else last / 2 - 0.75
    )


def _live(spectra: FloatArray) -> NDArray[np.bool_]:
    live: NDArray[np.bool_] = np.nansum(spectra, axis=1) > 1.6e-9
    return live


def _fundamental(at: dict[int, float], stands: Values, lines: list[int]) -> float | None:
    """The mean of the lines' frequencies over their numbers; high lines and clear ones weigh more."""
    shares = [k * (float(stands[k - 1]) - _STANDS_DB + 0.1) for k in lines]
    return sum(s * at[k] / k for s, k in zip(shares, lines, strict=True)) / sum(shares) if lines else None


def _peak(logs: FloatArray, frequency: float) -> int:
    centre, reach = round(frequency * _PER_HZ), 2
    return centre - reach + int(np.argmax(logs[centre - reach : centre + reach + 1]))


def _prominences(logs: FloatArray, frequency: float, count: int) -> Values:
    """dB of each of the first `count` lines over the median of the 3 to 20 Hz on either side."""
    centre = np.round(frequency * _PER_HZ * np.arange(1, count + 1)).astype(int)
    away = np.arange(3 * _PER_HZ, 20 * _PER_HZ)
    ring = centre[:, np.newaxis] + np.concatenate([-away, away])
    top = logs[centre[:, np.newaxis] + np.arange(-1, 2)].max(axis=1)
    return np.asarray(top - np.median(logs[ring], axis=1), np.float64)


def _loneliness(logs: FloatArray, frequency: float) -> float:
    """dB of a line over the strongest bin 2 to 7 Hz on either side."""
    centre, near, far = round(frequency * _PER_HZ), 2 * _PER_HZ, 7 * _PER_HZ
    ring = np.concatenate([logs[centre - far : centre - near], logs[centre + near : centre + far]])
    return float(logs[centre - 1 : centre + 2].max() - ring.max())


def _vertex(logs: FloatArray, at: int) -> float:
    """Position of the maximum between bins, by a parabola through three of them."""
    left, mid, right = (float(v) for v in logs[at - 1 : at + 2])
    bend = left - 2 * mid + right
    return at + (0.5 * (left - right) / bend if bend < 0 else 0.0)
