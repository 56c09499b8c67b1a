"""The engine of a Ray cluster: a pool of actors, each with one task in hand and the next one being decoded.

Ray says of an actor that is gone only that its connection broke, whether native code crashed in it, the kernel found
no memory or somebody killed it. So an actor computes nothing itself: it holds a worker process (`local.Local` with one
worker), which keeps its models from task to task, and whose exit code and last words tell how it ended:

a worker process of an actor ends      as in `local`: crash, memory or killed; the actor takes a fresh process
Ray's memory monitor ends an actor     memory
an actor or its node is lost otherwise killed: none of our code ran in it that could have crashed it
we end the actor of a task             cancelled

An actor is asked for what there is to tell in turns of at most a second, one at a time: what it says waits in it, is
thinned out there, and cannot flood the driver. Tasks that an actor had not begun are nobody's loss; they wait again.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import signal
import socket
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .. import __version__
from ..core.errors import AudiopostError, BadValue, MissingExtra, StageError, Unavailable, UnknownName
from ..models import threads as threading_of
from .engine import Begun, Cause, Ended, Event, Lost, Moved, Said
from .job import Task
from .local import Local

log = logging.getLogger("audiopost")

#: What an actor may ask for: cores, share of a GPU (or several whole ones), memory in GB.
RESOURCES = ("cpu", "gpu", "mem")
#: How long an actor waits for something to tell, in seconds: the longest that a message to it waits, too.
_TURN_S = 1.0
#: Lines of logs that one turn carries.
_MOST_SAID = 500
#: An actor above the least number is let go when it has been idle so long, in seconds.
_IDLE_S = 60.0
#: Where no actor has started for so long, in seconds, that is said.
_SLOW_S = 30.0
#: Actors in a row that were lost before they began anything: then the cluster cannot run us.
_MOST_FAILURES = 5
#: So often a task may lose its actor before it begins; then it counts as cut off.
_MOST_UNBEGUN = 3
#: How long it is waited for a head to be reached, and for killed actors to be gone, in seconds.
_REACH_S, _GONE_S = 10.0, 5.0


def resources(text: str) -> dict[str, float]:
    """What each actor takes, out of 'cpu=2,gpu=0.5,mem=8' (mem in GB, 1e9 bytes); cpu is 1 where it is not named.

    Raises UnknownName, BadValue.
    """
    found: dict[str, float] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, equals, value = (each.strip() for each in part.partition("="))
        if name not in RESOURCES:
            raise UnknownName("resource", name, RESOURCES)
        try:
            number = float(value) if equals else float("nan")
        except ValueError:
            number = float("nan")
        if name in found or not 0 <= number < float("inf"):
            raise BadValue(
                f"{part!r} is not a resource with a number of 0 or more, named once.", value=part, choices=RESOURCES,
                remedy="For example cpu=2,gpu=0.5,mem=8: cores, share of a GPU, memory in GB.",
            )  # fmt: skip
        found[name] = number
    return _checked({"cpu": 1.0, **found})


def actors(text: str) -> tuple[int, int]:
    """The least and the most actors, out of '1-8', or '4' for always four. Raises BadValue."""
    match = re.fullmatch(r"\s*(\d{1,6})\s*(?:-\s*(\d{1,6})\s*)?", text)
    least, most = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not 1 <= least <= most:
        raise BadValue(
            f"{text!r} is not a range of actors.", value=text,
            remedy="Give the least and the most, such as 1-8, or one number of at least 1.",
        )  # fmt: skip
    return least, most


def of(address: str | None, actor_range: str, actor_resources: str) -> RayEngine:
    """The engine out of what a command line says: see `RayEngine`, `actors` and `resources`, whose errors it raises."""
    return RayEngine(address, actors=actors(actor_range), resources=resources(actor_resources))


class RayEngine:
    """Actors on a Ray cluster.

    `address` is 'auto' (the cluster that this machine is part of), 'host:6379' (the same, by its head),
    'ray://host:10001' (any cluster, through its head), or None: a cluster of this machine alone, which ends with the
    engine; one that this process is connected to already is used for None and 'auto', and left as it is.

    `actors` are the least, which are asked for at once, and the most: one more is asked for while tasks wait and the
    last one has come, and goes when it was idle for `idle_s` seconds. An actor that a cluster has no room for now
    waits in it; that is what an autoscaler adds nodes for. `resources` are those of `resources()`, of each; an actor
    computes with as many threads as whole cores. `module` is run in place of the worker's.

    Raises MissingExtra, BadValue for resources that a cluster of this machine does not have, Unavailable where a
    cluster cannot be reached.
    """

    def __init__(
        self, address: str | None = None, *, actors: tuple[int, int] = (1, 1),
        resources: Mapping[str, float] | None = None, idle_s: float = _IDLE_S, module: str = "",
    ) -> None:  # fmt: skip
        self._least, self._most = actors
        if not 1 <= self._least <= self._most:
            raise BadValue(f"{actors} is not a range of actors.", value=actors, remedy="Give at least 1, such as 1-8.")
        self._resources = _checked({"cpu": 1.0, **(resources or {})})
        self._idle_s, self._module = idle_s, module
        self._waiting: deque[Task] = deque()
        self._actors: list[_Actor] = []
        self._asked: dict[Any, _Actor] = {}
        self._unwanted: set[int] = set()
        self._unbegun: Counter[int] = Counter()
        self._told: list[Event] = []
        self._failures = self._started = 0
        self._broken: AudiopostError | None = None
        self._since: float | None = time.monotonic()  # None once an actor has come
        self._ray = _ray()
        self._cluster = _Cluster(self._ray, address)
        try:
            self._cluster.check(self._resources)
            self._kind = self._kind_of()
            self._grow()
        except BaseException:
            self.close()
            raise

    @property
    def apart(self) -> bool:
        """Each actor has what it was given."""
        return True

    @property
    def free(self) -> int:
        """One task in hand and one ahead for each actor that there could be."""
        held = sum(len(actor.tasks) for actor in self._actors)
        return max(0, 2 * self._most - held - len(self._waiting))

    def submit(self, task: Task) -> None:
        """Raises StageError where the cluster is gone."""
        self._waiting.append(task)
        with self._reaching():
            self._look()
            self._hand_out()

    def results(self, timeout_s: float) -> Iterable[Event]:
        """Raises StageError where the cluster is gone, or cannot run what an actor needs."""
        end = time.monotonic() + timeout_s
        with self._reaching():
            while True:
                self._look()
                self._hand_out()
                self._collect(0.0 if self._told else max(0.0, end - time.monotonic()))
                if self._told or self._broken is not None or time.monotonic() >= end:
                    break
            self._hand_out()
        told, self._told = self._told, []
        if self._broken is not None and not told:
            raise self._broken
        return told

    def cancel(self, job: int) -> None:
        """Raises StageError where the cluster is gone."""
        with self._reaching():
            self._look()
            self._cancel(job)

    def _cancel(self, job: int) -> None:
        for task in [task for task in self._waiting if task.id == job]:
            self._waiting.remove(task)
            self._told.append(Lost(job, "cancelled", "cancelled before it began"))
        for actor in [actor for actor in self._actors if job in actor.tasks]:
            self._unwanted.add(job)
            if job in actor.begun:
                self._drop(actor, "cancelled", "cancelled")
            else:
                actor.back.add(job)  # unless it has begun meanwhile, it comes back with the next turn

    def close(self) -> None:
        with contextlib.suppress(ConnectionError, self._ray.exceptions.RayError):  # then they are gone
            self._look()
            ends = [actor.handle.about.remote() if actor.ask is None else actor.ask for actor in self._actors]
            for actor in self._actors:
                self._ray.kill(actor.handle)
            if ends:
                self._ray.wait(ends, num_returns=len(ends), timeout=_GONE_S)
        self._actors, self._asked, self._waiting = [], {}, deque()
        self._cluster.leave()

    def describe(self) -> str:
        """What it works with, in a line."""
        count = f"{self._least}" if self._least == self._most else f"{self._least} to {self._most}"
        threads = f"{self._threads} thread{'s' if self._threads > 1 else ''}"
        return f"Ray, {self._cluster.name}: {count} actors of {_named(self._resources)} with {threads} each"

    @property
    def processes(self) -> tuple[int, ...]:
        """The process numbers, on their nodes, of the actors that have come; the worker of each is its child."""
        return tuple(actor.process for actor in self._actors if actor.process)

    # --- actors come and go

    def _kind_of(self) -> Any:
        """The actor's class, as Ray takes it."""
        cpu, gpu, mem = (self._resources.get(name, 0.0) for name in RESOURCES)
        self._threads = max(1, int(cpu))
        settings = {**threading_of.environment(self._threads), **self._cluster.path}
        return self._ray.remote(
            num_cpus=cpu, num_gpus=gpu, memory=int(mem * 1e9) or None, max_restarts=0, max_task_retries=0,
            runtime_env={"env_vars": settings},
        )(_Hand)  # fmt: skip

    def _grow(self) -> None:
        tasks = len(self._waiting) + sum(len(actor.tasks) for actor in self._actors)
        while len(self._actors) < self._least:
            self._start()
        if len(self._actors) < min(self._most, tasks) and all(actor.process for actor in self._actors):
            self._start()

    def _start(self) -> None:
        self._started += 1
        actor = _Actor(f"actor {self._started}", self._kind.remote(self._threads, self._module))
        self._actors.append(actor)
        self._ask(actor, actor.handle.about.remote())

    def _shrink(self) -> None:
        now = time.monotonic()
        tasks = len(self._waiting) + sum(len(actor.tasks) for actor in self._actors)
        for actor in [actor for actor in reversed(self._actors) if not actor.tasks]:
            if len(self._actors) > max(self._least, tasks) and now - actor.idle_since >= self._idle_s:
                log.debug("%s was idle and goes", actor.name)
                self._drop(actor, "cancelled", "")

    def _drop(self, actor: _Actor, cause: Cause, detail: str) -> None:
        """Ends an actor, where it has not ended. What it had begun is lost, what it had not waits again."""
        self._actors.remove(actor)
        if actor.ask is not None:
            self._asked.pop(actor.ask, None)
        with contextlib.suppress(self._ray.exceptions.RayError):  # it is gone
            self._ray.kill(actor.handle)
        tasks, actor.tasks = actor.tasks, {}  # what it may still have told of them counts no more
        for job, task in reversed(tasks.items()):
            unwanted = job in self._unwanted
            if job in actor.begun or unwanted:
                self._lose(job, "cancelled" if unwanted else cause, "cancelled" if unwanted else detail)
                continue
            self._unbegun[job] += cause != "cancelled" and not actor.begun
            if self._unbegun[job] >= _MOST_UNBEGUN:  # it may be what takes them down so fast that none can tell
                self._told.append(Begun(job, self._title(actor)))
                self._lose(job, cause, detail)
            else:
                self._waiting.appendleft(task)

    def _lose(self, job: int, cause: Cause, detail: str) -> None:
        self._forget(job)
        self._told.append(Lost(job, cause, detail))

    def _forget(self, job: int) -> None:
        self._unwanted.discard(job)
        self._unbegun.pop(job, None)

    def _title(self, actor: _Actor) -> str:
        return f"{actor.name} on {actor.host}" if actor.host else actor.name

    # --- handing out

    def _hand_out(self) -> None:
        if self._broken is not None:
            return
        here = [actor for actor in self._actors if actor.process]
        for most in (1, 2):  # everyone has one in hand before anyone has one ahead
            for actor in here:
                if self._waiting and len(actor.tasks) < most:
                    task = self._waiting.popleft()
                    actor.tasks[task.id] = task
                    actor.give.append(task)
        self._take_back(here)
        self._grow()
        self._shrink()
        for actor in here:
            if actor in self._actors and actor.ask is None and actor.tasks:
                give, actor.give = actor.give, []
                self._ask(actor, actor.handle.turn.remote(give, sorted(actor.back), _TURN_S))
        if self._since is not None and time.monotonic() - self._since >= _SLOW_S:
            self._since = None
            has = _named(self._cluster.has())
            log.warning("no actor has started yet: each needs %s; the cluster has %s", _named(self._resources), has)

    def _take_back(self, here: list[_Actor]) -> None:
        """What one actor has ahead goes to another that has nothing to do."""
        idle = sum(not actor.tasks for actor in here) - sum(len(actor.back - self._unwanted) for actor in here)
        for actor in here:
            ahead = list(actor.tasks)[1:]
            if idle > 0 and ahead and not actor.back and not set(ahead) & actor.begun:
                actor.back.add(ahead[-1])
                idle -= 1

    def _ask(self, actor: _Actor, ask: Any) -> None:
        actor.ask = ask
        self._asked[ask] = actor

    # --- what comes back

    def _collect(self, timeout_s: float) -> None:
        """Takes what has been answered, waiting for the first answer at most so long."""
        if not self._asked:
            time.sleep(timeout_s)
            return
        asked = list(self._asked)
        ready, _ = self._ray.wait(asked, num_returns=1, timeout=timeout_s)
        if ready:
            ready, _ = self._ray.wait(asked, num_returns=len(asked), timeout=0)
        for ask in ready:
            if (actor := self._asked.pop(ask, None)) is not None:
                actor.ask = None
                self._answered(actor, ask)

    def _answered(self, actor: _Actor, ask: Any) -> None:
        try:
            answer = self._ray.get(ask)
        except self._ray.exceptions.RayError as error:
            self._failed(actor, error)
            return
        if isinstance(answer, _About):
            self._came(actor, answer)
        else:
            for event in answer:
                self._take(actor, event)
            if actor in self._actors and not actor.tasks:
                actor.idle_since = time.monotonic()

    def _came(self, actor: _Actor, about: _About) -> None:
        self._since = None
        actor.process, actor.host, actor.idle_since = about.process, about.host, time.monotonic()
        if about.version != __version__:
            self._broken = StageError(
                f"The node {about.host} has audiopost {about.version}, this machine has {__version__}.",
                value=about.version, remedy="Install the same on all of them.",
            )  # fmt: skip

    def _failed(self, actor: _Actor, error: Exception) -> None:
        cause, detail = fate(error)
        log.debug("%s is gone: %s", self._title(actor), detail)
        # One that had come and goes with its node says nothing of whether we can run there.
        if not actor.worked and (not actor.process or isinstance(error, self._ray.exceptions.RayTaskError)):
            self._failures += 1
        if self._failures >= _MOST_FAILURES:
            self._broken = StageError(
                f"{self._failures} actors in a row ended before they began anything; the last: {detail.rstrip('.')}.",
                value=detail, remedy="Is audiopost installed on the nodes, with the extras that the preset needs?",
            )  # fmt: skip
        self._drop(actor, cause, detail)

    def _take(self, actor: _Actor, event: Event) -> None:
        job = event.job
        if job not in actor.tasks:
            return  # told of already
        if isinstance(event, Begun):
            actor.begun.add(job)
            actor.back.discard(job)
            actor.worked, self._failures = True, 0
            self._told.append(Begun(job, self._title(actor)))
            if job in self._unwanted:
                self._drop(actor, "cancelled", "cancelled")
        elif isinstance(event, Ended | Lost):
            task = actor.tasks.pop(job)
            actor.back.discard(job)
            if job in actor.begun or job in self._unwanted:
                actor.begun.discard(job)
                self._forget(job)
                self._told.append(event)
            else:
                self._waiting.appendleft(task)  # taken back for another actor
        else:
            self._told.append(event)

    def _look(self) -> None:
        # Without a connection Ray would start a cluster of its own at the next call.
        if not self._ray.is_initialized():
            raise ConnectionError("it is not connected any more.")

    @contextlib.contextmanager
    def _reaching(self) -> Iterator[None]:
        try:
            yield
        except (ConnectionError, self._ray.exceptions.RaySystemError) as error:
            raise StageError(
                f"The Ray cluster is gone: {_first(str(error))}", value=str(error),
                remedy="Start it again and run the same command: the ledger knows what is done.",
            ) from error  # fmt: skip


