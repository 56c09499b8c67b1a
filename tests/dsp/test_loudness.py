"""The meter against EBU Tech 3341 and Tech 3342, and against what it must not do at the edges."""

from __future__ import annotations

import importlib.util
import itertools
import math
import sys
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audiopost.core.audio import Audio
from audiopost.core.errors import BadValue
from audiopost.core.time import Span
from audiopost.dsp.k_weighting import KWeighting, k_weighting
from audiopost.dsp.loudness import HopPowers, Meter, integrated_loudness, measure, metered
from audiopost.io.decode import load

LU = 0.1
"""Tolerance of Tech 3341 for its loudness cases."""
ROOT = Path(__file__).parents[2]


def by_path(path: Path):
    """A module of the fixtures or benchmarks."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = sys.modules[path.stem] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


ebu = by_path(ROOT / "tests" / "fixtures" / "ebu_vectors.py")
BENCH = by_path(ROOT / "benchmarks" / "loudness.py")
RATE, OFF, tones, faded, dbtp = ebu.RATE, ebu.OFF, ebu.tones, ebu.faded, ebu.dbtp


def of(*parts: tuple[float, float], rate: int = RATE):
    return measure(Audio(tones(*parts, rate=rate), rate))


@pytest.mark.parametrize("case", ebu.CASES, ids=lambda case: case.name)
def test_vectors_of_tech_3341_and_3342(case):
    readings = list(case.run())
    assert readings
    for expected, measured in readings:
        assert case.low <= measured - expected <= case.high


def test_a_loud_lfe_does_not_count():
    channels = [tones((level, 5), channels=1)[0] for level in (-28, -28, -24, -6, -30, -30)]
    assert measure(Audio(np.stack(channels), RATE)).integrated_lufs == pytest.approx(-23.0, abs=LU)


@pytest.mark.parametrize("rate", [8_000, 44_100, 96_000, 192_000])
def test_true_peak_of_a_sine_at_any_rate(rate):
    n = np.arange(rate)
    assert dbtp(faded(0.5 * np.sin(2 * np.pi * n * 997 / rate), rate), rate) == pytest.approx(-6.02, abs=0.1)


def test_k_weighting_at_48_khz_is_the_table_of_bs1770():
    shelf = [1.53512485958697, -2.69169618940638, 1.19839281085285, 1, -1.69065929318241, 0.73248077421585]
    high_pass = [1, -2, 1, 1, -1.99004745483398, 0.99007225036621]
    np.testing.assert_allclose(k_weighting(48_000), [shelf, high_pass], atol=1e-7)


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 22_050, 44_100, 88_200, 96_000, 192_000])
def test_a_tone_has_the_same_loudness_at_every_rate(rate):
    report = of((-23, 5), rate=rate)
    assert report.integrated_lufs == pytest.approx(-23.0, abs=LU)
    assert report.momentary_max_lufs == pytest.approx(-23.0, abs=LU)


def test_mono_counts_once():
    assert measure(Audio(tones((-23, 5), channels=1), RATE)).integrated_lufs == pytest.approx(-26.0, abs=LU)


def test_seven_one_weighs_its_side_surrounds():
    quiet = np.zeros((8, 5 * RATE))
    for channel, weight in ((4, 1.0), (5, 1.0), (6, 1.41), (7, 1.41)):
        samples = quiet.copy()
        samples[channel] = tones((-20, 5), channels=1)
        expected = -23.0 + 10 * math.log10(weight)
        assert measure(Audio(samples, RATE)).integrated_lufs == pytest.approx(expected, abs=LU)


NOISE = (np.random.default_rng(7).standard_normal((2, 40_000)) * np.linspace(0.01, 0.3, 40_000)).astype(np.float32)


@settings(max_examples=25, deadline=None)
@given(cuts=st.lists(st.integers(0, 40_000), max_size=12), rate=st.sampled_from([8_000, 11_025]))
def test_blocks_of_any_size_measure_the_same(cuts, rate):
    whole = measure(Audio(NOISE, rate))
    meter = Meter(rate, ("L", "R"))
    borders = [0, *sorted(cuts), 40_000]
    for start, stop in itertools.pairwise(borders):
        meter.push(NOISE[:, start:stop])
    parts = meter.report()
    assert parts.integrated_lufs == pytest.approx(whole.integrated_lufs, abs=1e-6)
    assert parts.momentary_max_lufs == pytest.approx(whole.momentary_max_lufs, abs=1e-6)
    assert parts.short_term_lufs == pytest.approx(whole.short_term_lufs, abs=0.011)
    assert parts.momentary_lufs == pytest.approx(whole.momentary_lufs, abs=0.011)
    assert parts.true_peaks_dbtp == pytest.approx(whole.true_peaks_dbtp, abs=0.011)
    assert parts.loudness_range_lu == pytest.approx(whole.loudness_range_lu, abs=1e-6)
    assert parts.true_peak_dbtp == pytest.approx(whole.true_peak_dbtp, abs=1e-4)


def test_hops_never_drift_at_a_rate_that_10_ms_does_not_divide():
    assert len(HopPowers(11_025, ("M",)).push(np.zeros((1, 11_025 * 7), np.float32))) == 700


@pytest.mark.parametrize("frames", [0, 1, 4_800, 96_000])
def test_silence_measures_nothing(frames):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        report = measure(Audio(np.zeros((2, frames)), RATE))
    assert report.integrated_lufs is report.momentary_max_lufs is report.short_term_max_lufs is None
    assert report.loudness_range_lu is report.true_peak_dbtp is None
    assert report.short_term_lufs == report.momentary_lufs == (None,) * (10 * frames // RATE)
    assert set(report.true_peaks_dbtp) <= {None}


@pytest.mark.parametrize("frames", [1, 4_800])
def test_too_short_has_a_peak_and_no_loudness(frames):
    report = measure(Audio(np.full((1, frames), 0.5), RATE))
    assert report.integrated_lufs is None
    assert report.true_peak_dbtp == pytest.approx(-6.02, abs=1.2)  # an edge of the waveform overshoots


@pytest.mark.parametrize("samples", [np.ones(4 * RATE), np.sign(np.sin(np.arange(4 * RATE) / 7))], ids=["DC", "square"])
def test_extremes_stay_finite(samples):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        report = measure(Audio(samples, RATE))
    values = [report.momentary_max_lufs, report.short_term_max_lufs, report.true_peak_dbtp, report.integrated_lufs]
    assert all(value is not None and math.isfinite(value) for value in values)


def test_curves_of_a_short_recording_step_by_100_ms():
    report = of((-23, 5), (-33, 5.5))
    assert report.step_s == pytest.approx(0.1)
    assert len(report.short_term_lufs) == len(report.momentary_lufs) == 105
    assert report.short_term_lufs[:29] == (None,) * 29
    assert report.short_term_lufs[29:50] == pytest.approx([-23] * 21, abs=LU)
    assert report.short_term_lufs[-1] == pytest.approx(-33, abs=LU)
    assert report.momentary_lufs[:3] == (None,) * 3
    assert report.momentary_lufs[3:50] == pytest.approx([-23] * 47, abs=LU)
    assert report.momentary_lufs[54:] == pytest.approx([-33] * 51, abs=LU)
    assert report.true_peaks_dbtp == pytest.approx([-23] * 5 + [-33] * 6, abs=0.3)


def test_curves_of_a_long_recording_step_by_a_second():
    report = of(*[(-23, 60.5), (-33, 0.5)] * 2, rate=8_000)
    assert report.step_s == pytest.approx(1.0)
    assert len(report.short_term_lufs) == len(report.momentary_lufs) == len(report.true_peaks_dbtp) == 122
    assert report.momentary_lufs[60] == pytest.approx(-23, abs=LU)  # the highest of that second


def test_mean_of_spans_hears_only_the_spans():
    meter = metered(Audio(tones((-20, 5), (-40, 5)), RATE))
    assert meter.mean_lufs([Span(1, 4)]) == pytest.approx(-20, abs=LU)
    assert meter.mean_lufs([Span(6, 20)]) == pytest.approx(-40, abs=LU)
    assert meter.mean_lufs([]) is None


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_samples_that_are_no_numbers_are_refused(bad):
    with pytest.raises(BadValue, match="NaN"), np.errstate(invalid="ignore"):
        measure(Audio(np.array([[0.1, bad, 0.1]]), RATE))


def test_rates_below_4_khz_are_refused():
    with pytest.raises(BadValue, match="4000 Hz"):
        measure(Audio(np.zeros((1, 100)), 2_000))


@pytest.mark.parametrize("name", ["music/vibe_ace.ogg", "speech_clean/librispeech/1089-134686-0000.flac"])
def test_real_recordings_agree_with_pyloudnorm(shared, name):
    pyloudnorm = pytest.importorskip("pyloudnorm")
    import soundfile

    samples, rate = soundfile.read(shared / "audio" / name, always_2d=True)
    ours = measure(Audio(samples.T, rate)).integrated_lufs
    theirs = pyloudnorm.Meter(rate, filter_class="DeMan").integrated_loudness(samples)
    assert ours == pytest.approx(theirs, abs=0.05)


@pytest.mark.parametrize("rate", [4_000, 8_000, 44_100, 48_000, 192_000])
def test_blocks_of_the_k_filter_are_the_filter_sample_by_sample(rate, rng):
    from scipy.signal import sosfilt

    samples = (rng.standard_normal((2, 30_000)) * 0.1 + 0.2).astype(np.float32)
    weighting = KWeighting(rate, 2)
    borders = [0, 1, 63, 64, 200, 20_000, 20_001, 30_000]
    parts = np.concatenate([weighting(samples[:, a:b]) for a, b in itertools.pairwise(borders)], axis=1)
    expected = sosfilt(k_weighting(rate), samples.astype(np.float64), axis=1)
    assert np.abs(parts - expected).max() < 10 ** (-120 / 20)


def test_integrated_loudness_alone_is_the_same(rng):
    audio = Audio(rng.standard_normal((6, 5 * RATE)) * np.linspace(0, 0.3, 5 * RATE), RATE)
    assert integrated_loudness(audio) == pytest.approx(measure(audio).integrated_lufs, abs=1e-9)
    assert integrated_loudness(Audio(np.zeros((2, RATE)), RATE)) is None


def test_a_meter_without_true_peak_measures_the_rest(rng):
    audio = Audio(rng.standard_normal((2, 5 * RATE)) * 0.1, RATE)
    meter = Meter(RATE, audio.layout, true_peak=False)
    for block in audio.blocks(1 << 16):
        meter.push(block)
    assert meter.report() == replace(measure(audio), true_peak_dbtp=None, true_peaks_dbtp=())


def test_an_lfe_alone_has_a_peak_and_no_loudness():
    report = measure(Audio(tones((-6, 5), channels=1), RATE, ("LFE",)))
    assert report.integrated_lufs is None
    assert report.true_peak_dbtp == pytest.approx(-6, abs=0.1)


def test_range_of_spans_hears_only_the_spans():
    meter = metered(Audio(tones((-20, 20), (-30, 20), (-5, 20)), RATE))
    assert meter.range_lu([Span(0, 40)]) == pytest.approx(10, abs=1)
    assert meter.range_lu([Span(40, 60)]) == pytest.approx(0, abs=0.1)
    assert meter.range_lu([Span(0, 2)]) is None


TEN = [
    "music/gold_rush.mp3", "music/vibe_ace.ogg", "music/choice_drum_bass.ogg", "music/brahms_hungarian5_strings.ogg",
    "music/arovane_beat_a.flac", "music/sweet_waltz.ogg", "stems/mdn_multitrack/horns.mp3", "asr/en_jfk.flac",
    "diarisation/dev00.flac", "noise/doing_the_dishes.flac",
]  # fmt: skip


@pytest.mark.parametrize("name", TEN)
def test_real_recordings_agree_with_ffmpegs_ebur128(shared, name):
    audio = load(shared / "audio" / name).audio
    peer, ours = BENCH.ffmpeg(audio), measure(audio)
    assert ours.integrated_lufs == pytest.approx(peer.integrated_lufs, abs=0.1)
    assert ours.true_peak_dbtp == pytest.approx(peer.true_peak_dbtp, abs=0.2)


def test_surround_agrees_with_ffmpegs_ebur128(rng):
    audio = Audio(rng.standard_normal((6, 10 * RATE)) * np.array([[1], [2], [3], [9], [4], [5]]) * 0.01, RATE)
    assert measure(audio).integrated_lufs == pytest.approx(BENCH.ffmpeg(audio).integrated_lufs, abs=0.02)


def test_loudness_range_takes_the_ranks_of_tech_3342():
    """Of 24 windows, all above the gate, ranks round(23 * 0.1 + 1) = 3 and round(23 * 0.95 + 1) = 23."""
    from audiopost.dsp.loudness import loudness_range

    levels = np.linspace(-23.0, -17.0, 24)
    assert loudness_range(10 ** ((levels + 0.691) / 10)) == pytest.approx(levels[22] - levels[2])
