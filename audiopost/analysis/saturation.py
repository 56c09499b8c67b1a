"""Soft clipping: the curve of an overloaded amplifier, tape or converter, told from the sound that went through it.

A memoryless curve y = f(x) adds products that no resonance predicts. Sound before it is taken as autoregressive in
each short frame; the curve whose inverse g makes the frames most probable is the one it went through: of all
candidates that with the least log prediction error of g(y), less the mean log slope of g (the Jacobian, which keeps
expansion itself from paying). After F. R. Ávila & L. W. P. Biscainho, "Bayesian restoration of audio signals degraded
by impulsive noise / memoryless nonlinearities", IEEE Trans. ASLP 2012-2017, by maximum likelihood over two parameters.
A limiter or compressor turns the gain slowly and leaves a frame predictable: mastered sound does not look like this.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import defects

FloatArray = NDArray[np.float32]
Values = NDArray[np.float64]

#: Rate at which sound is judged, samples of a frame, the order of its model, and the floor that the model sees (dB).
RATE, FRAME = 16_000, 512
_ORDER, _FLOOR = 24, 1e-6
#: Frames count whose peak lies this near the highest; fewer than so many decide nothing; the most that are looked at.
_NEAR, _LEAST, _MOST = 10 ** (-6 / 20), 12, 200
#: What is judged at a time, how many of its frames, its least peak, and how far ceilings of one overload may differ.
_PART_S, _GLANCE, _QUIET, _SAME = 15.0, 80, 0.02, 10 ** (1.5 / 20)
#: A curve is reported from this likelihood a sample on, so many standard errors over none, pressing by so many dB.
_GAIN, _SURE, _PRESSED_DB = 0.007, 3.0, 1.3
#: Ceiling over peak and knee: what is tried first. The hard knee stands for clipping, which is no curve to undo.
_HARD = 24.0
_TRIED = [(r, k) for k in (2.0, 3.0) for r in (1.5, 1.2, 1.06, 1.015, 1.003)] + [(1.2, 6.0), (1.03, 6.0)]
_GLANCED = [(1.5, 2.0), (1.2, 3.0), (1.03, 6.0)]
_CLIPPED = [(1.0005, _HARD), (1.02, _HARD)]
#: Steepest that an inverse gets (30 dB).
_STEEPEST = 32.0


@dataclass(frozen=True)
class Curve:
    """y = x / (1 + |x / ceiling|^knee)^(1 / knee): 1 at low level, never over `ceiling`. Knee 2 to 3 is much like tanh,
    1.5 like arctan, 6 like a cubic, the higher the harder. `gain` is what undoing it gains a sample, in nats of log
    likelihood, and `sure` that mean over its standard error.
    """

    ceiling: float
    knee: float
    gain: float = 0.0
    sure: float = 0.0

    @property
    def clear(self) -> bool:
        return self.gain >= _GAIN and self.sure >= _SURE

    def undone(self, y: NDArray[np.floating]) -> Values:
        """The inverse: odd, rising, and from where it would get steeper than 30 dB on straight."""
        last = self.straight_from
        u = np.minimum(np.abs(y), last) / self.ceiling
        size = self.ceiling * u / (1 - u**self.knee) ** (1 / self.knee) + _STEEPEST * np.maximum(np.abs(y) - last, 0)
        return np.asarray(np.copysign(size, y), np.float64)

    @property
    def straight_from(self) -> float:
        return self.ceiling * float((1 - _STEEPEST ** (-1 / (1 + 1 / self.knee))) ** (1 / self.knee))

    def pressed_db(self, level: float) -> float:
        """How far a crest now at `level` was pressed down."""
        return float(20 * np.log10(self.undone(np.array([level]))[0] / level))

    def onset(self) -> float:
        """The level from which crests are pressed by 1 dB and more."""
        return self.ceiling * float((1 - 10 ** (-self.knee / 20)) ** (1 / self.knee))


def frames_of(x: FloatArray) -> FloatArray:
    """(k, FRAME) of (n,) at RATE or less, half overlapping."""
    if len(x) < FRAME:
        return np.zeros((0, FRAME), np.float32)
    frames: FloatArray = np.lib.stride_tricks.sliding_window_view(x, FRAME)[:: FRAME // 2]
    return frames


def loudest(frames: FloatArray, most: int = _MOST) -> FloatArray:
    """Those within 6 dB of the highest peak, thinned evenly to `most`."""
    if not len(frames):
        return frames
    peaks = np.abs(frames).max(axis=1)
    near: FloatArray = frames[peaks > peaks.max() * _NEAR]
    return near if len(near) <= most else near[np.linspace(0, len(near) - 1, most).astype(np.int64)]


def heard(frames: FloatArray) -> Curve | None:
    """The curve that loud `frames` went through, roughly; None where none fits, or where crests are cut off flat."""
    if len(frames) < _LEAST:
        return None
    top = float(np.abs(frames).max())
    before = _cost(frames, None)
    # Untouched sound, which is the rule, answers to none of three.
    if all(_tried(frames, before, Curve(top * r, k)).gain < _GAIN / 3 for r, k in _GLANCED):
        return None
    best, clipped = (
        max((_tried(frames, before, Curve(top * r, k)) for r, k in some), key=lambda c: c.gain)
        for some in (_TRIED, _CLIPPED)
    )
    return None if clipped.gain > best.gain else best


def fitted(frames: FloatArray) -> Curve | None:
    """As `heard`, and then ceiling and knee as exactly as the frames tell."""
    from scipy.optimize import minimize

    first = heard(frames)
    if first is None:
        return None
    top = float(np.abs(frames).max())
    before = _cost(frames, None)

    def curve(point: Values) -> Curve:
        return Curve(top * (1 + float(np.exp(np.clip(point[0], -9, 1)))), float(np.exp(np.clip(point[1], 0.2, 2.5))))

    def loss(point: Values) -> float:
        return -_tried(frames, before, curve(point)).gain

    start = np.log([max(first.ceiling / top - 1, 1e-4), first.knee])
    simplex = start + np.array([[0.0, 0.0], [0.7, 0.0], [0.0, 0.25]])
    found = minimize(
        loss, start, method="Nelder-Mead", options={"initial_simplex": simplex, "maxfev": 50, "xatol": 0.02}
    )
    return _tried(frames, before, curve(found.x))


def _tried(frames: FloatArray, before: Values, curve: Curve) -> Curve:
    gains = before - _cost(frames, curve)
    mean = float(gains.mean())
    return Curve(curve.ceiling, curve.knee, mean, mean / (float(gains.std()) / len(gains) ** 0.5 + 1e-9))


def _cost(frames: FloatArray, curve: Curve | None) -> Values:
    """Minus the log likelihood a sample of each frame (k, FRAME) under an autoregressive model, after the inverse."""
    from scipy.fft import irfft, rfft

    window = np.hanning(FRAME + 2)[1:-1]
    x = frames.astype(np.float64)
    slope = np.zeros(len(x))
    if curve is not None:
        u = np.minimum(np.abs(x), curve.straight_from) / curve.ceiling
        slopes = -(1 + 1 / curve.knee) * np.log1p(-(u**curve.knee))
        slope = slopes @ (window**2 / np.sum(window**2))
        x = curve.undone(x)
    power = np.abs(rfft(x * window, 2 * FRAME, axis=1)) ** 2
    correlation = irfft(power, axis=1)[:, : _ORDER + 1]
    correlation[:, 0] = correlation[:, 0] * (1 + _FLOOR) + 1e-12
    lags = np.abs(np.subtract.outer(np.arange(_ORDER), np.arange(_ORDER)))
    filters = np.linalg.solve(correlation[:, lags], correlation[:, 1:, np.newaxis])[..., 0]
    error = correlation[:, 0] - (filters * correlation[:, 1:]).sum(axis=1)
    return np.asarray(0.5 * np.log(np.maximum(error, 1e-20)) - slope, np.float64)


@dataclass(frozen=True)
class Saturated:
    """[start_s, end_s) of a channel went through `curve`; the highest crest there, as it is now, is at `peak`."""

    start_s: float
    end_s: float
    channel: int
    curve: Curve
    peak: float

    @property
    def pressed_db(self) -> float:
        return self.curve.pressed_db(self.peak)


class Listener:
    """Feed it blocks (channels, n); after `close`, `found` holds what was overloaded. 15 s are judged at a time; with
    `fit`, neighbours under one ceiling are then fitted together, and what does not stand that is dropped.
    """

    def __init__(self, rate: int, channels: Sequence[int], *, fit: bool = False) -> None:
        self._rate = min(RATE, rate)
        self._channels = list(channels)
        self._fit = fit
        self._converter: Any = None
        if rate != self._rate:
            import soxr

            self._converter = soxr.ResampleStream(rate, self._rate, len(self._channels), dtype="float32", quality="MQ")
        self._held = np.zeros((len(self._channels), 0), np.float32)
        self._cut = False
        self._peaks = np.zeros(len(self._channels))
        self._at = 0
        self._open: dict[int, tuple[Saturated, FloatArray]] = {}
        self.found: list[Saturated] = []

    def feed(self, block: FloatArray) -> None:
        """All channels of the recording; only those to listen to are."""
        mine = block[self._channels]
        self._cut = self._cut or any(_cut_off(channel) for channel in mine)
        self._peaks = np.maximum(self._peaks, np.max(np.abs(mine), axis=1, initial=0.0))
        self._take(mine, last=False)

    def close(self) -> None:
        self._take(np.zeros((len(self._channels), 0), np.float32), last=True)
        self._judge(self._held.shape[1])
        for number in list(self._open):
            self._finish(number)
        self.found.sort(key=lambda s: (s.start_s, s.channel))

    def _take(self, block: FloatArray, *, last: bool) -> None:
        if self._converter is not None:
            out = self._converter.resample_chunk(np.ascontiguousarray(block.T), last=last)
            block = out.reshape(-1, len(self._channels)).T
        self._held = np.concatenate([self._held, block], axis=1)
        part = round(_PART_S * self._rate)
        while self._held.shape[1] >= part:
            self._judge(part)

    def _judge(self, count: int) -> None:
        """The next `count` samples of every channel; crests cut off flat in them are another fault."""
        here, self._held = self._held[:, :count], self._held[:, count:]
        start, self._at = self._at, self._at + count
        cut, self._cut = self._cut, False
        peaks, self._peaks = self._peaks, np.zeros(len(self._channels))
        for number, x, whole in zip(self._channels, here, peaks, strict=True):
            # The lower rate rings over flattened crests.
            peak = min(float(np.max(np.abs(x), initial=0.0)), float(whole))
            if cut or peak < _QUIET:
                continue
            frames = loudest(frames_of(x), _GLANCE)
            curve = heard(frames)
            if curve is None or not curve.clear or curve.pressed_db(peak) < _PRESSED_DB:
                continue
            loud = np.flatnonzero(np.abs(x) > curve.onset())
            first, end = ((start + int(at)) / self._rate for at in (loud[0], loud[-1] + 1))
            self._add(Saturated(first, end, number, curve, peak), frames)

    def _add(self, new: Saturated, frames: FloatArray) -> None:
        if neighbour := self._open.get(new.channel):
            last, before = neighbour
            near = 1 / _SAME < new.curve.ceiling / last.curve.ceiling < _SAME
            if self._fit and near and new.start_s - last.end_s < 2 * _PART_S:
                peak = max(last.peak, new.peak)
                merged = replace(last, end_s=new.end_s, peak=peak)
                self._open[new.channel] = merged, loudest(np.concatenate([before, frames]))
                return
            self._finish(new.channel)
        self._open[new.channel] = new, frames

    def _finish(self, number: int) -> None:
        new, frames = self._open.pop(number)
        if not self._fit:
            self.found.append(new)
        elif (curve := fitted(frames)) is not None and curve.clear and curve.pressed_db(new.peak) >= _PRESSED_DB:
            self.found.append(replace(new, curve=curve))


def _cut_off(x: FloatArray) -> bool:
    return any(level is not None for level in defects.ceilings(x, defects.flat_tops(x)))
