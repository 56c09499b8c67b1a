"""DeepFilterNet3 with its real graphs: against upstream's own figure, and against itself in other blocks."""

from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pytest

from audiopost.core.audio import Audio
from audiopost.core.errors import BadValue, MissingModel
from audiopost.core.project import MediaInfo, Project
from audiopost.core.stage import silent
from audiopost.dsp.resample import resample
from audiopost.io.decode import load
from audiopost.stages.denoise import BACKENDS, Options, Stage, denoise
from audiopost.stages.denoise.band import telephone_band
from audiopost.stages.denoise.deepfilternet3 import levels
from audiopost.stages.denoise.deepfilternet3_frames import HOP, WIDTHS, Enhancer
from audiopost.stages.denoise.deepfilternet3_graphs import FILES, Graphs


@pytest.fixture
def folder(shared):
    pytest.importorskip("onnx")
    return shared / "models" / "deepfilternet3-onnx"


@pytest.fixture
def graphs(folder):
    return Graphs(folder)


@pytest.fixture
def pair(shared):
    names = ("freesound_33711_clean.flac", "freesound_33711_noisy_snr0.flac")
    return tuple(load(shared / "audio" / "denoise_pairs" / name).audio.samples[0] for name in names)


def enhanced(graphs, samples, frames, **options):
    """Through one Enhancer in blocks of so many frames."""
    enhancer = Enhancer(graphs, **options)
    padded = np.pad(samples, (0, -len(samples) % HOP))
    blocks = [enhancer.feed(padded[at : at + frames * HOP]) for at in range(0, len(padded), frames * HOP)]
    return np.concatenate([*blocks, enhancer.finish()])[: len(samples)]


def test_upstreams_own_figure_is_reached(graphs, pair):
    clean, noisy = pair
    # github.com/Rikorose/DeepFilterNet, its test of this pair: SI-SDR 20.0149 dB.
    assert abs(si_sdr(enhanced(graphs, noisy, 100), clean) - 20.0149) < 0.05


@pytest.mark.parametrize("frames", [1, 7, 100])
def test_blocks_equal_the_whole(graphs, pair, frames):
    noisy = pair[1][: 4 * 48_000 + 123]
    whole, blocks = enhanced(graphs, noisy, 1000), enhanced(graphs, noisy, frames)
    assert len(whole) == len(noisy)
    assert np.sqrt(np.mean((whole - blocks) ** 2)) < 10 ** (-100 / 20) * np.sqrt(np.mean(whole**2))


def test_the_stage_in_blocks_equals_the_stage_at_once(graphs, folder, pair):
    # denoise() reads 2.7 s at a time and runs 1 s at a time; the same by hand, at once.
    noisy = Audio(pair[1][: 7 * 48_000], 48_000)
    gain = 10 ** (-26 / 20) / levels(noisy)[0, 0]
    lead = noisy.samples[0, : 2 * 48_000][::-1]
    at_once = enhanced(graphs, np.float32(gain) * np.concatenate([lead, noisy.samples[0]]), 10_000)[len(lead) :] / gain
    out = denoise(noisy, backend="deepfilternet3", model=str(folder)).samples[0]
    assert np.sqrt(np.mean((out - at_once) ** 2)) < 10 ** (-100 / 20) * np.sqrt(np.mean(out**2))


def test_the_first_second_is_not_cut(graphs, folder, speech, rng):
    clean = speech.samples[0, 24_000:168_000]
    noisy = (clean + rng.normal(0, 0.3 * clean.std(), clean.shape)).astype(np.float32)
    start = slice(0, 24_000)
    assert np.std(clean[start]) > 0.5 * np.std(clean), "it begins within a word"
    ours = denoise(Audio(noisy, 48_000), backend="deepfilternet3", model=str(folder)).samples[0]
    cold = enhanced(graphs, noisy, 100)
    assert si_sdr(ours[start], clean[start]) > si_sdr(cold[start], clean[start]) + 10


def test_quiet_recordings_are_heard_as_well_as_loud_ones(folder, pair):
    noisy = pair[1][: 4 * 48_000]
    loud, quiet = (
        denoise(Audio(noisy * gain, 48_000), backend="deepfilternet3", model=str(folder)).samples[0] / gain
        for gain in (np.float32(1), np.float32(0.003))
    )
    assert np.allclose(loud, quiet, atol=1e-4)


