"""Sibilance: sharp sibilants are lowered above 4 kHz, each as a whole, so that an s stays an s."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...analysis import sibilance
from ...analysis.bands import Event, Voice
from ...analysis.defects import runs
from ...core.audio import Audio
from ...core.marks import counted
from ...core.time import Span
from ...dsp.loudness import Meter
from ...io.scratch import spool
from . import Options, gains
from .link import Found, Mended

_CROSSOVER_HZ = (3000.0, 4500.0)
_FLANK = 2
#: Most by which the speech's loudness may fall: where sibilants make a good part of it, they are lowered by less.
_QUIETER_LU = 0.5


def mend(audio: Audio, found: Found, options: Options) -> Mended | None:
    """Each sibilant near a sharp one that is louder than usual comes down to that level."""
    voice, sharp = gains.located(audio, found, sibilance.sharp)
    loud = sibilance.beside(sharp, sibilance.sibilants(voice), voice)
    if not loud:
        return None
    most = options.sibilance_max_reduction_db
    reduction = [e.over_db - sibilance.USUAL_DB for e in loud]
    kept = reduction if most is None else [min(r, most) for r in reduction]
    weight = gains.above(audio.rate, *_CROSSOVER_HZ)
    talk = _speech(voice, loud)
    before = _loudness(audio, talk)
    while True:
        acts = gains.extent(loud, kept, _FLANK)
        made = spool(gains.lowered(audio, acts, lambda db, power: gains.below(db, weight)), like=audio)
        quieter = before - _loudness(made, talk)
        if quieter <= _QUIETER_LU:
            break
        # What goes grows more slowly than the decibels: a step beyond proportion ends this in one or two rounds.
        kept = [r * min(_QUIETER_LU / quieter, 0.95) ** 1.2 for r in kept]
    return Mended(made, f"{counted(len(loud), 'sibilants')} lowered by up to {max(kept):.1f} dB", limited=True)


def _speech(voice: Voice, events: Sequence[Event]) -> list[Span]:
    """Where speech is heard within ten seconds of the events."""
    reach = round(sibilance.NEAR_S / voice.step_s)
    near = np.zeros(len(voice.speech), np.bool_)
    for event in events:
        near[max(event.first - reach, 0) : event.last + reach] = True
    return [Span(a * voice.step_s, b * voice.step_s) for a, b in runs(voice.speech & near).tolist()]


def _loudness(audio: Audio, spans: Sequence[Span]) -> float:
    """LUFS inside `spans`; 0 where they hold nothing."""
    meter = Meter(audio.rate, audio.layout, true_peak=False)
    for block in audio.blocks(audio.rate):
        meter.push(block)
    return meter.mean_lufs(spans) or 0.0
