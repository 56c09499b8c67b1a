"""Wind: a low cut that follows the gusts and leaves the voice's partials between them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...analysis import wind
from ...analysis.bands import Event, hop
from ...core.audio import Audio, FloatArray
from ...io.scratch import spool
from . import Options, gains
from .link import Found, Mended

#: Wind's own band, where no voice is; above it the wind is estimated, up to where it ends.
_OWN_HZ, _END_HZ = (12.0, 62.0), (300.0, 500.0)
#: Wind is subtracted this many times over, as speech is not to be kept for what stands up to it by chance.
_OVER = 2.0
#: Frames that the shape of the wind is learnt from, and the flanks.
_LEARN, _FLANK = 3000, 10


def mend(audio: Audio, found: Found, options: Options) -> Mended | None:
    """Spectral subtraction below 500 Hz of what the level below 62 Hz and the wind's own slope say (Nelke 2014)."""
    voice, blows = gains.located(audio, found, wind.blows)
    if not blows:
        return None
    shape = _slope(audio, blows)
    own = _own(audio.rate)
    weight = 1 - gains.above(audio.rate, *_END_HZ)
    most = options.wind_max_reduction_db
    least = 0.0 if most is None else 10 ** (-most / 20)

    def gain(how_far: FloatArray, power: FloatArray) -> FloatArray:
        wind_power = power[:, own].mean(axis=1, keepdims=True) * shape
        left = np.sqrt(np.clip(1 - _OVER * wind_power / (power + 1e-20), least**2, 1))
        made: FloatArray = 1 - how_far[:, None] * weight * (1 - left)
        return made

    acts = gains.extent(blows, [1.0] * len(blows), _FLANK)
    seconds = sum(e.last - e.first for e in blows) * voice.step_s
    done = f"low end lowered through {seconds:.1f} s of wind"
    return Mended(spool(gains.lowered(audio, acts, gain), like=audio), done, limited=True)


def _own(rate: int) -> slice:
    return slice(*np.searchsorted(np.fft.rfftfreq(4 * hop(rate), 1 / rate), _OWN_HZ))


def _slope(audio: Audio, blows: Sequence[Event]) -> FloatArray:
    """(bins,) power against that of the wind's own band: exceeded in 60 % of frames, so that speech does not count."""
    own = _own(audio.rate)
    power = gains.powers(audio, blows, _LEARN)
    shape = np.percentile(power / (power[:, own].mean(axis=1, keepdims=True) + 1e-20), 40, axis=0).astype(np.float32)
    shape[: own.stop] = 1.0
    return np.asarray(shape, np.float32)
