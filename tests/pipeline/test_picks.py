"""What would run, and what a model more would change: from a machine without models to one with some."""

from __future__ import annotations

from pathlib import Path

import pytest

from audiopost.models import store
from audiopost.pipeline.picks import gains, picked, picks
from audiopost.presets import load
from audiopost.stages.denoise import BACKENDS, Options


@pytest.fixture(autouse=True)
def no_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine that has no model anywhere; the path of its empty store."""
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AUDIOPOST_MODELS", str(tmp_path / "store"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    return tmp_path / "store"


def deepfilternet(models: Path) -> None:
    folder = models / "deepfilternet3"
    folder.mkdir(parents=True)
    for name in ("enc.onnx", "erb_dec.onnx", "df_dec.onnx", "config.ini"):
        (folder / name).write_bytes(b"weights")


def test_auto_says_what_runs_and_what_would_be_better() -> None:
    pick = picked(BACKENDS, Options())
    assert pick.backend == "guided"
    assert pick.instead == "deepfilternet3"
    assert pick.better == store.pull_command("deepfilternet3")


def test_with_its_model_the_best_runs_and_nothing_is_better(no_models: Path) -> None:
    deepfilternet(no_models)
    pick = picked(BACKENDS, Options())
    assert (pick.backend, pick.better, pick.instead) == ("deepfilternet3", "", "")


def test_a_preset_tells_every_stage_and_part() -> None:
    found = picks(load("film-dialogue"))
    assert found["restore"].backend == "dsp"
    assert found["emotion-words"].backend == "lexicon"


def test_a_model_gains_what_its_backend_is_missing(no_models: Path) -> None:
    found = gains()
    assert ("podcast", "denoise", "guided", "deepfilternet3") in [
        (gain.preset, gain.stage, gain.before, gain.after) for gain in found["deepfilternet3"]
    ]
    assert {gain.before for gain in found["whisper-small"]} == {"", "pocketsphinx"}
    deepfilternet(no_models)
    assert "deepfilternet3" not in gains()
    assert "whisper-small" in gains(("podcast",))


def test_what_a_preset_names_is_not_changed_by_a_model(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text('stages = ["denoise"]\n[denoise]\nbackend = "spectral"\n', encoding="utf-8")
    assert picks(load(own))["denoise"].backend == "spectral"
    assert gains((str(own),)) == {}
