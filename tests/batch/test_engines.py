"""What every engine of a batch keeps to: the same tests for the processes of one machine and for actors on Ray.

Ray's run on a cluster of two nodes, each a raylet of this machine with one core.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from engine_play import (
    MODULE,
    begun,
    drive,
    ends_of,
    gone,
    hashes,
    order,
    over,
    play,
    process_of,
    tasks,
    until,
)  # fmt: skip

from audiopost.batch.engine import Begun, Ended, Engine, Lost, Moved, Said
from audiopost.batch.job import AHEAD, HIDDEN, Task
from audiopost.batch.local import Local
from audiopost.batch.ray_engine import RayEngine

Make = Callable[..., Engine]


@pytest.fixture(params=["local", pytest.param("ray", marks=pytest.mark.slow)])
def make(request: pytest.FixtureRequest) -> Iterator[Make]:
    """make(workers) -> an engine with the tests' worker; all are closed in the end."""
    made: list[Engine] = []
    if request.param == "ray":
        request.getfixturevalue("cluster")

    def engine(workers: int) -> Engine:
        if request.param == "ray":
            made.append(RayEngine(None, actors=(workers, workers), resources={"cpu": 1}, module=MODULE))
        else:
            made.append(Local(workers, 1, module=MODULE))
        return made[-1]

    yield engine
    for each in made:
        each.close()


# --- the contract


def test_each_task_ends_once_in_order_and_like_anywhere_else(
    make: Make, recordings: list[Path], wanted: dict[str, dict[str, str]], tmp_path: Path
) -> None:
    events = play(make(2), tasks(recordings, tmp_path))
    assert sorted(over(events)) == list(range(len(recordings)))
    for n, path in enumerate(recordings):
        of_it = [event for event in events if event.job == n]
        assert isinstance(of_it[0], Begun)
        assert of_it[0].worker
        assert isinstance(of_it[-1], Ended)
        assert begun(of_it) == [n]
        assert any(isinstance(event, Said) and event.text == "with a model" for event in of_it)
        shares = [event.share for event in of_it if isinstance(event, Moved)]
        assert shares == sorted(shares)
        assert min(shares) >= 0
        assert max(shares) <= 1
        assert hashes(of_it[-1].outcome) == wanted[path.stem]
        assert all((tmp_path / output).is_file() for output in wanted[path.stem])


def test_it_takes_two_tasks_a_worker_and_then_no_more(make: Make, recordings: list[Path], tmp_path: Path) -> None:
    engine, gate = make(2), tmp_path / "gate"
    assert engine.free == 4
    for count, task in enumerate(tasks(recordings[:4], tmp_path / "out", [f"wait: {gate}"] * 4)):
        assert engine.free == 4 - count
        engine.submit(task)
    assert engine.free == 0
    events = until(engine, lambda events: len(begun(events)) == 2, [])
    assert engine.free == 0
    gate.touch()
    until(engine, lambda events: len(over(events)) == 4, events)
    assert engine.free == 4


def test_results_come_back_empty_handed(make: Make) -> None:
    engine = make(1)
    assert list(engine.results(0.0)) == []
    assert list(engine.results(0.3)) == []


def test_a_broken_recording_costs_nobody_else(make: Make, recordings: list[Path], tmp_path: Path) -> None:
    bad = tmp_path / "bad.wav"
    bad.write_bytes(b"RIFF but then nothing of the kind")
    ends = ends_of(play(make(1), tasks([recordings[0], bad, recordings[1]], tmp_path)))
    assert ends[1].outcome.error == "UnreadableMedia"
    assert "bad.wav" in ends[1].outcome.reason
    hashes(ends[0].outcome)
    hashes(ends[2].outcome)
    assert len(loads(tmp_path)) == 1  # it was one and the same worker


def loads(out: Path) -> list[str]:
    return (out / "loads").read_text().splitlines()


def test_the_next_recording_is_decoded_while_one_is_worked_on(
    make: Make, recordings: list[Path], tmp_path: Path
) -> None:
    engine, gate, out = make(1), tmp_path / "gate", tmp_path / "out"
    held, ahead = tasks(recordings[:2], out, [f"wait: {gate}"])
    engine.submit(held)
    engine.submit(ahead)
    events = until(engine, lambda _: bool(decoded_ahead(out)), [])
    assert over(events) == []
    gate.touch()
    play(engine, [], until(engine, lambda events: len(over(events)) == 2, events))
    assert all(hashes(event.outcome) for event in ends_of(events).values())


def decoded_ahead(out: Path) -> list[Path]:
    return list((out / HIDDEN / AHEAD).glob("*")) if out.exists() else []


def test_models_are_loaded_once_a_worker(make: Make, recordings: list[Path], tmp_path: Path) -> None:
    events = play(make(2), tasks(recordings, tmp_path))
    workers = {event.worker for event in events if isinstance(event, Begun)}
    lines = loads(tmp_path)
    assert len(lines) == len(workers) == len(set(lines))
    # One thread; telemetry is off (where Gradio was imported before, it says so in its own way).
    assert all(line.split()[1] == "1" and line.split()[2] in ("1", "True") for line in lines)


