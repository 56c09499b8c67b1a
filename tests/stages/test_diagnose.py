"""Diagnose: planted faults are found where they are, sound without faults stays without findings."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiopost.core.audio import Audio
from audiopost.core.errors import BadValue, UnknownName
from audiopost.core.project import MediaInfo, Project
from audiopost.core.stage import silent
from audiopost.io.decode import load
from audiopost.stages.diagnose import Options, Stage, diagnose


def kinds(audio, **changes):
    return {f.kind for f in diagnose(audio, **changes)}


def altered(audio, change):
    samples = audio.samples.astype(np.float64).copy()
    return Audio(change(samples), audio.rate)


def one(audio, kind):
    return next(f for f in diagnose(audio) if f.kind == kind)


@pytest.fixture
def voice(shared):
    """10 s of real clean speech, 16 kHz."""
    return load(shared / "audio/speech_clean/librispeech/237-126133-0000.flac").audio


def test_clean_real_speech_has_no_findings(voice):
    assert kinds(voice) == set()


@pytest.mark.parametrize("name", ["brahms_hungarian5_strings.ogg", "vibe_ace.ogg"])
def test_music_is_not_hum_clicks_clipping_or_rumble(shared, name):
    tune = load(shared / "audio/music" / name).audio.between(5, 20)
    assert not kinds(tune) & {"hum", "clicks", "clipping", "rumble", "dropouts", "dc", "phase"}


@pytest.mark.parametrize("mains", [50.0, 59.93])
def test_hum_is_found_with_its_fundamental(voice, mains):
    t = np.arange(voice.frames) / voice.rate
    hum = 0.004 * sum(np.sin(2 * np.pi * k * mains * t + k) / k for k in (1, 2, 3, 5))
    found = one(altered(voice, lambda x: x + hum), "hum")
    assert found.frequency_hz == pytest.approx(mains, abs=0.1)
    assert found.end_s - found.start_s == pytest.approx(voice.duration_s, abs=1)
    assert "dBFS" in found.detail
    assert "restore" in found.remedy


def test_a_passing_bass_note_is_not_hum():
    t = np.arange(20 * 8000) / 8000
    notes = np.array([49.0, 55.0, 61.74, 49.0, 65.4, 50.0])[(t * 2).astype(int) % 6]
    assert "hum" not in kinds(Audio(0.3 * np.sin(2 * np.pi * np.cumsum(notes) / 8000), 8000))


@pytest.mark.parametrize("name", ["stems/waveform_playlist/PianoSynth30.mp3", "denoise_pairs/p287_002_clean.wav"])
def test_a_synthesiser_and_a_level_voice_are_not_hum(shared, name):
    assert "hum" not in kinds(load(shared / "audio" / name).audio)


def test_a_held_note_beside_a_harmonic_does_not_shift_the_hum(rng):
    t = np.arange(12 * 8000) / 8000
    hum = sum(0.01 * np.sin(2 * np.pi * 60.0 * k * t + k) for k in (1, 2, 3))
    note = 0.05 * np.sin(2 * np.pi * 418.6 * t)
    found = one(Audio(hum + note + 3e-4 * rng.standard_normal(len(t)), 8000), "hum")
    assert found.frequency_hz == pytest.approx(60.0, abs=0.03)
    assert found.detail.endswith("1, 2, 3")


def test_a_low_end_in_the_lfe_is_no_fault(rng):
    t = np.arange(6 * 48_000) / 48_000
    bed = 1e-3 * rng.standard_normal((6, len(t)))
    low = 0.1 * np.sin(2 * np.pi * 25 * t) + 0.05 * np.sin(2 * np.pi * 50 * t)
    for channel, expected in ((3, set()), (0, {"rumble", "hum"})):
        x = bed.copy()
        x[channel] += low
        assert kinds(Audio(x, 48_000)) & {"rumble", "hum"} == expected


def test_bass_drums_are_no_clicks(shared):
    """A drum's attack is an impulse too, but its sound follows; most of it below what the detector whitens."""
    assert "clicks" not in kinds(load(shared / "audio/music/arovane_beat_a.flac").audio)
    t = np.arange(8 * 48_000) / 48_000
    beat = (t - 0.3) % 0.5
    decay = np.where(t < 0.3, 0, np.exp(-beat / 0.1))
    drum = 0.5 * decay * np.sin(2 * np.pi * 60 * beat) + 0.5 * decay * np.exp(-beat / 0.0002)
    assert "clicks" not in kinds(Audio(drum, 48_000))


def test_the_rounding_of_8_bits_is_neither_clicks_nor_dropouts(voice):
    assert not kinds(altered(voice, lambda x: np.round(x * 128) / 128)) & {"clicks", "dropouts", "clipping"}


