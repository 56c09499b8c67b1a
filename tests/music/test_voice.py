"""Whether somebody sings or speaks: what the speech detector tells, and YAMNet where it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from audiopost.analysis import yamnet
from audiopost.core.audio import Audio
from audiopost.core.stage import Availability
from audiopost.music import voice

SILENCE = Audio(np.zeros((1, 16_000)), 16_000)


def test_a_share_of_speech_becomes_a_probability():
    assert voice.vocal(SILENCE, 0.0) == 0.0
    assert voice.vocal(SILENCE, 0.15) == pytest.approx(0.5, abs=1e-3)
    assert voice.vocal(SILENCE, 0.03) < 0.15 < 0.9 < voice.vocal(SILENCE, 0.6)


def test_yamnets_singing_counts_where_it_lies_on_the_machine(monkeypatch):
    asked = []

    def scores(audio, path, classes):
        asked.append(tuple(classes))
        return np.repeat([[0.0] * (len(classes) - 1) + [0.8]], 10, axis=0)

    monkeypatch.setattr(yamnet, "locate", lambda: Path("yamnet.tflite"))
    monkeypatch.setattr(yamnet, "availability", lambda: Availability(True, "here"))
    monkeypatch.setattr(yamnet, "scores", scores)
    assert voice.vocal(SILENCE, 0.0) == 0.8
    assert asked == [(24, 25, 26, 27, 28, 29, 30, 31)]
    monkeypatch.setattr(yamnet, "scores", lambda *_: np.zeros((0, 8)))
    assert voice.vocal(SILENCE, 0.0) == 0.0


def test_speech_is_a_voice_and_tones_are_not(speech, made):
    assert voice.speech_share(speech) > 0.5
    assert voice.speech_share(made.song(100, 4)) < 0.05
