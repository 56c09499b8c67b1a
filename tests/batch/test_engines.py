"""What every engine of a batch keeps to: the same tests for the processes of one machine and for actors on Ray.

Ray's run on a cluster of two nodes, each a raylet of this machine with one core.
"""

from __future__ import annotations

import builtins
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from audiopost.batch import ray_actor, ray_engine
from audiopost.batch.drive import Batch
from audiopost.batch.engine import Begun, Ended, Engine, Event, Lost, Moved, Said
from audiopost.batch.job import Order, Outcome, Task
from audiopost.batch.job_logs import JobLogs
from audiopost.batch.ledger import Ledger
from audiopost.batch.local import Local
from audiopost.batch.ray_actor import thinned
from audiopost.batch.ray_cluster import Cluster, actors, fate, resources
from audiopost.batch.ray_engine import RayEngine
from audiopost.core.errors import BadValue, MissingExtra, StageError, Unavailable, UnknownName

HERE = Path(__file__).parent
#: The worker that the tests run in place of audiopost's.
MODULE = "engine_worker"
PRESET = 'stages = ["loudness"]\n[loudness]\nspec = "podcast"\n'
#: A test that waits longer has failed, in seconds.
PATIENCE_S = 180.0

Make = Callable[..., Engine]


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Six recordings of one second, and none of them alike."""
    folder = tmp_path_factory.mktemp("recordings")
    t = np.arange(16_000) / 16_000
    paths = [folder / f"take {n}.wav" for n in range(6)]
    for n, path in enumerate(paths):
        soundfile.write(path, 0.1 * np.sin(2 * np.pi * 110 * (n + 2) * t), 16_000)
    return paths


@pytest.fixture(scope="module")
def wanted(recordings: list[Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    """By recording the hashes of what one worker of this machine, left alone, makes of it."""
    out = tmp_path_factory.mktemp("undisturbed")
    engine = Local(1, 1)
    try:
        ends = ends_of(play(engine, tasks(recordings, out)))
    finally:
        engine.close()
    return {path.stem: hashes(ends[n].outcome) for n, path in enumerate(recordings)}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A Ray cluster of two nodes with a core each, to which this process is connected. Skips without Ray."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    ray = pytest.importorskip("ray", reason="Ray is not installed: pip install 'audiopost[ray]'")
    from ray.cluster_utils import Cluster

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join([str(HERE), *filter(None, sys.path)]))
        port = free_port()
        made = Cluster(
            initialize_head=True,
            head_node_args={"num_cpus": 1, "include_dashboard": False, "ray_client_server_port": port},
        )
        made.client_port = port
        made.other = made.add_node(num_cpus=1)
        before = signal.getsignal(signal.SIGTERM)
        ray.init(address=made.address, log_to_driver=False, logging_level="CRITICAL")
        yield made
        ray.shutdown()
        signal.signal(signal.SIGTERM, before)
        made.shutdown()


@pytest.fixture(params=["local", pytest.param("ray", marks=pytest.mark.slow)])
def make(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """make(workers) -> an engine with the tests' worker; all are closed in the end."""
    monkeypatch.syspath_prepend(HERE)
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


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def order(path: Path, out: Path, title: str = "") -> Order:
    return Order(str(path), str(out), path.stem, PRESET, "quiet", title=title)


def tasks(paths: Iterable[Path], out: Path, titles: Iterable[str] = ()) -> list[Task]:
    asked = itertools.chain(titles, itertools.repeat(""))
    return [Task(n, order(path, out, title)) for n, (path, title) in enumerate(zip(paths, asked, strict=False))]


def until(engine: Engine, done: Callable[[list[Event]], bool], events: list[Event]) -> list[Event]:
    """Adds what the engine tells to `events` until `done` says so of them."""
    end = time.monotonic() + PATIENCE_S
    while not done(events):
        assert time.monotonic() < end, f"still waiting after {events}"
        events += engine.results(1.0)
    return events


def over(events: Iterable[Event]) -> list[int]:
    """The numbers of the tasks that are told to be over, as often as they are."""
    return [event.job for event in events if isinstance(event, Ended | Lost)]


def begun(events: Iterable[Event]) -> list[int]:
    return [event.job for event in events if isinstance(event, Begun)]


