"""Damaged samples in one channel: clicks, flat tops, gaps. Shared by diagnose (which counts) and restore (which mends).

Every function takes float32 (n,) and gives int64 (k, 2): rows of [first, last + 1), in order, not overlapping.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
Runs = NDArray[np.int64]

#: A click stands this many times above its surroundings in the second difference.
CLICK_RATIO = 12.0
#: Clicks whose second difference is smaller than this (a single sample at -50 dBFS) are not looked for.
_CLICK_LEAST = 6e-3
_CLICK_S = 0.0009
#: Flat tops below this level (-34 dBFS) are not clipping.
_CLIP_LEAST = 0.02
#: What counts as nothing inside a dropout: a step of 16 bits.
_ZERO = 4e-5


def runs(mask: NDArray[np.bool_]) -> Runs:
    """[first, last + 1) of each run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return edges.reshape(-1, 2).astype(np.int64)


def _step(x: FloatArray) -> float:
    """The smallest value there is, at most the step of 8 bits: what toggles by a few of them is rounding, no fault."""
    size = np.abs(x)
    return float(np.min(size, initial=1 / 128, where=size > 0))


def clicks(x: FloatArray, rate: int, ratio: float = CLICK_RATIO) -> tuple[Runs, FloatArray]:
    """Isolated impulses of at most 0.9 ms, and of each how many times it exceeds its surroundings.

    The second difference whitens speech and music enough for an impulse to stand out (a fixed form of the
    autoregressive residual in Godsill & Rayner, "Digital Audio Restoration", 1998, ch. 5). An impulse must exceed
    `ratio` times the 90th percentile of the 5 and of the 20 ms on either side, each side alone, and half `ratio`
    times their 99th: glottal pulses recur within 20 ms, and behind a drum's or a plosive's onset follows its sound.
    Where that sound is too low for the second difference (a bass drum), the level behind the impulse tells.
    """
    core, near, ring = (max(round(s * rate), 3) for s in (0.00075, 0.005, 0.020))
    nothing = np.zeros((0, 2), np.int64), np.zeros(0, np.float32)
    if len(x) < 2 * core + 16:
        return nothing
    rough = np.zeros(len(x), np.float32)
    rough[1:-1] = np.abs(x[2:] - 2 * x[1:-1] + x[:-2])
    # Cheap gate first: each millisecond's peak against the mean of its neighbourhood.
    step = max(round(0.001 * rate), 4)
    cells = len(rough) // step
    peaks = rough[: cells * step].reshape(cells, step).max(axis=1)
    width = min(2 * max(ring // step, 1) + 1, cells)
    nearby = np.convolve(peaks, np.ones(width, np.float32) / width, mode="same")
    found: list[tuple[int, int]] = []
    strength: list[float] = []
    for cell in np.flatnonzero((peaks > max(_CLICK_LEAST, 8 * _step(x))) & (peaks > 2.5 * nearby)).tolist():
        at: int = cell * step + int(np.argmax(rough[cell * step : (cell + 1) * step]))
        if found and at < found[-1][1] + core:
            continue
        before, after = rough[max(at - core - ring, 0) : max(at - core, 0)][::-1], rough[at + core : at + core + ring]
        sides = [side for side in (before, after) if len(side) > near]
        if not sides:
            continue
        around = max(float(np.percentile(side[:n], 90)) for side in sides for n in (near, ring))
        worst = max(float(np.percentile(side, 99)) for side in sides)
        if rough[at] < ratio * max(around, worst / 2) or _begins_sound(x, at, core, ring):
            continue
        floor = max(3 * around, 0.05 * float(rough[at]))
        inside = np.flatnonzero(rough[max(at - core, 0) : at + core] > floor) + max(at - core, 0)
        if inside[-1] - inside[0] < max(_CLICK_S * rate, 6):
            found.append((int(inside[0]), int(inside[-1]) + 1))
            strength.append(float(rough[at]) / max(around, 1e-6))
    return (np.asarray(found, np.int64), np.asarray(strength, np.float32)) if found else nothing


def _begins_sound(x: FloatArray, at: int, core: int, ring: int) -> bool:
    """Whether what follows an impulse is a good part of it and over 12 dB above what went before: an attack."""
    before, after = x[max(at - core - ring, 0) : max(at - core, 0)], x[at + core : at + core + ring]
    level = float(np.std(after)) if len(after) else 0.0
    peak = float(np.max(np.abs(x[max(at - core, 0) : at + core])))
    return level > 0.2 * peak and level > 4 * (float(np.std(before)) if len(before) else 0.0)


def flat_tops(x: FloatArray) -> Runs:
    """Runs of three or more samples cut off at one level, at any level above -34 dBFS.

    The top is flat where neighbours differ by under 2e-4 of the level, and it is a cut, not a slow wave's crest,
    where the sample before and the one after fall off at least 20 times as steeply, both towards zero.
    """
    if len(x) < 5:
        return np.zeros((0, 2), np.int64)
    size = np.abs(x)
    still = np.abs(np.diff(x)) <= 2e-4 * size[1:]
    spans = runs(still & (size[1:] >= _CLIP_LEAST))
    spans[:, 1] += 1
    spans = spans[(spans[:, 1] - spans[:, 0] >= 3) & (spans[:, 0] > 0) & (spans[:, 1] < len(x))]
    if not len(spans):
        return spans
    sign = np.sign(x[spans[:, 0]])
    level = size[spans[:, 0]]
    rise = sign * (x[spans[:, 0]] - x[spans[:, 0] - 1])
    fall = sign * (x[spans[:, 1] - 1] - x[spans[:, 1]])
    cut: Runs = spans[(rise > 0) & (fall > 0) & (np.maximum(rise, fall) > 4e-3 * level)]
    return cut


def ceiling(x: FloatArray, spans: Runs) -> float | None:
    """The level at which `flat_tops` agree and which nothing passes, or None where that is not clipping.

    At least three tops within 0.1 dB of each other, and no sample more than 0.2 dB above them.
    """
    if len(spans) < 3:
        return None
    levels = np.abs(x[spans[:, 0]])
    top = float(np.percentile(levels, 90))
    peak = float(np.max(np.abs(x)))
    return top if np.sum(np.abs(levels - top) < 0.012 * top) >= 3 and peak < 1.024 * top else None


def ceilings(x: FloatArray, spans: Runs) -> tuple[float | None, float | None]:
    """`ceiling` of the crests and of the troughs: of each by itself, or of both together where each has too few."""
    sign = np.sign(x[spans[:, 0]])
    both = ceiling(x, spans)
    upper, lower = (ceiling(np.maximum(s * x, 0), spans[sign == s]) for s in (1, -1))
    return upper if upper is not None else both, lower if lower is not None else both


def gaps(x: FloatArray, rate: int, longest_s: float = 0.25) -> Runs:
    """Stretches of 1.5 ms to `longest_s` at digital zero that begin and end in the middle of sound."""
    spans = runs(np.abs(x) <= _ZERO)
    length = spans[:, 1] - spans[:, 0]
    spans = spans[(length >= max(0.0015 * rate, 8)) & (length <= longest_s * rate)]
    near, far = max(round(0.001 * rate), 4), round(0.02 * rate)
    kept = [
        (a, b)
        for a, b in spans.tolist()
        if _cut(x[max(a - far, 0) : a][::-1], near) and _cut(x[b : b + far], near)
    ]  # fmt: skip
    return np.asarray(kept, np.int64).reshape(-1, 2)


def _cut(outward: FloatArray, near: int) -> bool:
    """Whether sound stands at full strength right at the edge of a gap; `outward` leads away from it."""
    if len(outward) < 4 * near:
        return False
    edge, beyond = float(np.max(np.abs(outward[:near]))), float(np.sqrt(np.mean(outward**2)))
    return beyond > max(3e-3, 6 * _step(outward)) and edge > 0.4 * beyond
