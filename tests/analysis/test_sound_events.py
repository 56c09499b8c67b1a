"""Sound events: what scores become, on made scores; YAMNet itself on real sounds, where its file is."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from audiopost.analysis import yamnet
from audiopost.analysis.sound_events import KINDS, events, heard
from audiopost.core.audio import Audio
from audiopost.core.errors import MissingExtra, MissingModel, StageError
from audiopost.core.marks import Activity
from audiopost.core.project import MediaInfo, Project
from audiopost.core.stage import silent
from audiopost.io.decode import load
from audiopost.models.store import find
from audiopost.stages.diagnose import Options, Stage, diagnose
from audiopost.subtitles.sdh import sound_tags
from audiopost.subtitles.styles import load_style

needs_litert = pytest.mark.skipif(
    importlib.util.find_spec("ai_edge_litert") is None, reason="needs ai-edge-litert: pip install 'audiopost[events]'"
)
COLUMN = {kind.name: sum(len(k.classes) for k in KINDS[:i]) for i, kind in enumerate(KINDS)}


@pytest.fixture
def model(shared):
    path = shared / "models/yamnet/yamnet.tflite"
    if not path.is_file():
        pytest.skip("no yamnet.tflite beside the checkout")
    return path


def scores(**curves):
    """Scores of all classes, zero but for the first class of the kinds named (with _ for a blank)."""
    table = np.zeros((len(next(iter(curves.values()))), sum(len(k.classes) for k in KINDS)), np.float32)
    for name, curve in curves.items():
        table[:, COLUMN[name.replace("_", " ")]] = curve
    return table


def found(table, speech=None, **settings):
    speech = np.zeros(len(table), np.float32) if speech is None else np.asarray(speech, np.float32)
    return events(table, speech, 0.48 * len(table) + 0.5, **settings)


def test_a_sound_goes_on_while_it_stays_over_half_of_the_threshold():
    curve = [0, 0, 0.3, 0.9, 0.3, 0.3, 0.1, 0, 0, 0, 0, 0]
    event = only(found(scores(dog_barks=curve)))
    assert event.kind == "dog barks"
    # Windows 2 to 5 hold it: they begin at 0.96 s, and the last ends at 3.375 s.
    assert event.start_s == pytest.approx(0.96 + 0.2475)
    assert event.end_s == pytest.approx(3.375 - 0.2475)


def test_the_threshold_and_how_long():
    curve = [0, 0.45, 0, 0, 0, 0]
    assert not found(scores(dog_barks=curve))
    assert found(scores(dog_barks=curve), threshold=0.4)
    assert not found(scores(rain=[0, 0.9, 0.9, 0.9, 0, 0]))  # rain does not fall for a second
    assert found(scores(rain=[0, 0.9, 0.9, 0.9, 0.9, 0]))


def test_of_rivals_the_strongest_is_named():
    table = scores(thunder=[0, 0.9, 0.95, 0.7, 0], explosion=[0, 0.8, 0.8, 0.8, 0.8])
    assert [e.kind for e in found(table)] == ["thunder"]


def test_barks_near_to_each_other_are_one_event():
    assert len(found(scores(dog_barks=[0.9, 0, 0, 0.9, 0, 0, 0, 0, 0, 0.9]))) == 2


def test_under_speech_less_is_asked_for_but_of_voices():
    curve = [0, 0, 0.2, 0.2, 0, 0]
    assert found(scores(dog_barks=curve), speech=[1] * 6)
    assert not found(scores(scream=curve), speech=[1] * 6)
    assert not found(scores(dog_barks=curve), speech=[0.1] * 6)


def test_every_kind_is_a_tag_of_captions():
    media = MediaInfo("x.wav", "", "", "", 48_000, 1, ("M",), 9.0)
    for kind in KINDS:
        run = Project(media, Audio(np.zeros((1, 9)), 48_000), activity=(Activity(kind.name, 1.0, 2.0),))
        tags = sound_tags(run, load_style("netflix-en-sdh"), "ja")
        assert tags
        assert not any(c.isascii() and c.isalpha() for c in tags[0].text), f"{kind.name} has no Japanese word"


def test_the_numbers_are_the_classes(shared):
    lines = (shared / "models/yamnet/yamnet_class_map.csv").read_text().splitlines()[1:]
    names = {int(line.split(",")[0]): line.split(",", 2)[2].strip('"') for line in lines}
    assert len(names) == yamnet.CLASSES
    told = {kind.name: names[kind.classes[0]] for kind in KINDS}
    assert told["door slams"] == "Slam"
    assert told["footsteps"] == "Walk, footsteps"
    assert told["laughter"] == "Laughter"
    assert told["applause"] == "Applause"
    assert told["crying"] == "Crying, sobbing"
    assert told["phone rings"] == "Telephone bell ringing"
    assert told["gunshot"] == "Gunshot, gunfire"
    assert told["thunder"] == "Thunder"
    assert told["siren"] == "Siren"
    assert told["dog barks"] == "Bark"
    assert told["glass breaks"] == "Shatter"
    assert told["car horn"] == "Vehicle horn, car horn, honking"


@needs_litert
@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("effects/esc50_1-100032-A-0.flac", "dog barks"),
        ("effects/esc50_2-100648-A-43.flac", "car horn"),
        ("effects/esc50_3-103051-C-19.flac", "thunder"),
    ],
)
def test_yamnet_hears(shared, model, path, kind):
    marks, _ = heard(load(shared / "audio" / path).audio, model)
    assert {m.kind for m in marks} == {kind}


@needs_litert
def test_speech_and_music_hold_no_events(shared, model):
    talk, talk_scores = heard(load(shared / "audio/asr/en_jfk.flac").audio, model)
    tune, tune_scores = heard(load(shared / "audio/music/vibe_ace.ogg").audio, model)
    assert not talk
    assert not tune
    assert talk_scores[:, 1].mean() > 0.9 > 0.1 > talk_scores[:, 0].mean()
    assert tune_scores[:, 0].mean() > 0.9


@needs_litert
def test_any_length_rate_and_blocks(model, rng):
    for frames, rate in ((0, 48_000), (10, 8000), (20_000, 48_000), (100_000, 96_000)):
        audio = Audio(0.1 * rng.standard_normal((2, frames)), rate)
        got = yamnet.scores(audio, model, [0, 132])
        seconds = frames / rate
        expected = 0 if not frames else max(1, int((seconds - yamnet.WINDOW_S) / yamnet.HOP_S) + 1)
        assert expected <= len(got) <= expected + 1
        assert np.isfinite(got).all()


@needs_litert
def test_the_stage_takes_yamnet_and_says_so(shared, model):
    audio = load(shared / "audio/effects/esc50_1-100032-A-0.flac").audio
    media = MediaInfo("x.wav", "", "", "", audio.rate, 1, ("M",), audio.duration_s)
    run = Stage()(Project(media, audio), Options(events_model=str(model)), silent)
    assert "dog barks" in {a.kind for a in run.activity}
    step = run.step("diagnose")
    assert "YAMNet" in step.reason
    assert "yamnet" in step.model.name
    off = Stage()(Project(media, audio), Options(events="none", events_model=str(model)), silent)
    assert "dog barks" not in {a.kind for a in off.activity}
    assert "no sound events (switched off)" in off.step("diagnose").reason


def test_what_is_not_there_is_refused_with_a_remedy(tmp_path, speech):
    if find("yamnet") is None:
        with pytest.raises((MissingModel, MissingExtra), match=r"models pull yamnet|audiopost\[events\]"):
            diagnose(speech, events="yamnet")
    with pytest.raises(MissingModel, match=r"holds no \.tflite file"):
        diagnose(speech, events_model=str(tmp_path))


@needs_litert
def test_a_file_that_is_no_yamnet(tmp_path, speech):
    wrong = tmp_path / "yamnet.tflite"
    wrong.write_bytes(b"not a model at all")
    with pytest.raises(StageError, match="models pull yamnet"):
        heard(speech, wrong)


def only(marks):
    assert len(marks) == 1, marks
    return marks[0]
