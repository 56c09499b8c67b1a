"""The panel above the tabs: the verdict first, figures with their limits, and nothing of a file as markup."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from audiopost_ui import summary

from audiopost import presets
from audiopost.core.audio import Audio
from audiopost.core.errors import Cancelled, UnreadableMedia
from audiopost.core.marks import CaptionIssue, LoudnessReport, SpecCheck
from audiopost.core.project import MediaInfo, Project
from audiopost.core.speech import SpeakerTurn
from audiopost.core.stage import Step
from audiopost.pipeline import RunResult

NASTY = "<img src=x onerror=alert(1)>"


@pytest.fixture
def project() -> Project:
    media = MediaInfo("in/take 1.wav", "0", "WAV", "PCM_16", 48_000, 1, ("M",), 61.0)
    loud = LoudnessReport(-17.8, -9.5, -13.5, 19.5, -1.8)
    return Project(
        media,
        Audio(np.zeros((1, 10)), 48_000),
        loudness_in=loud,
        loudness=replace(loud, integrated_lufs=-23.0, true_peak_dbtp=-7.7),
        loudness_checks=(SpecCheck("integrated loudness", -23.0, "-23 ±0.2 LUFS", True),),
        steps=(Step("loudness", "bs1770", "auto", {"spec": "ebu-r128"}),),
    )


def shown(project: Project) -> str:
    return summary.success(RunResult(project, {}, {"loudness": 2.0}), presets.load("podcast"))


def test_the_verdict_follows_the_checks(project: Project) -> None:
    assert "Done: meets ebu-r128" in shown(project)
    assert "−17.8 → −23.0 LUFS" in shown(project)
    (check,) = project.loudness_checks or ()
    missed = replace(project, loudness_checks=(check, replace(check, name="true peak", passed=False)))
    assert "ebu-r128 is not met" in shown(missed)
    silent = LoudnessReport(None, None, None, None, None)
    unheard = replace(project, loudness=silent, loudness_checks=(replace(check, value=None, passed=None),))
    assert "could not be measured" in shown(unheard)
    assert "— LUFS" in shown(unheard)


def test_what_is_missing_comes_before_drafts_and_warnings(project: Project) -> None:
    step = Step("transcribe", "pocketsphinx", "auto", {}, draft="a draft", warnings=("a warning",))
    page = shown(replace(project, steps=(step, *project.steps), missing=("no words",)))
    assert "Done: meets ebu-r128, but parts are missing" in page
    assert page.index("No words.") < page.index("A draft.") < page.index("A warning.")


def test_numbers_agree_with_their_nouns(project: Project) -> None:
    page = shown(replace(project, turns=(SpeakerTurn(0.0, 1.0, "S1"),), captions=(), caption_issues=()))
    assert "<dd>1 turn</dd>" in page
    assert "style guide met" in page
    issue = CaptionIssue(1, 0.0, "cps", "25.0 characters a second")
    assert "1 issue by the style guide" in shown(replace(project, captions=(), caption_issues=(issue,)))


def test_nothing_of_a_file_is_markup(project: Project) -> None:
    media = replace(project.media, path=f"{NASTY}.wav", warnings=(NASTY,))
    step = Step(NASTY, NASTY, NASTY, {"spec": NASTY}, draft=NASTY, warnings=(NASTY,))
    page = shown(replace(project, media=media, steps=(step,), missing=(NASTY,)))
    assert "&lt;img" in page
    assert "<img" not in page
    assert "<img" not in summary.failure(UnreadableMedia(NASTY, value=NASTY, choices=(NASTY,), remedy=NASTY))


def test_a_failure_says_problem_and_remedy_and_a_stop_is_none() -> None:
    page = summary.failure(UnreadableMedia("take.wav is text.", value="take.wav", remedy="Give a sound file."))
    assert "take.wav is text." in page
    assert "Give a sound file." in page
    assert "failed" not in summary.failure(Cancelled("The job was stopped."))
