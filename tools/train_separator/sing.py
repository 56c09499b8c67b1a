"""Sung voices by rule: somebody's speech on the notes of a tune, by WORLD (Morise et al., IEICE Trans. 2016).

Songs under dialogue are music. No recording of singing may be shipped from here, but whoever speaks can be made to
sing: pitch and length of what they said are those of the notes, and the voice stays theirs. It sounds like a singing
machine, which is near enough to teach that a voice that holds a note is music.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .clips import RATE

Floats = NDArray[np.float32]
Dice = np.random.Generator

FRAME_S = 0.005
#: Of speech, so much is heard in a note at least and at most.
_SYLLABLE_S = (0.12, 0.4)


@dataclass(frozen=True)
class Sung:
    """A note: when, how long, and its pitch as a MIDI number."""

    start_s: float
    length_s: float
    pitch: int


def sing(speech: Floats, notes: Sequence[Sung], length_s: float, dice: Dice) -> Floats:
    """`speech` (n,) at RATE on `notes`, (length_s * RATE,); zeros where nobody can be heard to speak."""
    import pyworld

    wave = np.asarray(speech, np.float64)
    pitch, times = pyworld.dio(wave, RATE, f0_floor=65, f0_ceil=600, frame_period=FRAME_S * 1000)
    pitch = pyworld.stonemask(wave, pitch, times, RATE)
    frames = round(length_s / FRAME_S)
    if not (pitch > 0).any():
        return np.zeros(round(length_s * RATE), np.float32)
    envelope, noise = pyworld.cheaptrick(wave, pitch, times, RATE), pyworld.d4c(wave, pitch, times, RATE)
    sung = np.zeros(frames)
    source = np.full(frames, -1)
    own = float(np.median(pitch[pitch > 0])) * 2 ** (dice.uniform(0, 7) / 12)  # singers sing higher than they speak
    octave = 12 * round(np.log2(own / np.median([_hz(note.pitch) for note in notes])))
    vibrato_hz, depth = dice.uniform(4.5, 6.5), dice.uniform(0.0, 0.5)
    at, before = int(dice.integers(len(pitch))), None
    for note in notes:
        first, last = round(note.start_s / FRAME_S), min(round((note.start_s + note.length_s) / FRAME_S), frames)
        count = last - first
        if count < 6:
            continue
        spoken = round(float(np.clip(note.length_s, *_SYLLABLE_S)) * dice.uniform(0.8, 1.2) / FRAME_S)
        # The syllable comes as fast as it was spoken, and its middle is held.
        place = np.interp(np.linspace(0, 1, count), (0, min(0.3, 0.5 * spoken / count), 0.85, 1), (0, 0.4, 0.7, 1))
        source[first:last] = (at + place * spoken).astype(int) % len(pitch)
        seconds = np.arange(count) * FRAME_S
        bend = depth * np.clip((seconds - 0.2) / 0.3, 0, 1) * np.sin(2 * np.pi * vibrato_hz * seconds)
        glide = (before - note.pitch) * np.exp(-seconds / 0.03) if before is not None else 0.0
        sung[first:last] = _hz(note.pitch + octave + bend + glide + dice.normal(0, 0.08))
        before = note.pitch
        at = (at + spoken) % len(pitch)
    there = source >= 0
    sung[(source < 0) | (pitch[source] <= 0)] = 0
    # Where nothing is sung the envelope is as good as zero: WORLD makes noise of it.
    spectrum, breath = np.full((frames, envelope.shape[1]), 1e-16), np.ones((frames, noise.shape[1]))
    spectrum[there], breath[there] = envelope[source[there]], noise[source[there]]
    wave = pyworld.synthesize(sung, spectrum, breath, RATE, FRAME_S * 1000)[: round(length_s * RATE)]
    return np.pad(wave, (0, round(length_s * RATE) - len(wave))).astype(np.float32)


def _hz(pitch: float | NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(440 * 2 ** ((np.asarray(pitch, np.float64) - 69) / 12))
