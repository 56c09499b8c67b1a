"""Form: sections where the sound changes, and stretches that can go round."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.audio import FloatArray
from ..core.music import Loop, Section
from .hearing import SLOW_FPS, Heard, chroma

Floats = NDArray[np.float64]

#: Frames and seconds of one row of the self-similarity; half the checkerboard; the shortest section.
_ROW = 5
_STEP_S = _ROW / SLOW_FPS
_HALF_S, _SHORTEST_S = 8.0, 6.0
#: A boundary stands so many deviations above the mean of the novelty.
_STANDS_OUT = 1.0
#: Rows of the checkerboard worked at once: memory stays small for two hours.
_CHUNK = 512
#: Level below the loud parts that counts as nothing, dB.
_RANGE_DB = 40.0
_LOOP_BARS = (1, 2, 4, 8, 16)
_LOOP_LEAST, _LOOP_MOST_S, _LOOP_LEAST_S, _LOOPS = 0.6, 60.0, 1.5, 8


def sections(heard: Heard, beats_s: Sequence[float] = ()) -> tuple[Section, ...]:
    """The parts of a track, together all of it; boundaries move to the nearest of `beats_s` (downbeats, or beats).

    Peaks of a checkerboard's correlation along the diagonal of the self-similarity of pitch classes, timbre and level
    (Foote, "Automatic audio segmentation using a measure of audio novelty", ICME 2000).
    """
    if heard.silent:
        return ()
    rows = _rows(heard)
    borders = [0.0, *_snapped(_boundaries(rows), beats_s, heard.duration_s), heard.duration_s]
    loud = float(np.percentile(heard.energy_db, 95))
    parts = []
    for start, end in itertools.pairwise(borders):
        inside = heard.energy_db[int(start) : max(int(np.ceil(end)), int(start) + 1)]
        level = 10 * np.log10(np.mean(10 ** (inside.astype(np.float64) / 10)))
        # As loudness is felt: half for every 10 dB (Stevens).
        parts.append(Section(round(start, 3), round(end, 3), round(min(2 ** ((float(level) - loud) / 10), 1.0), 3)))
    return tuple(parts)


def _rows(heard: Heard) -> FloatArray:
    """(rows, features), one for each _ROW frames: pitch classes and timbre weigh the same, level half; length 1."""
    starts = np.arange(0, len(heard.level_db), _ROW)

    def mean(values: NDArray[np.floating[Any]]) -> FloatArray:
        sums = np.add.reduceat(values, starts, axis=0)
        return np.asarray(sums / np.diff(np.append(starts, len(values)))[:, np.newaxis], np.float32)

    level = np.maximum(heard.level_db, -_RANGE_DB)[:, np.newaxis] / 10
    kinds = [mean(np.sqrt(chroma(heard))), mean(heard.timbre), mean(level)]
    parts = []
    for kind, weight in zip(kinds, (1.0, 1.0, 0.5), strict=True):
        centred = kind - kind.mean(axis=0)
        parts.append(weight * centred / (np.sqrt((centred**2).sum(axis=1).mean()) + 1e-9))
    joined = np.concatenate(parts, axis=1)
    return np.asarray(joined / (np.linalg.norm(joined, axis=1, keepdims=True) + 0.3), np.float32)


def _boundaries(rows: FloatArray) -> list[float]:
    from scipy.signal import find_peaks

    half = min(round(_HALF_S / _STEP_S), len(rows) // 2)
    if half < 4:
        return []
    across = np.arange(-half, half) + 0.5
    taper = np.exp(-0.5 * (across / (0.4 * half)) ** 2) * np.sign(across)
    kernel = np.outer(taper, taper)
    kernel /= np.abs(kernel).sum()
    padded = np.pad(rows, ((half, half), (0, 0)), mode="edge")
    novelty = []
    for first in range(0, len(rows), _CHUNK):
        piece = padded[first : first + _CHUNK + 2 * half - 1]
        windows = np.lib.stride_tricks.sliding_window_view(piece, 2 * half, axis=0)
        alike = np.einsum("tfi,tfj->tij", windows, windows, optimize=True)
        novelty += np.einsum("tij,ij->t", alike, kernel).tolist()
    curve = np.maximum(np.asarray(novelty[: len(rows)]), 0)
    peaks, _ = find_peaks(
        curve, height=max(curve.mean() + _STANDS_OUT * curve.std(), 0.05), distance=round(_SHORTEST_S / _STEP_S)
    )
    return [float(peak) * _STEP_S for peak in peaks]


def _snapped(times: Sequence[float], beats_s: Sequence[float], duration_s: float) -> list[float]:
    """Times moved to a beat within 1 s, those nearer an end or one another than the shortest section left out."""
    beats = np.asarray(beats_s)
    out: list[float] = []
    for time in times:
        nearest = float(beats[np.argmin(np.abs(beats - time))]) if len(beats) else time
        moved = nearest if abs(nearest - time) <= 1.0 else time
        if moved - (out[-1] if out else 0.0) >= _SHORTEST_S / 2 and moved <= duration_s - _SHORTEST_S / 2:
            out.append(moved)
    return out


def loops(heard: Heard, beats_s: Sequence[float], downbeats_s: Sequence[float], metre: int | None) -> tuple[Loop, ...]:
    """Stretches of whole bars after which the music goes on as it does at their start, the likest first.

    Bars begin at the downbeats; where those are not clear, with every fourth beat.
    """
    size = metre or 4
    first = list(beats_s).index(downbeats_s[0]) if downbeats_s else 0
    beats = np.asarray(beats_s)
    bars = range(first, len(beats) - 1, size)
    if len(bars) < 3:
        return _whole(heard, beats, size)
    sound, level = _by_beat(heard, beats)
    found = []
    for count in _LOOP_BARS:
        for start in bars:
            end = start + count * size
            # The bar after the end is compared with the bar after the start.
            if end + size >= len(beats) or not _LOOP_LEAST_S <= beats[end] - beats[start] <= _LOOP_MOST_S:
                continue
            alike = _alike(sound, level, start, end, size)
            if alike >= _LOOP_LEAST:
                found.append(Loop(float(beats[start]), float(beats[end]), count, round(alike, 3)))
    # A longer loop is heard to repeat less: it is worth a little likeness.
    found.sort(key=lambda loop: (-(loop.likeness + 0.02 * np.log2(loop.bars)), loop.start_s))
    return _apart(found)


def _whole(heard: Heard, beats: Floats, size: int) -> tuple[Loop, ...]:
    """The file itself where it is cut as a loop: whole bars to 1 %, sounding to its end as at its start."""
    beat_s = float(np.median(np.diff(beats)))
    bars = round(heard.duration_s / beat_s / size)
    exact = bars > 0 and abs(heard.duration_s / (bars * size * beat_s) - 1) < 0.01
    edge = max(round(size * beat_s * SLOW_FPS), 1)
    apart = float(heard.level_db[:edge].mean() - heard.level_db[-edge:].mean())
    alike = float(np.exp(-((apart / 12.0) ** 2)))
    return (Loop(0.0, heard.duration_s, bars, round(alike, 3)),) if exact and alike >= _LOOP_LEAST else ()


def _by_beat(heard: Heard, beats: Floats) -> tuple[Floats, Floats]:
    """(beats - 1, features) of mean 0 over the track, each kind of length about 1; (beats - 1,) level in dB."""
    edges = np.clip(np.round(beats * SLOW_FPS).astype(int), 0, len(heard.level_db) - 1)
    spans = [slice(a, max(b, a + 1)) for a, b in itertools.pairwise(edges.tolist())]
    pitch = np.sqrt(chroma(heard).astype(np.float64))
    kinds = []
    for values in (pitch, heard.timbre.astype(np.float64)):
        rows = np.stack([values[span].mean(axis=0) for span in spans])
        rows -= rows.mean(axis=0)
        kinds.append(rows / (np.sqrt((rows**2).sum(axis=1).mean()) + 1e-9))
    return np.concatenate(kinds, axis=1), np.array([float(heard.level_db[span].mean()) for span in spans])


def _alike(sound: Floats, level: Floats, start: int, end: int, size: int) -> float:
    here, there = sound[start : start + size].ravel(), sound[end : end + size].ravel()
    # Correlation, damped where a bar is hardly different from the track's mean.
    alike = float(here @ there / (np.linalg.norm(here) * np.linalg.norm(there) + 0.05 * size))
    apart = float(level[start : start + size].mean() - level[end : end + size].mean())
    return max(alike, 0.0) * float(np.exp(-((apart / 6.0) ** 2)))


def _apart(found: list[Loop]) -> tuple[Loop, ...]:
    """The first few, without those that are nearly one already taken."""
    taken: list[Loop] = []
    for loop in found:
        if all(abs(loop.start_s - t.start_s) > 4.0 or loop.bars != t.bars for t in taken):
            taken.append(loop)
        if len(taken) == _LOOPS:
            break
    return tuple(taken)
