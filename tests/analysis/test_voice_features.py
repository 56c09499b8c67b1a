from __future__ import annotations

import numpy as np
import pytest

from audiopost.analysis.prosody import prosody
from audiopost.analysis.voice_features import CHANNEL, FEATURES, features, mask, syllable_marks
from audiopost.core.audio import Audio
from audiopost.core.time import Span

RATE = 16_000


def _voice(f0_hz: np.ndarray, level: np.ndarray | float = 1.0) -> Audio:
    """Ten harmonics whose pitch follows `f0_hz`, one value a sample."""
    phase = 2 * np.pi * np.cumsum(f0_hz) / RATE
    return Audio(0.05 * level * np.sum([np.sin(k * phase) / k for k in range(1, 11)], axis=0), RATE)


def _of(audio: Audio, *spans: Span) -> dict[str, float]:
    track = prosody(audio)
    spoken = mask(spans or [Span(0, audio.duration_s)], len(track))
    found = features(track, spoken, syllable_marks(track), 0.0, audio.duration_s)
    assert found is not None
    assert np.isfinite(found.values).all()
    return dict(zip(FEATURES, found.values.tolist(), strict=True))


def test_a_steady_voice_in_numbers() -> None:
    found = _of(_voice(np.full(2 * RATE, 200.0)))
    assert found["pitch median"] == pytest.approx(12, abs=0.05)
    assert found["pitch range"] < 0.1
    assert found["pitch movement"] < 1
    assert found["pause share"] == pytest.approx(0, abs=0.01)
    assert found["voiced share"] > 0.95
    assert found["log voiced length"] == pytest.approx(np.log(2), abs=0.1)


def test_a_rising_voice_rises_and_a_falling_one_falls() -> None:
    octave = 150 * 2 ** np.linspace(0, 1, 2 * RATE)
    up, down = _of(_voice(octave)), _of(_voice(octave[::-1]))
    assert up["pitch rise"] == pytest.approx(6, rel=0.1)
    assert down["pitch fall"] == pytest.approx(6, rel=0.1)
    assert up["pitch range"] == pytest.approx(12 * 0.6, rel=0.05)
    assert up["pitch median"] == pytest.approx(down["pitch median"], abs=0.1)


def test_syllables_and_pauses_are_counted() -> None:
    t = np.arange(4 * RATE) / RATE
    swells = 0.55 + 0.45 * np.sin(2 * np.pi * 4 * t)
    level = np.where((t > 1.5) & (t < 2.5), 0.0, swells)
    found = _of(_voice(np.full(len(t), 150.0), level), Span(0, 1.5), Span(2.5, 4))
    assert found["syllable rate"] == pytest.approx(4, abs=0.7)
    assert found["pause share"] == pytest.approx(0.25, abs=0.02)
    assert found["level range"] > 3


def test_no_level_is_in_any_feature(speech: Audio) -> None:
    loud, quiet = _of(speech), _of(Audio(speech.samples * 0.02, speech.rate))
    assert loud == pytest.approx(quiet, abs=1e-3)


def test_too_little_voice_says_nothing() -> None:
    track = prosody(Audio(np.zeros(RATE), RATE))
    assert features(track, mask([Span(0, 1)], len(track)), syllable_marks(track), 0, 1) is None
    voice = prosody(_voice(np.full(RATE, 200.0)))
    assert features(voice, mask([Span(0, 0.15)], len(voice)), syllable_marks(voice), 0, 1) is None
    assert features(voice, mask([Span(0, 1)], len(voice)), syllable_marks(voice), 5, 6) is None


def test_what_the_channel_sets_is_measured() -> None:
    assert set(CHANNEL) < set(FEATURES)
    assert len(set(FEATURES)) == len(FEATURES)
