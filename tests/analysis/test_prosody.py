from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from audiopost.analysis.prosody import HOP_S, prosody, syllables
from audiopost.core.audio import Audio


def _voice(f0_hz: float, seconds: float = 1.0, rate: int = 16_000) -> Audio:
    """Harmonics that fall by 6 dB an octave, like a sung vowel."""
    t = np.arange(round(seconds * rate)) / rate
    harmonics = range(1, int(min(4000, rate / 2) / f0_hz))
    return Audio(0.1 * np.sum([np.sin(2 * np.pi * f0_hz * k * t) / k for k in harmonics], axis=0), rate)


@pytest.mark.parametrize("f0_hz", [75, 110, 165, 230, 330, 480])
@pytest.mark.parametrize("rate", [8_000, 16_000, 48_000])
def test_pitch_is_right_within_a_tenth_of_a_semitone(f0_hz: float, rate: int) -> None:
    f0 = prosody(_voice(f0_hz, rate=rate)).f0_hz[5:-5]
    assert np.all(f0 > 0)
    assert np.max(np.abs(12 * np.log2(f0 / f0_hz))) < 0.1


def test_noise_and_silence_have_no_pitch(rng: np.random.Generator) -> None:
    assert np.mean(prosody(Audio(rng.normal(0, 0.1, 32_000), 16_000)).f0_hz > 0) < 0.05
    assert not prosody(Audio(np.zeros(16_000), 16_000)).f0_hz.any()


def test_level_is_that_of_a_sine(tone: Callable[..., Audio]) -> None:
    assert np.median(prosody(tone(500, dbfs=-20)).level_db) == pytest.approx(-23, abs=0.3)


def test_tilt_rises_with_brightness(tone: Callable[..., Audio]) -> None:
    dark, bright = tone(300, -20), tone(2000, -20)
    mixed = Audio(dark.samples + bright.samples, dark.rate)
    assert np.median(prosody(mixed).tilt_db) == pytest.approx(0, abs=0.5)
    assert np.median(prosody(dark).tilt_db) < -30


@pytest.mark.parametrize("frames", [0, 1, 159, 160, 161, 5000])
def test_one_frame_each_10_ms(frames: int) -> None:
    assert len(prosody(Audio(np.zeros(frames), 16_000))) == -(-frames // 160)


def test_syllables_are_the_voiced_peaks() -> None:
    t = np.arange(300) * HOP_S
    level = (-20 + 10 * np.sin(2 * np.pi * 4 * t)).astype(np.float32)
    assert syllables(level, np.ones(300, bool)).sum() in (11, 12)
    assert not syllables(level, np.zeros(300, bool)).any()
    assert not syllables(np.full(300, -20, np.float32), np.ones(300, bool)).any()
