"""Music activity on real music, speech, their mix, and on what is neither."""

from __future__ import annotations

import numpy as np
import pytest

from audiopost.analysis.music import music_probability, spans_of, with_yamnet
from audiopost.core.audio import Audio
from audiopost.core.time import Span
from audiopost.dsp.resample import resample
from audiopost.io.decode import load


def mono(path, end_s):
    audio = load(path).audio.between(0, end_s)
    return resample(audio.samples.mean(axis=0, keepdims=True), audio.rate, 16_000)[0]


def music_spans(audio, hum_hz=None):
    return spans_of(music_probability(audio, hum_hz=hum_hz), audio.duration_s)


def share(audio):
    return sum(s.duration_s for s in music_spans(audio)) / audio.duration_s


@pytest.fixture
def voice(shared):
    return mono(shared / "audio/speech_clean/librispeech/1089-134686-0018.flac", 15)


@pytest.fixture
def strings(shared):
    return mono(shared / "audio/music/brahms_hungarian5_strings.ogg", 15)


def test_music_is_music_and_speech_is_not(voice, strings):
    assert share(Audio(strings, 16_000)) > 0.9
    assert share(Audio(voice, 16_000)) < 0.1


def test_music_under_speech_is_found(voice, strings):
    n = min(len(voice), len(strings))
    under = strings[:n] / strings.std() * voice.std() * 10 ** (-10 / 20)
    assert share(Audio(voice[:n] + under, 16_000)) > 0.6


def test_spans_begin_and_end_where_music_does(voice, strings):
    spans = music_spans(Audio(np.concatenate([voice, strings, voice]), 16_000))
    longest = max(spans, key=lambda s: s.duration_s)
    assert longest.start_s == pytest.approx(len(voice) / 16_000, abs=2.5)
    assert longest.end_s == pytest.approx((len(voice) + len(strings)) / 16_000, abs=2.5)


@pytest.mark.parametrize("frames", [0, 1, 900, 16_000, 100_000])
def test_one_probability_a_second_and_none_for_silence(frames):
    curve = music_probability(Audio(np.zeros((2, frames)), 48_000))
    assert len(curve) == -(-round(frames / 3) // 16_000)
    assert not curve.any()


def test_level_does_not_matter(strings):
    loud = music_probability(Audio(strings[:48_000], 16_000))
    soft = music_probability(Audio(strings[:48_000] * np.float32(0.1), 16_000))
    assert np.allclose(loud, soft, atol=0.05)


def test_spans_close_gaps_and_drop_short_ones():
    curve = np.array([0, 0, 0.9, 0.9, 0.9, 0.1, 0.1, 0.9, 0.9, 0.9, 0, 0, 0, 0], np.float32)
    assert spans_of(curve, 14.0) == (Span(2, 10),)
    assert spans_of(curve, 14.0, min_s=9) == ()


def test_hum_in_the_pauses_is_not_music(scene):
    """The shipped scene: music at 0-6 s and 55.8-62 s, speech, and 50 Hz hum over all of it."""
    audio = load(scene).audio
    spans = music_spans(audio, hum_hz=50.0)
    heard = sum(span.duration_s for span in spans if 8 < span.middle_s < 54)
    assert heard <= 4
    assert spans[0].start_s <= 1
    assert spans[-1].end_s >= audio.duration_s - 2
    # Without knowing of the hum, more of the scene passes for music, but not most of it.
    known, unknown = (sum(span.duration_s for span in each) for each in (spans, music_spans(audio)))
    assert known < unknown < 25


def test_a_motor_is_not_music(rng):
    """Harmonics that stay, their pitch wandering a little: what power tools and engines sound like."""
    t = np.arange(12 * 16_000) / 16_000
    turn = 2 * np.pi * np.cumsum(120 * (1 + 0.003 * np.sin(2 * np.pi * 0.3 * t))) / 16_000
    motor = sum(rng.uniform(0.2, 1) / k**0.5 * np.sin(k * turn + rng.uniform(0, 6)) for k in range(1, 40))
    assert share(Audio(0.05 * motor + 0.02 * rng.standard_normal(len(t)), 16_000)) == 0


def test_yamnet_decides_where_ours_is_unsure():
    unsure = np.full(8, 0.5, np.float32)
    scores = np.zeros((15, 2), np.float32)
    assert with_yamnet(unsure, scores).max() < 0.1
    scores[:, 0] = 0.9
    assert with_yamnet(unsure, scores).min() > 0.6
    # What lies under speech is hidden from it: a little music there is much.
    assert (
        with_yamnet(unsure, np.tile([[0.1, 0.99]], (15, 1))).min()
        > with_yamnet(unsure, np.tile([[0.1, 0.0]], (15, 1))).max()
    )
    silent = np.zeros(3, np.float32)
    assert not with_yamnet(silent, scores).any()
    assert len(with_yamnet(np.zeros(0, np.float32), scores)) == 0
