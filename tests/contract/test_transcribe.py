"""What every transcriber promises, over both backends. Whisper is a tiny checkpoint that always says its script."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from audiopost.core.audio import Audio
from audiopost.core.errors import Cancelled
from audiopost.core.project import MediaInfo, Project
from audiopost.core.serial import from_json, to_json
from audiopost.core.speech import SpeakerTurn, Transcript
from audiopost.dsp.resample import resample
from audiopost.stages.transcribe import BACKENDS, Options, Stage, transcribe

SCRIPT = "Hello there, world. It works."


@pytest.fixture(params=BACKENDS.table)
def options(request: pytest.FixtureRequest, tiny_whisper: Callable[..., Path]) -> Options:
    if request.param == "pocketsphinx":
        return Options(backend="pocketsphinx", language="en")
    return Options(backend=request.param, language="en", model=str(tiny_whisper(SCRIPT)), beam_size=1)


@pytest.fixture(scope="module")
def phrase(speech: Audio) -> Audio:
    return speech.between(0.0, 3.0)


def assert_well_formed(found: Transcript, duration_s: float) -> None:
    at = 0.0
    for utterance in found.utterances:
        assert utterance.text == utterance.text.strip() != ""
        assert utterance.text.split() == [word.text for word in utterance.words]
        assert utterance.start_s == utterance.words[0].start_s
        assert utterance.end_s == utterance.words[-1].end_s
        for word in utterance.words:
            assert [type(value) for value in (word.start_s, word.end_s, word.probability)] == [float] * 3
            assert at <= word.start_s <= word.end_s <= duration_s
            assert 0 <= word.probability <= 1
            at = word.end_s


def test_words_lie_in_order_inside_the_recording(options: Options, speech: Audio) -> None:
    found = transcribe(speech, options)
    assert len(found.words) >= 5
    assert found.language == "en"
    assert_well_formed(found, speech.duration_s)


@pytest.mark.parametrize(
    ("channels", "rate"), [(1, 8_000), (2, 44_100), (6, 48_000), (1, 192_000)], ids=["8k", "stereo", "5.1", "192k"]
)
def test_takes_any_rate_and_layout(options: Options, phrase: Audio, channels: int, rate: int) -> None:
    samples = resample(phrase.samples, phrase.rate, rate)
    found = transcribe(Audio(np.repeat(samples, channels, axis=0), rate), options)
    assert found.words
    assert_well_formed(found, phrase.duration_s)


@pytest.mark.parametrize("kind", ["silence", "one frame", "no frames", "dc", "noise", "tone", "clicks"])
def test_writes_nothing_where_nobody_speaks(options: Options, rng: np.random.Generator, kind: str) -> None:
    t = np.arange(48_000) / 16_000
    sound = {
        "silence": np.zeros_like(t),
        "one frame": np.ones(1),
        "no frames": np.zeros(0),
        "dc": np.full_like(t, 0.7),
        "noise": 0.2 * rng.standard_normal(len(t)),
        "tone": np.sin(2 * np.pi * 440 * t),
        "clicks": (np.arange(len(t)) % 4000 == 0).astype(float),
    }[kind]
    assert transcribe(Audio(sound, 16_000), options) == Transcript("en", (), BACKENDS.resolve(options.backend).draft)


def test_without_vad_hostile_sound_is_survived(options: Options) -> None:
    square = np.sign(np.sin(np.arange(16_000) * 0.3))
    for sound in (square, np.full(16_000, np.nan), np.ones(1), np.zeros(4_000)):
        audio = Audio(sound, 16_000)
        found = transcribe(audio, options, vad=False)
        assert all(0 <= word.start_s <= word.end_s <= audio.duration_s for word in found.words)


def test_two_runs_agree(options: Options, phrase: Audio) -> None:
    assert transcribe(phrase, options) == transcribe(phrase, options)


def test_reports_progress_and_can_be_stopped(options: Options, phrase: Audio) -> None:
    seen: list[tuple[float, float]] = []
    transcribe(phrase, options, progress=lambda step, done, total: seen.append((done, total)))
    assert seen == sorted(seen)
    assert seen[0][0] == 0
    assert seen[-1][0] == pytest.approx(seen[-1][1])

    def stop(step: str, done: float, total: float) -> None:
        raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        transcribe(phrase, options, progress=stop)


def test_the_stage_records_who_did_it(options: Options, phrase: Audio) -> None:
    media = MediaInfo("a.wav", "", "wav", "PCM_16", phrase.rate, 1, ("M",), phrase.duration_s)
    turns = (SpeakerTurn(0.0, phrase.duration_s, "Ada"),)
    project = Stage()(Project(media, phrase, turns=turns), options, lambda *_: None)
    step = project.step("transcribe")
    assert step.backend == options.backend
    assert len(step.model.sha256) == 64
    assert step.draft == project.transcript.draft == BACKENDS.resolve(options.backend).draft
    assert {word.speaker for word in project.transcript.words} == {"Ada"}
    assert from_json(Transcript, to_json(project.transcript)) == project.transcript
