"""Cues for guides."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from audiopost.core.spotting import Cue, CurvePoint, Duck, Fades, HitPoint, TempoFit

sys.path.insert(0, str(Path(__file__).parent))  # cue_strategies.py


@pytest.fixture(scope="session")
def calm() -> Cue:
    """45 s of tenderness under dialogue, with an upbeat of 0.3 s."""
    plain = Cue(1, 10.0, 55.0, "underscore", "tenderness", (66, 76), "major", ("piano", "soft strings"), "why", 0.8)
    return replace(
        plain,
        key="D major",
        texture="melody over broken chords",
        dynamics="p to mp",
        tempo=TempoFit(72.0, 10.3, 0.5, 1.0),
        hits=(HitPoint(36.1, "she looks up", 0.6),),
        ducks=(Duck(20.0, 24.0, -12.0), Duck(26.0, 30.0, -12.0)),
        fades=Fades(1.0, 2.5, "equal-power", "exponential"),
        curve=(CurvePoint(10.0, -0.4, 0.5), CurvePoint(55.0, -0.1, 0.6)),
    )


@pytest.fixture(scope="session")
def tense() -> Cue:
    """40 s of rising tension at 104 BPM with two hits."""
    made_of = ("low strings", "taiko drums", "bass clarinet")
    plain = Cue(2, 60.0, 100.0, "underscore", "tension", (96, 108), "phrygian", made_of, "why", 0.8)
    return replace(
        plain,
        key="E",
        texture="ostinato with accents",
        dynamics="mp to f",
        tempo=TempoFit(104.0, 60.0, 0.5, 1.0),
        hits=(HitPoint(73.9, "he turns", 0.6), HitPoint(97.0, "the door", 0.95)),
        fades=Fades(0.5, 1.0, "linear", "exponential"),
        curve=(CurvePoint(60.0, 0.3, -0.3), CurvePoint(97.0, 0.9, -0.6)),
    )


@pytest.fixture(scope="session")
def sting() -> Cue:
    """4 s that hit a face 0.9 s in."""
    plain = Cue(3, 110.0, 114.0, "sting", "fear", (80, 100), "minor", ("brass", "timpani"), "why", 0.8)
    hits, fades = (HitPoint(110.9, "the face", 0.9),), Fades(0.0, 1.0, "cut", "exponential")
    return replace(plain, dynamics="f", hits=hits, fades=fades)
