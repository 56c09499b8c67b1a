"""The limiter: never over the ceiling, the same in any blocks, aligned, and idle where it is not needed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audiopost.core.audio import Audio
from audiopost.core.errors import BadValue
from audiopost.dsp.limiter import limit
from audiopost.dsp.true_peak import TruePeak


def dbtp(samples: np.ndarray, rate: int) -> float:
    meter = TruePeak(rate, samples.shape[0])
    meter.push(samples)
    return meter.dbtp or -np.inf


def limited(samples: np.ndarray, rate: int = 48_000, ceiling: float = -1.0, **more: float) -> np.ndarray:
    blocks = list(limit(Audio(samples, rate), ceiling, **more))
    return np.concatenate([samples[:, :0].astype(np.float32), *blocks], axis=1)


def signals(rate: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(7)
    t = np.arange(rate) / rate
    return {
        "noise": rng.standard_normal((2, rate)) * 0.5,
        "square": np.sign(np.sin(2 * np.pi * 997 * t))[np.newaxis],
        "quarter of the rate": 1.41 * np.sin(np.pi / 2 * np.arange(rate) + np.pi / 4)[np.newaxis],
        "low tone": 2 * np.sin(2 * np.pi * 50 * t)[np.newaxis],
        "bursts": 4 * np.sin(2 * np.pi * 300 * t)[np.newaxis] * (np.arange(rate) // (rate // 9) % 2),
        "DC": np.full((1, rate), 2.0),
        "clicks": np.where(rng.random((2, rate)) < 1e-3, rng.standard_normal((2, rate)) * 3, 0),
        "one frame": np.full((2, 1), 3.0),
        "nothing": np.zeros((2, 0)),
    }


@pytest.mark.parametrize("rate", [8_000, 44_100, 48_000, 96_000, 192_000])
@pytest.mark.parametrize("name", list(signals(8_000)))
def test_true_peak_stays_under_the_ceiling(name, rate):
    samples = signals(rate)[name].astype(np.float32)
    result = limited(samples, rate)
    assert result.shape == samples.shape
    assert np.isfinite(result).all()
    assert dbtp(result, rate) <= -1.0
    if samples.shape[1] > 1 and dbtp(samples, rate) > -1.0:
        assert dbtp(result, rate) >= -1.05  # and no lower than it must


@settings(max_examples=20, deadline=None)
@given(
    levels=st.lists(st.floats(0, 30), min_size=1, max_size=40),
    ceiling=st.floats(-12, 0),
    hz=st.floats(20, 3_900),
)
def test_any_run_of_levels_stays_under_any_ceiling(levels, ceiling, hz):
    gains = np.repeat(levels, 97)
    samples = (gains * np.sin(2 * np.pi * hz / 8_000 * np.arange(len(gains))))[np.newaxis].astype(np.float32)
    assert dbtp(limited(samples, 8_000, ceiling), 8_000) <= ceiling


@pytest.mark.parametrize("block", [1_000, 4_800, 1 << 20])
def test_blocks_of_any_size_give_the_same(block, rng):
    samples = rng.standard_normal((2, 60_000)) * np.linspace(0.1, 0.6, 60_000)
    np.testing.assert_allclose(limited(samples, block=block), limited(samples), atol=1e-6)


def test_single_frames_give_the_same(rng):
    samples = rng.standard_normal((1, 300))
    np.testing.assert_allclose(limited(samples, 8_000, block=1), limited(samples, 8_000), atol=1e-6)


def test_quiet_sound_passes_bit_for_bit(rng):
    samples = (rng.standard_normal((2, 30_000)) * 0.05).astype(np.float32)
    np.testing.assert_array_equal(limited(samples), samples)


def test_far_from_a_peak_only_the_gain_is_applied(rng):
    samples = (rng.standard_normal((2, 200_000)) * 0.02).astype(np.float32)
    samples[0, 100_000] = 0.9
    result = limited(samples, gain_db=6.0)
    gained = samples * np.float32(10 ** (6 / 20))
    np.testing.assert_allclose(result[:, :99_000], gained[:, :99_000], atol=1e-7)
    np.testing.assert_allclose(result[:, -20_000:], gained[:, -20_000:], atol=1e-7)
    assert np.argmax(np.abs(result[0])) == 100_000  # latency is compensated


def test_channels_share_one_gain(rng):
    left, right = rng.standard_normal(20_000), 0.1 * rng.standard_normal(20_000)
    result = limited(np.stack([left, right]))
    kept = np.abs(right) > 1e-3
    np.testing.assert_allclose(result[0][kept] / left[kept], result[1][kept] / right[kept], rtol=1e-3)


def test_gain_moves_smoothly_and_recovers():
    samples = np.full((1, 96_000), 0.3, np.float32)
    samples[0, 40_000:40_100] = 3.0
    gain = (limited(samples)[0] / samples[0]).astype(float)
    assert np.abs(np.diff(20 * np.log10(gain))).max() < 0.2  # dB a frame: 11 dB within 5 ms
    assert gain[39_000] == pytest.approx(1.0, abs=1e-6)
    recovering = -20 * np.log10(gain[40_100 + 5_760 + 240])  # one time constant after the peak
    assert recovering == pytest.approx(-20 * np.log10(gain[40_050]) * np.exp(-1), rel=0.1)


def test_a_senseless_ceiling_is_refused():
    with pytest.raises(BadValue, match="ceiling"):
        limit(Audio(np.zeros((1, 1)), 48_000), float("nan"))
