"""What every denoiser promises, whoever wrote it."""

from __future__ import annotations

import functools
import sys
import types

import numpy as np
import pytest

from audiopost.core import registry
from audiopost.core.audio import Audio
from audiopost.core.errors import BadValue, Cancelled, UnknownName
from audiopost.core.marks import Finding
from audiopost.core.stage import Availability
from audiopost.dsp.loudness import integrated_loudness
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
def run(request, monkeypatch):
    """run(audio, **options) by one backend; run.keywords["backend"] is its name."""
    name = request.param
    if name == "deepfilternet3":
        pytest.importorskip("onnx")
        model = request.getfixturevalue("shared") / "models" / "deepfilternet3-onnx"
        return functools.partial(denoise, backend=name, model=str(model))
    module = types.ModuleType("a_plugin")
    module.Halver = Halver
    monkeypatch.setitem(sys.modules, "a_plugin", module)
    monkeypatch.setattr(registry, "_plugins", lambda: {"denoise.halver": "a_plugin:Halver"})
    return functools.partial(denoise, backend=name)


@pytest.fixture
def built_in(run):
    """`run`, for the backends of the table alone."""
    if run.keywords["backend"] not in BACKENDS.table:
        pytest.skip("a promise of our own backends")
    return run


@pytest.mark.parametrize(("channels", "rate"), SHAPES)
def test_keeps_length_rate_and_channels(run, rng, channels, rate):
    audio = Audio(rng.normal(0, 0.1, (channels, rate // 2 + 7)), rate)
    out = run(audio)
    assert (out.rate, out.layout, out.frames) == (audio.rate, audio.layout, audio.frames)
    assert np.isfinite(out.samples).all()


@pytest.mark.parametrize("frames", [0, 1, 479, 480, 481, 1536])
def test_very_short(run, frames):
    audio = Audio(np.full((2, frames), 0.5), 48_000)
    assert run(audio).frames == frames


def test_silence_stays_silence(run):
    assert run(Audio(np.zeros((2, 30_000)), 44_100)).peak() == 0


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("kind", ["dc", "square"])
def test_dc_and_full_scale_square(run, kind):
    samples = np.ones(48_000) if kind == "dc" else np.sign(np.sin(np.arange(48_000) * 0.05) + 1e-9)
    out = run(Audio(samples, 48_000))
    assert np.isfinite(out.samples).all()
    assert out.peak() < 2


def test_speech_stays_in_its_place_and_noise_goes(run, shared, rng):
    clean = load(shared / "audio/speech_clean/tsp/FA01_01.flac").audio
    noisy = Audio(clean.samples + rng.normal(0, 0.05, clean.samples.shape).astype(np.float32), clean.rate)
    out = run(noisy).samples[0]
    spectrum = np.fft.rfft(out, 2 * clean.frames) * np.fft.rfft(clean.samples[0], 2 * clean.frames).conj()
    assert np.argmax(np.fft.irfft(spectrum)) == 0
    if run.keywords["backend"] != "halver":
        assert si_sdr(out, clean.samples[0]) > si_sdr(noisy.samples[0], clean.samples[0]) + 3


def test_the_level_of_speech_stays(built_in, shared, rng):
    for name in ("tsp/FA01_01.flac", "tsp/MC13_01.flac"):
        clean = load(shared / "audio/speech_clean" / name).audio
        noise = rng.normal(0, 10 ** (-20 / 20) * clean.samples.std(), clean.samples.shape).astype(np.float32)
        for audio in (clean, Audio(clean.samples + noise, clean.rate)):
            assert abs(lufs(built_in(audio)) - lufs(clean)) < 0.5


def test_what_is_over_full_scale_is_not_clipped(run, shared):
    audio = load(shared / "audio/speech_clean/tsp/FA01_01.flac").audio
    quiet = run(audio).samples
    loud = run(Audio(audio.samples * 8, audio.rate)).samples
    assert np.abs(loud).max() > np.abs(quiet).max() * 7
    assert np.abs(loud).max() > 1
    assert np.allclose(loud / 8, quiet, atol=0.02)


def test_one_nan_harms_only_itself(run, speech):
    samples = speech.between(0, 2).samples.copy()
    sound = run(Audio(samples, speech.rate)).samples
    samples[0, 40_000:40_003] = (np.nan, np.inf, -np.inf)
    broken = run(Audio(samples, speech.rate)).samples
    assert np.isfinite(broken).all()
    assert np.abs(broken - sound)[:, 60_000:].max() < 0.05


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_a_sample_beyond_all_measure_is_silence(run, speech):
    samples = speech.between(0, 1).samples.copy()
    samples[0, 20_000] = 0
    whole = run(Audio(samples, speech.rate))
    samples[0, 20_000] = 1e30
    assert run(Audio(samples, speech.rate)) == whole


def test_silence_on_the_way_is_survived(built_in, speech):
    voice = speech.between(0, 1).samples
    silence = np.zeros((1, 8 * speech.rate), np.float32)
    out = built_in(Audio(np.concatenate([voice, silence, voice], axis=1), speech.rate)).samples
    assert np.isfinite(out).all()
    assert np.abs(out[:, 2 * speech.rate : 8 * speech.rate]).max() < 1e-6
    again, once = out[0, -speech.rate :], voice[0]
    assert si_sdr(again, once) > 10


def test_lfe_passes_through(built_in, rng):
    audio = Audio(rng.normal(0, 0.1, (6, 20_000)), 44_100)
    for options in ({}, {"linked": True}):
        out = built_in(audio, **options).samples
        assert np.array_equal(out[3], audio.samples[3])
        assert not np.allclose(out[2], audio.samples[2], atol=1e-3)


def test_the_band_above_the_model_passes(run, tone):
    low, high = tone(1000.0, rate=192_000), tone(40_000.0, rate=192_000)
    out = run(Audio(low.samples + high.samples, 192_000)).samples[0]
    if run.keywords["backend"] in ("deepfilternet3", "guided", "rnnoise"):
        middle = slice(48_000, 144_000)
        left = np.abs(np.fft.rfft(out[middle] * np.hanning(96_000)))[20_000]
        was = np.abs(np.fft.rfft(high.samples[0, middle] * np.hanning(96_000)))[20_000]
        assert abs(20 * np.log10(left / was)) < 0.01


def test_amount_mixes_the_original_back(run, rng):
    audio = Audio(rng.normal(0, 0.1, (2, 30_000)), 48_000)
    assert np.allclose(run(audio, amount=0.0).samples, audio.samples, atol=1e-7)
    half = run(audio, amount=50.0).samples
    assert np.allclose(half, (audio.samples + run(audio).samples) / 2, atol=1e-6)


def test_a_limited_reduction_keeps_that_share_of_the_noise(run, rng):
    audio = Audio(rng.normal(0, 0.1, (1, 96_000)), 48_000)
    all_of_it = run(audio)
    for amount, most_db, kept in ((100, 12.0, 10 ** (-12 / 20)), (50, 12.0, 0.5), (90, 12.0, 10 ** (-12 / 20))):
        some = run(audio, amount=amount, max_reduction_db=most_db)
        assert np.allclose(some.samples, kept * audio.samples + (1 - kept) * all_of_it.samples, atol=1e-6)
    assert np.allclose(run(audio, max_reduction_db=0.0).samples, audio.samples, atol=1e-7)


def test_linked_channels_get_one_gain(built_in, speech, rng):
    voice = speech.between(0, 2).samples[0]
    noise = rng.normal(0, 0.01, (2, len(voice))).astype(np.float32)
    # One voice at two levels and in opposite phase: a single gain leaves each channel's share as it is.
    panned = np.stack([voice, -0.25 * voice])
    out = built_in(Audio(panned + noise * [[1], [0.25]], speech.rate), linked=True).samples
    per_channel = [si_sdr(out[i], panned[i]) for i in range(2)]
    assert min(per_channel) > 15
    alone = built_in(Audio(panned, speech.rate), linked=True).samples
    assert np.allclose(alone[1], -0.25 * alone[0], atol=1e-4)


def test_where_noise_was_found_and_nowhere_else(run, rng):
    audio = Audio(rng.normal(0, 0.1, (1, 96_000)), 48_000)
    noise = Finding("noise", 0.5, 1.0, 0.5, "", "")
    out, whole = run(audio, [noise], when="found").samples, run(audio).samples
    assert np.array_equal(out[:, :19_000], audio.samples[:, :19_000])
    assert np.array_equal(out[:, 53_000:], audio.samples[:, 53_000:])
    assert np.allclose(out[:, 24_000:48_000], whole[:, 24_000:48_000], atol=1e-6)
    assert np.abs(np.diff(out - audio.samples)).max() <= np.abs(np.diff(whole - audio.samples)).max() + 1e-6
    assert run(audio, [Finding("hum", 0.0, 2.0, 1.0, "", "")], when="found") is audio
    with pytest.raises(BadValue, match="Run diagnose"):
        run(audio, when="found")


def test_same_twice(run, rng):
    audio = Audio(rng.normal(0, 0.1, (1, 30_000)), 48_000)
    assert run(audio) == run(audio)


def test_progress_goes_up_to_the_end(built_in, rng):
    audio = Audio(rng.normal(0, 0.1, (1, 200_000)), 48_000)
    seen: list[float] = []
    built_in(audio, progress=lambda _, done, __: seen.append(done))
    assert seen == sorted(seen)
    assert seen[-1] == audio.frames


def test_stopping_on_the_way_stops(built_in, rng):
    def stop(*_):
        raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        built_in(Audio(rng.normal(0, 0.1, (2, 200_000)), 48_000), progress=stop)


def test_unknown_backend_names_the_choices():
    with pytest.raises(UnknownName, match=r"rnnoise.*spectral"):
        denoise(Audio(np.zeros(10), 48_000), backend="rnoise")


def test_every_backend_resolves():
    for name in BACKENDS.table:
        assert BACKENDS.resolve(name).name == name


def si_sdr(estimate, reference):
    scaled = estimate @ reference / (reference @ reference) * reference
    return 10 * np.log10(scaled @ scaled / np.sum((estimate - scaled) ** 2))


def lufs(audio):
    return integrated_loudness(audio)
