"""CLAP as an optional part of the library, on a tiny model of the published layout."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from audiopost.core.audio import Audio
from audiopost.core.errors import BadValue, MissingModel, StageError
from audiopost.core.spotting import Cue
from audiopost.core.stage import ModelInfo
from audiopost.music.library import Store, clap, scan, search, suggest_tracks, table
from audiopost.music.library.clap import Clap

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

pytestmark = pytest.mark.slow  # transformers takes seconds to import
CUE = Cue(1, 0.0, 20.0, "underscore", "tension", (60, 70), "minor", ("low strings", "鼓"), "", 0.8)


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    file = Path(__file__).parents[2] / "fixtures" / "tiny_clap.py"
    spec = importlib.util.spec_from_file_location("tiny_clap", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.build(tmp_path_factory.mktemp("clap") / "tiny")


def test_vectors_of_words_and_sounds(model, rng):
    encoder = Clap.at(model)
    words = encoder.text("tense low strings, slow")
    assert words.shape == (8,)
    assert np.linalg.norm(words) == pytest.approx(1.0, abs=1e-5)
    assert not np.allclose(words, encoder.text("happy"))
    for seconds in (0.01, 3, 31):
        audio = Audio(rng.normal(0, 0.1, (2, round(seconds * 22_050))), 22_050)
        assert np.array_equal(encoder.sound(audio), encoder.sound(audio)), "the same sound, another vector"


def test_weights_as_a_pickle_are_read_without_running_code(model, tmp_path):
    from safetensors.torch import load_file

    folder = tmp_path / "pickle"
    folder.mkdir()
    for file in model.iterdir():
        if file.suffix != ".safetensors":
            (folder / file.name).write_bytes(file.read_bytes())
    torch.save(load_file(model / "model.safetensors"), folder / "pytorch_model.bin")
    assert np.allclose(Clap.at(folder).text("slow"), Clap.at(model).text("slow"), atol=1e-6)

    class Evil:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "ran",))

    torch.save({"a": Evil()}, folder / "pytorch_model.bin")
    clap.identity.cache_clear()
    with pytest.raises(StageError, match="does not load"):
        Clap(folder)
    assert not (tmp_path / "ran").exists()


def test_what_is_no_model(tmp_path, monkeypatch):
    with pytest.raises(BadValue, match="no CLAP model"):
        clap.required(str(tmp_path))
    monkeypatch.setattr(clap.models, "find", lambda name: None)
    with pytest.raises(MissingModel, match="models pull clap"):
        clap.required()


def test_a_cue_in_words():
    assert clap.described(CUE) == "tension minor music, slow, low strings, film underscore"
    plain = replace(CUE, emotion="neutral", tempo_bpm=(130, 150), instruments=())
    assert clap.described(plain) == "minor music, fast, film underscore"


def test_embeddings_are_stored_ranked_by_and_searched(model, tune, tmp_path, heard_here):
    for name, hz in (("a.wav", 200), ("b.wav", 3000), ("c.wav", 900)):
        tune(name, hz)
    library = tmp_path / "music.sqlite"
    with Store(library, new=True) as store:
        scan(store, [tmp_path / "music"])
        assert store.embedders() == {}
        done = scan(store, [tmp_path / "music"], embedder=str(model))
        assert (done.heard, done.unchanged) == (3, 0)  # they had none
        assert scan(store, [tmp_path / "music"], embedder=str(model)).unchanged == 3
        identity = clap.identity(model)
        assert store.embedders() == {identity: str(model)}
        ids, vectors = store.embeddings(identity)
        assert vectors.shape == (3, 8)
        assert len(table.alike(store, ids[0], 2, identity)) == 2
        words = Clap.at(model).text(clap.described(CUE))
        cosines = {search.one(store, str(n)).info.path: float(v @ words) for n, v in zip(ids, vectors, strict=True)}
    (cue,) = suggest_tracks([CUE], library, speech=())
    for match in cue.tracks:
        assert f"({cosines[match.track.path]:.2f}, CLAP)" in match.reasons[-1]
    assert cue.tracks[0].track.path == max(cosines, key=cosines.get)  # their numbers are alike: words decide


def test_without_its_model_a_library_is_ranked_all_the_same(model, tune, tmp_path, heard_here, monkeypatch, caplog):
    tune("a.wav")
    with Store(tmp_path / "music.sqlite", new=True) as store:
        scan(store, [tmp_path / "music"], embedder=str(model))
        store.note_embedder(clap.identity(model), tmp_path / "gone")
    monkeypatch.setattr(clap.models, "find", lambda name: None)
    (cue,) = suggest_tracks([CUE], tmp_path / "music.sqlite", speech=())
    assert len(cue.tracks) == 1
    assert "CLAP" not in cue.tracks[0].reasons[-1]
    assert "ranked without CLAP" in caplog.text


def test_the_record_names_the_model(model):
    info = clap.info(model)
    assert isinstance(info, ModelInfo)
    assert (info.licence, len(info.sha256)) == ("not stated", 64)