def fate(error: Exception) -> tuple[Cause, str]:
    """Why an actor is gone, from the error that Ray raises of it: as a cause and in words."""
    import ray

    text = str(error)
    if isinstance(error, ray.exceptions.RayTaskError):
        return "killed", f"its actor failed: {_first(str(error.cause))}"
    if isinstance(error, ray.exceptions.RayActorError) and error.actor_init_failed:
        return "killed", f"its actor did not start: {_first(text.strip().splitlines()[-1])}"
    if isinstance(error, ray.exceptions.OutOfMemoryError):
        return "memory", f"Ray ended its actor because the node ran out of memory: {_first(text)}"
    found = re.search(r"^The actor is dead because (.*)", text, re.MULTILINE)
    told = _first(found[0] if found else text)
    if isinstance(error, ray.exceptions.RayActorError) and error.preempted:
        return "killed", f"its node was taken away: {told}"
    return "killed", f"its actor was lost: {told}"


def _first(text: str) -> str:
    """The beginning of one of Ray's messages, without its advice."""
    line = " ".join(text.partition("Some common causes")[0].partition("\n")[0].split())
    return line if len(line) <= 400 else f"{line[:400]}…"


def _named(values: Mapping[str, float]) -> str:
    return ", ".join(f"{name}={value:g}" for name, value in values.items()) or "nothing"


