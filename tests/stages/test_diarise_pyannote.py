"""pyannote on a real pipeline folder: wiring, numbers of speakers, errors; accuracy is not judged here."""

from __future__ import annotations

import importlib.util
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
