"""The panel of a recording: verdict first, figures with their limits, three languages, nothing of a file as markup."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("gradio")

from audiopost_ui import summary

from audiopost.core.audio import Audio
from audiopost.core.language import LANGUAGES
from audiopost.core.marks import CaptionIssue, Finding, LoudnessReport, SpecCheck
from audiopost.core.project import MediaInfo, Project
from audiopost.core.speech import Caption, SpeakerTurn, Transcript
from audiopost.core.stage import ModelInfo, Step
from audiopost.models.store import together

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
        steps=(Step("loudness", "bs1770", "auto", {"spec": "ebu-r128"}, timing={"seconds": 2.0}),),
        preset="podcast",
    )


def shown(project: Project, language: str = "en") -> str:
    return summary.verdict(project, language)


def test_the_verdict_follows_the_checks(project: Project) -> None:
    assert "Meets ebu-r128" in shown(project)
    assert "−17.8 → −23.0 LUFS" in shown(project)
    assert "✓ −23 ±0.2 LUFS" in shown(project)
    (check,) = project.loudness_checks or ()
    missed = replace(project, loudness_checks=(check, replace(check, name="true peak", passed=False)))
    assert "ebu-r128 is not met" in shown(missed)
    silent = LoudnessReport(None, None, None, None, None)
    unheard = replace(project, loudness=silent, loudness_checks=(replace(check, value=None, passed=None),))
    assert "could not be measured" in shown(unheard)
    assert "— LUFS" in shown(unheard)
    assert "<h2>Done</h2>" in shown(replace(project, loudness_checks=None, steps=(Step("diagnose", "x", "", {}),)))


def test_before_anything_ran_it_says_what_to_do(project: Project) -> None:
    assert "Nothing has run on it yet" in shown(replace(project, steps=()))
    assert "Nothing leaves this machine" in summary.nothing_open("en")
    assert "&lt;img" in summary.being_read(NASTY, "en")


def test_what_is_missing_comes_before_drafts_and_warnings(project: Project) -> None:
    step = Step("transcribe", "pocketsphinx", "auto", {}, draft="a draft", warnings=("a warning",))
    page = shown(replace(project, steps=(step, *project.steps), missing=("no words",)))
    assert "Meets ebu-r128 · parts are missing" in page
    assert page.index("No words.") < page.index("A draft.") < page.index("A warning.")


def test_the_figures_say_what_was_made(project: Project) -> None:
    issue = CaptionIssue(1, 0.0, "cps", "25.0 characters a second")
    page = shown(
        replace(
            project,
            findings=(Finding("hum", 0, 1, 0.5, "50 Hz", "restore"),) * 2,
            transcript=Transcript("yue", ()),
            turns=(SpeakerTurn(0.0, 1.0, "S1"), SpeakerTurn(1.0, 2.0, "S2")),
            captions=(Caption(0.0, 1.0, ("a",), reviewed=True), Caption(1.0, 2.0, ("b",))),
            caption_issues=(issue,),
            cues=(),
        )
    )
    for text in (
        "<dd>2</dd><dd>hum</dd>", "language yue", "2 turns", "1 against the style · 1 reviewed", "no place asks for"
    ):  # fmt: skip
        assert text in page
    assert "style met" in shown(replace(project, captions=(), caption_issues=()))


def test_who_did_the_work_names_backend_model_and_licence(project: Project) -> None:
    model = ModelInfo("tiny", "1", "MIT", "here", "0")
    page = shown(replace(project, steps=(Step("transcribe", "faster-whisper", "weights are here", {}, model=model),)))
    for text in ("faster-whisper", "tiny · MIT", "weights are here"):
        assert text in page
    both = together((model, ModelInfo("other", "1", "BSD-3-Clause", "there", "1")))
    page = shown(replace(project, steps=(Step("separate", "house", "auto", {}, model=both),)))
    assert "tiny · MIT<br>other · BSD-3-Clause" in page


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_word(project: Project, language: str) -> None:
    step = Step("transcribe", "pocketsphinx", "auto", {}, draft="a draft", warnings=("w",))
    full = replace(project, steps=(step, *project.steps), captions=(), cues=(), turns=(), findings=(), missing=("m",))
    page = shown(full, language)
    assert "project." not in page
    assert "jobs." not in page
    assert ("播客" in page) == (language != "en")


def test_nothing_of_a_file_is_markup(project: Project) -> None:
    media = replace(project.media, path=f"{NASTY}.wav", warnings=(NASTY,))
    model = ModelInfo(NASTY, "1", NASTY, NASTY, "0")
    step = Step(NASTY, NASTY, NASTY, {"spec": NASTY}, model=model, draft=NASTY, warnings=(NASTY,))
    page = shown(
        replace(
            project, media=media, steps=(step, *project.steps), missing=(NASTY,), preset=NASTY,
            findings=(Finding(NASTY, 0, 1, 0.5, NASTY, NASTY),), transcript=Transcript(NASTY, ()),
        )
    )  # fmt: skip
    assert "&lt;img" in page
    assert "<img" not in page
