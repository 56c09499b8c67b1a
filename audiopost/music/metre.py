"""Metre and downbeats: what recurs every three or four beats, where the bass falls and the harmony changes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..core.audio import FloatArray
from .hearing import FPS, SLOW_FPS

Floats = NDArray[np.float64]

#: Bars heard before anything is said, and how far an accent must stand out, in standard errors.
_BARS, _CLEAR = 4, 2.5


def metre(
    beats_s: tuple[float, ...], novelty: FloatArray, bass: FloatArray, chroma: FloatArray
) -> tuple[int | None, tuple[float, ...]]:
    """Beats in a bar (3 or 4; None where unclear) and the downbeats.

    Novelty and bass (n,) at FPS, chroma (m, 12). Downbeats carry the bass and the change of harmony (Klapuri, Eronen &
    Astola, IEEE TASLP 2006; Davies & Plumbley, "A spectral difference approach to downbeat extraction", 2006).
    """
    if len(beats_s) < 4 * _BARS:
        return None, ()
    accent = _accent(np.asarray(beats_s), novelty, bass, chroma)
    found = {bar: _phases(accent, bar) for bar in (3, 4)}
    bar = max(found, key=lambda size: float(found[size].max()))
    phases = found[bar]
    if phases.max() < _CLEAR:
        return None, ()
    return bar, beats_s[int(np.argmax(phases)) :: bar]


def _accent(beats: Floats, novelty: FloatArray, bass: FloatArray, chroma: FloatArray) -> Floats:
    """(beats,) how strongly each is marked, mean 0: onset, bass, change of harmony against the beats before."""
    frames = np.round(beats * FPS).astype(int)
    marks = [_scaled(_near(curve, frames)) for curve in (novelty, bass)]
    edges = np.append(beats, 2 * beats[-1] - beats[-2])
    slow = np.clip(np.round(edges * SLOW_FPS).astype(int), 0, len(chroma))
    total = np.cumsum(np.pad(np.sqrt(chroma.astype(np.float64)), ((1, 0), (0, 0))), axis=0)
    harmony = total[np.maximum(slow[1:], slow[:-1] + 1).clip(max=len(chroma))] - total[slow[:-1]]
    harmony /= np.linalg.norm(harmony, axis=1, keepdims=True) + 1e-9
    change = np.zeros(len(beats))
    change[1:] = 1 - np.sum(harmony[1:] * harmony[:-1], axis=1)
    return 0.6 * marks[0] + 1.0 * marks[1] + 1.2 * _scaled(change)


def _near(curve: FloatArray, frames: NDArray[np.int64]) -> Floats:
    around = np.stack([curve[np.clip(frames + d, 0, len(curve) - 1)] for d in range(-3, 4)])
    return np.asarray(np.sqrt(around.max(axis=0)), np.float64)


def _scaled(values: Floats) -> Floats:
    return np.asarray((values - values.mean()) / (values.std() + 1e-9))


def _phases(accent: Floats, bar: int) -> Floats:
    """(bar,) how far the beats of each phase stand above the rest, in standard errors."""
    out = np.zeros(bar)
    for phase in range(bar):
        on = accent[phase::bar]
        off = np.delete(accent, np.arange(phase, len(accent), bar))
        error = np.sqrt(on.var() / len(on) + off.var() / len(off)) + 1e-9
        out[phase] = (on.mean() - off.mean()) / error
    return out