def test_clicks_are_summed_up_in_one_finding(voice, rng):
    where = np.sort(rng.choice(np.arange(2000, voice.frames - 2000, 4000), 20, replace=False))

    def click(x):
        x[0, where] += 0.5
        return x

    found = [f for f in diagnose(altered(voice, click)) if f.kind == "clicks"]
    assert len(found) <= 2
    assert sum(int(f.detail.split()[0]) for f in found) == pytest.approx(20, abs=2)


@pytest.mark.parametrize("gain", [1.0, 0.3])
def test_clipping_is_found_also_below_full_scale(voice, gain):
    limit = 0.4 * voice.peak()
    hurt = altered(voice, lambda x: np.clip(x, -limit, limit) * gain)
    assert f"{20 * np.log10(limit * gain):.1f} dBFS" in one(hurt, "clipping").detail


@pytest.mark.parametrize("length_ms", [5, 20, 50])
def test_dropouts_are_found_where_they_are(tone, length_ms):
    t = np.arange(5 * 48_000) / 48_000
    x = 0.2 * np.sin(2 * np.pi * 220 * t) + 0.05 * np.sin(2 * np.pi * 1330 * t)
    # Across a border of the one-second blocks too.
    for at in (47_900, 130_000):
        x[at : at + length_ms * 48] = 0
    found = one(Audio(x, 48_000), "dropouts")
    assert found.start_s == pytest.approx(47_900 / 48_000, abs=0.002)
    assert found.detail.startswith("2 gaps")
    assert f"{length_ms}." in found.detail or f"{length_ms - 1}." in found.detail


def test_noise_rumble_and_dc(voice, rng):
    size = (1, voice.frames)
    assert "hiss" in kinds(altered(voice, lambda x: x + 0.003 * rng.standard_normal(size)))
    assert "dc" in kinds(altered(voice, lambda x: x - 0.02))
    wander = np.fft.irfft(
        np.fft.rfft(rng.standard_normal(size)) * (np.arange(voice.frames // 2 + 1) < 250), voice.frames
    )
    assert "rumble" in kinds(altered(voice, lambda x: x + 0.02 * wander / wander.std()))


def test_channels(voice):
    x = voice.samples[0]
    assert "correlation -1.00" in one(Audio(np.stack([x, -x]), voice.rate), "polarity").detail
    assert "right channel is dead" in one(Audio(np.stack([x, 0 * x]), voice.rate), "dead-channel").detail
    assert "softer" in one(Audio(np.stack([x, 0.2 * x]), voice.rate), "imbalance").detail
    assert "phase" not in kinds(Audio(np.stack([x, x]), voice.rate))


def test_telephone_band(shared):
    found = one(load(shared / "audio/diarisation/pyannote_sample.flac").audio, "band-limited")
    assert "3.9 kHz" in found.detail
    assert "telephone" in found.detail


def test_silence_is_one_finding():
    found = diagnose(Audio(np.zeros((2, 480_000)), 48_000))
    assert [f.kind for f in found] == ["silence"]
    assert (found[0].start_s, found[0].end_s, found[0].severity) == (0.0, 10.0, 1.0)


@given(
    rate=st.sampled_from([8000, 44_100, 192_000]),
    frames=st.sampled_from([1, 2, 17, 1023, 30_000]),
    channels=st.sampled_from([1, 2, 6]),
    kind=st.sampled_from(["zero", "dc", "square", "noise"]),
)
def test_any_rate_length_and_layout(rate, frames, channels, kind):
    t = np.arange(frames)
    made = {"zero": 0 * t, "dc": 0 * t + 0.5, "square": np.sign(np.sin(t / 9) + 1e-9), "noise": np.sin(t**2 * 1.7)}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = diagnose(Audio(np.tile(made[kind], (channels, 1)), rate))
    assert all(0 <= f.severity <= 1 and 0 <= f.start_s <= f.end_s <= frames / rate + 0.05 for f in found)


def test_findings_do_not_depend_on_where_samples_lie(voice):
    class Elsewhere:
        def read(self, start, stop):
            return voice.samples[:, start:stop]

    backed = Audio.backed(Elsewhere(), channels=1, frames=voice.frames, rate=voice.rate)
    assert diagnose(backed, min_severity=0) == diagnose(voice, min_severity=0)


def test_stage_fills_findings_and_activity(speech):
    gap = np.zeros(2 * speech.rate)
    audio = Audio(np.concatenate([speech.samples[0], gap]), speech.rate)
    media = MediaInfo("x.wav", "", "WAV", "FLOAT", speech.rate, 1, ("M",), audio.duration_s, non_finite=3)
    project = Stage()(Project(media, audio), Options(), silent)
    assert project.findings[0].kind == "non-finite"
    assert {a.kind for a in project.activity} >= {"speech", "silence"}
    assert project.step("diagnose").backend == "dsp"


def test_wrong_use(speech):
    with pytest.raises(UnknownName):
        diagnose(speech, backend="nothing")
    with pytest.raises(BadValue):
        diagnose(speech, min_severity=2)
