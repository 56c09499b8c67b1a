"""Nothing lost: kills of workers and of the batch itself, a full disk, an engine that crashes, on forty files."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from audiopost.batch.hashes import content_sha256
from audiopost.batch.job import HIDDEN, Job
from audiopost.batch.ledger import Ledger, default_path

ROOT = Path(__file__).parents[2]
#: Kills of workers and of the batch, at moments drawn from this seed.
KILLS, SEED = 26, 7

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name == "nt", reason="kills as Unix has them")]


class Series:
    """Some forty files, and the command that works on them."""

    def __init__(self, folder: Path) -> None:
        spec = importlib.util.spec_from_file_location("series", ROOT / "tests" / "fixtures" / "series.py")
        assert spec is not None
        assert spec.loader is not None
        made = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(made)
        self.source, self.preset = folder / "in", folder / "faults.toml"
        self.good: set[str] = made.make(self.source, ROOT / "examples" / "scene.flac")
        self.preset.write_text(made.PRESET)
        path = os.pathsep.join([str(made.plugin(folder / "plugin")), *filter(None, sys.path)])
        self.environment = {
            **os.environ,
            "PYTHONPATH": path,
            "XDG_CACHE_HOME": str(folder / "cache"),
            "TMPDIR": str(folder),
        }
        self.count = 0

    def start(self, out: Path, *more: str) -> subprocess.Popen[bytes]:
        """The batch, as a process of its own."""
        log = out.parent / f"{out.name}.log"
        command = [
            sys.executable,
            "-m",
            "audiopost",
            "batch",
            str(self.source),
            "-p",
            str(self.preset),
            "-o",
            str(out),
            *more,
        ]
        with log.open("ab") as file:
            return subprocess.Popen(command, env=self.environment, stdout=file, stderr=file)

    def run(self, out: Path, *more: str) -> int:
        return self.start(out, *more).wait(900)


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Series]:
    made = Series(tmp_path_factory.mktemp("series"))
    yield made
    (made.source / "unreadable.wav").chmod(0o644)


@pytest.fixture(scope="module")
def undisturbed(series: Series, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Job]:
    out = tmp_path_factory.mktemp("undisturbed") / "out"
    assert series.run(out) == 3
    return told(out)


def told(out: Path) -> dict[str, Job]:
    ledger = Ledger(default_path(out))
    try:
        return {job.order.name: job for job in ledger.jobs()}
    finally:
        ledger.close()


def hashes(jobs: dict[str, Job]) -> dict[str, Any]:
    return {name: {o.path: o.sha256 for o in job.outcome.outputs} for name, job in jobs.items() if job.state == "done"}


def assert_same(out: Path, undisturbed: dict[str, Job]) -> None:
    """What a batch left is what an undisturbed one left: in the ledger, on disk, and nothing beside it."""
    found = told(out)
    assert {name: job.state for name, job in found.items()} == {name: job.state for name, job in undisturbed.items()}
    assert hashes(found) == hashes(undisturbed)
    on_disk = {
        path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file() and HIDDEN not in path.parts
    }
    listed = {output.path for job in found.values() for output in job.outcome.outputs}
    # No half file, no second copy; what a quarantined recording had finished is kept for a retry.
    kept = {path for path in on_disk if path.startswith(".crash.audiopost/")}
    assert on_disk - kept - {"batch-report.html", "batch.csv"} == listed
    for job in found.values():
        for output in job.outcome.outputs:
            path = out / output.path
            assert path.stat().st_size == output.size
            assert content_sha256(output.kind, path) == output.sha256, output.path
        if job.state not in ("done", "quarantined"):
            assert job.outcome.reason
    ledger = Ledger(default_path(out))
    for name, job in found.items():
        endings = [attempt.ending for attempt in ledger.attempts(job.id)]
        assert endings.count("done") == (job.state == "done"), name
        assert "" not in endings
    ledger.close()


def test_the_good_are_done_and_the_bad_say_why(series: Series, undisturbed: dict[str, Job]) -> None:
    assert len(undisturbed) >= 40
    states = {name: job.state for name, job in undisturbed.items()}
    assert states["crash"] == "quarantined"
    assert "memory fault" in undisturbed["crash"].outcome.reason
    reasons = {name: job.outcome.reason for name, job in undisturbed.items() if job.state == "failed"}
    bad = {"zero", "text", "truncated", "header only", "noise", "mute"}
    assert bad <= reasons.keys() <= bad | {"unreadable"}  # root may read everything
    assert "0 bytes" in reasons["zero"]
    assert "no audio" in reasons["mute"].lower() or "sound" in reasons["mute"]
    done = {name for name, state in states.items() if state == "done"}
    assert {"silence", "short", "surround 5.1", "rates/192000", "rates/8000", "粵語 第一集", "film"} <= done
    assert {"twins/a.wav", "twins/a.flac"} <= done
    assert len(done) >= 30
    for name in done:
        kinds = {output.kind for output in undisturbed[name].outcome.outputs}
        assert {"master", "srt", "rttm", "provenance", "report"} <= kinds


def test_one_worker_gives_the_same(series: Series, undisturbed: dict[str, Job], tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert series.run(out, "--workers", "1", "--pattern", "*.wav") == 3
    alone = hashes(told(out))
    assert len(alone) >= 25
    del alone["twins/a"]  # there is no other 'a' among the .wav
    assert alone == {name: files for name, files in hashes(undisturbed).items() if name in alone}


def workers_of(batch: int) -> list[psutil.Process]:
    """The workers of a batch that live."""
    found = []
    for child in psutil.Process(batch).children():
        with contextlib.suppress(psutil.Error):  # gone meanwhile
            if "audiopost.batch.worker" in child.cmdline():
                found.append(child)
    return found


def test_kills_at_random_moments_lose_nothing(series: Series, undisturbed: dict[str, Job], tmp_path: Path) -> None:
    draw = random.Random(SEED)
    out = tmp_path / "out"
    process = series.start(out)
    kills = {"batch": 0, "worker": 0}
    while sum(kills.values()) < KILLS:
        time.sleep(draw.uniform(0.3, 4.0))
        if process.poll() is not None:  # all was done before the last kill: again from the beginning, in another folder
            assert process.returncode == 3
            assert_same(out, undisturbed)
            out = tmp_path / f"out {sum(kills.values())}"
            process = series.start(out)
            continue
        workers = workers_of(process.pid)
        if workers and draw.random() < 0.6:
            draw.choice(workers).kill()
            kills["worker"] += 1
        else:
            process.send_signal(signal.SIGKILL)
            process.wait()
            kills["batch"] += 1
            process = series.start(out)
    assert process.wait(900) == 3
    assert min(kills.values()) >= 5
    assert_same(out, undisturbed)


def test_ctrl_c_once_finishes_what_is_in_hand_and_twice_stops(
    series: Series, undisturbed: dict[str, Job], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    for presses in (1, 2):
        process = series.start(out)
        _until(lambda: default_path(out).exists() and any(job.state == "running" for job in told(out).values()))
        for _ in range(presses):
            process.send_signal(signal.SIGINT)
            time.sleep(0.3)
        assert process.wait(120) in (1, 3)
        jobs = told(out).values()
        assert not any(job.state == "running" for job in jobs)
        assert any(job.state == "waiting" for job in jobs)
        assert not list(out.rglob(".part-*"))
    assert series.run(out) == 3
    assert_same(out, undisturbed)


def test_a_full_disk_pauses_and_nothing_is_lost(series: Series, undisturbed: dict[str, Job], tmp_path: Path) -> None:
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(place)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("mounting a small disk needs root on Linux")
    try:
        out = place / "out"
        process = series.start(out)
        log = place / "out.log"
        _until(lambda: log.exists() and b"PAUSED" in log.read_bytes(), process)
        ledger = Ledger(default_path(out))
        assert "No room" in ledger.about("paused") or ledger.about("paused") == ""  # there may be no room to say it
        ledger.close()
        subprocess.run(["mount", "-o", "remount,size=200m", str(place)], check=True)
        assert process.wait(900) == 3
        assert_same(out, undisturbed)
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def test_an_interrupted_long_file_goes_on_from_its_last_stage(
    series: Series, undisturbed: dict[str, Job], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    one = ("--pattern", "surround*")
    process = series.start(out, *one)
    work = out / ".surround 5.1.audiopost" / "project.json"

    def stages() -> set[str]:
        try:
            return {step["stage"] for step in json.loads(work.read_text())["steps"]}
        except (OSError, ValueError):
            return set()

    _until(lambda: "denoise" in stages())
    process.send_signal(signal.SIGKILL)
    process.wait()
    kept = stages()
    assert series.run(out, *one) == 0
    job = told(out)["surround 5.1"]
    assert job.attempts == 2
    assert job.outcome.seconds.keys().isdisjoint(kept - {"decode", "deliver"})
    assert hashes({"surround 5.1": job}) == hashes({"surround 5.1": undisturbed["surround 5.1"]})


def _until(ready: Any, process: subprocess.Popen[bytes] | None = None) -> None:
    for _ in range(1200):
        if ready():
            return
        assert process is None or process.poll() is None, "the batch ended"
        time.sleep(0.1)
    pytest.fail("it did not come to that")
