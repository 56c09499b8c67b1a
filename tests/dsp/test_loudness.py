"""The meter against EBU Tech 3341 and Tech 3342, and against what it must not do at the edges."""

from __future__ import annotations

import itertools
import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audiopost.core.audio import Audio
from audiopost.core.errors import BadValue
from audiopost.core.time import Span
from audiopost.dsp.loudness import HopPowers, Meter, k_weighting, lufs, measure, metered, windows
from audiopost.dsp.true_peak import TruePeak

RATE = 48_000
LU = 0.1
"""Tolerance of Tech 3341 for its loudness cases."""


def tones(*parts: tuple[float, float], channels: int = 2, rate: int = RATE) -> np.ndarray:
    """1 kHz sines of (dBFS peak, seconds) after each other, -inf for silence; phase runs through."""
    gain = np.concatenate([np.full(round(s * rate), 10 ** (db / 20)) for db, s in parts])
    sine = gain * np.sin(2 * np.pi * 1000 / rate * np.arange(len(gain)))
    return np.tile(sine, (channels, 1))


def of(*parts: tuple[float, float], rate: int = RATE):
    return measure(Audio(tones(*parts, rate=rate), rate))


def curve(samples: np.ndarray, hops: int) -> np.ndarray:
    """Loudness of all windows of so many hops of 10 ms, in LUFS."""
    power = windows(HopPowers(RATE, ("L", "R")).push(samples.astype(np.float32)), hops) / (hops * RATE / 100)
    return np.array([lufs(p) for p in power])


OFF = -math.inf


@pytest.mark.parametrize("level", [-23.0, -33.0])
def test_tech3341_cases_1_2_steady_tone(level):
    report = of((level, 20))
    assert report.integrated_lufs == pytest.approx(level, abs=LU)
    assert report.momentary_max_lufs == pytest.approx(level, abs=LU)
    assert report.short_term_max_lufs == pytest.approx(level, abs=LU)


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param([(-36, 10), (-23, 60), (-36, 10)], id="case 3"),
        pytest.param([(-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)], id="case 4"),
        pytest.param([(-26, 20), (-20, 20.1), (-26, 20)], id="case 5"),
    ],
)
def test_tech3341_cases_3_to_5_gating(parts):
    assert of(*parts).integrated_lufs == pytest.approx(-23.0, abs=LU)


@pytest.mark.parametrize("lfe", [None, OFF, -6.0], ids=["5.0", "silent LFE", "loud LFE"])
def test_tech3341_case_6_surround(lfe):
    levels = [-28, -28, -24, -30, -30]
    if lfe is not None:
        levels.insert(3, lfe)
    channels = [tones((level, 20), channels=1)[0] for level in levels]
    assert measure(Audio(np.stack(channels), RATE)).integrated_lufs == pytest.approx(-23.0, abs=LU)


def test_tech3341_case_9_short_term_is_constant_after_3_s():
    samples = tones(*[(-20, 1.34), (-30, 1.66)] * 5)
    assert measure(Audio(samples, RATE)).short_term_max_lufs == pytest.approx(-23.0, abs=LU)
    np.testing.assert_allclose(curve(samples, 300), -23.0, atol=LU)


@pytest.mark.parametrize("i", range(20))
def test_tech3341_case_10_short_term_wherever_it_starts(i):
    assert of((OFF, 0.15 * i), (-23, 3), (OFF, 1)).short_term_max_lufs == pytest.approx(-23.0, abs=LU)


def test_tech3341_case_11_short_term_of_each_segment():
    for i in range(20):
        report = of((OFF, 0.15 * i), (-38 + i, 3), (OFF, 3 - 0.15 * i))
        assert report.short_term_max_lufs == pytest.approx(-38 + i, abs=LU)


def test_tech3341_case_11_live_maximum_rises_with_the_segments():
    meter = Meter(RATE, ("L", "R"))
    for i in range(20):
        meter.push(tones((OFF, 0.15 * i), (-38 + i, 3), (OFF, 3 - 0.15 * i)).astype(np.float32))
        assert meter.report().short_term_max_lufs == pytest.approx(-38 + i, abs=LU)


def test_tech3341_case_12_momentary_is_constant_after_1_s():
    samples = tones(*[(-20, 0.18), (-30, 0.22)] * 25)
    assert measure(Audio(samples, RATE)).momentary_max_lufs == pytest.approx(-23.0, abs=LU)
    np.testing.assert_allclose(curve(samples, 40)[60:], -23.0, atol=LU)