def _checked(values: Mapping[str, float]) -> dict[str, float]:
    """Resources that Ray can give."""
    for name, value in values.items():
        if name not in RESOURCES:
            raise UnknownName("resource", name, RESOURCES)
        problem = ""
        if name == "cpu" and value <= 0:
            problem = "an actor needs a share of a core"
        elif name == "gpu" and value > 1 and value != int(value):
            problem = "more than one GPU is given whole"
        elif 0 < value < 1e-4:
            problem = "0.0001 is the least"
        if problem:
            raise BadValue(
                f"{name}={value:g} cannot be had: {problem}.", value=value, choices=RESOURCES,
                remedy="For example cpu=2,gpu=0.5,mem=8: cores, share of a GPU, memory in GB.",
            )  # fmt: skip
    return dict(values)


def _ray() -> Any:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # read when a cluster starts
    try:
        import ray
        import ray.exceptions
    except ImportError as error:
        raise MissingExtra("Ray is not installed.", value="ray", remedy="pip install 'audiopost[ray]'") from error
    return ray


@dataclass(frozen=True)
class _About:
    """Where an actor is."""

    version: str
    host: str
    process: int


class _Hand:
    """An actor: a worker process, what goes to it and what it tells. Ray calls one method after the other."""

    def __init__(self, threads: int, module: str) -> None:
        # Ray starts it from our package, so telemetry is off here and in the worker.
        self._engine = Local(1, threads, module=module)
        self._begun: set[int] = set()

    def about(self) -> _About:
        """Answers when the actor has come."""
        return _About(__version__, socket.gethostname(), os.getpid())

    def turn(self, give: Sequence[Task], back: Sequence[int], timeout_s: float) -> list[Event]:
        """Takes tasks, gives back those of `back` that have not begun (as Lost), and tells what happens until
        something does that the driver has to know at once, at most for so long."""
        end = time.monotonic() + timeout_s
        events: list[Event] = []
        for task in give:
            self._engine.submit(task)
        while back and (more := self._heard(0.0)):  # who has begun is known after this
            events += more
        for job in back:
            if job not in self._begun:
                self._engine.cancel(job)
        while not any(isinstance(event, Begun | Ended | Lost) for event in events):
            left_s = end - time.monotonic()
            events += self._heard(max(0.0, left_s))
            if left_s <= 0:
                break
        return thinned(events)

    def _heard(self, timeout_s: float) -> list[Event]:
        events = list(self._engine.results(timeout_s))
        for event in events:
            if isinstance(event, Begun):
                self._begun.add(event.job)
            elif isinstance(event, Ended | Lost):
                self._begun.discard(event.job)
        return events


