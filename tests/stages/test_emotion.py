from __future__ import annotations

import csv
import hashlib
import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from audiopost.analysis.affect import Reading
from audiopost.analysis.voice_features import CHANNEL, FEATURES, Features
from audiopost.core.audio import Audio
from audiopost.core.errors import BadValue, MissingModel, UnknownName
from audiopost.core.project import MediaInfo, Project
from audiopost.core.speech import SpeakerTurn, Transcript, Utterance
from audiopost.core.spotting import EMOTIONS, Affect
from audiopost.core.stage import Availability, silent
from audiopost.core.time import Span
from audiopost.dsp.resample import resample
from audiopost.io.decode import load
from audiopost.stages.emotion import BACKENDS, Emotion, Options, Stage, emotion, prosody, voice_model
from audiopost.stages.emotion.windows import Window

ROOT = Path(__file__).parents[2]


def _acted(shared: Path, actor: str, *feelings: str) -> list[Audio]:
    with (shared / "audio" / "index.csv").open(encoding="utf-8") as file:
        rows = [r for r in csv.DictReader(file) if r["path"].endswith(f"-{actor}.flac")]
    found = [r["path"] for name in feelings for r in rows if r["reference"].startswith(f"emotion={name};")]
    return [load(shared / "audio" / path).audio for path in found]


def _joined(clips: list[Audio]) -> Audio:
    return Audio(np.concatenate([clip.samples for clip in clips], axis=1), clips[0].rate)


@pytest.mark.parametrize("actor", ["01", "02", "03", "04"])
def test_arousal_rises_from_calm_to_angry(shared: Path, actor: str) -> None:
    calm, angry = _acted(shared, actor, "calm", "neutral"), _acted(shared, actor, "angry", "fearful")
    recording = _joined(calm + angry)
    change = sum(clip.duration_s for clip in calm)
    points, utterances = emotion(recording)
    before = np.mean([p.arousal for p in points if p.time_s < change])
    after = np.mean([p.arousal for p in points if p.time_s > change])
    assert after - before > 0.25
    assert not {u.label for u in utterances if u.end_s < change} & {"anger", "fear"}


def test_neutral_reading_is_near_zero_for_low_and_high_voices(shared: Path) -> None:
    with (shared / "audio" / "index.csv").open(encoding="utf-8") as file:
        rows = [r for r in csv.DictReader(file) if r["path"].startswith("speech_clean/tsp/")]
    means = {}
    for sex in "FM":
        paths = [r["path"] for r in rows if f"-{sex}" in r["speaker"]][::4][:8]
        points = emotion(_joined([load(shared / "audio" / path).audio for path in paths])).points
        means[sex] = np.mean([p.arousal for p in points])
    assert abs(means["F"]) < 0.25
    assert abs(means["M"]) < 0.25


def _same(one: Emotion, other: Emotion, tolerance: float) -> None:
    """Points and utterances agree one by one, times included."""
    for mine, theirs in ((one.points, other.points), (one.utterances, other.utterances)):
        assert len(mine) == len(theirs)
        for a, b in zip(mine, theirs, strict=True):
            for name in ("time_s", "start_s", "end_s", "arousal", "valence", "dominance", "confidence"):
                assert getattr(a, name, 0) == pytest.approx(getattr(b, name, 0), abs=tolerance)


@pytest.mark.parametrize("gain_db", [-30, -12, -6, 6, 12])
def test_level_is_the_mixers_and_changes_nothing(speech: Audio, gain_db: float) -> None:
    as_it_is = emotion(speech)
    assert as_it_is.points
    _same(as_it_is, emotion(Audio(speech.samples * 10 ** (gain_db / 20), speech.rate)), 1e-3)


def test_rate_and_channels_change_nothing(speech: Audio) -> None:
    as_it_is = emotion(speech)
    surround = np.zeros((6, speech.frames), np.float32)
    surround[2] = speech.samples[0]
    _same(as_it_is, emotion(Audio(surround, speech.rate)), 1e-3)
    _same(as_it_is, emotion(Audio(resample(speech.samples, speech.rate, 192_000), 192_000)), 0.02)
    telephone = emotion(Audio(resample(speech.samples, speech.rate, 8_000), 8_000)).points
    for axis in ("arousal", "valence", "dominance"):
        means = [np.mean([getattr(p, axis) for p in points]) for points in (as_it_is.points, telephone)]
        assert means[0] == pytest.approx(means[1], abs=0.1)


