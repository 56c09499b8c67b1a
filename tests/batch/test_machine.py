"""Cores shared out, memory budgeted, speeds measured and kept."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiopost.batch import machine, speeds
from audiopost.batch.job import Job, Order, Outcome, Output
from audiopost.models.threads import VARIABLE


@pytest.fixture
def has(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """has(cores=8, free_mb=16000, gpus=0): what the machine seems to have."""
    import psutil

    def make(*, cores: int, free_mb: float, gpus: int = 0) -> None:
        monkeypatch.setenv(VARIABLE, str(cores))
        monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=free_mb * 1e6))
        monkeypatch.setattr(machine, "_gpus", lambda: gpus)

    return make


@given(
    cores=st.integers(1, 64), free_mb=st.floats(100, 1e6), needs_mb=st.sampled_from([0.0, 200.0, 4000.0]),
    workers=st.one_of(st.none(), st.integers(1, 64)),
)  # fmt: skip
def test_threads_and_memory_are_never_more_than_there_are(
    cores: int, free_mb: float, needs_mb: float, workers: int | None
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        import psutil

        patch.setenv(VARIABLE, str(cores))
        patch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=free_mb * 1e6))
        patch.setattr(machine, "_gpus", lambda: 0)
        found = machine.share(workers, needs_mb)
    assert found.workers == (workers or found.workers) >= 1
    assert found.threads >= 1
    assert found.workers * found.threads <= max(cores, found.workers)
    if workers is None:
        assert found.workers <= cores
        need = needs_mb or machine.UNKNOWN_MB
        assert found.workers == 1 or found.workers * need <= free_mb


def test_a_measured_preset_lets_more_workers_in(has: Callable[..., None]) -> None:
    has(cores=8, free_mb=8000)
    assert machine.share(None, 0.0).workers == 4
    assert machine.share(None, 600.0).workers == 8
    assert machine.share(None, 3500.0).workers == 2
    assert machine.share(None, 3500.0).threads == 4
    assert "measured" in machine.share(None, 600.0).reason
    assert "not measured yet" in machine.share(None, 0.0).reason


def test_with_gpus_there_is_a_worker_for_each(has: Callable[..., None]) -> None:
    has(cores=16, free_mb=64_000, gpus=2)
    assert (machine.share(None, 0.0).workers, machine.share(None, 0.0).threads) == (2, 8)


def test_gpus_are_counted_by_the_drivers_tool(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = "GPU 0: NVIDIA X (UUID: 1)\nGPU 1: NVIDIA X (UUID: 2)\n  MIG 1g: (UUID: 3)\n"
    monkeypatch.setattr(machine.shutil, "which", lambda tool: "/bin/true")
    monkeypatch.setattr(subprocess, "run", lambda *a, **k: SimpleNamespace(stdout=listed))
    assert machine._gpus() == 2

    def hangs(*_: Any, **__: Any) -> None:
        raise subprocess.TimeoutExpired("nvidia-smi", 10)

    monkeypatch.setattr(subprocess, "run", hangs)
    assert machine._gpus() == 0
    monkeypatch.setattr(machine.shutil, "which", lambda tool: None)
    assert machine._gpus() == 0


def test_speeds_add_up_over_batches(tmp_path: Path) -> None:
    path = tmp_path / "cache" / "speeds.json"
    order = Order("/in/a.wav", "/out", "a", "p", "podcast")
    outcome = Outcome(media_s=60.0, seconds={"denoise": 20.0, "deliver": 10.0}, peak_mb=500.0,
                      outputs=(Output("srt", "a.srt", 600, "x"),))  # fmt: skip
    job = Job(1, order, "done", outcome=outcome)
    speeds.add([job], path)
    speeds.add(
        [job, Job(2, order, "done", outcome=Outcome(media_s=60.0, seconds={"denoise": 60.0}, peak_mb=300.0))], path
    )
    found = speeds.read(path)["podcast"]
    assert (found.jobs, found.media_s, found.compute_s, found.peak_mb) == (3, 180.0, 120.0, 500.0)
    assert found.real_time_factor == pytest.approx(2 / 3)
    assert found.bytes_per_s == pytest.approx(1200 / 180)


def test_what_went_on_from_an_earlier_attempt_or_was_done_carefully_measures_nothing(tmp_path: Path) -> None:
    path = tmp_path / "speeds.json"
    order = Order("/in/a.wav", "/out", "a", "p", "podcast")
    whole = Job(1, order, "done", outcome=Outcome(media_s=60.0, seconds={"denoise": 30.0}))
    resumed = Job(2, order, "done", outcome=Outcome(media_s=60.0, seconds={"denoise": 1.0}, resumed=True))
    careful = Job(3, order, "done", crashes=1, outcome=Outcome(media_s=60.0, seconds={"denoise": 300.0}))
    speeds.add([whole, resumed, careful], path)
    assert speeds.read(path)["podcast"] == speeds.Speed(1, 60.0, 30.0)


def test_jobs_are_measured_now_and_then_and_none_is_counted_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "speeds.json"
    job = Job(1, Order("/in/a.wav", "/out", "a", "p", "podcast"), "done", outcome=Outcome(media_s=60.0))
    meter = speeds.Meter(path)
    meter.take(job)
    assert not path.exists()
    monkeypatch.setattr(speeds, "_ADDED_S", 0.0)
    meter.take(job)
    assert speeds.read(path)["podcast"].jobs == 2
    meter.close()
    meter.close()
    assert speeds.read(path)["podcast"].jobs == 2


@pytest.mark.parametrize("text", ["", "{", "[]", '{"podcast": {"jobs": "many"}}', '{"podcast": {"other": 1}}'])
def test_speeds_that_cannot_be_read_are_measured_anew(tmp_path: Path, text: str) -> None:
    path = tmp_path / "speeds.json"
    path.write_text(text)
    assert speeds.read(path) == {}
    assert speeds.read(tmp_path / "none.json") == {}
    assert speeds.Speed().real_time_factor is None
