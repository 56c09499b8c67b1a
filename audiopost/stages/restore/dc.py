"""DC: the mean of each channel, taken away."""

from __future__ import annotations

import numpy as np

from ...core.audio import Audio
from ...io.scratch import spool
from . import Options
from .link import Found, Mended

#: Without a finding, an offset under this (0.2 % of full scale) is left.
_LEAST = 2e-3


def mend(audio: Audio, found: Found, options: Options) -> Mended | None:
    total = np.zeros(audio.channels)
    for block in audio.blocks(1 << 16):
        total += block.sum(axis=1, dtype=np.float64)
    mean = (total / max(audio.frames, 1)).astype(np.float32)[:, np.newaxis]
    size = float(np.abs(mean).max())
    if found is None and size < _LEAST:
        return None
    centred = spool((block - mean for block in audio.blocks(1 << 16)), like=audio)
    return Mended(centred, f"DC of {100 * size:.2f} % removed")