def ends_of(events: Iterable[Event]) -> dict[int, Any]:
    return {event.job: event for event in events if isinstance(event, Ended | Lost)}


def play(engine: Engine, given_tasks: Iterable[Task], events: list[Event] | None = None) -> list[Event]:
    """Hands over all tasks as the engine takes them; what it tells until all are over, and half a second longer."""
    left, told = list(given_tasks), [] if events is None else events
    numbers = {task.id for task in left}
    end = time.monotonic() + PATIENCE_S
    while left or numbers - set(over(told)):
        assert time.monotonic() < end, f"still waiting after {told}"
        for task in left[: engine.free]:
            engine.submit(task)
            left.remove(task)
        told += engine.results(1.0)
    told += engine.results(0.5)
    return told


def hashes(outcome: Outcome) -> dict[str, str]:
    assert outcome.error == "", outcome
    return {output.path: output.sha256 for output in outcome.outputs}


def process_of(place: Path) -> int:
    """The worker that waits for the file `place`."""
    end = time.monotonic() + PATIENCE_S
    told = Path(f"{place}.pid")
    while not told.exists():
        assert time.monotonic() < end, f"nobody waits for {place}"
        time.sleep(0.05)
    return int(told.read_text())


def gone(*processes: int) -> bool:
    """Whether these processes end, without being waited for by us."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        if not any(psutil.pid_exists(each) and not is_dead(each) for each in processes):
            return True
        time.sleep(0.05)
    return False


def is_dead(process: int) -> bool:
    try:
        return psutil.Process(process).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


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


def test_models_are_loaded_once_a_worker(make: Make, recordings: list[Path], tmp_path: Path) -> None:
    events = play(make(2), tasks(recordings, tmp_path))
    workers = {event.worker for event in events if isinstance(event, Begun)}
    lines = loads(tmp_path)
    assert len(lines) == len(workers) == len(set(lines))
    assert all(line.split()[1:] == ["1", "1"] for line in lines)  # one thread; telemetry is off


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


@pytest.mark.slow
def test_a_worker_that_hangs_is_ended_and_the_next_is_done(
    recordings: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(HERE)
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


def drive(
    engine: Engine,
    paths: list[Path],
    out: Path,
    work: Path,
    titles: list[str],
    tell: Callable[[Any], None] | None = None,
) -> tuple[dict[Any, int], Ledger]:
    """A batch over all of `paths`, with the ledger in `work`."""
    ledger = Ledger(work / "ledger.sqlite", make=True)
    for path, title in zip(paths, titles + [""] * len(paths), strict=False):
        ledger.place(order(path, out, title))
    batch = Batch(ledger, engine, JobLogs(work / "logs"), tell=tell or (lambda notice: None))
    return batch.go(), ledger


# --- Ray alone


@pytest.mark.slow
def test_a_killed_actor_and_a_killed_node_lose_nothing(
    cluster: Any, recordings: list[Path], wanted: dict[str, dict[str, str]], tmp_path: Path
) -> None:
    gates = {f"take {n}": tmp_path / f"gate {n}" for n in range(2)}
    engine = RayEngine(None, actors=(2, 2), module=MODULE)
    begun_names: set[str] = set()
    workers: list[int] = []

    def tell(notice: Any) -> None:
        """When both actors are at work, one loses its node, and the other one is killed."""
        if notice.kind != "begun" or workers:
            return
        begun_names.add(notice.job.order.name)
        if not set(gates) <= begun_names:
            return
        workers.extend(map(process_of, gates.values()))
        raylet = cluster.other.all_processes["raylet"][0].process
        (actor,) = set(engine.processes) - {each.pid for each in psutil.Process(raylet.pid).children()}
        raylet.kill()
        raylet.wait()
        os.kill(actor, signal.SIGKILL)
        assert gone(*workers)  # they go with their actors; the gates are still closed
        for gate in gates.values():
            gate.touch()

    try:
        titles = [f"wait: {gate}" for gate in gates.values()]
        states, ledger = drive(engine, recordings, tmp_path / "out", tmp_path, titles, tell)
    finally:
        cluster.other = cluster.add_node(num_cpus=1)
    jobs = list(ledger.jobs())
    assert workers
    assert states["done"] == len(recordings), states
    assert [job.attempts for job in jobs] == [2, 2, 1, 1, 1, 1]
    for job in jobs:
        assert hashes(job.outcome) == wanted[job.order.name]
    ledger.close()


@pytest.mark.slow
def test_a_killed_actor_is_told_as_such(cluster: Any, recordings: list[Path], tmp_path: Path) -> None:
    engine = RayEngine("auto", actors=(1, 1), module=MODULE)
    for task in tasks(recordings[:2], tmp_path / "out", [f"wait: {tmp_path / 'gate'}"]):
        engine.submit(task)
    try:
        events = until(engine, begun, [])
        os.kill(engine.processes[0], signal.SIGKILL)
        until(engine, lambda events: len(over(events)) == 2, events)
    finally:
        engine.close()
    ends = ends_of(events)
    assert (ends[0].cause, over(events)) == ("killed", [0, 1])
    assert "actor was lost" in ends[0].detail
    assert hashes(ends[1].outcome)  # what was ahead of it was done by the next one
    assert len({event.worker for event in events if isinstance(event, Begun)}) == 2


@pytest.mark.slow
def test_an_actor_that_dies_idle_costs_nothing(cluster: Any, recordings: list[Path], tmp_path: Path) -> None:
    engine = RayEngine(None, module=MODULE)
    try:
        events = play(engine, tasks(recordings[:1], tmp_path))
        os.kill(engine.processes[0], signal.SIGKILL)
        play(engine, [Task(5, order(recordings[1], tmp_path))], events)
    finally:
        engine.close()
    assert [event.job for event in events if isinstance(event, Ended)] == [0, 5]
    assert over(events) == [0, 5]
    assert begun(events) == [0, 5]


@pytest.mark.slow
def test_an_actor_that_no_node_has_room_for_is_waited_for_and_that_is_said(
    cluster: Any,
    recordings: list[Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(ray_engine, "_SLOW_S", 0.5)
    engine = ray_engine.of("auto", "1-2", "cpu=3,mem=0.1")
    try:
        assert engine.describe().endswith("1 to 2 actors of cpu=3, mem=0.1 with 3 threads each")
        (task,) = tasks(recordings[:1], tmp_path)
        engine.submit(task)
        events = until(engine, lambda _: bool(caplog.messages), [])
        assert "each needs cpu=3, mem=0.1; the cluster has cpu=2" in caplog.text
        engine.cancel(task.id)
        until(engine, over, events)
        assert [event.cause for event in events if isinstance(event, Lost)] == ["cancelled"]
        assert engine.free == 4
    finally:
        engine.close()


@pytest.mark.slow
def test_actors_come_while_tasks_wait_and_go_when_idle(cluster: Any, recordings: list[Path], tmp_path: Path) -> None:
    engine, gate = RayEngine(None, actors=(1, 2), idle_s=0.5, module=MODULE), tmp_path / "gate"
    try:
        first, *rest = tasks(recordings[:3], tmp_path / "out", [f"wait: {gate}"] * 3)
        engine.submit(first)
        events = until(engine, begun, [])
        events += engine.results(2.0)
        assert len(engine.processes) == 1
        for task in rest:
            engine.submit(task)
        until(engine, lambda events: len(begun(events)) == 2, events)
        assert len(engine.processes) == 2
        gate.touch()
        until(engine, lambda events: len(over(events)) == 3, events)
        until(engine, lambda _: len(engine.processes) == 1, events)
        assert sorted(over(events)) == [0, 1, 2]
        assert all(isinstance(event, Ended) for event in ends_of(events).values())
    finally:
        engine.close()


@pytest.mark.slow
def test_nodes_with_another_audiopost_are_refused(
    cluster: Any, recordings: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ray_engine, "__version__", "9.9")
    engine = RayEngine(None, module=MODULE)
    try:
        with pytest.raises(StageError, match=r"this machine has 9\.9.*Install the same"):
            play(engine, tasks(recordings[:1], tmp_path))
    finally:
        engine.close()


@pytest.mark.slow
def test_nodes_that_cannot_run_an_actor_end_the_batch_with_the_reason(
    cluster: Any, recordings: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Python runs it as it starts: as on a machine without audiopost.
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['audiopost'] = None\n")
    monkeypatch.setattr(Cluster, "path", {"PYTHONPATH": str(tmp_path)})
    engine = RayEngine(None)
    try:
        with pytest.raises(StageError, match=r"before they began anything.*audiopost.*installed on the nodes"):
            play(engine, tasks(recordings[:1], tmp_path))
    finally:
        engine.close()


ELSEWHERE = """
import json, logging, os, signal, sys
import psutil, ray
from test_engines import MODULE, BadValue, Begun, Lost, Path, RayEngine
from test_engines import ends_of, hashes, over, play, process_of, tasks, until

