"""The examples run as they stand."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.slow
def test_a_backend_from_another_package(tmp_path: Path, scene: Path) -> None:
    install = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation", "--no-index"]
    work = tmp_path / "plugin"
    work.mkdir()
    for file in (ROOT / "examples" / "plugin").glob("*.*"):
        (work / file.name).write_text(file.read_text())
    subprocess.run([*install, "--target", str(tmp_path / "site"), str(work)], check=True, capture_output=True)
    env = {**os.environ, "PYTHONPATH": f"{tmp_path / 'site'}{os.pathsep}{ROOT}"}
    run = [sys.executable, "-m", "audiopost", "denoise", str(scene), "-o", str(tmp_path / "out"), "--json"]
    done = subprocess.run([*run, "--backend", "gate"], capture_output=True, text=True, env=env, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["backend"] == "gate"


@pytest.mark.slow
def test_stages_script(tmp_path: Path) -> None:
    run = [sys.executable, str(ROOT / "examples" / "stages.py")]
    done = subprocess.run(run, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False)
    assert done.returncode == 0, done.stderr
    assert "hum at 50" in done.stdout
    assert "LUFS" in done.stdout
    assert "S1:" in done.stdout


@pytest.mark.slow
def test_guide_tracks_script(tmp_path: Path) -> None:
    run = [sys.executable, str(ROOT / "examples" / "guide_tracks.py"), str(tmp_path / "guides")]
    done = subprocess.run(run, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False)
    assert done.returncode == 0, done.stderr
    names = {path.name for path in (tmp_path / "guides").iterdir()}
    assert names == {f"1m0{n}.guide.{kind}" for n in (1, 2, 3) for kind in ("mid", "wav")} | {"scene.temp-mix.wav"}
    assert "1m01 underscore, tension" in done.stdout
    assert "temp mix: -1" in done.stdout


def test_the_scene_is_its_stems_and_faults(scene: Path) -> None:
    """What is shipped belongs together: the scene less its stems leaves the planted hum and noise only."""
    import numpy as np

    import audiopost as ap

    mixture = ap.load(scene).audio.samples
    stems = sum(
        ap.load(scene.with_name(f"scene.{name}.flac")).audio.samples for name in ("dialogue", "music", "effects")
    )
    rest = mixture - stems
    level = 20 * np.log10(np.sqrt(np.mean(rest**2)))
    assert -50 < level < -42
    truth = json.loads(scene.with_suffix(".json").read_text())
    assert {u["speaker"] for u in truth["utterances"]} == {"Anna", "Tom"}
    assert all(w["start_s"] < w["end_s"] for u in truth["utterances"] for w in u["words"])
