"""Polarity: a right channel that is the left one turned round, in the whole recording."""

from __future__ import annotations

import numpy as np

from ...core.audio import Audio
from ...io.scratch import spool
from . import Options
from .link import Found, Mended


def mend(audio: Audio, found: Found, options: Options) -> Mended | None:
    """The right channel inverted where left and right correlate by less than -0.8."""
    if not {"L", "R"} <= set(audio.layout):
        return None
    left, right = audio.layout.index("L"), audio.layout.index("R")
    sums = np.zeros(3)
    for block in audio.blocks(1 << 16):
        a, b = block[left], block[right]
        sums += (float(a @ a), float(b @ b), float(a @ b))
    if sums[2] > -0.8 * np.sqrt(sums[0] * sums[1]) or sums[2] == 0:
        return None
    sign = np.ones((audio.channels, 1), np.float32)
    sign[right] = -1
    return Mended(spool((block * sign for block in audio.blocks(1 << 16)), like=audio), "right channel turned round")