@pytest.mark.parametrize("i", range(20))
def test_tech3341_case_13_momentary_wherever_it_starts(i):
    assert of((OFF, 0.02 * i), (-23, 0.4), (OFF, 1)).momentary_max_lufs == pytest.approx(-23.0, abs=LU)


def test_tech3341_case_14_live_maximum_rises_with_the_segments():
    meter = Meter(RATE, ("L", "R"))
    for i in range(20):
        meter.push(tones((OFF, 0.02 * i), (-38 + i, 0.4), (OFF, 0.4 - 0.02 * i)).astype(np.float32))
        assert meter.report().momentary_max_lufs == pytest.approx(-38 + i, abs=LU)


def faded(samples: np.ndarray, rate: int) -> np.ndarray:
    ramp = np.minimum(1, np.arange(samples.shape[-1]) / (0.1 * rate))
    return samples * ramp * ramp[::-1]


def dbtp(samples: np.ndarray, rate: int = RATE) -> float:
    meter = TruePeak(rate, 1)
    meter.push(samples[np.newaxis].astype(np.float32))
    value = meter.dbtp
    assert value is not None
    return value


@pytest.mark.parametrize(
    ("divisor", "phase_deg", "amplitude", "expected"),
    [
        pytest.param(4, 0, 0.5, -6.0, id="case 15"),
        pytest.param(4, 45, 0.5, -6.0, id="case 16"),
        pytest.param(6, 60, 0.5, -6.0, id="case 17"),
        pytest.param(8, 67.5, 0.5, -6.0, id="case 18"),
        pytest.param(4, 45, 1.41, 3.0, id="case 19"),
    ],
)
def test_tech3341_cases_15_to_19_true_peak(divisor, phase_deg, amplitude, expected):
    n = np.arange(round(3.2 * RATE))
    value = dbtp(faded(amplitude * np.sin(2 * np.pi * n / divisor + np.radians(phase_deg)), RATE))
    assert expected - 0.4 <= value <= expected + 0.2


@pytest.mark.parametrize("offset", range(4), ids=["case 20", "case 21", "case 22", "case 23"])
def test_tech3341_cases_20_to_23_peak_between_samples(offset):
    from scipy.signal import firwin, oaconvolve

    n = np.arange(round(3.2 * 4 * RATE))
    fast = 0.5 * np.sin(2 * np.pi * n / 24)  # fs/6 at 4 fs
    middle = len(n) // 2 // 24 * 24
    fast[middle : middle + 16] = np.sin(2 * np.pi * np.arange(16) / 16)  # one period of fs/4
    low_passed = oaconvolve(faded(fast, 4 * RATE), firwin(513, 1 / 4), mode="same")
    assert -0.4 <= dbtp(low_passed[offset::4]) <= 0.2


@pytest.mark.parametrize("rate", [8_000, 44_100, 96_000, 192_000])
def test_true_peak_of_a_sine_at_any_rate(rate):
    n = np.arange(rate)
    assert dbtp(faded(0.5 * np.sin(2 * np.pi * n * 997 / rate), rate), rate) == pytest.approx(-6.02, abs=0.1)


@pytest.mark.parametrize(
    ("levels", "expected"),
    [((-20, -30), 10), ((-20, -15), 5), ((-40, -20), 20), ((-50, -35, -20, -35, -50), 15)],
    ids=["case 1", "case 2", "case 3", "case 4"],
)
def test_tech3342_loudness_range(levels, expected):
    assert of(*[(level, 20) for level in levels]).loudness_range_lu == pytest.approx(expected, abs=1.0)


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
    assert parts.short_term_lufs == pytest.approx(whole.short_term_lufs, abs=1e-6)
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
    assert report.short_term_lufs == (None,) * (frames // RATE)


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


def test_short_term_curve_has_a_value_a_second_from_the_third_on():
    report = of((-23, 5), (OFF, 5.5))
    assert len(report.short_term_lufs) == 10
    assert report.short_term_lufs[:2] == (None, None)
    assert report.short_term_lufs[2:5] == pytest.approx([-23] * 3, abs=LU)
    assert report.short_term_lufs[-1] is None


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
