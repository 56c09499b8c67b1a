"""pyannote on a real pipeline folder: wiring, numbers of speakers, errors; accuracy is not judged here."""

from __future__ import annotations

import importlib.util
from itertools import pairwise
from pathlib import Path

import pytest

from audiopost.core.errors import MissingModel, StageError
from audiopost.io.decode import load
from audiopost.stages.diarise import BACKENDS, Options, diarise

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("pyannote") is None or importlib.util.find_spec("pyannote.audio") is None,
    reason="pyannote.audio is not installed",
)


@pytest.mark.slow
def test_the_stand_in_pipeline_finds_two_speakers(shared: Path):
    audio = load(shared / "audio" / "diarisation" / "pyannote_sample.flac").audio
    folder = str(shared / "models" / "pyannote-pipeline-standin")
    turns = diarise(audio, backend="pyannote", model=folder, speakers=2, device="cpu")
    assert {t.speaker for t in turns} == {"S1", "S2"}
    assert 15 < sum(t.end_s - t.start_s for t in turns) < 30  # 24.4 s are spoken


def test_a_folder_without_a_pipeline_is_refused(tmp_path, speech):
    with pytest.raises(MissingModel, match="no folder with a config"):
        diarise(speech, backend="pyannote", model=str(tmp_path))


@pytest.mark.slow
def test_a_recording_in_parts_keeps_its_speakers(shared: Path, monkeypatch):
    """Two parts of the 30 s sample: turns over the seam are one, exclusive turns do not overlap."""
    from audiopost.stages.diarise import parts
    from audiopost.stages.diarise.pyannote_audio import Pyannote

    monkeypatch.setattr(parts, "PART_S", 12.0)
    monkeypatch.setattr(parts, "SHARED_S", 6.0)
    audio = load(shared / "audio" / "diarisation" / "pyannote_sample.flac").audio
    steps: list[str] = []
    backend = Pyannote(Options(model=str(shared / "models" / "pyannote-pipeline-standin"), speakers=2, device="cpu"))
    turns = list(backend.turns(audio, lambda step, *_: steps.append(step)))
    assert 1 <= len({t.speaker for t in turns}) <= 2
    assert 15 < sum(t.end_s - t.start_s for t in turns) < 30
    assert backend.exclusive
    ordered = sorted(backend.exclusive, key=lambda t: t.start_s)
    assert all(a.end_s <= b.start_s + 1e-6 for a, b in pairwise(ordered))
    assert any(step.startswith("part 2 of 2") for step in steps)


def test_a_hub_id_is_looked_for_in_the_cache_and_no_further(tmp_path, monkeypatch, speech):
    monkeypatch.setenv("AUDIOPOST_MODELS", str(tmp_path / "store"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(MissingModel, match="audiopost models pull pyannote-community-1"):
        diarise(speech, backend="pyannote", model="pyannote/speaker-diarization-community-1")
    with pytest.raises(MissingModel, match="hf download someone/pipeline"):
        diarise(speech, backend="pyannote", model="someone/pipeline")
    snapshot = tmp_path / "models--someone--pipeline" / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    (snapshot / "config.yaml").write_text("pipeline: {name: no.such.Class}")
    with pytest.raises(StageError, match="abc"):
        diarise(speech, backend="pyannote", model="someone/pipeline")


def test_a_broken_pipeline_names_its_folder(tmp_path, speech):
    (tmp_path / "config.yaml").write_text("pipeline: {name: no.such.Class}")
    with pytest.raises(StageError, match=tmp_path.name):
        diarise(speech, backend="pyannote", model=str(tmp_path))


def test_auto_without_weights_says_what_it_passed_over(tmp_path, monkeypatch):
    monkeypatch.setenv("AUDIOPOST_MODELS", str(tmp_path))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    _, choice = BACKENDS.choose(Options())
    assert choice.backend == "embeddings"
    assert "passed over pyannote" in choice.reason
