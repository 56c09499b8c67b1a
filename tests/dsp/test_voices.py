import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiopost.core.audio import Audio
from audiopost.dsp.voices import Kept, at_rate, voices


def half(blocks, channels):
    for block in blocks:
        assert block.shape[0] == channels
        yield block / 2


@pytest.mark.parametrize("rate", [8_000, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_work_reaches_the_voices_alone(rate, channels, tone):
    audio = tone(1000.0, rate=rate, channels=channels)
    out = np.concatenate(list(at_rate(audio, 48_000, half, block=5000)), axis=1)
    assert out.shape == audio.samples.shape
    middle = slice(rate // 4, 3 * rate // 4)
    kept = voices(audio.layout)
    assert np.allclose(out[kept, middle], audio.samples[kept, middle] / 2, atol=1e-4)
    if channels == 6:
        assert np.array_equal(out[3], audio.samples[3])


def test_work_that_changes_nothing_leaves_every_bit(rng):
    audio = Audio(rng.normal(0, 0.1, (2, 50_000)), 96_000)
    out = np.concatenate(list(at_rate(audio, 48_000, lambda blocks, _: iter(blocks))), axis=1)
    assert np.array_equal(out, audio.samples)


def test_a_lone_lfe_is_left_alone(rng):
    audio = Audio(rng.normal(0, 0.1, (1, 5000)), 48_000, ("LFE",))
    assert np.array_equal(np.concatenate(list(at_rate(audio, 48_000, half)), axis=1), audio.samples)


@given(st.lists(st.integers(0, 50), max_size=8), st.data())
def test_what_went_through_comes_back_in_order(lengths, data):
    samples = np.arange(sum(lengths), dtype=np.float32)[np.newaxis]
    kept = Kept(iter(np.split(samples, np.cumsum(lengths), axis=1)), 1)
    taken, passed = [], 0
    for block in kept:
        passed += block.shape[1]
        n = data.draw(st.integers(0, passed - sum(len(t[0]) for t in taken)))
        taken.append(kept.take(n))
    assert np.array_equal(np.concatenate([*taken, kept.take(sum(lengths))], axis=1), samples)
