"""The embedded separator: where film channels put their dialogue, and what it does where a part is missing."""

from __future__ import annotations

import numpy as np
import pytest

from audiopost.analysis import rnnoise
from audiopost.analysis.rnnoise import speech_in
from audiopost.core.audio import LAYOUTS, Audio
from audiopost.dsp import masks
from audiopost.io.decode import load
from audiopost.stages.separate import separate

RATE = 48_000
L, R, C, LFE, LS, RS = range(6)


def energy(samples):
    return float(np.mean(np.square(samples, dtype=np.float64)))


def decibels(part, whole):
    return 10 * np.log10((energy(part) + 1e-20) / energy(whole))


@pytest.fixture(scope="module")
def bed():
    """A chord with tremolo in the left and another in the right channel."""
    time = np.arange(5 * RATE) / RATE
    chords = ((220.0, 277.2, 329.6), (246.9, 311.1, 370.0))
    rows = [sum(np.sin(2 * np.pi * k * hz * time) / k for hz in chord for k in (1, 2, 3)) for chord in chords]
    return np.stack(rows) * (0.9 + 0.1 * np.sin(2 * np.pi * 0.7 * time)) * 0.01


def surround(speech, bed, where):
    """5.1 with music left and right, wind in the surrounds, a rumble in the LFE, and speech in some channels."""
    rng = np.random.default_rng(4)
    samples = np.zeros((6, bed.shape[1]))
    samples[[L, R]] = bed
    samples[[LS, RS]] = rng.normal(0, 0.002, (2, bed.shape[1]))
    samples[LFE] = 0.05 * np.sin(2 * np.pi * 40 * np.arange(bed.shape[1]) / RATE)
    voice = speech.samples[0, : bed.shape[1]]
    samples[where] += voice
    return Audio(samples, RATE, LAYOUTS[6]), voice


def test_the_centre_holds_the_dialogue(speech, bed):
    audio, voice = surround(speech, bed, [C])
    stems = separate(audio, backend="dsp")
    dialogue = stems["dialogue"].samples
    assert decibels(dialogue[C] - voice, voice) < -10
    assert decibels(dialogue[[L, R]], bed) < -20, "music beside a speaking centre stays music"
    assert not dialogue[LFE].any()
    assert not stems["music"].samples[LFE].any()
    assert np.array_equal(stems["effects"].samples[LFE], audio.samples[LFE])


def test_voices_beside_a_silent_centre_are_found(speech, bed):
    audio, voice = surround(speech, bed * 0.3, [L, R])
    dialogue = separate(audio, backend="dsp")["dialogue"].samples
    assert decibels(dialogue[[L, R]] - voice, voice) < -8
    assert decibels(dialogue[C], voice) < -60


def test_refining_brings_speech_nearer_to_the_voice(speech, bed):
    voice = speech.samples[:, : bed.shape[1]]
    mix = (voice + 4 * bed[:1]).astype(np.float32)
    rough = np.concatenate(list(speech_in(Audio(mix, RATE))), axis=1)
    fine = masks.refined(mix, rough, RATE)
    assert decibels(fine - voice, voice) < decibels(rough - voice, voice) - 0.5
    assert np.abs(masks.refined(mix, mix, RATE) - mix).max() < 1e-4
    assert not masks.refined(mix, np.zeros_like(mix), RATE).any()


def test_the_enhancer_rests_where_nobody_speaks(speech, bed, monkeypatch):
    """Channels whose gate stays shut are not enhanced, which leaves what comes out as it is."""
    voice = np.pad(speech.samples[0, : 4 * RATE], (2 * RATE, 8 * RATE))
    samples = np.tile(bed[0], 6)[: 2 * len(voice)] * 0.3 + np.zeros((6, 1))
    samples += np.random.default_rng(5).normal(0, 0.002, samples.shape)
    samples[C] += np.tile(voice, 2)
    audio, live = Audio(samples, RATE, LAYOUTS[6]), []
    run = rnnoise._States.run
    monkeypatch.setattr(rnnoise._States, "run", lambda self, x, on: run(self, x, live.append(list(on)) or live[-1]))
    made = separate(audio, backend="dsp", stems="m-and-e")["dialogue"].samples
    share = np.mean(live, axis=0)
    assert 0.4 < share[C] < 0.9
    assert share[L] == share[RS - 1] == 0
    monkeypatch.setattr("audiopost.stages.separate.dsp._WARM_S", 100.0)
    always = separate(audio, backend="dsp", stems="m-and-e")["dialogue"].samples
    assert decibels(made - always, always) < -35


def test_unlikely_music_gets_less(bed):
    """The same sound: the mask's power follows the log odds."""
    samples = bed[:1].astype(np.float32)
    likely, even, unlikely = (
        energy(masks.music_of(samples, RATE, np.full(samples.shape[1], odds, np.float32))) for odds in (4.0, 0.0, -4.0)
    )
    assert likely > even > unlikely


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "stem", "other"), [("effects/fire_large.ogg", "effects", "music"), ("noise", "effects", "dialogue")]
)
def test_what_is_not_there_gets_little(shared, kind, stem, other):
    folder = shared / "audio" / kind
    path = folder if folder.is_file() else sorted(folder.glob("*.flac"))[0]
    audio = Audio(load(path).audio.between(0, 10).samples, load(path).audio.rate)
    stems = separate(audio, backend="dsp")
    assert decibels(stems[other].samples, audio.samples) < -12
    assert decibels(stems[stem].samples, audio.samples) > -1.5


@pytest.mark.slow
def test_blocks_leave_no_trace_in_real_music(shared, monkeypatch):
    """Blocks of other lengths end elsewhere, and give the same."""
    track = load(shared / "audio" / "music" / "brahms_hungarian5_strings.ogg").audio.between(0, 25)
    usual = separate(track, backend="dsp")
    monkeypatch.setattr("audiopost.stages.separate.film._BLOCK_S", 7.0)
    other = separate(track, backend="dsp")
    for name, stem in usual.items():
        assert decibels(stem.samples - other[name].samples, track.samples) < -120, name
