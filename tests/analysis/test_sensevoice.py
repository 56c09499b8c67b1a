"""SenseVoice from its ONNX export: what it is given, what its answers become, what is refused."""

from __future__ import annotations

import shutil

import numpy as np
import onnx
import pytest

from audiopost.analysis import sensevoice
from audiopost.core.audio import Audio
from audiopost.core.errors import BadValue, MissingModel, StageError
from audiopost.core.marks import Activity
from audiopost.core.project import MediaInfo, Project
from audiopost.core.stage import silent
from audiopost.stages.diagnose import Options, Stage
from audiopost.subtitles.sdh import sound_tags
from audiopost.subtitles.styles import load_style


@pytest.fixture
def hears_hiss(tiny_emotion):
    """Speech, unless the highest bands are loud: then laughter."""
    return tiny_emotion("sensevoice", lean={"Speech": 1.0, "NEUTRAL": 4.0}, bright="Laughter")


@pytest.fixture
def laughing(speech, rng):
    """Speech with 4 s of loud hiss from 8 s on."""
    hiss = 0.05 * rng.standard_normal(4 * speech.rate)
    return Audio(np.concatenate([speech.samples[0], hiss, speech.samples[0]]).astype(np.float32), speech.rate)


def test_frames_are_stacked_as_funasr_stacks_them():
    frames = np.arange(10, dtype=np.float32)[:, None]
    stacked = sensevoice._stacked(frames, 7, 6)
    # Three frames before the first, and past the end the last one again.
    assert stacked.tolist() == [[0, 0, 0, 0, 1, 2, 3], [3, 4, 5, 6, 7, 8, 9]]
    assert sensevoice._stacked(frames[:1], 7, 6).tolist() == [[0] * 7]
    last = sensevoice._stacked(np.arange(13, dtype=np.float32)[:, None], 7, 6)[-1]
    assert last.tolist() == [9, 10, 11, 12, 12, 12, 12]


def test_answers_are_probabilities_of_the_tags(tiny_emotion, rng):
    model = tiny_emotion("sensevoice", lean={"SAD": 3.0, "Cough": 3.0})
    heard = sensevoice.Network(model / "model.onnx")(0.05 * rng.standard_normal((3, 16_000)).astype(np.float32))
    assert heard.feelings.shape == (3, len(sensevoice.FEELINGS))
    assert heard.feelings.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert (heard.feelings.argmax(axis=1) == sensevoice.FEELINGS.index("SAD")).all()
    assert heard.feelings[:, 1] == pytest.approx(np.exp(3) / (np.exp(3) + 7), abs=0.02)


def test_events_are_found_where_they_are(hears_hiss, laughing):
    (event,) = sensevoice.heard(laughing, hears_hiss / "model.onnx")
    assert event.kind == "laughter"
    assert event.start_s == pytest.approx(8, abs=2)
    assert event.end_s == pytest.approx(12, abs=2)
    assert event.end_s - event.start_s >= 1.5
    quiet = Audio(laughing.samples * np.float32(0.05), laughing.rate)
    assert sensevoice.heard(quiet, hears_hiss / "model.onnx") == (event,)
    assert sensevoice.heard(laughing, hears_hiss / "model.onnx", threshold=0.99) == ()


def test_events_at_the_end_and_nothing_in_silence(tiny_emotion, speech):
    model = tiny_emotion("sensevoice", lean={"Applause": 5.0}) / "model.onnx"
    (event,) = sensevoice.heard(speech, model)
    assert event.kind == "applause"
    assert event.end_s == speech.duration_s
    assert sensevoice.heard(speech.between(0.5, 1.0), model) == (Activity("applause", 0.0, 0.5),)
    assert sensevoice.heard(Audio(np.zeros((1, 48_000)), 48_000), model) == ()
    assert sensevoice.heard(Audio(np.zeros((1, 0)), 48_000), model) == ()


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_samples_that_are_no_sound_are_silence(hears_hiss, laughing, bad):
    broken = laughing.samples.copy()
    broken[0, 9 * laughing.rate] = bad
    (event,) = sensevoice.heard(Audio(broken, laughing.rate), hears_hiss / "model.onnx")
    assert (event.kind, event.start_s) == ("laughter", pytest.approx(8, abs=2))


