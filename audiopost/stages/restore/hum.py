"""Hum away: an adaptive comb that follows the fundamental and cuts no line by more than the hum's own steady level."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...analysis.hum import HumTone, LowEnd
from ...core.audio import Audio, FloatArray, full_range
from ...core.marks import Finding
from ...dsp import blocks
from ...dsp.resample import resample
from ...io.scratch import spool
from . import Options
from .link import Found, Mended

Values = NDArray[np.float64]
Complex = NDArray[np.complex128]

#: Up to this rate's half the lines are estimated together; a buzz's higher ones by the same comb at the full rate.
_RATE = 4000
_WINDOW_S, _STEP_S, _BLOCK_S = 2.0, 0.02, 16.0
#: Beyond its times a hum fades over this long.
_EDGE_S = 0.5
#: A line may swell by so much over its lower percentile before the rest of it counts as a voice or a note on it.
_SWELL_DB = 3.0
#: A harmonic above 1.9 kHz belongs to the hum where it stands this much over what is beside it.
_BUZZ_DB = 10.0
#: Below so many lines a hum has no buzz. How far the fundamental is followed, and what that must gain in power.
_BUZZ_LINES, _ASTRAY_HZ, _GAINS = 2, 1.0, 1.12
#: A buzz: the highest of its lines and the rate they are sought at; lines and turns at a time; turns from wave to wave.
_BUZZ_TOP_HZ, _BUZZ_RATE, _AT_ONCE, _TURNS, _EVERY = 20_000.0, 48_000, 64, 64, 8


def mend(audio: Audio, found: Found, options: Options) -> Mended | None:
    """Hum as it is measured here, at the frequencies that findings state."""
    stated = sorted({f.frequency_hz for f in found if f.frequency_hz}) if found is not None else []
    tones = find(audio)
    if found is not None:
        tones = [t for t in tones if any(_meets(t, f) for f in found)]
        for frequency in stated:
            if not any(abs(t.frequency_hz - frequency) < 1.0 for t in tones):
                tones += find(audio, frequency)
    if not tones:
        return None
    frequency = float(np.median([t.frequency_hz for t in tones]))
    lines = len({k for t in tones for k in t.harmonics})
    wander = max(t.wander_hz for t in tones)
    how = f", which wanders by {wander:.2f} Hz" if wander else ""
    return Mended(
        spool(without_hum(audio, tones), like=audio), f"hum at {frequency:.2f} Hz{how}: {lines} harmonics and more cut"
    )


def _meets(tone: HumTone, finding: Finding) -> bool:
    near = finding.frequency_hz is None or abs(finding.frequency_hz - tone.frequency_hz) < 1.5
    return near and finding.start_s < tone.end_s and tone.start_s < finding.end_s


def find(audio: Audio, stated: float | None = None) -> list[HumTone]:
    """Hum in each full-range channel, measured as diagnose does; `channel` is the number in `audio`."""
    keep = full_range(audio.layout)
    meter = LowEnd(audio.rate, len(keep), stated)
    for block in audio.blocks(audio.rate):
        meter.feed(block[keep])
    meter.close(audio.duration_s)
    return [replace(t, channel=keep[t.channel]) for t in meter.hum]


def without_hum(audio: Audio, tones: Sequence[HumTone]) -> Iterator[FloatArray]:
    """Blocks of `audio` less its hum. What is subtracted is nothing but sinusoids at the harmonics, in their times."""
    at = 0
    rate = audio.rate
    context = round((_WINDOW_S + 0.5) * rate)

    def work(block: FloatArray) -> FloatArray:
        nonlocal at
        start, at = at - context, at + round(_BLOCK_S * rate)
        first_s, last_s = start / rate, (start + block.shape[1]) / rate
        here = [t for t in tones if t.start_s - _EDGE_S < last_s and first_s < t.end_s + _EDGE_S]
        hum = np.zeros_like(block)
        time = first_s + np.arange(block.shape[1]) / rate
        inside = (time >= 0) & (time < audio.duration_s)
        for channel in {t.channel for t in here}:
            mine = [t for t in here if t.channel == channel]
            share = np.max([_sounding(t, time) for t in mine], axis=0) * inside
            hum[channel] = share * _hum(block[channel], share, rate, _joined(mine))
        return hum

    done = 0
    for hum in blocks.process(audio, work, block_s=_BLOCK_S, context_s=context / rate, fade_s=0.5):
        # Subtracted here, so that cross-fades round nothing where there is no hum.
        yield audio.read(done, done + hum.shape[1]) - hum
        done += hum.shape[1]


def _sounding(tone: HumTone, time: Values) -> Values:
    """1 while the tone sounds, falling to 0 within `_EDGE_S` outside."""
    outside = np.maximum(tone.start_s - time, time - tone.end_s)
    return np.asarray(np.clip(1 - outside / _EDGE_S, 0, 1), np.float64)


@dataclass(frozen=True)
class _Comb:
    """What is cut: the fundamental, and of each line the highest amplitude."""

    frequency_hz: float
    lines: dict[int, float]


def _joined(tones: Sequence[HumTone]) -> _Comb:
    """The tones of one channel in a block as one comb."""
    swell = 10 ** (_SWELL_DB / 20)
    lines: dict[int, float] = {}
    for tone in tones:
        for k, amplitude in zip(tone.harmonics, tone.amplitudes, strict=True):
            lines[k] = max(lines.get(k, 0.0), swell * amplitude)
    return _Comb(float(np.median([t.frequency_hz for t in tones])), lines)


def _hum(x: FloatArray, share: Values, rate: int, comb: _Comb) -> Values:
    """The hum in one channel of a block, at its full rate; `share` is 0 where it does not sound."""
    low_rate = min(_RATE, rate)
    low = resample(x[np.newaxis], rate, low_rate)[0].astype(np.float64)
    time, full = np.arange(len(low)) / low_rate, np.arange(len(x)) / rate
    mask = np.interp(time, full, share)
    turns, curves = _followed(low, mask, low_rate, comb)
    turns_full = np.interp(full, time, turns)
    out = np.zeros(len(x))
    steps = np.arange(0, len(low), _step(low_rate)) / low_rate
    # At full rate piece by piece: a complex array of a whole block is large.
    for start in range(0, len(x), 1 << 16):
        piece = slice(start, start + (1 << 16))
        for k, curve in curves.items():
            out[piece] += (np.interp(full[piece], steps, curve) * np.exp(2j * np.pi * k * turns_full[piece])).real
    if len(comb.lines) >= _BUZZ_LINES:
        out += _buzz(x - out, share, rate, turns_full, 1)
    return out


def _step(rate: int) -> int:
    return max(round(_STEP_S * rate), 1)


def _followed(low: Values, mask: Values, rate: int, comb: _Comb) -> tuple[Values, dict[int, Complex]]:
    """Turns of the fundamental since the block's start, and the lines' amplitudes along it.

    A fundamental that wanders is followed by the lines' own phases. The turning of each line's phase over a fifth of a
    second, over its number and weighted by its power, is how far the fundamental lies beside where it was sought: a
    phase-locked comb, from windows of 0.4 s (which still see 1 Hz beside a low line) to those of a second. The path
    is taken where more of the hum stands along it than at the constant frequency.
    """
    lines = {k: a for k, a in comb.lines.items() if k * comb.frequency_hz < 0.47 * rate}
    turns = comb.frequency_hz * np.arange(len(low)) / rate
    steady, weight = _curves(low, mask, rate, turns, lines)
    # A hundredth of a hertz is much to a harmonic's hundredth: the phases of the first pass say the frequency finely.
    turns = turns + _beside_hz(steady) * np.arange(len(low)) / rate
    steady, weight = _curves(low, mask, rate, turns, lines)
    step, lag = _step(rate), round(0.1 / _STEP_S)
    coarse = np.arange(0, len(low), step)
    path = turns
    for window_s, most in ((0.4, 3), (0.7, 6), (1.0, 12), (1.0, 12)):
        some = {k: np.inf for k in sorted(lines) if k <= most} or dict.fromkeys(lines, np.inf)
        found, weight = _curves(low, mask, rate, path, some, window_s)
        turning, trust = np.zeros(len(coarse)), np.full(len(coarse), 1e-15)
        for k, curve in found.items():
            cross = np.zeros(len(coarse), np.complex128)
            cross[lag:-lag] = curve[2 * lag :] * np.conj(curve[: -2 * lag])
            sure = k * k * np.minimum(np.abs(cross), lines[k] ** 2) * weight
            turning += sure * np.angle(cross) / k
            trust += sure
        smooth = np.hanning(round(window_s / _STEP_S) | 1)
        beside_hz = np.convolve(turning, smooth, "same") / np.convolve(trust, smooth, "same")
        beside_hz = np.clip(beside_hz / (4 * np.pi * lag * step / rate), -_ASTRAY_HZ, _ASTRAY_HZ)
        path = path + np.cumsum(np.interp(np.arange(len(low)), coarse, beside_hz)) / rate
    wandering, _ = _curves(low, mask, rate, path, lines)
    if _power_of(wandering, weight) > _GAINS * _power_of(steady, weight):
        return path, wandering
    return turns, steady


def _beside_hz(curves: dict[int, Complex]) -> float:
    """How far the fundamental lies beside where the curves were taken: their turning within a second."""
    lag = round(1 / _STEP_S)
    crosses = {k: complex(np.vdot(c[:-lag], c[lag:])) for k, c in curves.items() if len(c) > lag}
    total = sum(k * k * abs(cross) for k, cross in crosses.items())
    turning = sum(k * abs(cross) * float(np.angle(cross)) for k, cross in crosses.items())
    return turning / (2 * np.pi * total) if total > 0 else 0.0


def _power_of(curves: dict[int, Complex], weight: Values) -> float:
    return float(sum((np.abs(curve) ** 2 * weight).sum() for curve in curves.values()))


def _curves(
    low: Values, mask: Values, rate: int, turns: Values, lines: dict[int, float], window_s: float = _WINDOW_S
) -> tuple[dict[int, Complex], Values]:
    """The slow complex amplitude of each line, every `_STEP_S`, at most as large as `lines` says; each step's weight.

    Each is the signal turned back by its line's phase and averaged: a notch of half a hertz either side for two
    seconds. The average is weighted by the inverse of the local power of the low end, so that pauses set it and a
    voice or note that crosses the line neither disturbs it nor is cut (a normalised convolution, Knutsson & Westin
    1993); and by `mask`, so that it does not reach beyond where the hum starts or stops.
    """
    time = np.arange(len(low)) / rate
    coarse = np.arange(0, len(low), _step(rate))
    window = np.hanning(round(window_s * rate) | 1)
    hum = np.zeros(len(low))
    curves: dict[int, Complex] = {}
    norm = np.ones(len(coarse))
    for _ in range(2):
        # The second round weighs by what is left without the first round's hum.
        weight = mask / (_power(low - hum, rate) + 1e-12)
        weight /= weight.max() + 1e-30
        norm = np.maximum(_averaged(weight, window, coarse), 1e-9)
        hum = np.zeros(len(low))
        curves = {}
        for k, most in lines.items():
            carrier = np.exp(-2j * np.pi * k * turns)
            curve = 2 * _averaged(weight * (low - hum) * carrier, window, coarse) / norm
            curve *= np.minimum(1, most / np.maximum(np.abs(curve), 1e-12))
            curves[k] = curve
            hum += (np.interp(time, time[coarse], curve) * np.conj(carrier)).real
    return curves, norm / norm.max()


def _buzz(x: Values, share: Values, rate: int, turns: Values, first: int) -> Values:
    """Harmonics from number `first` on that stand out, as dimmers and rectifiers make them, up to 20 kHz.

    The signal is read off at a fixed number of points a turn (order tracking), so that one FFT a turn holds the
    amplitudes of all harmonics; those are averaged over two seconds as the low lines are. A harmonic counts where its
    mean stands over what such a mean of noise would be. Some of them at a time, so that memory stays small.
    """
    mean_hz = turns[-1] / len(turns) * rate
    count, last = int(turns[-1]), int(min(0.45 * rate, _BUZZ_TOP_HZ) / mean_hz)
    if count < 30 or last <= first:
        return np.zeros(len(x))
    starts = np.interp(np.arange(count), turns, np.arange(len(x)))
    sounds = np.interp(starts, np.arange(len(x)), share)
    if not (sounds > 0.5).any():
        return np.zeros(len(x))
    lines = _turn_by_turn(x, rate, turns, count)
    curve = np.zeros((len(range(0, count, _EVERY)), last + 1), np.complex64)
    for low in range(first, last, _AT_ONCE):
        high = min(low + _AT_ONCE, last)
        # Four more on either side, for what sounds around each.
        wide = lines[:, max(low - 4, first) : min(high + 4, last)]
        skip = low - max(low - 4, first)
        kept = _steady(wide, sounds, round(_WINDOW_S * mean_hz) | 1)[::_EVERY, skip : skip + high - low]
        curve[:, low:high] = kept
    return _played(curve, turns) if curve.any() else np.zeros(len(x))


def _turn_by_turn(x: Values, rate: int, turns: Values, count: int) -> NDArray[np.complex64]:
    """The amplitudes of all harmonics in each of `count` turns: complex64 (count, harmonics)."""
    from scipy.interpolate import CubicSpline

    low_rate = min(rate, _BUZZ_RATE)
    low = resample(x[np.newaxis].astype(np.float32), rate, low_rate)[0]
    points = 2 * int(0.5 * low_rate * len(turns) / rate / turns[-1])
    lines = np.zeros((count, points // 2 + 1), np.complex64)
    for start in range(0, count, _TURNS):
        stop = min(start + _TURNS, count)
        at = np.interp(np.arange(start * points, stop * points) / points, turns, np.arange(len(x))) * low_rate / rate
        begin, end = max(int(at[0]) - 16, 0), min(int(at[-1]) + 17, len(low))
        periods = CubicSpline(np.arange(begin, end), low[begin:end])(at).reshape(stop - start, points)
        lines[start:stop] = np.fft.rfft(periods, axis=1) * (2 / points)
    return lines


def _steady(lines: NDArray[np.complex64], sounds: Values, length: int) -> Complex:
    """What of harmonics (turns, lines) stays over `length` turns; 0 for those that do not stand out where it sounds."""
    from scipy.signal import fftconvolve

    power = np.abs(lines).astype(np.float64) ** 2
    # What else sounds around a line in the turns around decides how much its value counts.
    near = fftconvolve(power, np.outer(np.hanning(7)[1:-1], np.ones(9)), mode="same")
    weight = sounds[:, np.newaxis] / (np.maximum(near, 0) + 1e-14)
    window = np.hanning(length)[:, np.newaxis]
    total = np.maximum(fftconvolve(weight, window, mode="same", axes=0), 1e-9 * weight.max() + 1e-30)
    squares = np.maximum(fftconvolve(weight**2, window**2, mode="same", axes=0), 0) / total**2
    curve: Complex = fftconvolve(weight * lines, window, mode="same", axes=0) / total
    scatter = np.maximum(fftconvolve(weight * power, window, mode="same", axes=0) / total - np.abs(curve) ** 2, 1e-20)
    inside = sounds > 0.5
    over = np.abs(curve[inside]) ** 2 / (scatter * squares + 1e-30)[inside]
    clear = np.median(over, axis=0) > 10 ** (_BUZZ_DB / 10)
    level = 10 ** (_SWELL_DB / 20) * np.percentile(np.abs(curve[inside]), 25, axis=0)
    curve *= np.minimum(1, level / np.maximum(np.abs(curve), 1e-15)) * clear
    return curve


def _played(curve: NDArray[np.complex64], turns: Values) -> Values:
    """Harmonics from 0 on, given for every eighth turn (turns / 8, lines), as sound along `turns`.

    Each of those turns' waves is drawn once, finely; in between two such waves are cross-faded.
    """
    points = 1 << 14
    tables = np.stack([np.fft.irfft(wave * (points / 2), points).astype(np.float32) for wave in curve])
    played = np.zeros(len(turns))
    for start in range(0, len(turns), 1 << 17):
        here = turns[start : start + (1 << 17)]
        at = np.clip(here / _EVERY, 0, len(tables) - 1)
        table = np.minimum(at.astype(np.int64), max(len(tables) - 2, 0))
        after = np.minimum(table + 1, len(tables) - 1)
        phase = (here % 1) * points
        point = phase.astype(np.int64) % points
        part, fade = phase - np.floor(phase), at - table
        following = (point + 1) % points
        one, other = (tables[t, point] * (1 - part) + tables[t, following] * part for t in (table, after))
        played[start : start + len(here)] = one * (1 - fade) + other * fade
    return played


def _power(x: Values, rate: int) -> Values:
    """Power smoothed over 0.1 s, forwards and backwards."""
    from scipy.signal import oaconvolve

    kernel = np.hanning(2 * round(0.1 * rate) + 1)
    smooth: Values = oaconvolve(x**2, kernel / kernel.sum(), mode="same")
    return np.maximum(smooth, 0.0)


def _averaged(values: NDArray[Any], window: Values, at: NDArray[np.int64]) -> NDArray[Any]:
    from scipy.signal import oaconvolve

    averaged: NDArray[Any] = oaconvolve(values, window, mode="same")[at]
    return averaged
