"""Faults of a voice: planted ones are found where they are and mended; sound without them stays as it is."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.signal import butter, sosfiltfilt

from audiopost.analysis.bands import Event
from audiopost.core.audio import Audio
from audiopost.dsp.loudness import integrated_loudness
from audiopost.dsp.resample import resample
from audiopost.io.decode import load
from audiopost.stages.diagnose import diagnose
from audiopost.stages.restore import gains, repair

KINDS = {"sibilance", "plosives", "breaths", "mouth-clicks", "wind"}


@pytest.fixture(scope="module")
def voice(shared):
    """13 s of real speech at 16 kHz with two pauses of 0.9 s."""
    x = load(shared / "audio/speech_clean/librispeech/237-126133-0000.flac").audio.samples[0]
    level = np.convolve(x**2, np.ones(1600) / 1600, "same")
    cuts = [lo + int(np.argmin(level[lo : lo + 32_000])) for lo in (60_000, 130_000)]
    room = x[cuts[0] - 400 : cuts[0] + 400]
    pause = np.concatenate([room, room[::-1]] * 9)
    joined = np.concatenate([x[: cuts[0]], pause, x[cuts[0] : cuts[1]], pause, x[cuts[1] :]])
    return Audio(joined, 16_000)


def pauses(voice):
    """Middles of the pauses made above, in samples."""
    level = np.convolve(np.abs(voice.samples[0]), np.ones(11_200) / 11_200, "same")
    first = 48_000 + int(np.argmin(level[48_000:110_000]))
    second = 120_000 + int(np.argmin(level[120_000:180_000]))
    return first, second


def filtered(x, rate, edges, kind):
    return sosfiltfilt(butter(2, edges, kind, fs=rate, output="sos"), x)


def sibilance(voice, rng):
    """Every sibilant raised above 4 kHz, by up to 24 dB, until it is 5 dB louder than the vowels."""
    x = voice.samples[0].astype(float)
    high = filtered(x, voice.rate, 4000, "highpass")
    loud, whole = (np.sqrt(np.convolve(v**2, np.ones(800) / 800, "same")) for v in (high, x))
    at = np.convolve((loud > 0.7 * whole) & (whole > 0.03 * whole.max()), np.hanning(400) / 200, "same")
    gain = np.clip(1.8 * np.percentile(whole, 85) / (loud + 1e-9), 1, 16)
    return x + (gain - 1) * np.clip(at, 0, 1) * high


def plosives(voice, rng):
    """Thumps of 60 ms at 35 Hz where words begin after the pauses."""
    x = voice.samples[0].astype(float)
    t = np.arange(1600) / voice.rate
    thump = np.sin(2 * np.pi * 35 * t) * np.exp(-t / 0.02)
    for middle in pauses(voice):
        start = middle + 4000 + int(np.argmax(np.abs(x[middle + 4000 :]) > 0.1 * np.abs(x).max())) - 400
        x[start : start + 1600] += 0.8 * np.abs(x).max() * thump
    return x


def breaths(voice, rng):
    """0.3 s of soft-edged noise at 0.6 to 5 kHz in the pauses."""
    x = voice.samples[0].astype(float)
    speech = np.sqrt(np.mean(x**2))
    for middle in pauses(voice):
        noise = filtered(rng.standard_normal(4800), voice.rate, [600, 3500], "bandpass") * np.hanning(4800) ** 0.5
        x[middle - 2000 : middle + 2800] += 0.15 * speech * noise / noise.std()
    return x


def mouth_clicks(voice, rng):
    """Six of them: decaying tones of 2 ms."""
    x = voice.samples[0].astype(float)
    t = np.arange(80) / voice.rate
    for middle in pauses(voice):
        for at in (-2400, 0, 2400):
            click = np.sin(2 * np.pi * rng.uniform(2500, 5000) * t) * np.exp(-t / 0.0006)
            x[middle + at : middle + at + 80] += 0.25 * np.sqrt(np.mean(x**2)) * click / np.abs(click).max()
    return x


def wind(voice, rng):
    """Noise falling by 12 dB an octave from 20 Hz on, in gusts, through the middle of the recording."""
    n = voice.frames
    frequency = np.fft.rfftfreq(n, 1 / voice.rate)
    blow = np.fft.irfft(np.fft.rfft(rng.standard_normal(n)) * (frequency > 5) / (1 + (frequency / 20) ** 2), n)
    slow = np.fft.irfft(np.fft.rfft(rng.standard_normal(n)) * (frequency < 1.5), n)
    there = np.convolve((np.arange(n) > 0.25 * n) & (np.arange(n) < 0.8 * n), np.hanning(8000) / 4000, "same")
    return voice.samples[0] + 0.05 * there * 10 ** (0.3 * slow / slow.std()) * blow / blow.std()


#: Fault: how it is planted, and how much closer in dB the mended sound must come to the unharmed one.
PLANTS = {
    "sibilance": (sibilance, 3.5),
    "plosives": (plosives, 8),
    "breaths": (breaths, 6),
    "mouth-clicks": (mouth_clicks, 5),
    "wind": (wind, 5),
}


def found(audio, kind):
    return [f for f in diagnose(audio) if f.kind == kind]


def apart_db(audio, reference):
    return 10 * np.log10(np.sum((audio.samples - reference.samples) ** 2) + 1e-20)


def test_a_clean_voice_and_music_have_none(voice, shared):
    assert not {f.kind for f in diagnose(voice)} & KINDS
    for name in ("brahms_hungarian5_strings.ogg", "choice_drum_bass.ogg"):
        tune = load(shared / "audio/music" / name).audio.between(5, 20)
        assert not {f.kind for f in diagnose(tune)} & KINDS
    sung = load(shared / "audio/stems/mir1k/abjones_3_04.flac").audio
    assert not {f.kind for f in diagnose(sung)} & KINDS


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_planted_faults_are_found_and_mended(voice, kind):
    plant, gain_db = PLANTS[kind]
    hurt = Audio(plant(voice, np.random.default_rng(4)), voice.rate)
    findings = found(hurt, kind)
    assert findings
    moved = np.flatnonzero(np.abs(hurt.samples - voice.samples)[0] > 1e-4) / voice.rate
    for f in findings:
        assert 0 < f.severity <= 1
        assert "dB" in f.detail
        assert f"restore with {kind.replace('-', '_')} on" in f.remedy
        assert moved[0] - 0.7 < f.start_s < f.end_s < moved[-1] + 0.7
    mended = repair(hurt, findings)
    assert [r.name for r in mended.repairs] == [kind.replace("-", "_")]
    assert apart_db(hurt, voice) - apart_db(mended.audio, voice) > gain_db
    # Sibilants are part of the speech: mending them may not make it quieter; the others' loudness is not the voice's.
    reference = hurt if kind == "sibilance" else voice
    assert integrated_loudness(mended.audio) == pytest.approx(integrated_loudness(reference), abs=0.5)
    assert repair(hurt, findings).audio == mended.audio
    (removed,) = mended.removed.values()
    assert np.abs(mended.audio.samples + removed.samples - hurt.samples).max() < 10 ** (-90 / 20)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_amount_most_and_switch(voice, kind):
    hurt = Audio(PLANTS[kind][0](voice, np.random.default_rng(4)), voice.rate)
    findings, name = found(hurt, kind), kind.replace("-", "_")

    def moved(**changes):
        return np.sqrt(np.mean((repair(hurt, findings, **changes).audio.samples - hurt.samples) ** 2))

    whole = moved()
    assert moved(**{f"{name}_amount": 50.0}) == pytest.approx(whole / 2, rel=1e-3)
    assert 0 < moved(**{f"{name}_max_reduction_db": 1.5}) < 0.8 * whole
    assert moved(**{name: False}) == 0


@pytest.mark.parametrize("kind", ["plosives", "breaths", "wind", "sibilance"])
def test_no_gain_goes_below_the_most(voice, kind):
    """What is taken away is at most the share that the most allows, in every band."""
    hurt = Audio(PLANTS[kind][0](voice, np.random.default_rng(4)), voice.rate)
    mended = repair(hurt, found(hurt, kind), **{f"{kind}_max_reduction_db": 6.0})
    (removed,) = mended.removed.values()
    before, gone = (np.sqrt(np.mean(v.samples**2)) for v in (hurt, removed))
    assert gone <= (1 - 10 ** (-6 / 20)) * before


@pytest.mark.parametrize("rate", [8000, 11_025, 44_100, pytest.param(192_000, marks=pytest.mark.slow)])
def test_any_rate(voice, rate):
    hurt = plosives(voice, None)
    audio = Audio(resample(hurt[None].astype(np.float32), voice.rate, rate), rate)
    findings = diagnose(audio)
    assert "plosives" in {f.kind for f in findings}
    assert repair(audio, findings).repairs
    sharp = sibilance(voice, None)[None].astype(np.float32)
    kinds = {f.kind for f in diagnose(Audio(resample(sharp, voice.rate, rate), rate))}
    assert ("sibilance" in kinds) == (rate >= 16_000)


def test_surround_is_mended_in_the_centre_alone(voice):
    x = np.tile(0.1 * voice.samples[0], (6, 1))
    x[2] = plosives(voice, None)
    x[3] = x[2]
    audio = Audio(x, voice.rate)
    mended = repair(audio, found(audio, "plosives")).audio
    changed = [i for i in range(6) if not np.array_equal(mended.samples[i], audio.samples[i])]
    assert changed == [2]


def test_a_stereo_image_stays(voice):
    left = sibilance(voice, None)
    audio = Audio(np.stack([left, 0.5 * left]), voice.rate)
    mended = repair(audio, found(audio, "sibilance")).audio.samples
    assert np.abs(mended[0] - 2 * mended[1]).max() < 1e-6
    assert not np.array_equal(mended, audio.samples)


def test_only_its_own_moments_change(voice):
    hurt = Audio(plosives(voice, None), voice.rate)
    changed = np.flatnonzero(repair(hurt, found(hurt, "plosives")).audio.samples[0] != hurt.samples[0])
    assert len(changed) < 0.6 * voice.rate


def test_the_fundamental_of_a_low_voice_stays_through_a_plosive(voice):
    hurt = Audio(plosives(voice, None), voice.rate)
    mended = repair(hurt, found(hurt, "plosives")).audio
    for band in ([160, 300], [300, 4000]):
        before, after = (np.std(filtered(a.samples[0], voice.rate, band, "bandpass")) for a in (voice, mended))
        assert 20 * np.log10(after / before) == pytest.approx(0, abs=0.1)


def test_a_drum_at_speech_is_no_plosive(voice):
    x = voice.samples[0].astype(float)
    t = np.arange(1600) / voice.rate
    for start in range(8000, len(x) - 1600, 8000):
        x[start : start + 1600] += 0.6 * np.abs(x).max() * np.sin(2 * np.pi * 50 * t) * np.exp(-t / 0.03)
    assert not found(Audio(x, voice.rate), "plosives")


def test_rumble_is_no_wind(voice, rng):
    x = filtered(rng.standard_normal(voice.frames), voice.rate, [10, 60], "bandpass")
    assert not found(Audio(voice.samples + 0.03 * x / x.std(), voice.rate), "wind")


def test_noise_without_speech_has_no_voice_to_be_faulty(rng):
    t = np.arange(10 * 16_000) / 16_000
    x = 0.1 * rng.standard_normal(len(t)) * (np.sin(2 * np.pi * 0.7 * t) > 0.3)
    assert not {f.kind for f in diagnose(Audio(x, 16_000))} & KINDS


def test_gains_leave_no_step_at_block_borders(rng):
    audio = Audio(rng.standard_normal((1, 30 * 8000)) * 0.1, 8000)
    acts = gains.extent([Event(-10, 4000, 0.0)], [6.0], 0)
    made = list(gains.lowered(audio, acts, lambda db, power: gains.below(db, np.ones(161, np.float32))))
    assert len(made) > 4
    assert np.abs(np.concatenate(made, axis=1) - audio.samples * 10 ** (-6 / 20)).max() < 1e-6


def test_findings_do_not_depend_on_where_samples_lie(voice):
    class Elsewhere:
        def read(self, start, stop):
            return hurt.samples[:, start:stop]

    hurt = Audio(mouth_clicks(voice, np.random.default_rng(4)), voice.rate)
    backed = Audio.backed(Elsewhere(), channels=1, frames=hurt.frames, rate=hurt.rate)
    findings = found(hurt, "mouth-clicks")
    assert found(backed, "mouth-clicks") == findings
    assert repair(backed, findings).audio == repair(hurt, findings).audio
    late = [dataclasses.replace(f, start_s=0.0, end_s=0.1) for f in findings]
    assert repair(hurt, late).audio == hurt


def test_speech_keeps_its_loudness_beside_louder_sound(voice):
    """What the whole programme's loudness would hide: sibilants of a soft voice, and a loud tone after it."""
    hurt = sibilance(voice, np.random.default_rng(4))
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(20 * voice.rate) / voice.rate)
    audio = Audio(np.concatenate([hurt, np.zeros(voice.rate), tone]), voice.rate)
    mended = repair(audio, found(audio, "sibilance"), sibilance_max_reduction_db=None).audio
    before, after = (integrated_loudness(a.between(0, voice.duration_s)) for a in (audio, mended))
    assert mended != audio
    assert before - 0.6 < after < before
