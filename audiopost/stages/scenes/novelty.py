"""Where the background of a recording changes (another room, street, crowd, music), and sounds that come suddenly."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...core.audio import Audio
from ...core.stage import Progress
from ...core.time import Span
from ...dsp.resample import converted

_RATE, _FFT = 16_000, 1024
#: Edges of the bands, Hz: a third of an octave to an octave wide, up to what an 8 kHz recording holds.
_EDGES = np.array([60, 120, 200, 300, 430, 600, 800, 1050, 1400, 1850, 2450, 3300])
_STEP_S = 0.5
#: Seconds compared on each side of a moment.
_SIDE_S = 8.0
#: Differences below this many dB in every band are no change.
_LEAST_DB = 3.0
#: Steps of the envelope, and how long the past is that a sudden sound stands out of.
_FINE_S, _PAST_S = 0.02, 0.5
#: A sudden sound rises at least this far over what was before, within `_ATTACK_S`, to at least this level.
_SUDDEN_DB, _AUDIBLE_DBFS, _ATTACK_S = 20.0, -45.0, 0.1
#: A word may begin this long before the VAD hears it, and end this long after; sudden sounds lie this far apart.
_NEAR_SPEECH_S, _APART_S = 0.4, 1.0


class Soundscape(NamedTuple):
    """`levels` (seconds / 0.5, 11): each band's dB in the quieter frames of each half second: words weigh little there.

    `envelope` (seconds / 0.02,): RMS in dBFS. Both end at -80 dB: what lies lower is silence.
    """

    levels: NDArray[np.float32]
    envelope: NDArray[np.float32]


class Change(NamedTuple):
    """A change of the background: strength 0..1, its size over all bands, and how much louder it becomes, in dB."""

    time_s: float
    strength: float
    size_db: float
    rise_db: float


class Sudden(NamedTuple):
    """A sound out of nothing: how far it rises over the half second before it."""

    time_s: float
    rise_db: float


def soundscape(audio: Audio, progress: Progress) -> Soundscape:
    """What lies behind the words, and how loud it all is; read in blocks."""
    size, fine = int(_STEP_S * _RATE), int(_FINE_S * _RATE)
    window = np.hanning(_FFT).astype(np.float32)
    hz = np.fft.rfftfreq(_FFT, 1 / _RATE)
    bands = [(hz >= low) & (hz < high) for low, high in pairwise(_EDGES)]
    rows: list[NDArray[np.float64]] = []
    envelope: list[NDArray[np.float64]] = []
    rest = np.zeros(0, np.float32)
    for block in converted(audio, _RATE, mono=True):
        rest = np.concatenate([rest, block[0]])
        count = len(rest) // size
        for k in range(count):
            piece = rest[k * size : (k + 1) * size]
            frames = np.lib.stride_tricks.sliding_window_view(piece, _FFT)[:: _FFT // 2] * window
            power = np.abs(np.fft.rfft(frames)) ** 2 * (2 / (_FFT * float(np.sum(window**2))))
            energy = np.stack([power[:, band].sum(axis=1) for band in bands], axis=1)
            rows.append(np.percentile(10 * np.log10(energy + 1e-8), 10, axis=0))
            envelope.append(10 * np.log10(np.square(piece.reshape(-1, fine)).mean(axis=1) + 1e-8))
        rest = rest[count * size :]
        progress("background", len(rows) * _STEP_S, audio.duration_s)
    flat = np.concatenate(envelope) if envelope else np.zeros(0)
    return Soundscape(np.asarray(rows, np.float32).reshape(-1, len(bands)), flat.astype(np.float32))


def changes(levels: NDArray[np.float32]) -> list[Change]:
    """The changes of the background in order of time, strength 1 from 12 dB on.

    The change at a moment is the root mean square, over the bands, of the difference between the lower quartiles of the
    8 s before and after it; less their usual spread it is its strength, and a peak of that counts where it is the
    highest within 4 s.
    """
    side = round(_SIDE_S / _STEP_S)
    if len(levels) < side:
        return []
    least = side // 2
    novelty, steps = np.zeros(len(levels)), np.zeros_like(levels)
    for i in range(least, len(levels) - least + 1):
        past, coming = levels[max(0, i - side) : i], levels[i : i + side]
        was, becomes = np.percentile(past, 25, axis=0), np.percentile(coming, 25, axis=0)
        step = steps[i] = becomes - was
        spread = np.median(np.abs(np.concatenate([past - was, coming - becomes])), axis=0)
        # What wanders anyway (a voice in the quiet frames) must change by more than it wanders.
        sure = np.sign(step) * np.maximum(np.abs(step) - 1.5 * spread, 0)
        novelty[i] = float(np.sqrt(np.mean(sure**2)))
    found = []
    reach = round(4.0 / _STEP_S)
    for i in map(int, np.flatnonzero(novelty >= _LEAST_DB)):
        near = novelty[max(0, i - reach) : i + reach + 1]
        plateau = np.flatnonzero(near == near.max()) + max(0, i - reach)
        if novelty[i] == near.max() and i == plateau[len(plateau) // 2]:
            size, rise = float(np.sqrt(np.mean(steps[i] ** 2))), float(np.mean(steps[i]))
            found.append(Change(_sharpest(levels, i) * _STEP_S, min(1.0, float(novelty[i]) / 12), size, rise))
    return found


def _sharpest(levels: NDArray[np.float32], near: int, reach: int = 3) -> int:
    """The step within 1.5 s of a change where the two seconds before and after differ most."""
    best = range(max(2, near - reach), min(len(levels) - 1, near + reach) + 1)
    return max(
        best,
        key=lambda i: float(np.sum((levels[i : i + 4].mean(0) - levels[max(0, i - 4) : i].mean(0)) ** 2)),
        default=near,
    )


def steepest(
    levels: NDArray[np.float32], near_s: float, reach_s: float, lines: Sequence[Span], *, rising: bool
) -> float | None:
    """Where the level of all bands rises (or falls) most between 2 s and the next 2 s; None for under 3 dB.

    What is heard during `lines` is not looked at; None too where there is nothing else.
    """
    flat = levels.mean(axis=1, dtype=np.float64)
    for line in lines:
        flat[int(line.start_s / _STEP_S) : int(line.end_s / _STEP_S) + 1] = np.nan
    side, sign = round(2.0 / _STEP_S), 1 if rising else -1
    first, last = round((near_s - reach_s) / _STEP_S), round((near_s + reach_s) / _STEP_S)
    steps = []
    for i in range(max(1, first), min(len(flat) - 1, last) + 1):
        past, coming = (x[np.isfinite(x)] for x in (flat[max(0, i - side) : i], flat[i : i + side]))
        if len(past) and len(coming):
            steps.append((sign * float(coming.mean() - past.mean()), i))
    best, at = max(steps, default=(0.0, 0))
    return at * _STEP_S if best >= _LEAST_DB else None


def sudden(envelope: NDArray[np.float32], apart_from: Sequence[Span]) -> list[Sudden]:
    """Sounds that rise by 20 dB or more within 0.1 s where nothing is known to be heard, the strongest of each second.

    `apart_from` is speech and music, which rise so all the time. What they rise over is the upper quartile of half a
    second, in which a click may lie.
    """
    past, attack = round(_PAST_S / _FINE_S), round(_ATTACK_S / _FINE_S)
    if len(envelope) <= past + attack:
        return []
    before = np.percentile(np.lib.stride_tricks.sliding_window_view(envelope, past), 75, axis=1)[: -attack - 1]
    coming = np.lib.stride_tricks.sliding_window_view(envelope[past:], attack + 1).max(axis=1)[: len(before)]
    before = before[: len(coming)]
    rise = coming - before
    free = np.ones(len(rise), bool)
    for span in apart_from:
        near = span.start_s - _NEAR_SPEECH_S, span.end_s + _NEAR_SPEECH_S
        first, stop = (round((time_s - _PAST_S) / _FINE_S) for time_s in near)
        free[max(first, 0) : max(stop, 0)] = False
    found: list[Sudden] = []
    for i in np.flatnonzero(free & (rise >= _SUDDEN_DB) & (coming >= _AUDIBLE_DBFS)).tolist():
        # It begins where the envelope first goes half of the way, in dB.
        window = envelope[past + i : past + i + attack + 1]
        at = (past + i + int(np.argmax(window >= before[i] + rise[i] / 2))) * _FINE_S
        if found and at - found[-1].time_s < _APART_S:
            if rise[i] > found[-1].rise_db:
                found[-1] = Sudden(found[-1].time_s if at - found[-1].time_s < _ATTACK_S else at, float(rise[i]))
        else:
            found.append(Sudden(at, float(rise[i])))
    return found
