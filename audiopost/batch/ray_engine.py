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
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .. import __version__
from ..core.errors import AudiopostError, BadValue, StageError
from ..models import threads as threading_of
from . import ray_cluster
from .engine import Begun, Cause, Ended, Event, Lost
from .job import Task
from .ray_actor import About, Hand
from .ray_cluster import RESOURCES, Cluster, actors, checked, fate, named, resources, shortened

log = logging.getLogger("audiopost")

#: How long an actor waits for something to tell, in seconds: the longest that a message to it waits, too.
_TURN_S = 1.0
#: An actor above the least number is let go when it has been idle so long, in seconds.
_IDLE_S = 60.0
#: Where no actor has started for so long, in seconds, that is said.
_SLOW_S = 30.0
#: Actors in a row that were lost before they began anything: then the cluster cannot run us.
_MOST_FAILURES = 5
#: So often a task may lose its actor before it begins; then it counts as cut off.
_MOST_UNBEGUN = 3
#: How long it is waited for killed actors to be gone, in seconds.
_GONE_S = 5.0


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
        self._resources = checked({"cpu": 1.0, **(resources or {})})
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
        self._ray = ray_cluster.load()
        self._cluster = Cluster(self._ray, address)
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
        return f"Ray, {self._cluster.name}: {count} actors of {named(self._resources)} with {threads} each"

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
        )(Hand)  # fmt: skip

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
            has = named(self._cluster.has())
            log.warning("no actor has started yet: each needs %s; the cluster has %s", named(self._resources), has)

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
        if isinstance(answer, About):
            self._came(actor, answer)
        else:
            for event in answer:
                self._take(actor, event)
            if actor in self._actors and not actor.tasks:
                actor.idle_since = time.monotonic()

    def _came(self, actor: _Actor, about: About) -> None:
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
                f"The Ray cluster is gone: {shortened(str(error))}", value=str(error),
                remedy="Start it again and run the same command: the ledger knows what is done.",
            ) from error  # fmt: skip


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
