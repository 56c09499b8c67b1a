"""Restore: faults get smaller, everything else stays as it was."""

from __future__ import annotations

import numpy as np
import pytest

from audiopost.core.audio import Audio
from audiopost.core.marks import Finding
from audiopost.core.project import MediaInfo, Project
from audiopost.core.stage import silent
from audiopost.io.decode import load
from audiopost.stages.diagnose import diagnose
from audiopost.stages.restore import Options, Stage, repair, restore
from audiopost.stages.restore.interpolate import autoregressive


@pytest.fixture
def voice(shared):
    return load(shared / "audio/speech_clean/librispeech/237-126133-0000.flac").audio


def error_db(reference, audio):
    return 10 * np.log10(np.sum((audio.samples - reference) ** 2) + 1e-20)


def improvement(voice, hurt):
    audio = Audio(hurt, voice.rate)
    mended = restore(audio, diagnose(audio))
    assert (mended.frames, mended.rate, mended.layout) == (audio.frames, audio.rate, audio.layout)
    return error_db(voice.samples, audio) - error_db(voice.samples, mended)


def test_nothing_found_is_bit_identical(voice):
    assert restore(voice, ()) == voice
    assert restore(voice) == voice


def test_hum_goes_and_the_voice_stays(voice):
    t = np.arange(voice.frames) / voice.rate
    hum = 0.01 * sum(np.sin(2 * np.pi * k * 50.03 * t + k) / k for k in (1, 2, 3, 5))
    assert improvement(voice, voice.samples + hum) > 12


def test_hum_amount_and_switch(tone):
    hum = tone(50, seconds=6, rate=8000, dbfs=-20)
    finding = (Finding("hum", 0, 6, 0.5, "", "", 50.0),)
    rms = [np.sqrt(np.mean(restore(hum, finding, hum_amount=a).samples ** 2)) for a in (0, 50, 100)]
    assert rms[1] == pytest.approx(rms[0] / 2, rel=0.05)
    assert rms[2] < 0.02 * rms[0]
    assert restore(hum, finding, hum=False) == hum


def test_clicks_are_interpolated_and_the_rest_untouched(voice, rng):
    hurt = voice.samples.copy()
    where = rng.choice(np.arange(2000, voice.frames - 2000, 4000), 20, replace=False)
    hurt[0, where] += 0.5
    assert improvement(voice, hurt) > 10
    audio = Audio(hurt, voice.rate)
    changed = np.flatnonzero(restore(audio, diagnose(audio)).samples[0] != hurt[0])
    assert len(changed) < 40 * 20


def test_clipped_crests_rise_within_the_headroom(voice):
    limit = 0.4 * voice.peak()
    hurt = np.clip(voice.samples, -limit, limit)
    assert improvement(voice, hurt) > 3
    mended = restore(Audio(hurt, voice.rate), clipping_headroom_db=3)
    assert 1.05 * limit < mended.peak() <= limit * 10 ** (3 / 20) + 1e-5


def test_short_dropouts_are_filled(tone):
    whole = tone(220, seconds=3).samples[0] + tone(1333, dbfs=-30, seconds=3).samples[0]
    hurt = whole.copy()
    hurt[70_000 : 70_000 + 480] = 0
    audio = Audio(hurt, 48_000)
    mended = restore(audio, diagnose(audio))
    assert error_db(whole, mended) < error_db(whole, audio) - 20


def test_dc_and_rumble_and_polarity(voice, rng):
    assert improvement(voice, voice.samples + 0.02) > 20
    t = np.arange(voice.frames) / voice.rate
    mended = restore(
        Audio(0.1 * np.sin(2 * np.pi * 12 * t), voice.rate), (Finding("rumble", 0, voice.duration_s, 0.5, "", ""),)
    )
    assert mended.peak() < 0.03
    pair = Audio(np.stack([voice.samples[0], -voice.samples[0]]), voice.rate)
    turned = restore(pair, diagnose(pair)).samples
    assert np.array_equal(turned[0], turned[1])


