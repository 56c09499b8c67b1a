"""Long work: in order, stopped, tried again, told how far it is, and found again after the server was killed."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("gradio")

from audiopost_ui.jobs import ENDED, Job, Jobs, kind

from audiopost.core.errors import BadValue, UnreadableMedia
from audiopost.core.stage import Progress
from audiopost.workspace import Folder

#: What a test's jobs wait for, by the name of their recording; who is not here does not wait.
GATES: dict[str, threading.Event] = {}


@kind(
    "test-count",
    steps=lambda settings: {"first": 1.0, "second": 3.0},
    discard=lambda folder, settings: (folder.root / f"{settings['recording']}.half").unlink(missing_ok=True),
)
def _count(folder: Folder, settings: dict[str, Any], report: Progress) -> dict[str, Any]:
    """Notes what was done in a file, and goes on from it."""
    name = settings["recording"]
    half = folder.root / f"{name}.half"
    if name == "bad":
        raise UnreadableMedia("bad is no recording.", value=name, remedy="Copy it again.")
    if name == "broken":
        raise RuntimeError("a mistake of ours")
    resumed = bool(settings.get("resume")) and half.exists()
    if not resumed:
        half.write_text("first")
        report("first", 1, 1)
    gate = GATES.get(name)
    while gate is not None and not gate.wait(0.01):
        report("second", 1, 2)
    report("second", 1, 1)
    half.unlink()
    with (folder.root / "order.txt").open("a") as order:
        order.write(f"{name}\n")
    return {"resumed": resumed}


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "project")


@pytest.fixture
def gate() -> Any:
    """gate(name): jobs on that recording wait until it is set."""

    def shut(name: str) -> threading.Event:
        return GATES.setdefault(name, threading.Event())

    yield shut
    for event in GATES.values():
        event.set()
    GATES.clear()


def until(true: Callable[[], bool]) -> None:
    for _ in range(1000):
        if true():
            return
        time.sleep(0.01)
    pytest.fail("it did not happen in ten seconds")


def ended(*jobs: Job) -> None:
    until(lambda: all(job.state in ENDED for job in jobs))


def test_they_run_in_order_and_a_bad_one_stops_none(folder: Folder) -> None:
    jobs = Jobs()
    made = [jobs.submit(folder, "test-count", name) for name in ("a", "bad", "broken", "b")]
    ended(*made)
    assert [job.state for job in made] == ["done", "failed", "failed", "done"]
    assert made[1].message == "bad is no recording. Copy it again."
    assert "RuntimeError" in made[2].message
    assert (folder.root / "order.txt").read_text().split() == ["a", "b"]
    assert [job.recording for job in jobs.listing(folder)] == ["a", "bad", "broken", "b"]


def test_one_that_waits_and_one_that_runs_are_cancelled(folder: Folder, gate: Any) -> None:
    gate("slow")
    jobs = Jobs()
    slow, waiting, last = (jobs.submit(folder, "test-count", name) for name in ("slow", "waiting", "last"))
    until(lambda: slow.stage == "second")
    jobs.cancel(folder, waiting.id)
    assert waiting.state == "cancelled"  # at once
    jobs.cancel(folder, slow.id)
    ended(slow, last)
    assert (slow.state, last.state) == ("cancelled", "done")
    until(lambda: not (folder.root / "slow.half").exists())  # nothing half is left
    assert (folder.root / "order.txt").read_text().split() == ["last"]


def test_everything_is_cancelled_at_once(folder: Folder, gate: Any) -> None:
    gate("slow")
    jobs = Jobs()
    made = [jobs.submit(folder, "test-count", name) for name in ("slow", "a", "b")]
    until(lambda: made[0].stage == "second")
    jobs.cancel_all(folder)
    ended(*made)
    assert {job.state for job in made} == {"cancelled"}
    assert not (folder.root / "order.txt").exists()


def test_the_same_work_is_not_queued_twice(folder: Folder, gate: Any) -> None:
    gate("slow")
    jobs = Jobs()
    jobs.submit(folder, "test-count", "slow")
    with pytest.raises(BadValue, match="already"):
        jobs.submit(folder, "test-count", "slow")


def test_a_retry_takes_the_place_of_the_old_one_and_forgetting_takes_it_off(folder: Folder) -> None:
    jobs = Jobs()
    made = [jobs.submit(folder, "test-count", name, colour="red") for name in ("bad", "a")]
    ended(*made)
    again = jobs.retry(folder, made[0].id)
    ended(again)
    assert again.settings == {"colour": "red", "resume": True}
    assert [job.id for job in jobs.listing(folder)] == [again.id, made[1].id]
    fresh = jobs.retry(folder, made[1].id)
    assert fresh.settings == {"colour": "red"}  # what was done is not gone on with
    ended(fresh)
    jobs.forget(folder, again.id)
    assert [job.id for job in jobs.listing(folder)] == [fresh.id]
    with pytest.raises(BadValue, match="no such job"):
        jobs.retry(folder, again.id)


def test_share_and_time_left_follow_the_weights_of_the_steps() -> None:
    steps = {"open": 1.0, "separate": 6.0, "transcribe": 3.0}
    job = Job("1", "run", "take", {}, state="running", started=time.time() - 60, paced_from=time.time() - 60)
    job.advance(steps, "open", 1.0)
    assert job.share == pytest.approx(0.1)
    job.advance(steps, "separate", 0.5)
    assert job.share == pytest.approx(0.4)
    assert job.left_s == pytest.approx(90, abs=1)
    job.advance(steps, "a step of nobody's", 0.9)
    assert (job.stage, job.share) == ("separate", pytest.approx(0.4))


def test_steps_that_were_done_before_tell_nothing_of_the_pace() -> None:
    steps = {"open": 1.0, "separate": 6.0, "transcribe": 3.0}
    job = Job("1", "run", "take", {}, state="running", started=time.time() - 1, paced_from=time.time() - 1)
    job.advance(steps, "open", 1.0)
    job.advance(steps, "transcribe", 0.0)
    assert job.share == pytest.approx(0.7)
    assert job.left_s is None
    job.paced_from -= 10
    job.advance(steps, "transcribe", 0.5)
    assert job.left_s == pytest.approx(10, abs=1)


def test_two_folders_do_not_see_each_others_jobs(folder: Folder, tmp_path: Path) -> None:
    other, jobs = Folder(tmp_path / "other"), Jobs()
    mine = jobs.submit(folder, "test-count", "mine")
    ended(mine)
    assert jobs.listing(other) == ()
    assert not jobs.busy(other, "mine")
    for act in (jobs.cancel, jobs.retry, jobs.forget):
        with pytest.raises(BadValue):
            act(other, mine.id)
    assert jobs.listing(folder) == (mine,)


def test_the_servers_end_interrupts_and_the_next_one_goes_on_in_order(folder: Folder, gate: Any) -> None:
    opened = gate("slow")
    first = Jobs()
    made = [first.submit(folder, "test-count", name) for name in ("slow", "a", "b")]
    until(lambda: made[0].stage == "second")
    first.close()
    assert made[0].state == "interrupted"
    assert (folder.root / "slow.half").exists()  # to go on from
    second = Jobs()
    assert [job.state for job in second.listing(folder)] == ["interrupted"] * 3
    opened.set()
    again = second.go_on(folder)
    ended(*again)
    assert [job.result for job in again] == [{"resumed": True}, {"resumed": False}, {"resumed": False}]
    assert (folder.root / "order.txt").read_text().split() == ["slow", "a", "b"]


def test_a_killed_process_leaves_jobs_that_go_on(folder: Folder) -> None:
    """A real process, ended by SIGKILL in the middle of a job."""
    script = (
        "import sys, pathlib; sys.path.insert(0, sys.argv[2]); import test_jobs\n"
        "from audiopost.workspace import Folder\n"
        "folder, jobs = Folder(pathlib.Path(sys.argv[1])), test_jobs.Jobs()\n"
        "test_jobs.GATES['slow'] = test_jobs.threading.Event()\n"
        "made = [jobs.submit(folder, 'test-count', name) for name in ('slow', 'next')]\n"
        "test_jobs.until(lambda: made[0].stage == 'second')\n"
        "print('running', flush=True); test_jobs.time.sleep(60)\n"
    )
    command = [sys.executable, "-c", script, str(folder.root), str(Path(__file__).parent)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "running\n"
        process.kill()
    assert [job["state"] for job in json.loads((folder.hidden / "jobs.json").read_text())] == ["running", "waiting"]
    jobs = Jobs()
    assert [job.state for job in jobs.listing(folder)] == ["interrupted", "interrupted"]
    again = jobs.go_on(folder)
    ended(*again)
    assert [job.result for job in again] == [{"resumed": True}, {"resumed": False}]


def test_what_an_interrupted_job_left_goes_when_it_is_forgotten(folder: Folder, gate: Any) -> None:
    gate("slow")
    first = Jobs()
    job = first.submit(folder, "test-count", "slow")
    until(lambda: job.stage == "second")
    first.close()
    second = Jobs()
    second.forget(folder, job.id)
    assert not (folder.root / "slow.half").exists()
    assert second.listing(folder) == ()


def test_a_torn_list_is_passed_over(folder: Folder) -> None:
    (folder.hidden / "jobs.json").write_text('[{"id": "1", ')
    assert Jobs().listing(folder) == ()
