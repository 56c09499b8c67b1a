"""Polarity: a channel that is its neighbour turned round in the whole recording."""

from __future__ import annotations

import numpy as np

from ...analysis import polarity
from ...core.audio import Audio
from ...io.scratch import spool
from . import Options
from .link import Found, Mended


def mend(audio: Audio, found: Found, options: Options) -> Mended | None:
    """The right one of each inverted pair is turned round: of the front, of the surrounds, of the back."""
    pairs = [pair for pair in polarity.PAIRS if set(pair) <= set(audio.layout)]
    seconds: list[list[tuple[float, ...]]] = [[] for _ in pairs]
    for block in audio.blocks(audio.rate):
        for pair, sums in zip(pairs, seconds, strict=True):
            left, right = (block[k] - block[k].mean() for k in map(audio.layout.index, pair))
            sums.append((float(left @ left), float(right @ right), float(left @ right), float(len(left))))
    turned = [
        right
        for (_, right), sums in zip(pairs, seconds, strict=True)
        if sums and polarity.inverted(*np.asarray(sums, np.float64).T) is not None
    ]
    if not turned:
        return None
    sign = np.ones((audio.channels, 1), np.float32)
    sign[[audio.layout.index(name) for name in turned]] = -1
    made = spool((block * sign for block in audio.blocks(1 << 16)), like=audio)
    return Mended(made, f"channel {' and '.join(turned)} turned round", whole=True)
