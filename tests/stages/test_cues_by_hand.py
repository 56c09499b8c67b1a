"""Cues that a person puts where they want one: the rules dress them, what the person said stays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from audiopost.core.audio import Audio
from audiopost.core.errors import BadValue, UnknownName
from audiopost.core.marks import Activity
from audiopost.core.project import MediaInfo, Project
from audiopost.core.spotting import EmotionPoint
from audiopost.core.time import Span
from audiopost.stages.cues import Options
from audiopost.stages.cues.by_hand import cue_by_hand, redressed

SPEECH = (Activity("speech", 5.0, 8.0),)


@pytest.fixture
def project() -> Project:
    media = MediaInfo("x.wav", "0" * 64, "WAV", "PCM_16", 8000, 1, ("C",), 60.0)
    feelings = tuple(EmotionPoint(float(t), -0.6, -0.6, -0.4, 0.8) for t in range(20))
    return Project(media, Audio(np.zeros(60 * 8000), 8000), emotion=feelings, activity=SPEECH, cues=())


def test_the_rules_dress_it_by_what_is_felt_there(project: Project) -> None:
    cue = cue_by_hand(project, Span(4.013, 16.0), Options())
    assert (cue.in_s, cue.out_s, cue.function, cue.emotion) == (4.0, 16.0, "underscore", "sadness")
    assert cue.tempo_bpm[0] > 0
    assert cue.instruments
    assert cue.edited
    assert cue.confidence == 1.0
    assert [(duck.start_s, duck.end_s) for duck in cue.ducks] == [(4.72, 8.4)]
    assert "arousal -0.60" in cue.reason


def test_where_nobody_speaks_the_reason_says_so(project: Project) -> None:
    cue = cue_by_hand(project, Span(40.0, 50.0), Options(language="zh-hant"), function="montage", emotion="joy")
    assert (cue.function, cue.emotion, cue.mode) == ("montage", "joy", "major")
    assert "無人說話" in cue.reason


def test_another_feeling_brings_its_own_colours_and_keeps_what_was_decided(project: Project) -> None:
    sad = replace(cue_by_hand(project, Span(4.0, 16.0), Options()), number=3, title="Rain", status="accepted")
    glad = redressed(project, replace(sad, emotion="joy"), Options())
    assert (glad.label, glad.title, glad.status, glad.in_s, glad.out_s) == ("1m03", "Rain", "accepted", 4.0, 16.0)
    assert glad.mode == "major"
    assert glad.tempo_bpm[0] > sad.tempo_bpm[1]
    assert glad.instruments != sad.instruments
    silent = redressed(project, replace(sad, function="silence"), Options())
    assert silent.tempo_bpm == (0, 0)
    assert not silent.instruments
    assert not silent.ducks


def test_what_is_no_place_or_no_name_is_refused(project: Project) -> None:
    with pytest.raises(BadValue, match="no length"):
        cue_by_hand(project, Span(59.99, 80.0), Options())
    with pytest.raises(UnknownName, match="underscore"):
        cue_by_hand(project, Span(1.0, 5.0), Options(), function="wallpaper")
    with pytest.raises(UnknownName, match="sadness"):
        cue_by_hand(project, Span(1.0, 5.0), Options(), emotion="meh")
