"""Dither: errors like noise, untouched audio untouched, the same twice."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiopost.dsp.quantise import STRETCH, quantised


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("bits", [16, 24])
def test_the_error_is_white_and_as_strong_as_tpdf_makes_it(bits: int) -> None:
    """Total error of TPDF: variance 3/12 LSB^2 whatever the signal (Lipshitz et al. 1992), no tones."""
    t = np.arange(1 << 16) / 48_000
    for amplitude in (1.4, 40.0):  # a few steps of the grid, where rounding alone would distort
        signal = (amplitude * np.sin(2 * np.pi * 1000 * t) / (1 << bits - 1))[np.newaxis].astype(np.float32)
        error = quantised(signal, bits, rng())[0] - signal[0].astype(np.float64) * (1 << bits - 1)
        assert np.mean(error) == pytest.approx(0.0, abs=0.01)
        assert np.var(error) == pytest.approx(0.25, rel=0.03)
        power = np.abs(np.fft.rfft(error * np.hanning(len(error)))) ** 2
        assert power.max() < 25 * power.mean(), "no harmonic stands out"
        again = np.abs(np.correlate(error, np.rint(signal[0].astype(np.float64) * (1 << bits - 1)), "valid"))
        assert again[0] / len(error) < 0.05 * amplitude


@given(st.integers(1, 300), st.sampled_from([16, 24]), st.integers(0, 1 << 30))
def test_what_lies_on_the_grid_stays(length: int, bits: int, seed: int) -> None:
    top = (1 << min(bits, 24) - 1) - 1
    levels = rng(seed).integers(-top - 1, top, (2, length), endpoint=True)
    assert np.array_equal(quantised((levels / (top + 1)).astype(np.float32), bits, rng()), levels)


def test_only_the_changed_stretch_is_dithered() -> None:
    levels = rng(1).integers(-(1 << 22), 1 << 22, (2, 4096))
    samples = (levels / (1 << 23)).astype(np.float32)
    samples[1, 1000:1010] += np.float32(0.3e-7)
    got = quantised(samples, 24, rng())
    assert np.array_equal(got[0], levels[0]), "the other channel stays"
    changed = np.flatnonzero(got[1] != levels[1])
    assert 1000 - STRETCH < changed.min() <= changed.max() < 1010 + STRETCH


def test_full_scale_clips_and_seeds_differ() -> None:
    over = np.array([[1.5, -1.5, 1.0, -1.0]], np.float32)
    assert quantised(over, 16, rng()).tolist() == [[32767, -32768, 32767, -32768]]
    noise = rng(3).uniform(-0.4, 0.4, (1, 1000)).astype(np.float32)
    first = quantised(noise, 24, rng(5))
    assert np.array_equal(first, quantised(noise, 24, rng(5)))
    assert not np.array_equal(first, quantised(noise, 24, rng(6)))
    assert quantised(np.zeros((2, 0), np.float32), 24, rng()).shape == (2, 0)
