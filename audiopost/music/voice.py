"""Whether somebody sings or speaks in a track.

The speech detector hears rap, spoken words and bare voices; singing inside a full band it misses (of the one song at
hand with its stems it hears 21 % of the vocals alone, none of them in the mix). Where YAMNet lies on the machine its
classes of singing count too. Without it a low value means: no bare voice.
"""

from __future__ import annotations

import math

import numpy as np

from ..analysis import vad, yamnet
from ..core.audio import Audio

#: Singing, choir, yodelling, chant, mantra, child's and synthetic singing, rapping: lines of yamnet_class_map.csv.
_SINGING = (24, 25, 26, 27, 28, 29, 30, 31)
#: Share of speech-like windows that makes a voice as likely as not: instrumental pieces reach .03.
_SHARE = 0.15


def speech_share(audio: Audio) -> float:
    """The share of `audio` in which the speech detector hears a voice."""
    probability = vad.speech_probability(audio)
    return float(np.mean(probability > 0.5)) if len(probability) else 0.0


def vocal(audio: Audio, share: float) -> float:
    """Probability 0..1 that there is a voice, of `speech_share` and, where it is at hand, YAMNet."""
    found = 1 - math.exp(-math.log(2) * share / _SHARE)
    model = yamnet.locate()
    if model is not None and yamnet.availability().ready:
        scores = yamnet.scores(audio, model, _SINGING).max(axis=1)
        found = max(found, float(np.percentile(scores, 75))) if len(scores) else found
    return round(found, 3)
