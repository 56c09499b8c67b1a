"""What happens to the machine under a run: killed at once, a full disk, a package that is not installed."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from audiopost.core.errors import DiskFull, MissingExtra
from audiopost.pipeline import run as run_job

ROOT = Path(__file__).parents[2]
JOB = ["-p", "podcast", "--set", "transcribe.language=en", "--set", "transcribe.backend=pocketsphinx", "--json"]
#: How the saved Project says that denoise is done; findings name it too.
DENOISED = '"stage": "denoise"'


def start(source: Path, out: Path, *more: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "audiopost", "run", str(source), "-o", str(out), *JOB, *more]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_killed_at_once_leaves_no_half_file_and_goes_on(take: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    state = out / f".{take.stem}.audiopost" / "project.json"
    running = start(take, out)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if state.exists() and DENOISED in state.read_text(encoding="utf-8"):
            break
        time.sleep(0.02)
    running.send_signal(signal.SIGKILL)
    running.communicate()
    assert DENOISED in state.read_text(encoding="utf-8")
    assert not [p for p in out.iterdir() if not p.name.startswith(".")], "nothing under a final name"
    again = start(take, out, "--resume")
    printed, messages = again.communicate()
    assert again.returncode == 0, messages.decode()
    result = json.loads(printed)
    assert "denoise" not in result["seconds"], "kept from before the kill"
    assert Path(result["outputs"]["master"]).exists()
    assert not state.parent.exists()


def test_full_disk_is_a_message_and_leaves_no_half_file(take: Path, small_disk: Path) -> None:
    with pytest.raises(DiskFull, match="No room"):
        run_job(
            take, "podcast", small_disk / "out", settings=("transcribe.backend=pocketsphinx", "transcribe.language=en")
        )
    delivered = [p for p in (small_disk / "out").iterdir() if not p.name.startswith(".")]
    assert all(p.stat().st_size > 1000 for p in delivered)
    assert not list((small_disk / "out").glob(".part-*"))


@pytest.mark.parametrize(
    ("setting", "package", "extra"),
    [
        ("separate.backend=demucs", "demucs", "audiopost[demucs]"),
        ("transcribe.backend=faster-whisper", "faster_whisper", "audiopost[whisper]"),
        ("diarise.backend=pyannote", "pyannote", "audiopost[pyannote]"),
        ("diarise.backend=embeddings", "resemblyzer", "audiopost[speakers]"),
    ],
)
def test_a_missing_extra_names_the_pip_command(
    take: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: str, package: str, extra: str
) -> None:
    real = importlib.util.find_spec

    def without(name: str, *rest: str | None) -> object:
        return None if name.split(".")[0] == package else real(name, *rest)

    monkeypatch.setattr(importlib.util, "find_spec", without)
    with pytest.raises(MissingExtra) as raised:
        run_job(take, "film-dialogue", tmp_path / "out", settings=(setting,))
    assert f"pip install '{extra}'" in str(raised.value)
    assert not (tmp_path / "out").exists()
