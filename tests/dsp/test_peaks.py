"""Outlines of sound: each bucket holds its lowest and highest sample, at every level."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from audiopost.dsp.peaks import BASE, FACTOR, FULL_SCALE, bucket_frames, coarser, level_counts, outline


@given(frames=st.integers(0, 5000), channels=st.integers(1, 3), seed=st.integers(0, 99))
def test_every_level_holds_the_extremes_of_its_buckets(frames: int, channels: int, seed: int) -> None:
    samples = np.random.default_rng(seed).uniform(-1.2, 1.2, (channels, frames)).astype(np.float32)
    level = outline(samples)
    assert len(level) == -(-frames // BASE)
    for number in range(2):
        size = bucket_frames(number)
        for bucket, (low, high) in enumerate(level):
            part = np.clip(samples[:, bucket * size : (bucket + 1) * size], -1, 1) * FULL_SCALE
            assert low == round(float(part.min()))
            assert high == round(float(part.max()))
        level = coarser(level)


def test_levels_become_coarser_until_a_screen_is_wider() -> None:
    counts = level_counts(48_000 * 3600 * 3)
    assert counts[0] == -(-48_000 * 3600 * 3 // BASE)
    assert all(b == -(-a // FACTOR) for a, b in pairwise(counts))
    assert counts[-1] <= 512 < counts[-2]
    assert level_counts(1) == (1,)
