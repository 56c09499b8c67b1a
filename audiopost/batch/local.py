"""The engine of one machine: worker processes, each with one task in hand and the next one being decoded.

A worker is started when there is work for it and memory: the first at once, another when what is free holds as much as
one was seen to take. A worker that dies is told of, with how and its last words, and another takes its place.
"""

from __future__ import annotations

import collections
import json
import logging
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any, Literal

from ..core.errors import StageError
from ..core.serial import from_json
from ..models import threads as threading_of
from ..stages.transcribe.worker import in_words
from . import engine
from .engine import Begun, Cause, Ended, Event, Lost
from .job import Task
from .machine import SPARE
from .worker import line_of

log = logging.getLogger("audiopost")

#: Last lines of a worker's standard error that are kept.
_WORDS = 40
#: A worker that has told nothing and used no processor for so long, in seconds, hangs: it waits for what never comes.
STALLED_S = 900.0
#: A process that does nothing uses less than this, in seconds of processor time between two looks.
_IDLE_S = 0.05
#: Signals that come from outside: people, the system's shutdown. SIGKILL comes from the kernel too: see `fate`.
_FROM_OUTSIDE = frozenset({signal.SIGTERM, signal.SIGINT, getattr(signal, "SIGHUP", 1), getattr(signal, "SIGKILL", 9)})


class Local:
    """`workers` processes of `threads` threads. `needs_mb` is what one is known to take, 0 where nobody knows.

    One that hangs for `stalled_s` is ended, which counts as a crash.
    """

    def __init__(
        self, workers: int, threads: int, *, needs_mb: float = 0.0, module: str = "", stalled_s: float = STALLED_S
    ) -> None:
        self._most, self._threads, self._needs_mb, self._stalled_s = workers, threads, needs_mb, stalled_s
        self._module = module or f"{__package__}.worker"
        self._waiting: deque[Task] = deque()
        self._workers: list[_Worker] = []
        self._events: queue.SimpleQueue[tuple[_Worker, dict[str, Any] | None]] = queue.SimpleQueue()
        self._told: list[Event] = []
        self._started = 0

    @property
    def apart(self) -> bool:
        """They share one memory."""
        return False

    @property
    def free(self) -> int:
        """One task in hand and one ahead for each worker."""
        busy = sum(worker.task is not None for worker in self._workers)
        return max(0, 2 * self._most - busy - len(self._waiting))

    def submit(self, task: Task) -> None:
        """Raises StageError where no process can be started at all."""
        self._waiting.append(task)
        self._hand_out()

    def results(self, timeout_s: float) -> Iterable[Event]:
        told, self._told = self._told, []
        if told:
            timeout_s = 0.0
        try:
            while True:
                worker, message = self._events.get(timeout=timeout_s) if timeout_s else self._events.get_nowait()
                timeout_s = 0.0
                told += self._taken(worker, message)
        except queue.Empty:
            self._hand_out()
        for worker in self._workers:
            worker.end_if_stalled(self._stalled_s)
        return told

    def cancel(self, job: int) -> None:
        for task in list(self._waiting):
            if task.id == job:
                self._waiting.remove(task)
                self._drop_ahead(job)
                self._told.append(Lost(job, "cancelled", "cancelled before it began"))
                return
        for worker in self._workers:
            if worker.task is not None and worker.task.id == job:
                worker.cancelled = True
                worker.process.kill()

    def close(self) -> None:
        for worker in self._workers:
            worker.end()
        self._workers, self._waiting = [], deque()

    @property
    def processes(self) -> tuple[int, ...]:
        """The process numbers of the workers there are."""
        return tuple(worker.process.pid for worker in self._workers)

    # --- handing out

    def _hand_out(self) -> None:
        for worker in self._workers:
            if worker.task is None and not worker.gone and self._waiting:
                self._give(worker)
        while self._waiting and len(self._workers) < self._most and self._has_room():
            self._started += 1
            worker = _Worker(f"worker {self._started}", self._module, self._threads, self._events)
            self._workers.append(worker)
            self._give(worker)
        # A careful one is alone: nothing is decoded beside it, nor is it beside another.
        held = {worker.ahead.id for worker in self._workers if worker.ahead is not None}
        ahead = [task for task in self._waiting if not task.careful and task.id not in held]
        for worker in self._workers:
            if worker.task is not None and not worker.task.careful and worker.ahead is None and ahead:
                worker.ahead = ahead.pop(0)
                worker.write("ahead", worker.ahead)

    def _give(self, worker: _Worker) -> None:
        """The next task: the one that this worker has decoded, else one that nobody has, else the first."""
        decoded = {other.ahead.id for other in self._workers if other.ahead is not None and other is not worker}
        own = [task for task in self._waiting if worker.ahead is not None and task.id == worker.ahead.id]
        free = [task for task in self._waiting if task.id not in decoded]
        task = (own or free or list(self._waiting))[0]
        self._waiting.remove(task)
        if own:
            worker.ahead = None
        else:
            self._drop_ahead(task.id)
        worker.task = task
        worker.told()
        worker.write("run", task)
        self._told.append(Begun(task.id, worker.name))

    def _drop_ahead(self, job: int) -> None:
        """Nobody decodes it ahead any more: it goes elsewhere, or nowhere."""
        for worker in self._workers:
            if worker.ahead is not None and worker.ahead.id == job:
                worker.ahead = None
                worker.write("ahead", None)

    def _has_room(self) -> bool:
        if not self._workers:
            return True
        import psutil

        seen = max((worker.memory_mb() for worker in self._workers), default=0.0)
        need = max(self._needs_mb, seen)
        return psutil.virtual_memory().available / 1e6 * (1 - SPARE) >= need

    # --- what comes back

    def _taken(self, worker: _Worker, message: dict[str, Any] | None) -> list[Event]:
        if message is None:
            return self._died(worker)
        worker.told()
        kind = getattr(engine, message.pop("event"))
        event: Event = from_json(kind, message)
        if isinstance(event, Ended):
            worker.task = None
        return [event]

    def _died(self, worker: _Worker) -> list[Event]:
        worker.end()
        self._workers.remove(worker)
        if worker.task is None:
            return []
        cause, detail = worker.fate()
        return [Lost(worker.task.id, cause, detail, tuple(worker.words))]


