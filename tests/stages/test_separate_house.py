"""Our own network for films: where it may hear what, and that how a file is cut or how loud it is changes nothing."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from audiopost.analysis import house
from audiopost.core.audio import LAYOUTS, Audio
from audiopost.core.errors import MissingModel
from audiopost.stages.separate import BACKENDS, Options, separate

RATE = 48_000
L, R, C, LFE, LS, RS = range(6)


@pytest.fixture(scope="module")
def scene(speech):
    """Speech over a chord and a hiss, mono, 48 kHz."""
    voice = speech.samples[0]
    time = np.arange(len(voice)) / RATE
    chord = sum(np.sin(2 * np.pi * hz * time) for hz in (220.0, 277.2, 329.6)) * 0.01
    return (voice + chord + np.random.default_rng(0).normal(0, 0.003, len(voice))).astype(np.float32)


def decibels(part, whole):
    return 10 * np.log10(
        (np.mean(np.square(part, dtype=np.float64)) + 1e-20) / np.mean(np.square(whole, dtype=np.float64))
    )


def test_it_finds_speech_in_a_scene(scene, speech):
    stems = separate(Audio(scene, RATE), backend="house")
    assert decibels(stems["dialogue"].samples[0] - speech.samples[0], speech.samples[0]) < -10


def test_how_loud_a_film_is_changes_nothing(scene):
    usual = separate(Audio(scene, RATE), backend="house")
    quiet = separate(Audio(scene * np.float32(0.001), RATE), backend="house")
    for name, stem in usual.items():
        assert decibels(1000 * quiet[name].samples - stem.samples, scene) < -70


def test_how_a_film_is_cut_into_blocks_changes_little(scene, monkeypatch):
    long = np.tile(scene, 3)[: 12 * RATE]
    whole = separate(Audio(long, RATE), backend="house")
    monkeypatch.setattr(house, "BLOCK_S", 5.0)
    cut = separate(Audio(long, RATE), backend="house")
    for name, stem in whole.items():
        assert decibels(cut[name].samples - stem.samples, long) < -20


def test_channels_are_heard_each_by_itself_and_never_the_lfe(scene):
    samples = np.zeros((6, len(scene)), np.float32)
    samples[C] = scene
    samples[LFE] = 0.05 * np.sin(2 * np.pi * 40 * np.arange(len(scene)) / RATE)
    stems = separate(Audio(samples, RATE, LAYOUTS[6]), backend="house")
    for name in ("dialogue", "music"):
        assert not stems[name].samples[[L, R, LFE, LS, RS]].any()
        assert stems[name].samples[C].any()
    assert np.array_equal(stems["effects"].samples[LFE], samples[LFE])


def test_digital_silence_around_a_scene_does_not_change_its_level(scene):
    alone = house.level_of(Audio(scene, RATE))
    padded = house.level_of(Audio(np.pad(scene, 20 * RATE), RATE))
    assert padded == pytest.approx(alone, rel=0.02)
    assert house.level_of(Audio(np.zeros(RATE, np.float32), RATE)) == 0


def test_songs_are_for_others():
    with pytest.raises(MissingModel, match="dsp or demucs for songs"):
        separate(Audio(np.zeros(10), RATE), backend="house", stems="vocals")
    assert BACKENDS.pick(Options(backend="embedded")) == "house"
    assert BACKENDS.pick(Options(backend="embedded", stems="music")) == "dsp"


def test_the_record_names_both_networks_and_the_file_that_ran():
    info = house.model_info()
    assert info.sha256 == hashlib.sha256(house.PATH.read_bytes()).hexdigest()
    assert house.PATH.stat().st_size < 8_000_000
    _, choice = BACKENDS.choose(Options(backend="house"))
    assert choice.model
    assert choice.model.name == "audiopost-house, RNNoise"
    both = [(model.name, model.licence) for model in choice.model.each]
    assert both == [("audiopost-house", "Apache-2.0"), ("RNNoise", "BSD-3-Clause")]


def test_music_is_sought_in_what_dialogue_leaves():
    """A plucked tune in a hiss, as a music model's vocals leave it."""
    rng, tune = np.random.default_rng(0), np.zeros(8 * RATE)
    for i, hz in enumerate((220.0, 277.2, 329.6, 440.0, 329.6, 277.2, 246.9, 293.7) * 2):
        since = np.arange(len(tune) - i * RATE // 2) / RATE
        strings = sum(np.sin(2 * np.pi * hz * k * since) / k for k in (1, 2, 3, 4))
        tune[i * RATE // 2 :] += 0.05 * np.exp(-3 * since) * strings
    rest = Audio((tune + rng.normal(0, 0.003, len(tune))).astype(np.float32), RATE)
    music = np.concatenate([*house.music_in(rest)], axis=-1)
    assert music.shape == (1, rest.frames)
    assert decibels(music[0] - tune, tune) < -12
