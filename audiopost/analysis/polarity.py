"""Polarity: whether one channel of a pair is the other turned round, in the whole recording."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

#: The pairs of channels that belong together.
PAIRS = (("L", "R"), ("Ls", "Rs"), ("Lb", "Rb"))
#: RMS (dBFS) from which a second of a channel counts.
HEARD_DBFS = -60.0
#: Correlation of all there is; and of a second, in this share of those that are heard.
_WHOLE, _SECOND, _SHARE = -0.8, -0.5, 0.7


def heard(left: Values, right: Values, frames: Values) -> NDArray[np.bool_]:
    """The seconds in which both channels sound, by their energies (n,) and lengths in frames (n,)."""
    return np.asarray(np.minimum(left, right) / frames > 10 ** (HEARD_DBFS / 10))


def inverted(left: Values, right: Values, cross: Values, frames: Values) -> float | None:
    """The correlation where the one channel is the other turned round, else None.

    Energies of the two channels less their means, and their product, second by second: (n,) each.
    """
    counts = heard(left, right, frames)
    if not counts.any():
        return None
    whole = float(cross.sum() / np.sqrt(left.sum() * right.sum()))
    share = float(np.mean(cross[counts] < _SECOND * np.sqrt(left * right)[counts]))
    return whole if whole < _WHOLE and share > _SHARE else None