def thinned(events: Sequence[Event]) -> list[Event]:
    """The same without the progress that later progress replaces, and with at most so many lines of a log."""
    last = {event.job: place for place, event in enumerate(events) if isinstance(event, Moved)}
    total = sum(isinstance(event, Said) for event in events)
    kept: list[Event] = []
    said = 0
    for place, event in enumerate(events):
        if isinstance(event, Moved) and last[event.job] != place:
            continue
        if isinstance(event, Said):
            said += 1
            if said > _MOST_SAID:
                continue
        kept.append(event)
        if isinstance(event, Said) and said == _MOST_SAID < total:
            text = f"{total - said} more lines of that second were not kept"
            kept.append(Said(event.job, logging.WARNING, text))
    return kept


@dataclass(eq=False)
class _Actor:
    """What the driver knows of an actor. `process` is 0 until it has come; `tasks` are in the order it has them."""

    name: str
    handle: Any
    process: int = 0
    host: str = ""
    ask: Any = None
    tasks: dict[int, Task] = field(default_factory=dict)
    begun: set[int] = field(default_factory=set)
    give: list[Task] = field(default_factory=list)
    back: set[int] = field(default_factory=set)
    worked: bool = False
    idle_since: float = field(default_factory=time.monotonic)


class _Cluster:
    """The connection to a cluster, and whether it, or the cluster itself, is ours to end."""

    def __init__(self, ray: Any, address: str | None) -> None:
        self._ray, self._own = ray, False
        self._print: Any = None
        self._local = address is None
        self.name = "a cluster of this machine" if address is None else address
        if ray.is_initialized() and address in (None, "auto"):
            self._local, self.name = False, "the cluster that is connected to"
            return
        if address is not None and address != "auto":
            _reach(address)
        # Ray takes SIGTERM for itself; whoever drives has their own use for it.
        main = threading.current_thread() is threading.main_thread()
        before = signal.getsignal(signal.SIGTERM) if main else None
        own: dict[str, Any] = {"include_dashboard": False} if self._local else {}
        try:
            ray.init(address=address or "local", log_to_driver=False, logging_level=logging.CRITICAL, **own)
        except (OSError, RuntimeError, ValueError, AssertionError, SystemExit, ray.exceptions.RayError) as error:
            raise Unavailable(
                f"No Ray cluster at {address or 'this machine'}: {_first(str(error))}", value=address,
                choices=("auto", "ray://HOST:10001", "HOST:6379"),
                remedy="Is it running, with the same Ray and Python? Without --address one is started here.",
            ) from error  # fmt: skip
        finally:
            if before is not None:
                signal.signal(signal.SIGTERM, before)
        self._own = True
        self._hush()

    @property
    def path(self) -> dict[str, str]:
        """The variable by which actors of this machine find what this process finds; other machines have their own."""
        return {"PYTHONPATH": os.pathsep.join(part or str(Path.cwd()) for part in sys.path)} if self._local else {}

    def has(self) -> dict[str, float]:
        """All resources of all nodes, as those of `resources()`."""
        found = self._ray.cluster_resources()
        return {"cpu": found.get("CPU", 0.0), "gpu": found.get("GPU", 0.0), "mem": found.get("memory", 0.0) / 1e9}

    def check(self, wanted: Mapping[str, float]) -> None:
        """Raises BadValue where one actor is more than a cluster of this machine, which cannot grow, will ever hold."""
        has = self.has() if self._local else {}
        for name, most in has.items():
            if wanted.get(name, 0.0) > most:
                raise BadValue(
                    f"An actor of {_named(wanted)} does not fit this machine, which has {_named(has)}.",
                    value=wanted[name], remedy="Ask for less with --actor-resources.",
                )  # fmt: skip

    def leave(self) -> None:
        """Disconnects, where we connected; a cluster that we started ends."""
        if self._own:
            self._own = False
            if self._print is not None:
                self._ray._private.worker.print_to_stdstream = self._print
            self._ray.shutdown()

    def _hush(self) -> None:
        """Ray prints the errors of its nodes on standard output, which may be somebody's JSON; they go to the log."""
        worker = self._ray._private.worker
        self._print = getattr(worker, "print_to_stdstream", None)
        if self._print is not None:
            worker.print_to_stdstream = _to_log


def _to_log(data: Mapping[str, Any], ignore_prefix: bool = False) -> None:
    for line in data.get("lines", ()):
        log.debug("ray: %s", line)


def _reach(address: str) -> None:
    """Raises BadValue for what is no address, Unavailable at once where nobody listens: Ray would try for minutes."""
    match = re.fullmatch(r"(?:ray://)?(?P<host>[^\s:/\[\]]+|\[[0-9A-Fa-f:.]+\]):(?P<port>\d{1,5})/?", address)
    choices = ("auto", "ray://HOST:10001", "HOST:6379")
    if match is None:
        raise BadValue(f"{address!r} is no address of a Ray cluster.", value=address, choices=choices)
    try:
        socket.create_connection((match["host"].strip("[]"), int(match["port"])), timeout=_REACH_S).close()
    except (OSError, OverflowError) as error:
        raise Unavailable(
            f"No Ray cluster at {address}: {error}.", value=address, choices=choices,
            remedy="Is its head running, and is the port open from here?",
        ) from error  # fmt: skip