if __name__ == "__main__":
    address, out, recordings = sys.argv[1], Path(sys.argv[2]), [Path(each) for each in sys.argv[3:]]
    before = signal.getsignal(signal.SIGTERM)
    # A logical GPU: Ray counts it, and tells each actor which one is its own.
    if address == "here":
        os.environ["RAY_OVERRIDE_RESOURCES"] = json.dumps({"GPU": 1, "CPU": 2})
    refused = ""
    if address == "here":
        try:
            RayEngine(None, resources={"cpu": 999})
        except BadValue as error:
            refused = str(error)
    gpu = 0.5 if address == "here" else 0
    wanted = {"cpu": 1, "gpu": gpu}
    engine = RayEngine(None if address == "here" else address, actors=(1, 2), resources=wanted, module=MODULE)
    gate = out.parent / "gate"
    given = tasks(recordings, out, [f"wait: {gate}"])
    engine.submit(given[0])
    events = until(engine, lambda events: any(isinstance(event, Begun) for event in events), [])
    worker = process_of(gate)
    devices = psutil.Process(worker).environ().get("CUDA_VISIBLE_DEVICES")
    os.kill(engine.processes[0], signal.SIGKILL)
    until(engine, over, events)
    play(engine, given[1:], events)
    actors = engine.processes
    children = [child.pid for child in psutil.Process().children(recursive=True)]
    dashboard = [child for child in psutil.Process().children(recursive=True) if "dashboard.py" in child.name()]
    engine.close()
    print(json.dumps({
        "causes": [event.cause for event in events if isinstance(event, Lost)], "over": sorted(over(events)),
        "hashes": {job: hashes(end.outcome) for job, end in ends_of(events).items() if job},
        "devices": devices, "connected": ray.is_initialized(), "actors": actors, "children": children,
        "same handler": signal.getsignal(signal.SIGTERM) == before, "dashboard": len(dashboard),
        "stats": os.environ.get("RAY_USAGE_STATS_ENABLED"), "refused": refused,
    }))