def test_the_post_filter_takes_more(graphs, pair):
    noisy = pair[1][: 3 * 48_000]
    plain, filtered = enhanced(graphs, noisy, 100), enhanced(graphs, noisy, 100, post_filter=True)
    assert np.sum(filtered**2) < np.sum(plain**2)
    assert si_sdr(filtered, plain) > 15


def test_minutes_of_digital_silence_leave_the_means_finite(graphs):
    enhancer = Enhancer(graphs)
    for _ in range(10):
        enhancer._features(np.zeros((10_000, HOP + 1), np.complex64))
    assert enhancer._unit_mean.min() > 1e-11


def test_the_bands_cover_the_spectrum():
    assert sum(WIDTHS) == HOP + 1
    assert len(WIDTHS) == 32


def test_levels_leave_pauses_out(speech):
    spoken = speech.samples
    rest = np.zeros((1, 30 * speech.rate), np.float32)
    alone, paused = levels(speech), levels(Audio(np.concatenate([spoken, rest], axis=1), speech.rate))
    assert abs(20 * np.log10(alone / paused)).max() < 3
    assert levels(Audio(np.zeros((6, 100)), 48_000)).tolist() == [[1.0]] * 5


def test_without_weights_it_says_what_to_type(monkeypatch, tmp_path):
    monkeypatch.setenv("AUDIOPOST_MODELS", str(tmp_path))
    with pytest.raises(MissingModel, match="audiopost models pull deepfilternet3"):
        denoise(Audio(np.zeros(10), 48_000), backend="deepfilternet3")
    with pytest.raises(MissingModel, match=r"has no enc\.onnx, erb_dec\.onnx, df_dec\.onnx"):
        denoise(Audio(np.zeros(10), 48_000), backend="deepfilternet3", model=str(tmp_path))


def test_another_networks_folder_is_refused(folder, tmp_path):
    for name in FILES:
        shutil.copy(folder / name, tmp_path)
    config = (folder / "config.ini").read_text(encoding="utf-8")
    (tmp_path / "config.ini").write_text(config.replace("df_lookahead = 2", "df_lookahead = 0"), encoding="utf-8")
    with pytest.raises(BadValue, match="df_lookahead = 0, not 2"):
        denoise(Audio(np.zeros(10), 48_000), backend="deepfilternet3", model=str(tmp_path))
    (tmp_path / "config.ini").unlink()
    shutil.copy(folder / "enc.onnx", tmp_path / "df_dec.onnx")
    with pytest.raises(BadValue, match=r"df_dec\.onnx has 1 GRU layers, not 2"):
        denoise(Audio(np.zeros(10), 48_000), backend="deepfilternet3", model=str(tmp_path))
    (tmp_path / "enc.onnx").write_bytes(b"<html>")
    with pytest.raises(BadValue, match=r"enc\.onnx cannot be loaded"):
        denoise(Audio(np.zeros(10), 48_000), backend="deepfilternet3", model=str(tmp_path))


def test_auto_takes_it_where_its_weights_are_and_not_over_the_telephone(folder, monkeypatch, tmp_path, speech):
    (tmp_path / "deepfilternet3").mkdir()
    for name in (*FILES, "config.ini"):
        shutil.copy(folder / name, tmp_path / "deepfilternet3")
    monkeypatch.setenv("AUDIOPOST_MODELS", str(tmp_path))
    wide = speech.between(0, 2)
    line = Audio(resample(resample(wide.samples, wide.rate, 8000), 8000, wide.rate), wide.rate)
    assert BACKENDS.pick(Options()) == "deepfilternet3"
    assert (telephone_band(wide), telephone_band(line)) == (False, True)

    def step(audio, **options):
        media = MediaInfo("x.wav", "", "WAV", "FLOAT", audio.rate, 1, audio.layout, audio.duration_s)
        return Stage()(Project(media, audio), replace(Options(), **options), silent).steps[-1]

    assert step(wide).backend == "deepfilternet3"
    assert step(wide).model.name == "deepfilternet3"
    assert len(step(wide).model.sha256) == 64
    chosen = step(line)
    assert chosen.backend == "guided"
    assert "telephone" in chosen.reason
    asked = step(line, backend="deepfilternet3")
    assert asked.backend == "deepfilternet3"
    assert "telephone" in asked.warnings[0]


def si_sdr(estimate, reference):
    estimate, reference = estimate.astype(np.float64), reference.astype(np.float64)
    scaled = estimate @ reference / (reference @ reference) * reference
    return 10 * np.log10(scaled @ scaled / np.sum((estimate - scaled) ** 2))
