"""True peak: what is passed over to save time changes nothing."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiopost.dsp.product import product
from audiopost.dsp.true_peak import HALF, TruePeak, envelope, highest

NOISE = np.random.default_rng(7).standard_normal((2, 5_000)).astype(np.float32)


@given(
    level=st.lists(st.floats(0, 1), min_size=1, max_size=30),
    floor=st.floats(0, 2),
    factor=st.sampled_from([1, 2, 4]),
    frames=st.integers(1, 1_000),
)
def test_a_floor_hides_nothing_above_it(level, floor, factor, frames):
    samples = NOISE[:, : frames + 2 * HALF] * np.resize(np.repeat(level, 37), frames + 2 * HALF).astype(np.float32)
    whole, quick = envelope(samples, factor), envelope(samples, factor, floor)
    above = whole > floor
    np.testing.assert_allclose(quick[above], whole[above], rtol=1e-5)
    assert (quick <= whole * (1 + 1e-5)).all()
    assert highest(samples, factor) == pytest.approx(whole.max(), rel=1e-5)
    assert highest(samples, factor, floor) == pytest.approx(max(whole.max(), floor), rel=1e-5)


@given(cuts=st.lists(st.integers(0, 5_000), max_size=8), rate=st.sampled_from([999, 4_000, 100_000]))
def test_peaks_by_second_whatever_the_blocks(cuts, rate):
    meter = TruePeak(rate, 2)
    borders = sorted({0, *cuts, 5_000})
    for start, stop in itertools.pairwise(borders):
        meter.push(NOISE[:, start:stop])
    whole = envelope(np.pad(NOISE, ((0, 0), (HALF, HALF))), 2 if rate == 100_000 else 4)
    expected = [whole[at : at + rate].max() for at in range(0, 5_000, rate)]
    np.testing.assert_allclose(meter.by_second, expected, rtol=1e-5)
    assert meter.peak == pytest.approx(whole.max(), rel=1e-5)


def test_asking_does_not_disturb_the_meter():
    asked, quiet = TruePeak(4_000, 2), TruePeak(4_000, 2)
    for at in range(0, 5_000, 7):
        asked.push(NOISE[:, at : at + 7])
        quiet.push(NOISE[:, at : at + 7])
        assert asked.peak > 0
    assert asked.peak == quiet.peak


@pytest.mark.parametrize("rows", [0, 1, 16, 1_000])
def test_products_in_pieces(rows, rng):
    left, right = rng.standard_normal((rows, 87)).astype(np.float32), rng.standard_normal((87, 192)).astype(np.float32)
    np.testing.assert_allclose(product(left, right), left @ right, atol=1e-4)