def test_a_killed_worker_costs_its_task_alone(make: Make, recordings: list[Path], tmp_path: Path) -> None:
    engine, out = make(2), tmp_path / "out"
    gates = [tmp_path / "first", tmp_path / "second"]
    for task in tasks(recordings[:2], out, [f"wait: {gate}" for gate in gates]):
        engine.submit(task)
    events = until(engine, lambda events: len(begun(events)) == 2, [])
    os.kill(process_of(gates[0]), signal.SIGKILL)
    until(engine, over, events)
    lost = ends_of(events)[0]
    assert (lost.job, lost.cause) == (0, "killed")
    assert lost.detail
    gates[1].touch()
    play(engine, [Task(7, order(recordings[2], out))], events)
    until(engine, lambda events: len(over(events)) >= 3, events)
    assert sorted(over(events)) == [0, 1, 7]
    assert all(hashes(ends_of(events)[job].outcome) for job in (1, 7))


def test_a_native_crash_is_told_apart_with_its_last_words(make: Make, recordings: list[Path], tmp_path: Path) -> None:
    events = play(make(1), tasks(recordings[:3], tmp_path, ["", "crash", ""]))
    ends = ends_of(events)
    assert sorted(over(events)) == [0, 1, 2]
    assert ends[1].cause == "crash"
    assert "SIGSEGV" in ends[1].detail
    assert any("Segmentation fault" in line for line in ends[1].words)
    assert all(hashes(ends[job].outcome) for job in (0, 2))


def test_nothing_is_decoded_beside_a_careful_task_and_nothing_twice(recordings: list[Path], tmp_path: Path) -> None:
    engine, gate = Local(2, 1, module=MODULE), tmp_path / "gate"
    first, second, third, fourth = tasks(recordings[:4], tmp_path / "out", [f"wait: {gate}"] * 4)
    engine.submit(replace(first, careful=True))
    for task in (second, replace(third, careful=True), fourth):
        engine.submit(task)
    try:
        until(engine, lambda events: len(begun(events)) == 2, [])
        careful, other = engine._workers
        assert (careful.task.id, careful.ahead, other.task.id, other.ahead.id) == (0, None, 1, 3)
        engine.cancel(fourth.id)
        assert other.ahead is None
        engine.submit(replace(fourth, id=9))
        assert (careful.ahead, other.ahead.id) == (None, 9)
    finally:
        engine.close()


@pytest.mark.slow
def test_a_worker_that_hangs_is_ended_and_the_next_is_done(recordings: list[Path], tmp_path: Path) -> None:
    engine = Local(1, 1, module=MODULE, stalled_s=4.0)
    events = play(engine, tasks(recordings[:2], tmp_path, ["hang"]))
    engine.close()
    ends = ends_of(events)
    assert (ends[0].cause, "it hung" in ends[0].detail) == ("crash", True)
    assert hashes(ends[1].outcome)


def test_cancelling_drops_what_waits_and_kills_what_is_in_hand(
    make: Make, recordings: list[Path], tmp_path: Path
) -> None:
    engine, gate = make(1), tmp_path / "gate"
    held, ahead = tasks(recordings[:2], tmp_path / "out", [f"wait: {gate}"] * 2)
    engine.submit(held)
    engine.submit(ahead)
    events = until(engine, begun, [])
    engine.cancel(ahead.id)
    until(engine, over, events)
    process = process_of(gate)
    engine.cancel(held.id)
    until(engine, lambda events: len(over(events)) == 2, events)
    assert begun(events) == [held.id]
    assert over(events) == [ahead.id, held.id]
    assert {event.cause for event in events if isinstance(event, Lost)} == {"cancelled"}
    assert gone(process)
    assert not any((tmp_path / "out").glob("take*"))
    assert hashes(ends_of(play(engine, [Task(5, order(recordings[2], tmp_path / "out"))]))[5].outcome)


def test_what_waits_goes_to_whoever_has_nothing_to_do(make: Make, recordings: list[Path], tmp_path: Path) -> None:
    engine, gate = make(2), tmp_path / "gate"
    played = tasks(recordings[:3], tmp_path / "out", [f"wait: {gate}"])
    for task in played:
        engine.submit(task)
    events = until(engine, lambda events: len(over(events)) == 2, [])
    assert sorted(over(events)) == [1, 2]  # the first one still waits; nobody waited behind it
    gate.touch()
    until(engine, lambda events: len(over(events)) == 3, events)
    assert len(begun(events)) == 3


def test_closing_ends_every_process(make: Make, recordings: list[Path], tmp_path: Path) -> None:
    engine = make(2)
    gates = [tmp_path / f"gate {n}" for n in range(4)]
    for task in tasks(recordings[:4], tmp_path / "out", [f"wait: {gate}" for gate in gates]):
        engine.submit(task)
    events = until(engine, lambda events: len(begun(events)) == 2, [])
    processes = {*engine.processes, *(process_of(gates[job]) for job in begun(events))}
    assert all(map(psutil.pid_exists, processes))
    engine.close()
    assert gone(*processes)
    engine.close()


def test_what_crashes_twice_is_quarantined_and_the_others_are_done(
    make: Make, recordings: list[Path], wanted: dict[str, dict[str, str]], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    titles = ["crash", f"crash once: {tmp_path / 'crashed'}"]
    states, ledger = drive(make(2), recordings, out, tmp_path, titles)
    assert (states["done"], states["quarantined"]) == (5, 1)
    jobs = {job.order.name: job for job in ledger.jobs()}
    assert jobs["take 0"].state == "quarantined"
    assert [attempt.ending for attempt in ledger.attempts(jobs["take 0"].id)] == ["crash", "crash"]
    assert [attempt.ending for attempt in ledger.attempts(jobs["take 1"].id)] == ["crash", "done"]
    for name in list(wanted)[1:]:
        assert hashes(jobs[name].outcome) == wanted[name]
    ledger.close()