def test_noise_lowers_confidence(speech: Audio, rng: np.random.Generator) -> None:
    noise = rng.normal(0, float(np.std(speech.samples)) * 0.5, speech.samples.shape)
    clean, noisy = emotion(speech).points, emotion(Audio(speech.samples + noise, speech.rate)).points
    assert np.mean([p.confidence for p in noisy]) < 0.7 * np.mean([p.confidence for p in clean])


class Flashing:
    """Hears a flash of arousal in the window around 3 s, nothing around 6 s; calm everywhere else."""

    name, draft, model = "flashing", "", None

    def __init__(self, options: Options) -> None:
        pass

    @classmethod
    def available(cls, options: Options) -> Availability:
        return Availability(True, "always")

    def rate(self, audio: Audio, speech: object, windows: list[Window], progress: object) -> list[Reading | None]:
        felt = {3.0: Affect(0.8, 0.4, -0.4, 0.5), 6.0: None}
        middles = [round((w.start_s + w.end_s) / 2, 3) for w in windows]
        return [
            Reading(affect) if (affect := felt.get(at, Affect(0.0, 0.0, 0.0, 0.5))) is not None else None
            for at in middles
        ]


def test_the_curve_is_smoothed_where_it_is_whole(speech: Audio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(BACKENDS.table, "flashing", f"{__name__}:Flashing")  # type: ignore[arg-type]
    monkeypatch.setattr("audiopost.analysis.vad.speech_spans", lambda *_: (Span(0.2, 4.2), Span(5.8, 7.8)))
    points = {p.time_s: p for p in emotion(speech, backend="flashing", window_s=2.0).points}
    assert [points[at].arousal for at in (2.0, 2.5, 3.0, 3.5, 4.0)] == pytest.approx([0, 0.2, 0.4, 0.2, 0])
    assert (points[3.0].valence, points[3.0].dominance) == pytest.approx((0.2, -0.2))
    assert 6.0 not in points
    assert {p.confidence for p in points.values()} == {0.5}


def test_the_curve_is_not_smoothed_over_a_gap(speech: Audio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(BACKENDS.table, "flashing", f"{__name__}:Flashing")  # type: ignore[arg-type]
    monkeypatch.setattr("audiopost.analysis.vad.speech_spans", lambda *_: (Span(0.9, 1.1), Span(2.9, 3.1)))
    points = {p.time_s: p.arousal for p in emotion(speech, backend="flashing", window_s=2.0).points}
    assert points == {1.0: 0.0, 3.0: 0.8}


def test_words_decide_valence(speech: Audio) -> None:
    def said(text: str) -> Transcript:
        return Transcript("en", (Utterance(0.0, speech.duration_s, text, "en"),))

    glad = emotion(speech, said("I love you, I am so happy")).utterances[0]
    sad = emotion(speech, said("I am so sad and lonely, she died")).utterances[0]
    assert glad.valence > 0.3
    assert sad.valence < -0.2
    assert glad.text == "I love you, I am so happy"
    assert emotion(speech, said("I hate you"), words=False).utterances == tuple(
        u.__class__(**{**u.__dict__, "text": "I hate you"}) for u in emotion(speech, said("the table")).utterances
    )


def test_pitch_alone_is_no_arousal() -> None:
    # An octave, the distance between low and high voices, moves arousal by less than the radius of neutral.
    model = voice_model.load()
    octave = np.where([name in ("pitch median", "pitch 80 %") for name in model.names], 12 / model.spread, 0.0)
    assert abs(float(model.slope @ octave)) < 0.3


def test_the_models_neutral_reader_feels_nothing() -> None:
    model = voice_model.load()
    reading = model.reading(np.zeros(len(model.names)), 0.5)
    assert max(abs(reading.affect.arousal), abs(reading.affect.valence), abs(reading.affect.dominance)) < 0.2
    assert reading.likelihood is not None
    assert sum(reading.likelihood.values()) == pytest.approx(1)
    assert max(reading.likelihood, key=lambda name: reading.likelihood[name]) == "neutral"  # type: ignore[index]
    assert set(reading.likelihood) < set(EMOTIONS)


def test_the_model_survives_being_saved(tmp_path: Path) -> None:
    model = voice_model.load()
    model.save(tmp_path / "m.npz")
    again = voice_model.load(tmp_path / "m.npz")
    assert again.names == model.names
    values = np.linspace(-1, 1, len(model.names))
    assert again.reading(values, 0.5) == model.reading(values, 0.5)


def test_sources_are_kept_apart(speech: Audio) -> None:
    said = Transcript("en", (Utterance(0.0, speech.duration_s, "I am so happy, this is wonderful", "en"),))
    points, (utterance,) = emotion(speech, said)
    alone = emotion(speech).points
    assert [p.voice for p in points] == [p.voice for p in alone]
    assert all(p.words is None and p.valence == p.voice.valence for p in alone if p.voice)
    assert {p.words for p in points if p.time_s < speech.duration_s} == {utterance.words}
    assert utterance.words is not None
    assert utterance.voice is not None
    assert utterance.words.valence > utterance.valence > utterance.voice.valence
    assert utterance.label in ("joy", "tenderness")


def test_turns_name_the_speakers(speech: Audio) -> None:
    half = speech.duration_s / 2
    turns = (SpeakerTurn(0, half, "A"), SpeakerTurn(half, speech.duration_s, "B"))
    utterances = emotion(speech, turns=turns).utterances
    assert {u.speaker for u in utterances} == {"A", "B"}
    assert all(u.end_s <= half + 1e-6 for u in utterances if u.speaker == "A")


def test_bad_options_name_the_remedy(speech: Audio) -> None:
    with pytest.raises(BadValue, match="step_s"):
        emotion(speech, step_s=0)
    with pytest.raises(UnknownName, match="prosody"):
        emotion(speech, backend="prosodi")


def test_the_stage_records_itself(speech: Audio) -> None:
    media = MediaInfo("x.wav", "", "WAV", "PCM_16", speech.rate, 1, ("M",), speech.duration_s)
    project = Stage()(Project(media, speech), Options(), silent)
    assert project.emotion
    assert project.emotion_utterances
    step = project.step("emotion")
    assert step is not None
    assert step.backend == "prosody"
    assert step.model is not None
    assert step.model.sha256 == hashlib.sha256(voice_model.PATH.read_bytes()).hexdigest()


def test_one_word_says_less_than_a_sentence(speech: Audio) -> None:
    points, utterances = emotion(speech.between(0.2, 0.9))
    assert all(np.isfinite([p.arousal, p.valence, p.dominance]).all() for p in points)
    longer = emotion(speech).points
    assert max((p.confidence for p in points), default=0.0) < max(p.confidence for p in longer)
    assert {u.label for u in utterances} <= set(EMOTIONS)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e30])
