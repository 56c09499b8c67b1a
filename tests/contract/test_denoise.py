"""What every denoiser promises, whoever wrote it."""

from __future__ import annotations

import sys
import types

import numpy as np
import pytest

from audiopost.core import registry
from audiopost.core.audio import Audio
from audiopost.core.errors import UnknownName
from audiopost.core.stage import Availability
from audiopost.io.decode import load
from audiopost.stages.denoise import BACKENDS, denoise

SHAPES = [(1, 44_100), (2, 48_000), (6, 44_100), (6, 48_000), (1, 8_000), (2, 192_000)]


class Halver:
    """The least that a plug-in needs."""

    name = "halver"
    draft = ""
    model = None

    def __init__(self, options):
        pass

    @classmethod
    def available(cls, options):
        return Availability(True, "always here")

    def denoise(self, audio, progress):
        for block in audio.blocks(10_000):
            yield block / 2


@pytest.fixture(params=[*BACKENDS.table, "halver"])
def backend(request, monkeypatch):
    module = types.ModuleType("a_plugin")
    module.Halver = Halver
    monkeypatch.setitem(sys.modules, "a_plugin", module)
    monkeypatch.setattr(registry, "_plugins", lambda: {"denoise.halver": "a_plugin:Halver"})
    return request.param


@pytest.mark.parametrize(("channels", "rate"), SHAPES)
def test_keeps_length_rate_and_channels(backend, rng, channels, rate):
    audio = Audio(rng.normal(0, 0.1, (channels, rate // 2 + 7)), rate)
    out = denoise(audio, backend=backend)
    assert (out.rate, out.layout, out.frames) == (audio.rate, audio.layout, audio.frames)
    assert np.isfinite(out.samples).all()


@pytest.mark.parametrize("frames", [1, 479, 480, 481, 1536])
def test_very_short(backend, frames):
    audio = Audio(np.full((2, frames), 0.5), 48_000)
    assert denoise(audio, backend=backend).frames == frames


def test_silence_stays_silence(backend):
    assert denoise(Audio(np.zeros((2, 30_000)), 44_100), backend=backend).peak() == 0


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("kind", ["dc", "square"])
def test_dc_and_full_scale_square(backend, kind):
    samples = np.ones(48_000) if kind == "dc" else np.sign(np.sin(np.arange(48_000) * 0.05) + 1e-9)
    out = denoise(Audio(samples, 48_000), backend=backend)
    assert np.isfinite(out.samples).all()
    assert out.peak() < 2


def test_speech_stays_in_its_place_and_noise_goes(backend, shared, rng):
    clean = load(shared / "audio/speech_clean/tsp/FA01_01.flac").audio
    noisy = Audio(clean.samples + rng.normal(0, 0.05, clean.samples.shape).astype(np.float32), clean.rate)
    out = denoise(noisy, backend=backend).samples[0]
    spectrum = np.fft.rfft(out, 2 * clean.frames) * np.fft.rfft(clean.samples[0], 2 * clean.frames).conj()
    assert np.argmax(np.fft.irfft(spectrum)) == 0
    if backend != "halver":
        assert si_sdr(out, clean.samples[0]) > si_sdr(noisy.samples[0], clean.samples[0]) + 3


def test_what_is_over_full_scale_is_not_clipped(backend, shared):
    audio = load(shared / "audio/speech_clean/tsp/FA01_01.flac").audio
    quiet = denoise(audio, backend=backend).samples
    loud = denoise(Audio(audio.samples * 8, audio.rate), backend=backend).samples
    assert np.abs(loud).max() > np.abs(quiet).max() * 7
    assert np.abs(loud).max() > 1
    assert np.allclose(loud / 8, quiet, atol=0.02)


def test_lfe_passes_through(rng):
    audio = Audio(rng.normal(0, 0.1, (6, 20_000)), 44_100)
    for backend in BACKENDS.table:
        out = denoise(audio, backend=backend).samples
        assert np.array_equal(out[3], audio.samples[3])
        assert not np.allclose(out[2], audio.samples[2], atol=1e-3)


def test_amount_mixes_the_original_back(backend, rng):
    audio = Audio(rng.normal(0, 0.1, (2, 30_000)), 48_000)
    assert np.allclose(denoise(audio, backend=backend, amount=0.0).samples, audio.samples, atol=1e-7)
    half = denoise(audio, backend=backend, amount=0.5).samples
    assert np.allclose(half, (audio.samples + denoise(audio, backend=backend).samples) / 2, atol=1e-6)


def test_same_twice(backend, rng):
    audio = Audio(rng.normal(0, 0.1, (1, 30_000)), 48_000)
    assert denoise(audio, backend=backend) == denoise(audio, backend=backend)


def test_progress_goes_up_to_the_end(rng):
    audio = Audio(rng.normal(0, 0.1, (1, 600_000)), 48_000)
    for backend in BACKENDS.table:
        seen: list[float] = []
        denoise(audio, backend=backend, progress=lambda _, done, __, seen=seen: seen.append(done))
        assert seen == sorted(seen)
        assert seen[-1] == audio.frames


def test_unknown_backend_names_the_choices():
    with pytest.raises(UnknownName, match=r"rnnoise.*spectral"):
        denoise(Audio(np.zeros(10), 48_000), backend="rnoise")


def test_every_backend_resolves():
    for name in BACKENDS.table:
        assert BACKENDS.resolve(name).name == name


def si_sdr(estimate, reference):
    scaled = estimate @ reference / (reference @ reference) * reference
    return 10 * np.log10(scaled @ scaled / np.sum((estimate - scaled) ** 2))
