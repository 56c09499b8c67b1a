"""What a run came to, in figures and in sentences."""

from __future__ import annotations

import numpy as np

from audiopost.core.audio import Audio
from audiopost.core.marks import LoudnessReport, SpecCheck
from audiopost.core.project import MediaInfo, Project
from audiopost.core.speech import Caption, Transcript, Utterance, Word
from audiopost.core.stage import Step
from audiopost.delivery.figures import figures, notes_on, spec_of


def project(**fields: object) -> Project:
    media = MediaInfo("take.wav", "0", "WAV", "PCM_16", 48_000, 1, ("M",), 3.0, warnings=("it ends early",))
    return Project(media, Audio(np.zeros((1, 10)), 48_000), **fields)  # type: ignore[arg-type]


def test_figures_say_what_was_made_and_nothing_else() -> None:
    words = tuple(Word(n, n + 0.5, " x", probability) for n, probability in enumerate((0.2, 0.9, None)))
    made = project(
        findings=(), captions=(Caption(0, 1, ("x",)),), caption_issues=(),
        transcript=Transcript("en", (Utterance(0, 3, "x x x", "en", words),)),
        loudness=LoudnessReport(-23.0, -9.5, -13.5, 19.5, -1.8),
        loudness_checks=(SpecCheck("integrated loudness", -23.0, "-16 ±1 LUFS", False),),
        steps=(Step("loudness", "embedded", "auto", {"spec": "podcast"}),), missing=("cues was left out.",),
    )  # fmt: skip
    assert figures(made) == {
        "missing": 1, "findings": 0, "captions": 1, "issues": 0, "unsure": 1, "lufs": -23.0, "peak_dbtp": -1.8,
        "verdict": "FAIL", "spec": "podcast",
    }  # fmt: skip
    assert figures(project()) == {"missing": 0}
    assert (spec_of(made), spec_of(project())) == ("podcast", "")


def test_notes_tell_of_the_file_of_stages_and_of_what_is_missing() -> None:
    step = Step("transcribe", "pocketsphinx", "auto", {}, draft="far behind Whisper", warnings=("one window crashed",))
    assert notes_on(project(steps=(step,), missing=("cues was left out.",))) == [
        "it ends early", "transcribe: a draft, far behind Whisper", "transcribe: one window crashed",
        "cues was left out.",
    ]  # fmt: skip