def test_samples_that_are_no_sound_are_silence(speech: Audio, bad: float) -> None:
    broken = np.array(speech.samples)
    broken[0, speech.rate : speech.rate + 50] = bad
    mended = np.array(speech.samples)
    mended[0, speech.rate : speech.rate + 50] = 0
    found = emotion(Audio(broken, speech.rate))
    assert found.points
    assert found == emotion(Audio(mended, speech.rate))


def test_a_line_may_begin_before_the_recording(speech: Audio) -> None:
    said = Transcript("en", (Utterance(-2.0, 3.0, "I am so happy", "en"), Utterance(-2.0, -1.0, "never", "en")))
    (utterance,) = emotion(speech, said).utterances
    assert (utterance.start_s, utterance.end_s) == (0.0, 3.0)


def test_what_reads_the_words_is_asked_for_before_the_voice_is_heard(speech: Audio, monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("AUDIOPOST_MODELS", str(tmp_path))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    said = Transcript("en", (Utterance(0.0, 3.0, "I am so happy", "en"),))
    steps: list[str] = []
    with pytest.raises(MissingModel, match="emotion-words"):
        emotion(speech, said, words_backend="transformers", progress=lambda step, *_: steps.append(step))
    assert not steps


def test_music_alone_feels_nothing() -> None:
    t = np.arange(48_000 * 8) / 48_000
    chord = sum(np.sin(2 * np.pi * hz * t) / k for hz in (220, 277.2, 329.6) for k in (1, 2, 3))
    beat = np.exp(-((t % 0.5) * 12)) * np.sin(2 * np.pi * 60 * t)
    points, utterances = emotion(Audio(0.1 * chord + 0.3 * beat, 48_000))
    assert all(p.confidence < 0.2 for p in points)
    assert {u.label for u in utterances} <= {"neutral"}


def test_words_over_silence_speak_alone() -> None:
    said = Transcript("yue", (Utterance(1.0, 3.0, "我好嬲呀！", "yue"), Utterance(3.0, 4.0, "嗯", "yue")))
    points, (angry,) = emotion(Audio(np.zeros((2, 48_000 * 5)), 48_000), said)
    assert points == ()
    assert angry.label == "anger"
    assert angry.voice is None
    assert angry.words is not None


def test_utterances_may_overlap_and_outlast_the_recording(speech: Audio) -> None:
    said = Transcript(
        "en",
        (
            Utterance(0.0, 6.0, "I love you", "en", (), "A"),
            Utterance(4.0, 9.5, "I hate you", "en", (), "B"),
            Utterance(7.9, 30.0, "goodbye", "en", (), "A"),
            Utterance(40.0, 42.0, "never said", "en", (), "A"),
        ),
    )
    points, utterances = emotion(speech, said)
    assert [u.speaker for u in utterances] == ["A", "B", "A"]
    assert [p.time_s for p in points] == sorted({p.time_s for p in points})
    by_time = {p.time_s: p.words for p in points}
    assert by_time[5.0] == utterances[0].words
    assert by_time[7.0] == utterances[1].words


def test_a_speakers_own_norm_counts_from_30_seconds_on(speech: Audio) -> None:
    long = Audio(np.tile(speech.samples, 8), speech.rate)
    turns = (SpeakerTurn(0, long.duration_s, "A"),)
    plain, known = emotion(long).points, emotion(long, turns=turns).points
    # Half of what a voice has to itself is taken for its manner.
    assert np.mean([abs(p.arousal) for p in known]) < np.mean([abs(p.arousal) for p in plain])
    short = emotion(speech, turns=(SpeakerTurn(0, speech.duration_s, "A"),)).points
    assert [p.arousal for p in short] == [p.arousal for p in emotion(speech).points]


def test_what_a_recording_has_in_common_is_its_microphone_and_what_a_speaker_has_is_manner() -> None:
    model = voice_model.load()
    values = np.zeros(len(FEATURES))
    values[[FEATURES.index(name) for name in model.names]] = model.mean + model.spread
    windows = [Window(0.0, 20.0, "A"), Window(20.0, 40.0, "A"), Window(40.0, 60.0, "B")]
    norms = prosody._norms(np.ones(6000, bool), windows, [Features(values, 9.0)] * 3)
    assert norms["A"] == pytest.approx(np.full(len(model.names), 0.5))
    assert norms[None] == pytest.approx([0.5 * (name in CHANNEL) for name in model.names])
    assert "B" not in norms, "20 s are too few"


@pytest.mark.slow
def test_acted_speech_of_strangers_is_heard_as_well_as_stated(shared: Path) -> None:
    """benchmarks/README.md has the figures; with fewer than these the voice would be of little use."""
    spec = importlib.util.spec_from_file_location("emotion_benchmark", ROOT / "benchmarks" / "emotion.py")
    assert spec is not None
    assert spec.loader is not None
    benchmark = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = benchmark
    spec.loader.exec_module(benchmark)
    figures = benchmark.measure(shared / "audio", "prosody", gains_db=(12,))
    assert np.mean(figures.all_signs) >= 0.75
    assert benchmark.uar(figures.all_labels) >= 0.45
    assert figures.worst_change <= 0.05


def test_no_speaker_of_the_figures_was_fitted_on(shared: Path) -> None:
    def speakers(folder: str) -> set[str]:
        with (shared / folder / "index.csv").open(encoding="utf-8") as file:
            return {" ".join(row["speaker"].split()[:3]) for row in csv.DictReader(file) if row["speaker"]}

    if not (shared / "train" / "index.csv").exists():
        pytest.skip("the training recordings (../shared/train) are not on this machine")
    heard = {each for each in speakers("audio") if each.startswith(("EMO-DB", "RAVDESS"))}
    assert heard
    assert not heard & speakers("train")
