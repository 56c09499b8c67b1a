"""Soft clipping: the curve that pressed the crests together is told from the sound, and undone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ...analysis.saturation import Listener, Saturated
from ...core.audio import Audio, FloatArray, full_range
from ...dsp.loudness import integrated_loudness
from ...io.scratch import spool
from . import Options
from .link import Found, Mended

#: From one stretch's end to untouched sound.
_FADE_S = 0.02


def mend(audio: Audio, found: Found, options: Options) -> Mended | None:
    """Every stretch through the inverse of its curve; then all of the recording is turned so that its loudness stays.

    The inverse rises without bends and by no more than 30 dB; where no curve stands out once it is fitted, the sound is
    left as it is.
    """
    listener = Listener(audio.rate, full_range(audio.layout), fit=True)
    for block in audio.blocks(audio.rate):
        listener.feed(block)
    listener.close()
    stretches = [
        s for s in listener.found if found is None or any(s.start_s < f.end_s and f.start_s < s.end_s for f in found)
    ]
    if not stretches:
        return None
    undone = spool(_undone(audio, stretches), like=audio)
    before, after = integrated_loudness(audio), integrated_loudness(undone)
    turned_db = before - after if before is not None and after is not None else 0.0
    most = max(s.pressed_db for s in stretches)
    done = f"crests raised by up to {most:.1f} dB, all turned by {turned_db:+.1f} dB so that the loudness stays"
    gain = np.float32(10 ** (turned_db / 20))
    return Mended(spool((block * gain for block in undone.blocks(1 << 16)), like=audio), done)


def _undone(audio: Audio, stretches: Sequence[Saturated]) -> Iterator[FloatArray]:
    at = 0
    for block in audio.blocks(audio.rate):
        time = (at + np.arange(block.shape[1])) / audio.rate
        at += block.shape[1]
        out = block.copy()
        for stretch in stretches:
            outside = np.maximum(stretch.start_s - time, time - stretch.end_s)
            if outside.min(initial=np.inf) < _FADE_S:
                share = np.clip(1 - outside / _FADE_S, 0, 1)
                x = out[stretch.channel]
                out[stretch.channel] = x + share * (stretch.curve.undone(x) - x)
        yield out
