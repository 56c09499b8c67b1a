"""What every transcriber promises, over both backends. Whisper is a tiny checkpoint that always says its script."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from audiopost.core.audio import Audio
from audiopost.core.errors import BadValue, Cancelled
from audiopost.core.project import MediaInfo, Project
from audiopost.core.serial import from_json, to_json
from audiopost.core.speech import SpeakerTurn, Transcript
from audiopost.dsp.resample import resample
from audiopost.io import scratch
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


def _noises(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Three seconds each of what is no speech, at 16 kHz."""
    t = np.arange(48_000) / 16_000
    notes = np.repeat([261.6, 329.6, 392.0, 523.3, 440.0, 293.7], 8_000)
    melody = sum(np.sin(2 * np.pi * np.cumsum(h * notes) / 16_000) / h for h in (1, 2, 3, 4))
    claps = np.zeros(len(t))
    for start in rng.integers(0, len(t) - 800, 240):  # a hall: each clap a burst of noise that dies away
        claps[start : start + 800] += rng.standard_normal(800) * np.exp(-np.arange(800) / 120) * rng.uniform(0.1, 1)
    return {
        "silence": np.zeros_like(t),
        "one frame": np.ones(1),
        "no frames": np.zeros(0),
        "dc": np.full_like(t, 0.7),
        "nan": np.full_like(t, np.nan),
        "noise": 0.2 * rng.standard_normal(len(t)),
        "tone": np.sin(2 * np.pi * 440 * t),
        "clicks": (np.arange(len(t)) % 4000 == 0).astype(float),
        "music": 0.2 * melody * np.exp(-3 * (t % 0.5)),
        "applause": 0.1 * claps,
    }


@pytest.mark.parametrize("vad", [True, False])
@pytest.mark.parametrize("kind", list(_noises(np.random.default_rng(7))))
def test_writes_nothing_where_nobody_speaks(options: Options, rng: np.random.Generator, kind: str, vad: bool) -> None:
    """Without the detector's windows the guard still goes by it, and lists what the engine has invented."""
    found = transcribe(Audio(_noises(rng)[kind], 16_000), options, vad=vad)
    assert (found.language, found.utterances, found.draft) == ("en", (), BACKENDS.resolve(options.backend).draft)
    assert {remark.kind for remark in found.remarks} <= {"dropped"}
    assert not (vad and found.remarks)


def test_without_vad_hostile_sound_is_survived(options: Options) -> None:
    square = np.sign(np.sin(np.arange(16_000) * 0.3))
    for sound in (square, np.full(16_000, np.nan), np.ones(1), np.zeros(4_000)):
        audio = Audio(sound, 16_000)
        found = transcribe(audio, options, vad=False, guard=False)
        assert all(0 <= word.start_s <= word.end_s <= audio.duration_s for word in found.words)


def test_runs_agree_in_whatever_process(options: Options, phrase: Audio) -> None:
    first = transcribe(phrase, options)
    assert transcribe(phrase, options) == first
    assert transcribe(phrase, options, isolate=False) == first


def test_only_the_clips_are_transcribed(options: Options, phrase: Audio) -> None:
    found = transcribe(phrase, options, clip_timestamps="0.3, 1.1, 2")
    assert_well_formed(found, phrase.duration_s)
    assert found.words
    assert all(0.3 <= word.start_s <= word.end_s <= 1.1 or word.start_s >= 2 for word in found.words)
    assert transcribe(phrase, options, clip_timestamps="0") == transcribe(phrase, options)


@pytest.mark.parametrize("clips", ["x", "1,a", "2,1", "1,1", "-1,2", "nan", "1;2", "0,1,100", "9"])
def test_clips_that_are_none_are_refused(options: Options, speech: Audio, clips: str) -> None:
    with pytest.raises(BadValue, match="clip_timestamps") as raised:
        transcribe(speech, options, clip_timestamps=clips)
    assert repr(clips) in str(raised.value)
    assert "0,10,20,30" in raised.value.remedy


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"language": "english!"}, "'english!' is not a language tag"),
        ({"languages": "yue,e n"}, "'e n' is not a language tag"),
        ({"languages": ""}, None),
        ({"language": "en", "languages": "yue,zh"}, "not among transcribe.languages"),
    ],
)
def test_languages_are_checked(options: Options, phrase: Audio, changes: dict[str, str], message: str | None) -> None:
    if message is None:  # an empty list is none
        assert transcribe(phrase, options, **changes) == transcribe(phrase, options)
        return
    with pytest.raises(BadValue, match=message):
        transcribe(phrase, options, **changes)


@pytest.mark.slow
def test_resuming_gives_the_transcript_of_one_go(options: Options, speech: Audio, tmp_path: Path) -> None:
    options = replace(options, batch_size=1)
    whole = transcribe(speech, options)

    def stop(step: str, done: float, total: float) -> None:
        if done:
            raise Cancelled("stopped")

    with scratch.using(tmp_path):
        with pytest.raises(Cancelled):
            transcribe(speech, options, progress=stop)
        assert transcribe(speech, options) == whole


def test_a_translation_is_a_second_text_where_it_is_asked_for(options: Options, phrase: Audio) -> None:
    media = MediaInfo("a.wav", "", "wav", "PCM_16", phrase.rate, 1, ("M",), phrase.duration_s)
    plain = Stage()(Project(media, phrase), options, lambda *_: None)
    assert plain.translation is None
    if options.backend == "pocketsphinx":
        return
    both = Stage()(Project(media, phrase), replace(options, translation=True), lambda *_: None)
    assert both.transcript == plain.transcript
    assert both.translation is not None
    assert both.translation.language == "en"
    assert_well_formed(both.translation, phrase.duration_s)


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
