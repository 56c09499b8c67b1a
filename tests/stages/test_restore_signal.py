"""Faults of the signal, planted into clean sound: hum that wanders or stops, clicks at the end, clipping, gaps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audiopost.analysis.saturation import Curve
from audiopost.core.audio import Audio
from audiopost.core.marks import Finding
from audiopost.dsp.loudness import integrated_loudness
from audiopost.stages.diagnose import diagnose
from audiopost.stages.restore import repair, restore
from audiopost.stages.restore.sparse import within
from audiopost.stages.restore.thump import without_thump


def found(audio, kind):
    return [f for f in diagnose(audio) if f.kind == kind]


def snr(reference, estimate):
    return 10 * np.log10(np.sum(reference**2) / np.sum((estimate - reference) ** 2))


def comb(n, rate, hz, level=0.01, lines=(1, 2, 3, 5), slope=0.5):
    """Harmonics of a fundamental that is a number or one per sample."""
    turns = np.cumsum(np.broadcast_to(hz, n)) / rate
    return level * sum(np.sin(2 * np.pi * k * turns + k) / k**slope for k in lines)


def test_a_wandering_hum_is_followed(speech):
    x, rate = speech.samples[0], speech.rate
    t = np.arange(len(x)) / rate
    hurt = Audio(x + comb(len(x), rate, 50 + 0.4 * np.sin(2 * np.pi * t / 8)), rate)
    (hum,) = found(hurt, "hum")
    assert "wandering" in hum.detail
    assert hum.frequency_hz == pytest.approx(50, abs=0.3)
    assert snr(x, restore(hurt, [hum]).samples[0]) > snr(x, hurt.samples[0]) + 7


def test_a_buzz_is_cut_above_2_khz_too(speech):
    x, rate = speech.samples[0], speech.rate
    hurt = Audio(x + comb(len(x), rate, 60.02, 0.002, range(1, 100), slope=0.2), rate)
    gone = (hurt.samples - restore(hurt, found(hurt, "hum")).samples)[0]
    spectrum = np.abs(np.fft.rfft(gone * np.hanning(len(gone)))) ** 2
    hz = np.fft.rfftfreq(len(gone), 1 / rate)
    assert spectrum[hz > 2500].sum() > 0.1 * spectrum.sum()


def test_hum_that_starts_and_stops_in_one_channel(speech, rng):
    x = np.tile(speech.samples[0], 3)
    rate = speech.rate
    t = np.arange(len(x)) / rate
    hum = comb(len(x), rate, 50.03) * ((t > 8) & (t < 17))
    hurt = Audio(np.stack([x, x + hum]), rate)
    (finding,) = found(hurt, "hum")
    assert finding.start_s == pytest.approx(8, abs=1.0)
    assert finding.end_s == pytest.approx(17, abs=1.0)
    assert "in channel R;" in finding.detail
    mended = restore(hurt, [finding]).samples
    assert np.array_equal(mended[0], hurt.samples[0])
    assert np.array_equal(mended[1, : 7 * rate], hurt.samples[1, : 7 * rate])


def test_a_note_held_on_a_line_of_the_hum_is_not_cut(rng):
    rate = 8000
    t = np.arange(24 * rate) / rate
    note = 0.1 * np.sin(2 * np.pi * 100.0 * t) * ((t > 9) & (t < 15))
    bed = 1e-4 * rng.standard_normal(len(t))
    clean = bed + note
    mended = restore(Audio(clean + comb(len(t), rate, 50.0, 0.004), rate), hum=True).samples[0]
    middle = slice(10 * rate, 14 * rate)
    assert np.std(mended[middle]) == pytest.approx(np.std(clean[middle]), rel=0.06)


def test_a_click_in_the_last_milliseconds_is_found_and_mended(tone):
    clean = tone(220, seconds=2, dbfs=-30).samples
    hurt = clean.copy()
    hurt[0, -300] += 0.8
    audio = Audio(hurt, 48_000)
    assert found(audio, "clicks")
    assert np.abs(restore(audio, diagnose(audio)).samples - clean).max() < 0.02


@pytest.mark.parametrize("below_db", [3, 8])
def test_clipped_crests_are_rebuilt_beyond_the_cut_and_nothing_else_is_touched(speech, below_db):
    x = speech.samples
    limit = np.float32(speech.peak() * 10 ** (-below_db / 20))
    hurt = np.clip(x, -limit, limit)
    audio = Audio(hurt, speech.rate)
    mended = restore(audio, found(audio, "clipping"), clipping_headroom_db=12).samples
    cut = np.abs(x) > limit
    assert np.array_equal(mended[np.abs(hurt) < 0.99 * limit], hurt[np.abs(hurt) < 0.99 * limit])
    assert (np.abs(mended[cut]) >= 0.999 * limit).all()
    assert snr(x[cut], mended[cut]) > snr(x[cut], hurt[cut]) + 5


def test_troughs_clipped_alone_are_rebuilt_alone(speech):
    x = speech.samples
    limit = np.float32(0.3 * np.abs(x.min()))
    audio = Audio(np.maximum(x, -limit), speech.rate)
    mended = restore(audio, found(audio, "clipping")).samples
    assert mended.min() < -1.2 * limit
    assert np.array_equal(mended[x > 0], x[x > 0])


@settings(max_examples=10)
@given(st.integers(0, 1000), st.sampled_from([8000, 48_000]))
def test_within_keeps_to_the_bounds(seed, rate):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(rate // 4).astype(np.float32) * 0.3
    low, high = x.copy(), x.copy()
    unknown = rng.random(len(x)) < 0.1
    low[unknown] -= rng.random(unknown.sum()).astype(np.float32)
    high[unknown] += 0.1
    out = within(x, low, high, rate)
    assert np.array_equal(out[~unknown], x[~unknown])
    assert ((out >= low) & (out <= high)).all()


def overdriven(x, drive_db, level=0.3):
    u = np.tanh(x / np.abs(x).max() * 10 ** (drive_db / 20))
    return (level * u / np.abs(u).max()).astype(np.float32)


def best_snr(reference, estimate):
    """At the best gain: the loudness stays, not the samples."""
    return snr(reference, estimate * (np.sum(reference * estimate) / np.sum(estimate**2)))


@pytest.mark.parametrize("drive_db", [6, 12])
def test_soft_clipping_is_found_below_full_scale_and_its_curve_undone(speech, drive_db):
    hurt = Audio(overdriven(speech.samples, drive_db), speech.rate)
    (soft,) = found(hurt, "soft-clipping")
    assert "peaks pressed together above" in soft.detail
    assert not found(hurt, "clipping")
    mended = restore(hurt, [soft])
    assert best_snr(speech.samples, mended.samples) > best_snr(speech.samples, hurt.samples) + 5
    assert integrated_loudness(mended) == pytest.approx(integrated_loudness(hurt), abs=0.1)


def test_clean_clipped_and_limited_speech_is_not_softly_clipped(speech):
    limit = np.float32(0.3 * speech.peak())
    envelope = np.maximum(np.convolve(np.abs(speech.samples[0]), np.hanning(4800) / 2400, "same"), 0.01)
    limited = (0.2 * speech.samples / envelope).astype(np.float32)
    for samples in (speech.samples, np.clip(speech.samples, -limit, limit), limited):
        assert not found(Audio(samples, speech.rate), "soft-clipping")


def test_soft_clipping_of_one_channel_is_mended_there_and_from_where_it_starts(speech):
    x = speech.samples[0]
    hurt = overdriven(x, 9, 0.5 * np.abs(x).max())
    audio = Audio(np.stack([np.tile(x, 6), np.concatenate([np.tile(x, 3), np.tile(hurt, 3)])]), speech.rate)
    (soft,) = found(audio, "soft-clipping")
    assert soft.start_s > 20
    assert "in channel R" in soft.detail
    ratio = restore(audio, [soft]).samples / np.where(audio.samples == 0, 1, audio.samples)
    loud = np.abs(audio.samples) > 1e-3
    assert np.ptp(ratio[0][loud[0]]) < 1e-3
    early = slice(0, 20 * speech.rate)
    assert np.ptp(ratio[1, early][loud[1, early]]) < 1e-3


@settings(max_examples=30)
@given(st.floats(0.01, 2.0), st.floats(1.3, 12.0), st.floats(0.0, 1.5))
def test_an_undone_curve_rises_and_is_the_inverse(ceiling, knee, share):
    curve = Curve(ceiling, knee)
    levels = np.linspace(0, share * ceiling, 100)
    undone = curve.undone(levels)
    assert (np.diff(undone) >= 0).all()
    assert np.isfinite(undone).all()
    assert np.allclose(curve.undone(-levels), -undone)
    straight = levels < curve.straight_from
    again = undone / (1 + (undone / ceiling) ** knee) ** (1 / knee)
    assert np.allclose(again[straight], levels[straight], rtol=1e-6)


def test_the_thump_behind_a_click_goes_with_it(speech, rng):
    x, rate = speech.samples[0].astype(np.float64), speech.rate
    hurt, t = x.copy(), np.arange(round(0.02 * rate)) / rate
    for at in rate * np.arange(1, 8) + 777:
        hurt[at : at + 6] += 0.4
        hurt[at : at + len(t)] += 0.25 * np.sin(2 * np.pi * 110 * t) * np.exp(-t / 0.005)
    audio = Audio(hurt, rate)
    mended = restore(audio, found(audio, "clicks"))
    assert snr(x, mended.samples[0]) > snr(x, hurt) + 6


def test_no_thump_is_taken_from_sound_without_one(tone):
    x = tone(180, seconds=1, dbfs=-20).samples[0]
    assert np.array_equal(without_thump(x, 24_000, 48_000, 1.0), x)
    assert np.array_equal(without_thump(x[:4000], 2000, 48_000, 1.0), x[:4000])


def test_crackle_is_taken_out_of_speech(speech, rng):
    x = speech.samples[0]
    hurt = x.copy()
    hurt[rng.integers(1000, len(x) - 1000, 500)] += rng.choice([-0.1, 0.1], 500).astype(np.float32)
    audio = Audio(hurt, speech.rate)
    assert snr(x, restore(audio, found(audio, "clicks")).samples[0]) > snr(x, hurt) + 3


def test_a_long_gap_in_noise_is_not_filled_with_what_was_never_there(rng):
    x = (0.1 * rng.standard_normal(96_000)).astype(np.float32)
    hurt = x.copy()
    hurt[40_000 : 40_000 + 1920] = 0
    mended = restore(Audio(hurt, 48_000), [Finding("dropouts", 0.8, 0.9, 0.5, "", "")]).samples[0]
    assert np.std(mended[40_600:41_300]) < 0.03
    assert snr(x, mended) > snr(x, hurt) - 0.3


def test_gaps_of_40_ms_are_filled_and_longer_ones_left_as_the_remedy_says(tone):
    whole = sum(tone(hz, dbfs=-26, seconds=4).samples[0] for hz in (210, 420, 933))
    for length_ms, filled in ((40, True), (60, False)):
        hurt = whole.copy()
        hurt[70_000 : 70_000 + 48 * length_ms] = 0
        audio = Audio(hurt, 48_000)
        (gap,) = found(audio, "dropouts")
        assert ("fills them" in gap.remedy) == filled
        mended = restore(audio, [gap]).samples[0]
        assert (snr(whole, mended) > snr(whole, hurt) + 15) if filled else np.array_equal(mended, hurt)


def test_everything_at_once_sums_back_and_keeps_the_level_of_speech(speech, rng):
    x = speech.samples[0].astype(np.float64)
    limit = 0.5 * np.abs(x).max()
    hurt = np.clip(x, -limit, limit) + comb(len(x), speech.rate, 50.0, 0.003)
    hurt[rng.integers(2000, len(x) - 2000, 12)] += 0.4
    audio = Audio(np.stack([hurt, hurt]), speech.rate)
    result = repair(audio, diagnose(audio))
    assert {"hum", "clicks"} <= set(result.removed)
    total = result.audio.samples + sum(part.samples for part in result.removed.values())
    assert np.abs(total - audio.samples).max() < 10 ** (-90 / 20)
    assert abs(integrated_loudness(result.audio) - integrated_loudness(Audio(np.stack([x, x]), speech.rate))) < 0.5


def test_clean_speech_comes_back_bit_identical(speech):
    kinds = ("hum", "clicks", "clipping", "dropouts")
    assert restore(speech, [f for f in diagnose(speech) if f.kind in kinds]) == speech


@pytest.mark.slow
@pytest.mark.parametrize("rate", [8000, 192_000])
def test_any_rate_and_5_1(rate, rng):
    t = np.arange(rate) / rate
    wave = np.clip(0.6 * np.sin(2 * np.pi * 331 * t) + 0.4 * np.sin(2 * np.pi * 777 * t), -0.5, 0.5)
    audio = Audio(np.tile(wave + 0.01 * np.sin(2 * np.pi * 50 * t), (6, 1)), rate)
    faults = [Finding(kind, 0, 1, 0.5, "", "", 50.0 if kind == "hum" else None) for kind in ("clipping", "hum")]
    mended = restore(audio, faults)
    assert (mended.frames, mended.layout) == (audio.frames, audio.layout)
    assert np.isfinite(mended.samples).all()
