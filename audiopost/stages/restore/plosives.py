"""Plosives: the thump is lowered below the voice's fundamental, and only while it lasts."""

from __future__ import annotations

from ...analysis import plosives
from ...core.audio import Audio
from ...core.marks import counted
from ...io.scratch import spool
from . import Options, gains
from .link import Found, Mended

#: All below the first, nothing above the second.
_CORNER_HZ = (70.0, 150.0)
_FLANK = 1


def mend(audio: Audio, found: Found, options: Options) -> Mended | None:
    """Each thump comes down to the low end around it."""
    _, thumps = gains.located(audio, found, plosives.thumps)
    if not thumps:
        return None
    most = options.plosives_max_reduction_db
    reduction = [e.over_db if most is None else min(e.over_db, most) for e in thumps]
    weight = 1 - gains.above(audio.rate, *_CORNER_HZ)
    acts = gains.extent(thumps, reduction, _FLANK)
    made = spool(gains.lowered(audio, acts, lambda db, power: gains.below(db, weight)), like=audio)
    return Mended(made, f"{counted(len(thumps), 'plosives')} lowered by up to {max(reduction):.1f} dB", limited=True)