def test_dc_goes_where_it_stands_and_only_there(voice):
    """An offset that begins and ends within the recording, in one channel, to some milliseconds."""
    hurt = np.concatenate([voice.samples, voice.samples], axis=0)
    first, last = round(3.4 * voice.rate), round(10.7 * voice.rate)
    hurt[0, first:last] += 0.03
    audio = Audio(hurt, voice.rate)
    mended = restore(audio, diagnose(audio)).samples
    assert np.array_equal(mended[1], voice.samples[0])
    changed = np.flatnonzero(mended[0] != hurt[0])
    assert abs(changed[0] - first) < 0.05 * voice.rate
    assert abs(changed[-1] - last) < 0.05 * voice.rate
    middle = slice(first + voice.rate // 10, last - voice.rate // 10)
    assert np.abs(mended[0, middle] - voice.samples[0, middle]).max() < 0.001


def test_rumble_is_high_passed_where_it_was_found(tone):
    audio = tone(25, seconds=9, rate=8000, dbfs=-20)
    mended = restore(audio, (Finding("rumble", 3.0, 5.0, 0.5, "", ""),)).samples[0]
    changed = np.flatnonzero(mended != audio.samples[0]) / 8000
    assert 2.49 < changed[0] < changed[-1] < 5.51
    assert np.abs(mended[3 * 8000 : 5 * 8000]).max() < 0.3 * np.abs(audio.samples).max()
    assert np.abs(np.diff(mended - audio.samples[0])).max() < 0.01


@pytest.mark.parametrize("amount", [30, 100])
def test_each_inverted_pair_is_turned_round_and_always_whole(shared, rng, amount):
    talk = load(shared / "audio/speech_clean/librispeech/237-126133-0000.flac").audio
    talk, rate = talk.samples[0, : 6 * talk.rate], talk.rate
    noise = 0.05 * rng.standard_normal((6, len(talk))).astype(np.float32)
    film = noise.copy()
    film[4], film[5] = talk, -0.8 * talk
    found = diagnose(Audio(film, rate))
    assert [f.kind for f in found if f.kind == "polarity"]
    result = repair(Audio(film, rate), found, polarity_amount=amount, polarity_max_reduction_db=6, dc=False)
    assert [(r.name, r.amount_percent, r.done) for r in result.repairs] == [
        ("polarity", 100.0, "channel Rs turned round")
    ]
    assert np.array_equal(result.audio.samples[5], 0.8 * talk)
    assert np.array_equal(result.audio.samples[:5], film[:5])


def test_autoregressive_interpolation_rebuilds_a_sinusoid():
    x = np.sin(np.arange(600) * 0.21).astype(np.float32)
    missing = np.zeros(600, bool)
    missing[280:310] = True
    assert np.abs(autoregressive(np.where(missing, 0, x), missing) - x).max() < 0.02


@pytest.mark.parametrize("samples", [np.zeros((2, 48_000)), np.ones((1, 1)), np.sign(np.sin(np.arange(48_000) / 40))])
def test_odd_input_comes_back_finite(samples):
    audio = Audio(samples, 48_000)
    mended = restore(audio, diagnose(audio, min_severity=0))
    assert mended.frames == audio.frames
    assert np.isfinite(mended.samples).all()


def test_the_lfe_keeps_its_low_end(rng):
    t = np.arange(4 * 8000) / 8000
    low = 0.1 * np.sin(2 * np.pi * 25 * t) + 0.1 * np.sin(2 * np.pi * 50 * t)
    surround = Audio(np.tile(low, (6, 1)), 8000)
    faults = (Finding("rumble", 0, 4, 0.5, "", ""), Finding("hum", 0, 4, 0.5, "", "", 50.0))
    mended = restore(surround, faults)
    assert np.array_equal(mended.samples[3], surround.samples[3])
    assert np.abs(mended.samples[[0, 1, 2, 4, 5], 8000:-8000]).max() < 0.05


@pytest.mark.parametrize("at", [10, 24_000, 47_950, 48_000, 60_000])
def test_a_click_counts_once_wherever_it_lies(tone, at):
    x = tone(220, seconds=2, dbfs=-30).samples.copy()
    x[0, at] += 0.8
    audio = Audio(x, 48_000)
    media = MediaInfo("x.wav", "", "WAV", "FLOAT", 48_000, 1, ("M",), 2.0)
    project = Stage()(Project(media, audio, findings=(Finding("clicks", 0, 2, 0.5, "", ""),)), Options(), silent)
    assert "; 1 clicks interpolated" in project.step("restore").reason
    assert project.restored.samples[0, at] == pytest.approx(tone(220, seconds=2, dbfs=-30).samples[0, at], abs=0.02)


def test_stage_says_what_it_did(voice):
    media = MediaInfo("x.wav", "", "WAV", "FLOAT", voice.rate, 1, ("M",), voice.duration_s)
    hurt = Audio(voice.samples + 0.02, voice.rate)
    project = Stage()(Project(media, hurt, findings=diagnose(hurt)), Options(), silent)
    assert "DC of" in project.step("restore").reason
    untouched = Stage()(Project(media, voice, findings=()), Options(), silent)
    assert untouched.restored == voice
    assert "nothing to mend" in untouched.step("restore").reason
