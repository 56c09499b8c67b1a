"""A run over work that people did: told before, kept where they wish, and nothing left that is about gone sound."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from audiopost.core.audio import Audio
from audiopost.core.marks import Finding, LoudnessReport
from audiopost.core.project import MediaInfo, Project
from audiopost.core.speech import Caption, Transcript
from audiopost.core.spotting import Cue
from audiopost.core.stage import Step
from audiopost.workspace.runs import MIXDOWN, changed_parts, taken_over, touched

HUM = Finding("hum", 0.0, 3.0, 0.5, "50 Hz at -40 dBFS", "restore")


def cue(**more: object) -> Cue:
    return Cue(1, 0.0, 2.0, "underscore", "sadness", (60, 70), "minor", ("piano",), "because", 0.7, **more)


def step(name: str) -> Step:
    return Step(name, "embedded", "auto", {"spec": "podcast"} if name == "loudness" else {})


def made(preset: str, *stages: str, **fields: object) -> Project:
    media = MediaInfo("take.wav", "0", "WAV", "PCM_16", 48_000, 1, ("M",), 3.0)
    return Project(media, Audio(np.zeros((1, 10)), 48_000), preset=preset, steps=tuple(map(step, stages)), **fields)


@pytest.fixture
def film() -> Project:
    """What a run of the film preset left, edited by a person."""
    sound = Audio(np.ones((1, 10)), 48_000)
    return made(
        "film-dialogue", "diagnose", "separate", "denoise", "transcribe", "cues", "subtitles", "loudness",
        findings=(replace(HUM, status="dismissed"),), stems={"dialogue": sound}, repaired=sound, clean=sound,
        master=sound, loudness=LoudnessReport(-23.0, -9.5, -13.5, 19.5, -1.8), transcript=Transcript("en", ()),
        captions=(Caption(0, 1, ("mine",), edited=True), Caption(1, 2, ("seen",), reviewed=True)), caption_issues=(),
        cues=(cue(status="accepted"), cue()),
    )  # fmt: skip


@pytest.fixture
def anew() -> Project:
    """What a subtitle preset makes of it."""
    sound = Audio(np.full((1, 10), 0.5), 48_000)
    return made(
        "subtitles-en", "diagnose", "separate", "denoise", "transcribe", "subtitles",
        findings=(HUM, replace(HUM, kind="clicks")), stems={"dialogue": sound}, repaired=sound, clean=sound,
        transcript=Transcript("fr", ()), captions=(Caption(0, 3, ("theirs",)),), caption_issues=(),
        missing=("diarise was left out.",),
    )  # fmt: skip


def test_what_people_did_is_counted(film: Project, anew: Project) -> None:
    found = touched(film)
    assert (found.captions, found.captions_edited, found.captions_reviewed) == (2, 1, 1)
    assert (found.cues, found.cues_decided) == (2, 1)
    assert found.parts == ("captions", "cues")
    assert touched(anew).parts == ()


def test_parts_that_ran_are_replaced_and_the_others_stay(film: Project, anew: Project) -> None:
    new = taken_over(film, anew)
    assert new.captions == anew.captions
    assert new.transcript == anew.transcript
    assert new.cues == film.cues  # the preset spots no music
    assert (new.preset, new.missing) == ("subtitles-en", anew.missing)
    stages = [each.stage for each in new.steps]
    assert stages == ["diagnose", "separate", "denoise", "transcribe", "cues", "subtitles"]


def test_a_master_of_sound_that_is_gone_goes_too(film: Project, anew: Project) -> None:
    new = taken_over(film, anew)
    assert new.stems == anew.stems
    assert (new.master, new.loudness) == (None, None)
    diagnosed = made("x", "diagnose", findings=())
    assert taken_over(film, diagnosed).master is film.master


def test_a_mix_down_of_stems_that_are_gone_goes_too(film: Project, anew: Project) -> None:
    mixed = replace(film, steps=(*film.steps, step(MIXDOWN)))
    assert taken_over(mixed, anew).step(MIXDOWN) is None
    assert taken_over(mixed, made("x", "diagnose")).step(MIXDOWN) is not None


def test_edited_captions_stay_with_their_text_where_they_are_kept(film: Project, anew: Project) -> None:
    new = taken_over(film, anew, ("captions",))
    assert new.captions == film.captions
    assert new.transcript == film.transcript
    assert new.stems == anew.stems
    assert [each for each in new.steps if each.stage == "subtitles"] == [film.step("subtitles")]


def test_nothing_is_kept_where_there_is_nothing(anew: Project) -> None:
    new = taken_over(made(""), anew, ("captions", "cues"))
    assert new.captions == anew.captions


def test_a_fault_that_was_dismissed_stays_dismissed(film: Project, anew: Project) -> None:
    new = taken_over(film, anew)
    assert [(each.kind, each.status) for each in new.findings or ()] == [("hum", "dismissed"), ("clicks", "open")]


def test_what_was_changed_meanwhile_is_seen(film: Project) -> None:
    assert changed_parts(film, film) == ()
    assert changed_parts(film, replace(film, cues=())) == ("cues",)
    assert changed_parts(film, replace(film, transcript=None)) == ("captions",)