def test_speech_and_breaths_are_no_events(tiny_emotion, speech):
    for tag in ("Speech", "Breath", "BGM", "Event_UNK"):
        model = tiny_emotion("sensevoice", lean={tag: 5.0})
        assert sensevoice.heard(speech, model / "model.onnx") == ()


def test_every_event_has_a_word_in_captions():
    media = MediaInfo("x.wav", "", "", "", 48_000, 1, ("M",), 9.0)
    for kind in sensevoice.KINDS.values():
        run = Project(media, Audio(np.zeros((1, 9)), 48_000), activity=(Activity(kind, 1.0, 2.0),))
        (tag,) = sound_tags(run, load_style("netflix-en-sdh"), "zh")
        assert not any(c.isascii() and c.isalpha() for c in tag.text), f"{kind} has no Chinese word"


def test_the_stage_takes_it_where_it_is_named(hears_hiss, laughing):
    media = MediaInfo("x.wav", "", "WAV", "PCM_16", laughing.rate, 1, ("M",), laughing.duration_s)
    project = Project(media, laughing)
    options = Options(events="sensevoice", events_model=str(hears_hiss))
    done = Stage()(project, options, silent)
    assert "laughter" in {each.kind for each in done.activity or ()}
    step = done.steps[-1]
    assert step.model is not None
    assert "tiny" in step.model.name
    assert "SenseVoice for sound events" in step.reason
    assert "laughter" not in {each.kind for each in Stage()(project, Options(events="none"), silent).activity or ()}


def test_it_is_refused_where_it_is_not(tmp_path, monkeypatch, laughing):
    monkeypatch.setenv("AUDIOPOST_MODELS", str(tmp_path / "store"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    media = MediaInfo("x.wav", "", "WAV", "PCM_16", laughing.rate, 1, ("M",), laughing.duration_s)
    project = Project(media, laughing)
    with pytest.raises(MissingModel, match="audiopost models pull sensevoice-small"):
        Stage()(project, Options(events="sensevoice"), silent)
    with pytest.raises(MissingModel, match="holds no SenseVoice"):
        Stage()(project, Options(events="sensevoice", events_model=str(tmp_path)), silent)


def test_what_is_no_export_of_it_is_told(tiny_emotion, tmp_path):
    folder = tmp_path / "a"
    shutil.copytree(tiny_emotion("sensevoice"), folder)
    (folder / "tokens.txt").write_text("a 0\nb 1\n", encoding="utf-8")
    with pytest.raises(BadValue, match="lacks HAPPY, SAD, ANGRY"):
        sensevoice.Network(folder / "model.onnx")
    (folder / "tokens.txt").write_text("a b\n", encoding="utf-8")
    with pytest.raises(BadValue, match="cannot be read"):
        sensevoice.Network(folder / "model.onnx")
    bare = tiny_emotion("sensevoice", metadata={})
    with pytest.raises(BadValue, match="does not say what it hears"):
        sensevoice.Network(bare / "model.onnx")
    other = tmp_path / "b"
    shutil.copytree(tiny_emotion("sensevoice"), other)
    graph = onnx.load(other / "model.onnx")
    graph.graph.input[2].name = "speaker"
    graph.graph.node[6].input[1] = "speaker"
    onnx.save(graph, other / "model.onnx")
    with pytest.raises(BadValue, match="its inputs are speaker"):
        sensevoice.Network(other / "model.onnx")
    (other / "model.onnx").write_bytes(b"no model")
    with pytest.raises(StageError, match="cannot be loaded"):
        sensevoice.Network(other / "model.onnx")


def test_the_exact_weights_go_before_the_small_ones(tiny_emotion, tmp_path):
    small = tiny_emotion("sensevoice", name="model.int8.onnx")
    assert sensevoice.locate(str(small)) == small / "model.int8.onnx"
    shutil.copytree(small, tmp_path / "both")
    (tmp_path / "both" / "model.onnx").write_bytes(b"")
    assert sensevoice.locate(str(tmp_path / "both")) == tmp_path / "both" / "model.onnx"
    assert sensevoice.locate(str(tmp_path)) is None
