"""`audiopost loudness` as scripts and people meet it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from audiopost.cli.loudness import command
from audiopost.core.audio import Audio
from audiopost.io.decode import load
from audiopost.stages.loudness import measure_loudness


@pytest.fixture
def take(tmp_path: Path, speech: Audio) -> Path:
    """8 s of speech and a full-scale click, so that a loud target needs the limiter."""
    samples = speech.samples.T.copy()
    samples[200_000] = 0.99
    path = tmp_path / "take.wav"
    soundfile.write(path, samples, speech.rate)
    return path


def loudness(*arguments: str | Path):
    return CliRunner().invoke(command("loudness"), [str(each) for each in arguments], standalone_mode=False)


def data(*arguments: str | Path) -> dict:
    run = loudness(*arguments, "--json")
    assert run.exception is None, run.output
    return json.loads(run.stdout)


def test_a_verdict_for_each_rule_and_over_all(take):
    run = loudness(take, "--spec", "netflix")
    assert run.return_value == 0
    assert "Netflix: FAIL" in run.stdout
    assert "dialogue loudness" in run.stdout
    assert "approximates the licensed one" in run.stdout
    assert "LU, recommended" in run.stdout


def test_strict_tells_by_the_exit_code(take, tmp_path):
    assert loudness(take, "--spec", "streaming", "--strict").return_value == 1
    assert loudness(take, "--spec", "streaming", "--strict", "-o", tmp_path / "out").return_value == 0


def test_delivered_file_meets_the_spec(take, tmp_path):
    result = data(take, "--spec", "netflix", "-o", tmp_path / "out")
    checks = {check["name"]: check for check in result["checks"]}
    assert result["verdict"] == "pass"
    assert checks["dialogue loudness"]["value"] == pytest.approx(-27, abs=0.1)
    written = measure_loudness(load(Path(result["outputs"]["master"])).audio)
    assert written.integrated_lufs == pytest.approx(result["master"]["integrated_lufs"], abs=0.01)
    assert written.true_peak_dbtp <= -2
    page = Path(result["outputs"]["html"]).read_text(encoding="utf-8")
    assert all(words in page for words in ("source", "master", "−27 ±2 LUFS", "speech", "highest true peak"))


def test_target_and_ceiling_by_the_names_others_use(take, tmp_path):
    result = data(take, "-t", "-20", "--true-peak", "-3", "-o", tmp_path / "out")
    assert result["master"]["integrated_lufs"] == pytest.approx(-20, abs=0.1)
    assert result["master"]["true_peak_dbtp"] <= -3
    same = data(take, "--integrated-lufs", "-20", "--true_peak_dbtp", "-3", "-o", tmp_path / "same")
    assert same["master"] == result["master"]


def test_a_page_without_a_master(take, tmp_path):
    result = data(take, "--html", tmp_path / "page.html")
    assert list(result["outputs"]) == ["html"]
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "integrated" in page
    assert "short-term (3 s), master" not in page


def test_a_lossy_master_is_judged_by_what_its_file_holds(take, tmp_path):
    result = data(take, "--spec", "streaming", "--format", "mp3", "-o", tmp_path / "out")
    written = measure_loudness(load(Path(result["outputs"]["master"])).audio)
    assert result["master"]["true_peak_dbtp"] == pytest.approx(written.true_peak_dbtp, abs=0.01)


def test_own_spec_file(take, tmp_path):
    own = tmp_path / "house.toml"
    own.write_text("integrated_lufs = -18.0\ntolerance_lu = 0.5\ntrue_peak_dbtp = -3.0\n", encoding="utf-8")
    result = data(take, "--spec", own, "-o", tmp_path / "out")
    assert result["master"]["integrated_lufs"] == pytest.approx(-18, abs=0.1)
    assert result["verdict"] == "pass"


@pytest.mark.parametrize("frames", [1, 4_800, 48_000 * 4])
def test_silence_and_scraps_are_said_to_be_unmeasured(tmp_path, frames):
    path = tmp_path / "quiet.wav"
    soundfile.write(path, np.zeros((frames, 6)), 48_000)
    result = data(path, "--spec", "ebu-r128", "-o", tmp_path / "out")
    assert result["verdict"] == "not measured"
    assert Path(result["outputs"]["html"]).exists()


@pytest.mark.parametrize("format_", ["mp3", "opus", "aac"])
def test_a_lossy_master_keeps_target_and_ceiling_in_its_file(tmp_path, rng, format_):
    """Loud broadband noise, whose peaks coding lifts: the ceiling holds in what is decoded."""
    path = tmp_path / "noise.wav"
    soundfile.write(path, np.clip(rng.standard_normal((6 * 48_000, 2)) * 0.25, -1, 1), 48_000)
    result = data(path, "-t", "-10", "--format", format_, "-o", tmp_path / "out")
    written = measure_loudness(load(Path(result["outputs"]["master"])).audio)
    assert written.true_peak_dbtp <= -1
    assert written.integrated_lufs == pytest.approx(-10, abs=0.1)
    assert result["verdict"] == "pass"
    assert any("moves peaks" in warning for warning in result["warnings"])


def test_strict_does_not_pass_what_cannot_be_measured(tmp_path):
    path = tmp_path / "silence.wav"
    soundfile.write(path, np.zeros((48_000, 2)), 48_000)
    assert loudness(path, "--strict").return_value == 1
