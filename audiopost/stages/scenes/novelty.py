"""Where the background of a recording changes: another room, street, crowd, music."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ...core.audio import Audio
from ...core.stage import Progress
from ...dsp.resample import converted

_RATE, _FFT = 16_000, 1024
#: Edges of the bands, Hz: a third of an octave to an octave wide, up to what an 8 kHz recording holds.
_EDGES = np.array([60, 120, 200, 300, 430, 600, 800, 1050, 1400, 1850, 2450, 3300])
_STEP_S = 0.5
#: Seconds compared on each side of a moment.
SIDE_S = 8.0
#: Differences below this many dB in every band are no change.
_LEAST_DB = 3.0


def background(audio: Audio, progress: Progress) -> NDArray[np.float32]:
    """(seconds / 0.5, 11) dB: each band's level in the quieter frames of each half second, so that words weigh little.

    Levels end at -80 dBFS: what lies lower is silence.
    """
    size = int(_STEP_S * _RATE)
    window = np.hanning(_FFT).astype(np.float32)
    hz = np.fft.rfftfreq(_FFT, 1 / _RATE)
    bands = [(hz >= low) & (hz < high) for low, high in pairwise(_EDGES)]
    rows: list[NDArray[np.float64]] = []
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
        rest = rest[count * size :]
        progress("background", len(rows) * _STEP_S, audio.duration_s)
    return np.asarray(rows, np.float32).reshape(-1, len(bands))


def changes(levels: NDArray[np.float32]) -> list[tuple[float, float, float]]:
    """(time in seconds, strength 0..1, dB) of each change of the background, strength 1 from 12 dB on.

    The change at a moment is the root mean square, over the bands, of the difference between the lower
    quartiles of the 8 s before and after it, less their usual spread; a peak counts where it is the highest within 4 s.
    """
    side = round(SIDE_S / _STEP_S)
    if len(levels) < side:
        return []
    least = side // 2
    novelty = np.zeros(len(levels))
    for i in range(least, len(levels) - least + 1):
        past, coming = levels[max(0, i - side) : i], levels[i : i + side]
        was, becomes = np.percentile(past, 25, axis=0), np.percentile(coming, 25, axis=0)
        step = becomes - was
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
            found.append((_sharpest(levels, i) * _STEP_S, min(1.0, float(novelty[i]) / 12), float(novelty[i])))
    return found


def _sharpest(levels: NDArray[np.float32], near: int, reach: int = 3) -> int:
    """The step within 1.5 s of a change where the two seconds before and after differ most."""
    best = range(max(2, near - reach), min(len(levels) - 1, near + reach) + 1)
    return max(
        best,
        key=lambda i: float(np.sum((levels[i : i + 4].mean(0) - levels[max(0, i - 4) : i].mean(0)) ** 2)),
        default=near,
    )
