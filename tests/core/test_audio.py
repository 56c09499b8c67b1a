from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiopost.core.audio import Audio, difference, sound_of
from audiopost.core.errors import BadValue


class Ramp:
    """A source that counts up, one number a frame."""

    def read(self, start: int, stop: int) -> np.ndarray:
        return np.arange(start, stop, dtype=np.float32)[np.newaxis] / 1000


def test_mono_array_becomes_one_channel() -> None:
    audio = Audio(np.zeros(480), 48_000)
    assert (audio.channels, audio.frames, audio.layout, audio.duration_s) == (1, 480, ("M",), 0.01)


def test_six_channels_without_a_mask_are_smpte() -> None:
    assert Audio(np.zeros((6, 10)), 48_000).layout == ("L", "R", "C", "LFE", "Ls", "Rs")


def test_samples_are_read_only() -> None:
    audio = Audio(np.zeros((1, 4)), 8000)
    with pytest.raises(ValueError, match="read-only"):
        audio.samples[0, 0] = 1


@given(st.integers(-50, 150), st.integers(0, 120))
def test_reading_outside_is_silence(start: int, length: int) -> None:
    backed = Audio.backed(Ramp(), channels=1, frames=100, rate=8000)
    got = backed.read(start, start + length)
    want = [i / 1000 if 0 <= i < 100 else 0.0 for i in range(start, start + length)]
    assert np.allclose(got[0], want)
    assert got.shape == (1, length)


def test_hash_and_equality_do_not_depend_on_where_samples_lie() -> None:
    backed = Audio.backed(Ramp(), channels=1, frames=100, rate=8000)
    memory = Audio(backed.samples, 8000)
    assert backed == memory
    assert backed.sha256() == memory.sha256()
    assert memory.sha256() != Audio(memory.samples, 16_000).sha256()
    assert memory != Audio(memory.samples * 2, 8000)


def test_blocks_join_to_the_whole() -> None:
    backed = Audio.backed(Ramp(), channels=1, frames=100, rate=8000)
    assert np.array_equal(np.concatenate(list(backed.blocks(7)), axis=1), backed.samples)


def test_difference() -> None:
    a = Audio.backed(Ramp(), channels=1, frames=100, rate=8000)
    b = Audio(np.full((1, 100), 0.5), 8000)
    assert np.allclose(difference(a, b).samples, a.samples - 0.5)
    with pytest.raises(BadValue):
        difference(a, Audio(np.zeros((1, 99)), 8000))


@pytest.mark.parametrize("rate", [0, 999, 44100.5, -1, 10**7])
def test_impossible_rates(rate: float) -> None:
    with pytest.raises(BadValue, match="rate"):
        Audio(np.zeros(10), rate)  # type: ignore[arg-type]


def test_transposed_arrays_are_refused() -> None:
    with pytest.raises(BadValue, match=r"transposed|channels"):
        Audio(np.zeros((48_000, 2)), 48_000)
    with pytest.raises(BadValue, match="shape"):
        Audio(np.zeros((2, 2, 2)), 48_000)


def test_what_is_no_sound_is_silence() -> None:
    samples = np.array([[0.5, np.nan, -np.inf, 1e30, -1e11, 30.0, -1e4]], np.float32)
    audio = sound_of(Audio(samples, 8000))
    assert audio.samples.tolist() == [[0.5, 0.0, 0.0, 0.0, 0.0, 30.0, -1e4]]
    assert (audio.rate, audio.layout, audio.frames) == (8000, ("M",), 7)
