"""How the tests of the engines hand out tasks and look at what is told of them."""

from __future__ import annotations

import itertools
import socket
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import psutil

from audiopost.batch.drive import Batch
from audiopost.batch.engine import Begun, Ended, Engine, Event, Lost
from audiopost.batch.job import Order, Outcome, Task
from audiopost.batch.job_logs import JobLogs
from audiopost.batch.ledger import Ledger

HERE = Path(__file__).parent
#: The worker that the tests run in place of audiopost's.
MODULE = "engine_worker"
PRESET = 'stages = ["loudness"]\n[loudness]\nspec = "podcast"\n'
#: A test that waits longer has failed, in seconds.
PATIENCE_S = 180.0


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
