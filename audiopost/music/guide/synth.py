"""One tone of a timbre as samples."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...core.audio import FloatArray
from .timbres import Timbre

Array = NDArray[np.float64]

#: Partials above this share of the rate, or this many Hz, are left out.
_HIGHEST, _HIGHEST_HZ = 0.42, 12_000.0
#: Vibrato in Hz, and when after the attack it sets in.
_VIBRATO_HZ, _VIBRATO_FROM_S, _VIBRATO_FULL_S = 5.2, 0.25, 0.7
#: How far the players of an ensemble stray.
_DRIFT_CENTS = 4.0
_MIDDLE_C_HZ = 261.63
#: A stroke's noise dies away in this time, and lies in this band, Hz.
_STROKE_S, _NOISE_BAND = 0.012, (1200.0, 7000.0)


def hertz(pitch: float) -> float:
    """The frequency of a MIDI pitch in equal temperament, A4 = 440 Hz."""
    return float(440 * 2 ** ((pitch - 69) / 12))


def tone(timbre: Timbre, pitch: int, length_s: float, bright: float, rate: int) -> FloatArray:
    """(n,) with its release, about 0 dBFS RMS at its loudest for the timbre's level 1; `bright` 0..1."""
    t = np.arange(max(1, round((length_s + timbre.release_s) * rate))) / rate
    sound = np.zeros(len(t))
    if timbre.levels:
        for voice, cents in enumerate(timbre.chorus):
            phase = _phase(timbre, hertz(pitch + cents / 100), voice, t)
            # The first player leads: equal ones would cancel each other now and then.
            sound += (0.5 if voice else 1.0) * _partials(timbre, hertz(pitch), phase, bright, rate, t)
        power = (1 + 0.25 * (len(timbre.chorus) - 1)) * sum(level**2 for level in timbre.levels) / 2
        sound /= np.sqrt(power)
    if timbre.noise:
        sound += timbre.noise * _noise(timbre, pitch, rate, t)
    return np.asarray(timbre.level * sound * _envelope(timbre, length_s, rate, t), np.float32)


def _phase(timbre: Timbre, hz: float, voice: int, t: Array) -> Array:
    phase = 2 * np.pi * hz * t
    if timbre.vibrato:
        grown = np.clip((t - _VIBRATO_FROM_S) / (_VIBRATO_FULL_S - _VIBRATO_FROM_S), 0, 1)
        phase += grown * _swing(hz, timbre.vibrato, _VIBRATO_HZ + 0.3 * voice, voice, t)
    if len(timbre.chorus) > 2:
        # Nobody holds a pitch exactly: without it voices a few cents apart throb like a machine.
        phase += _swing(hz, _DRIFT_CENTS, 0.37 + 0.23 * voice, 1.7 * voice, t)
    # Voices begin at different places of their waves, or their first moment would be a click of three.
    return phase + 2.1 * voice


def _swing(hz: float, cents: float, swing_hz: float, begin: float, t: Array) -> Array:
    """The phase that a tone of `hz` gains by swinging `cents` up and down."""
    depth = (2 ** (cents / 1200) - 1) * hz / swing_hz
    return np.asarray(depth * np.sin(2 * np.pi * swing_hz * t + begin))


def _partials(timbre: Timbre, hz: float, phase: Array, bright: float, rate: int, t: Array) -> Array:
    """The sum of the partials, each with its decay. Harmonic ones are powers of one rotating number."""
    highest = min(_HIGHEST * rate, _HIGHEST_HZ)
    softer = 0.62 + 0.38 * bright
    low = (_MIDDLE_C_HZ / hz) ** 0.5  # low strings ring longer
    out = np.zeros(len(phase))
    turn = np.exp(1j * phase)
    power = np.ones_like(turn)
    for n, level in enumerate(timbre.levels):
        ratio = timbre.ratios[n] if timbre.ratios else n + 1
        if hz * ratio > highest:
            break
        if timbre.ratios:
            wave = np.sin(ratio * phase)
        else:
            power = power * turn
            wave = power.imag
        if timbre.decay_s:
            wave = wave * np.exp(-t * (1 + timbre.damp * n) / (timbre.decay_s * low))
        out += level * softer**n * wave
    return out


def _noise(timbre: Timbre, pitch: int, rate: int, t: Array) -> Array:
    from scipy.signal import butter, sosfilt

    white = np.random.default_rng(pitch).standard_normal(len(t))
    top = min(_NOISE_BAND[1], 0.45 * rate)
    bottom = min(3500.0 if not timbre.levels else _NOISE_BAND[0], 0.6 * top)
    band = np.asarray(sosfilt(butter(2, [bottom, top], "bandpass", fs=rate, output="sos"), white))
    if timbre.breath:
        return band
    return 3 * band * np.exp(-t / (_STROKE_S if timbre.levels else 0.03))


def _envelope(timbre: Timbre, length_s: float, rate: int, t: Array) -> Array:
    attack = 0.5 - 0.5 * np.cos(np.pi * np.clip(t / timbre.attack_s, 0, 1))
    release = 0.5 + 0.5 * np.cos(np.pi * np.clip((t - length_s) / timbre.release_s, 0, 1))
    return np.asarray(attack * release)