class _Worker:
    """A process, what it has in hand, its last words."""

    def __init__(
        self, name: str, module: str, threads: int, events: queue.SimpleQueue[tuple[_Worker, dict[str, Any] | None]]
    ) -> None:
        self.name = name
        self.task: Task | None = None
        self.ahead: Task | None = None
        self.cancelled = self.gone = self.stalled = False
        self._heard_s = self._looked_s = time.monotonic()
        self._used_s = 0.0
        self.words: collections.deque[str] = collections.deque(maxlen=_WORDS)
        self._events = events
        self._killed_by_memory = _out_of_memory_kills()
        # It finds what this process finds, whichever way that was put on the path; -P keeps its folder off.
        environment = {
            **os.environ,
            **threading_of.environment(threads),
            "PYTHONPATH": os.pathsep.join(part or str(Path.cwd()) for part in sys.path),
        }
        try:
            self.process = subprocess.Popen(  # noqa: S603 - our own interpreter
                [sys.executable, "-P", "-m", module],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment,
            )  # fmt: skip
        except (OSError, TypeError) as error:
            raise StageError(
                f"No worker could be started: {error}.", value=sys.executable, remedy="Take fewer --workers."
            ) from error
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        self._readers = (
            threading.Thread(target=self._read, args=(self.process.stdout,), daemon=True),
            threading.Thread(target=self._listen, args=(self.process.stderr,), daemon=True),
        )
        for reader in self._readers:
            reader.start()

    def write(self, kind: Literal["run", "ahead"], task: Task | None) -> None:
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(line_of(kind, task))
            self.process.stdin.flush()
        except OSError:
            log.debug("%s was gone before it had its task", self.name)  # the end of its answers follows

    def memory_mb(self) -> float:
        """The memory it holds now."""
        import psutil

        try:
            return float(psutil.Process(self.process.pid).memory_info().rss) / 1e6
        except psutil.Error:
            return 0.0

    def told(self) -> None:
        """It is heard of, or has just been given something to do."""
        self._heard_s = time.monotonic()

    def end_if_stalled(self, after_s: float) -> None:
        """Kills it where it has a task, and neither told anything nor used a processor for `after_s`."""
        now = time.monotonic()
        if self.task is None or now - self._heard_s < after_s or now - self._looked_s < after_s / 10:
            return
        used_s, self._looked_s = self._processor_s(), now
        if used_s - self._used_s > _IDLE_S:
            self._used_s = used_s
            self.told()
            return
        self.stalled = True
        self.process.kill()

    def _processor_s(self) -> float:
        """Processor time of it and its children so far."""
        import psutil

        try:
            process = psutil.Process(self.process.pid)
            times = [each.cpu_times() for each in (process, *process.children(recursive=True))]
        except psutil.Error:
            return 0.0
        return float(sum(each.user + each.system for each in times))

    def fate(self) -> tuple[Cause, str]:
        """Why it is gone, as a cause and in words."""
        code = self.process.returncode
        if self.cancelled:
            return "cancelled", "cancelled"
        if self.stalled:
            return "crash", "it hung: for a long time it told nothing and used no processor"
        if code == -getattr(signal, "SIGKILL", 9) and _out_of_memory_kills() > self._killed_by_memory:
            return "memory", "the system ended it because memory ran out"
        if any("bad_alloc" in line or "MemoryError" in line for line in self.words):
            return "memory", f"it found no memory: {in_words(code)}"
        if -code in _FROM_OUTSIDE:
            return "killed", f"it was ended from outside: {in_words(code)}"
        return "crash", in_words(code)

    def end(self) -> None:
        """Ends it, where it has not ended, and waits."""
        self.gone = True
        self.process.kill()
        self.process.wait()
        for reader in self._readers:
            reader.join(timeout=5)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                try:
                    stream.close()
                except OSError:
                    log.debug("a pipe to %s was broken already", self.name)

    def _read(self, stream: IO[bytes]) -> None:
        for line in stream:
            try:
                self._events.put((self, json.loads(line)))
            except ValueError:
                break  # it died in the middle of a line
        self._events.put((self, None))

    def _listen(self, stream: IO[bytes]) -> None:
        for line in stream:
            if text := line.decode(errors="replace").rstrip():
                self.words.append(text)


def _out_of_memory_kills() -> int:
    """How many processes the kernel has ended for lack of memory, here or in our control group; 0 where unknown."""
    count = 0
    for path in (Path("/proc/vmstat"), Path("/sys/fs/cgroup/memory.events")):
        try:
            lines = path.read_text().splitlines()
        except OSError:
            continue
        count += sum(int(line.split()[1]) for line in lines if line.split()[:1] == ["oom_kill"])
    return count
