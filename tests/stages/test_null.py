"""Nothing is lost on the way: stems sum to the programme, and clean plus removed is the programme."""

from __future__ import annotations

import numpy as np
import pytest

from audiopost.core.audio import Audio
from audiopost.core.project import MediaInfo, Project
from audiopost.core.stage import silent
from audiopost.dsp.resample import resample
from audiopost.stages import denoise, separate

NULL = 10 ** (-90 / 20)


@pytest.mark.parametrize("rate", [44_100, 48_000])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_separate_denoise_remix(speech, rng, channels, rate):
    voice = resample(speech.between(0.0, 2.0).samples, speech.rate, rate)
    audio = Audio(voice + rng.normal(0, 0.01, (channels, voice.shape[1])), rate)
    media = MediaInfo("x.wav", "", "WAV", "FLOAT", rate, channels, audio.layout, audio.duration_s)
    project = separate.Stage()(Project(media, audio), separate.Options(backend="dsp"), silent)
    assert np.abs(sum(s.samples for s in project.stems.values()) - audio.samples).max() < NULL
    assert project.clean is None
    assert project.mix is audio

    project = denoise.Stage()(project, denoise.Options(backend="spectral"), silent)
    clean = project.clean.samples
    # The clean mix differs from the source by exactly what was taken out of the dialogue.
    removed = project.stems["dialogue"].samples - project.repaired.samples
    assert np.abs(removed).max() > 0
    assert np.abs(clean + removed - audio.samples).max() < NULL
    assert [step.stage for step in project.steps] == ["separate", "denoise"]


def test_denoise_alone_makes_the_programme_clean(rng):
    audio = Audio(rng.normal(0, 0.1, (1, 20_000)), 48_000)
    media = MediaInfo("x.wav", "", "WAV", "FLOAT", 48_000, 1, audio.layout, audio.duration_s)
    project = denoise.Stage()(Project(media, audio), denoise.Options(backend="spectral"), silent)
    assert project.clean is project.repaired
    assert project.clean != audio
