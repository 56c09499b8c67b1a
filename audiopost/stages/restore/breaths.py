"""Breaths: loud ones are turned down to soft ones, in no band below the room's own sound."""

from __future__ import annotations

import numpy as np

from ...analysis import breaths
from ...analysis.bands import Event
from ...core.audio import Audio, FloatArray
from ...core.marks import counted
from ...io.scratch import spool
from . import Options, gains
from .link import Found, Mended

_FLANK = 4
#: Frames on either side, and frames at most, in which the room is heard, under which a breath is not lowered.
_ROOM, _LEARN = 25, 3000


def mend(audio: Audio, found: Found, options: Options) -> Mended | None:
    """Each loud breath comes down to the level of a soft one."""
    _, loud = gains.located(audio, found, breaths.loud)
    if not loud:
        return None
    most = options.breaths_max_reduction_db
    reduction = [e.over_db - breaths.USUAL_DB for e in loud]
    kept = reduction if most is None else [min(r, most) for r in reduction]
    around = [Event(max(e.first - _ROOM, 0), e.last + _ROOM, 0.0) for e in loud]
    room = np.percentile(gains.powers(audio, around, _LEARN), 20, axis=0).astype(np.float32)

    def gain(reduction_db: FloatArray, power: FloatArray) -> FloatArray:
        least = np.sqrt(np.minimum(room / (power + 1e-20), 1))
        return np.maximum(gains.below(reduction_db, np.ones(len(room), np.float32)), least)

    made = spool(gains.lowered(audio, gains.extent(loud, kept, _FLANK), gain), like=audio)
    return Mended(made, f"{counted(len(loud), 'breaths')} lowered by up to {max(kept):.1f} dB", limited=True)
