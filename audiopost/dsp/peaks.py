"""Outlines of sound for drawing: lowest and highest sample of buckets, each level coarser than the one before.

Level 0 has buckets of `BASE` frames, every further level ones `FACTOR` times as long. Values are int16, full scale
`FULL_SCALE`; what lies beyond full scale is drawn at it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..core.audio import FloatArray

Peaks = NDArray[np.int16]

BASE, FACTOR = 256, 4
FULL_SCALE = 32767
#: No level is made of one that has at most this many buckets: a screen is wider.
_FEW = 512


def bucket_frames(level: int) -> int:
    """Frames in each bucket of a level."""
    return BASE * int(FACTOR**level)


def level_counts(frames: int) -> tuple[int, ...]:
    """How many buckets each level has, finest first, for a recording of so many frames."""
    counts = [-(-frames // BASE)]
    while counts[-1] > _FEW:
        counts.append(-(-counts[-1] // FACTOR))
    return tuple(counts)


def outline(samples: FloatArray, size: int = BASE) -> Peaks:
    """(buckets, 2): lowest and highest sample of all channels in each `size` frames of (channels, n).

    The last bucket may be shorter.
    """
    starts = np.arange(0, samples.shape[1], size)
    if not len(starts):
        return np.zeros((0, 2), np.int16)
    low = np.minimum.reduceat(samples, starts, axis=1).min(axis=0)
    high = np.maximum.reduceat(samples, starts, axis=1).max(axis=0)
    values = np.clip(np.stack([low, high], axis=1), -1, 1) * FULL_SCALE
    return np.asarray(np.rint(values), np.int16)


def coarser(peaks: Peaks, factor: int = FACTOR) -> Peaks:
    """(ceil(n / factor), 2) of (n, 2): every `factor` buckets as one."""
    if factor == 1 or not len(peaks):
        return peaks
    starts = np.arange(0, len(peaks), factor)
    low, high = np.minimum.reduceat(peaks[:, 0], starts), np.maximum.reduceat(peaks[:, 1], starts)
    return np.stack([low, high], axis=1)
