"""The engine of a Ray cluster: what is lost with actors and nodes, addresses, and its parts.

What it has in common with that of one machine is in test_engines.
"""

from __future__ import annotations

import builtins
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
from engine_play import (
    HERE,
    MODULE,
    PATIENCE_S,
    begun,
    drive,
    ends_of,
    free_port,
    gone,
    hashes,
    order,
    over,
    play,
    process_of,
    tasks,
    until,
)  # fmt: skip
from hypothesis import given
from hypothesis import strategies as st

from audiopost.batch import ray_actor, ray_engine
from audiopost.batch.engine import Begun, Ended, Event, Lost, Moved, Said
from audiopost.batch.job import Outcome, Task
from audiopost.batch.ray_actor import thinned
from audiopost.batch.ray_cluster import Cluster, actors, fate, resources
from audiopost.batch.ray_engine import RayEngine
from audiopost.core.errors import BadValue, MissingExtra, StageError, Unavailable, UnknownName


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
from pathlib import Path
from engine_play import MODULE, ends_of, hashes, over, play, process_of, tasks, until
from audiopost.batch.engine import Begun, Lost
from audiopost.batch.ray_engine import RayEngine
from audiopost.core.errors import BadValue

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


@pytest.mark.parametrize("crashes", [0, 2, 3])
def test_a_server_that_crashes_at_its_birth_is_asked_for_again(crashes: int) -> None:
    tries: list[str] = []

    def init(**how: Any) -> None:
        tries.append(how["address"])
        if len(tries) <= crashes:
            raise ConnectionAbortedError("Initialization failure from server: it crashed")

    ray: Any = SimpleNamespace(
        is_initialized=lambda: False, init=init, exceptions=SimpleNamespace(RayError=RuntimeError),
        _private=SimpleNamespace(worker=SimpleNamespace()),
    )  # fmt: skip
    if crashes < 3:
        Cluster(ray, "auto")
    else:
        with pytest.raises(Unavailable, match="it crashed"):
            Cluster(ray, "auto")
    assert tries == ["auto"] * min(crashes + 1, 3)


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