"""


@pytest.mark.slow
@pytest.mark.parametrize("address", ["here", "client", "head"])
def test_each_kind_of_address(
    address: str, recordings: list[Path], wanted: dict[str, dict[str, str]], tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:  # fmt: skip
    """In a process of its own, since one connects to one cluster; its standard output is its own too."""
    if address == "here":
        pytest.importorskip("ray", reason="Ray is not installed: pip install 'audiopost[ray]'")
    else:
        made = request.getfixturevalue("cluster")
        address = f"ray://127.0.0.1:{made.client_port}" if address == "client" else made.address
    (tmp_path / "elsewhere.py").write_text(ELSEWHERE)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE), *filter(None, sys.path)])}
    environment.pop("RAY_USAGE_STATS_ENABLED", None)
    command = [sys.executable, tmp_path / "elsewhere.py", address, tmp_path / "out", *recordings[:3]]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)  # nothing of Ray's is on standard output, though one of its actors was killed
    assert told["causes"] == ["killed"]
    assert told["over"] == [0, 1, 2]
    assert told["hashes"] == {str(n): wanted[recordings[n].stem] for n in (1, 2)}
    assert not told["connected"]
    assert told["same handler"]
    assert told["stats"] == "0"
    assert gone(*told["actors"])
    if address == "here":
        assert told["devices"] == "0"
        assert told["dashboard"] == 0
        assert "does not fit this machine, which has cpu=2, gpu=1" in told["refused"]
        assert told["children"]
        assert gone(*told["children"])


# --- its parts


def test_resources_are_read() -> None:
    assert resources("cpu=2,gpu=0.5,mem=8") == {"cpu": 2, "gpu": 0.5, "mem": 8}
    assert resources(" gpu = 2 ") == {"cpu": 1, "gpu": 2}
    assert resources("") == {"cpu": 1}


@pytest.mark.parametrize(
    "text",
    ["cpu", "cpu=", "cpu=two", "cpu=-1", "cpu=nan", "cpu=inf", "cpu=0", "gpu=1.5", "gpu=0.00001", "cpu=1,cpu=2"],
)
def test_resources_that_cannot_be_had_are_refused(text: str) -> None:
    with pytest.raises(BadValue, match=r"Choices: cpu, gpu, mem\. For example"):
        resources(text)


def test_a_resource_of_another_name_is_refused() -> None:
    with pytest.raises(UnknownName, match=r"Choices: cpu, gpu, mem\. Did you mean 'gpu'"):
        resources("cpu=1,gpus=1")


def test_ranges_of_actors_are_read() -> None:
    assert actors("1-8") == (1, 8)
    assert actors(" 3 ") == (3, 3)
    for text in ("", "0", "0-4", "4-2", "-3", "1-", "a-b", "1.5", "1-2-3"):
        with pytest.raises(BadValue, match="such as 1-8"):
            actors(text)


def test_without_ray_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **named: Any) -> Any:
        if name.partition(".")[0] == "ray":
            raise ImportError(name)
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtra, match=r"pip install 'audiopost\[ray\]'"):
        RayEngine()


@pytest.mark.parametrize("address", ["somewhere", "http://host:1", "ray://host", "host:", ":1", "ray://a b:1"])
def test_what_is_no_address_is_refused(address: str) -> None:
    pytest.importorskip("ray")
    with pytest.raises(BadValue, match="auto, ray://HOST:10001, HOST:6379"):
        RayEngine(address)


@pytest.mark.parametrize("scheme", ["", "ray://"])
def test_a_cluster_that_is_not_there_is_told_at_once(scheme: str) -> None:
    pytest.importorskip("ray")
    with pytest.raises(Unavailable, match="Is its head running"):
        RayEngine(f"{scheme}127.0.0.1:{free_port()}")


def test_why_an_actor_is_gone() -> None:
    errors = pytest.importorskip("ray").exceptions
    died = errors.ActorDiedError()
    died.error_msg = (
        "The actor died unexpectedly before finishing this task.\n\tclass_name: Hand\n"
        "The actor is dead because its worker process has died. Worker exit type: SYSTEM_ERROR Worker exit detail: "
        "Worker unexpectedly exits with a connection error code 2. End of file. Some common causes include: (1) …"
    )
    cause, detail = fate(died)
    assert cause == "killed"
    assert detail.endswith("connection error code 2. End of file.")
    away = errors.RayActorError(error_msg="The actor's node has died.", preempted=True)
    assert fate(away) == ("killed", "its node was taken away: The actor's node has died.")
    assert fate(errors.ActorUnavailableError("RPC error", None))[0] == "killed"
    cause, detail = fate(errors.OutOfMemoryError("1 worker(s) were killed due to the node running low\nand more"))
    assert (cause, detail.endswith("running low")) == ("memory", True)


def events_of(number: int) -> st.SearchStrategy[Event]:
    return st.one_of(
        st.builds(Begun, st.just(number), st.just("a")),
        st.builds(Moved, st.just(number), st.just("s"), st.floats(0, 1)),
        st.builds(Said, st.just(number), st.just(20), st.text(max_size=3)),
        st.builds(Ended, st.just(number), st.just(Outcome())),
    )  # fmt: skip


@given(st.lists(st.integers(0, 2).flatmap(events_of), max_size=60), st.integers(1, 30))
def test_a_turn_is_thinned_and_nothing_that_counts_is_lost(events: list[Event], most: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ray_actor, "_MOST_SAID", most)
        kept = thinned(events)
    ours = [event for event in kept if not (isinstance(event, Said) and event.level == 30)]
    places = iter(events)
    assert all(any(event is each for each in places) for event in ours)  # in order, and nothing new
    assert [e for e in kept if isinstance(e, Begun | Ended)] == [e for e in events if isinstance(e, Begun | Ended)]
    for number in range(3):
        moved = [event for event in events if isinstance(event, Moved) and event.job == number]
        assert [event for event in kept if isinstance(event, Moved) and event.job == number] == moved[-1:]
    total = sum(isinstance(event, Said) for event in events)
    lines = [event for event in kept if isinstance(event, Said)]
    assert len(lines) == min(total, most) + (total > most)
    if total > most:
        assert str(total - most) in lines[-1].text
