"""FFmpeg's filters through PyAV: same length and rate, channels apart, errors as ours."""

from __future__ import annotations

import numpy as np
import pytest

from audiopost.core.audio import Audio
from audiopost.core.errors import BadValue
from audiopost.io.filtergraph import filtered, latency


def run(audio: Audio, description: str) -> np.ndarray:
    return np.concatenate([np.zeros((audio.channels, 0)), *filtered(audio, description)], axis=1)


@pytest.mark.parametrize("channels", [1, 2, 6, 8])
@pytest.mark.parametrize("rate", [8000, 44_100, 192_000])
def test_nothing_done_is_bit_identical(rng, channels, rate):
    x = (0.1 * rng.standard_normal((channels, 40_001))).astype(np.float32)
    assert np.array_equal(run(Audio(x, rate), "anull"), x)


def test_each_channel_is_filtered_by_itself():
    n = np.arange(48_000) / 48_000
    x = np.stack([np.sin(2 * np.pi * f * n) for f in (30, 1000, 30)])
    out = run(Audio(x, 48_000), "highpass=f=300,highpass=f=300")
    assert np.abs(out[[0, 2], 24_000:]).max() < 0.01
    assert np.abs(out[1, 24_000:]).max() > 0.8


def test_samples_beyond_full_scale_pass():
    x = np.full((1, 1000), 3.0, np.float32)
    assert np.array_equal(run(Audio(x, 48_000), "anull"), x)


def test_length_holds_where_a_filter_is_late(rng):
    audio = Audio(0.1 * rng.standard_normal((1, 30_000)), 48_000)
    assert run(audio, "afftdn=nr=12").shape == (1, 30_000)
    assert latency("afftdn=nr=12", 48_000) == 1200
    assert latency("anull", 48_000) == 0


def test_empty_audio():
    assert run(Audio(np.zeros((2, 0)), 48_000), "anull").shape == (2, 0)


@pytest.mark.parametrize("description", ["nosuchfilter", "highpass=f=nonsense", "afftdn=nr=-99999"])
def test_what_ffmpeg_refuses_is_said(description):
    with pytest.raises(BadValue, match="FFmpeg refuses the filter"):
        run(Audio(np.zeros((1, 100)), 48_000), description)
