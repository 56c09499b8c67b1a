"""Mood of a track as arousal and valence, -1..1, by the published directions of what can be measured.

Fast, dense, bright, sharply struck music is heard as aroused; major mode, tempo and a clear tonality as pleasant
(Gabrielsson & Lindström 2010; Juslin & Laukka 2003; Eerola, Friberg & Bresin, Frontiers in Psychology 2013, who find
mode and tempo to weigh most and effects to add up nearly linearly). Level is left out: it is the mixer's. The weights
are ours, in that order, and were not fitted to anybody's ratings: two tracks are told apart, one value alone is not to
be trusted. Words, instruments and style are not heard, and valence is the weaker of the two, as in all models of sound
(Eerola, "Are the emotions expressed in music genre-specific?", JNMR 2011).
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Traits:
    """What the mood is read from. `bpm` None: no pulse; `density` onsets a second; `attack` mean rise of the spectrum;
    `mode` as in Key, with its confidence."""

    bpm: float | None
    density: float
    brightness_hz: float
    attack: float
    mode: str
    key_confidence: float


#: Median and spread (half the distance of the 16th and 84th percentile) over 167 pieces of openly licensed music, 20
#: to 26 s each: `benchmarks/tempo.py --population` prints them.
_TEMPO = (math.log2(94.0), 0.40)
_DENSITY = (4.0, 1.7)
_BRIGHTNESS = (math.log2(1416.0), 0.61)
_ATTACK = (0.040, 0.018)


def mood(traits: Traits) -> tuple[float, float]:
    """Arousal and valence."""
    tempo = _against(math.log2(traits.bpm), _TEMPO) if traits.bpm else -0.5
    density = _against(traits.density, _DENSITY)
    bright = _against(math.log2(max(traits.brightness_hz, 20.0)), _BRIGHTNESS)
    attack = _against(traits.attack, _ATTACK)
    arousal = 0.25 * tempo + 0.3 * density + 0.2 * bright + 0.25 * attack
    mode = {"major": 1.0, "minor": -1.0}.get(traits.mode, 0.0) * (0.4 + 0.6 * traits.key_confidence)
    valence = 0.6 * mode + 0.25 * tempo + 0.1 * density + 0.15 * (2 * traits.key_confidence - 1)
    return round(math.tanh(0.8 * arousal), 3), round(math.tanh(0.8 * valence), 3)


def _against(value: float, population: tuple[float, float]) -> float:
    """In spreads of the population, at most 2.5."""
    return min(max((value - population[0]) / population[1], -2.5), 2.5)
