"""Long work: one thing after the other on this machine, whether somebody looks on or not, and never lost.

A job is a kind and its settings as JSON, so that one that was cut off can be started again:

    @kind("run", steps=...)
    def run_preset(folder: Folder, settings: dict[str, Any], report: Progress) -> dict[str, Any]: ...

What it returns is kept as JSON. AudiopostErrors become the job's message; Cancelled ends it quietly.
"""

from __future__ import annotations

import contextlib
import json
import logging
import queue
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from audiopost.core.errors import AudiopostError, BadValue, Cancelled
from audiopost.core.stage import Progress
from audiopost.io.atomic import write_text
from audiopost.workspace import Folder

log = logging.getLogger("audiopost")

Work = Callable[[Folder, dict[str, Any], Progress], dict[str, Any] | None]
Steps = Callable[[dict[str, Any]], Sequence[str]]

#: States of a job; 'interrupted' is one that the server's end cut off.
STATES = ("waiting", "running", "done", "failed", "cancelled", "interrupted")
ENDED = frozenset({"done", "failed", "cancelled", "interrupted"})
#: So many ended jobs are kept for each folder.
_KEPT = 200
#: Progress is written to disk this often, in seconds.
_WRITE_S = 5.0


@dataclass
class Job:
    """One piece of work: `recording` is what it is about ('' for nothing in particular), `share` is how much is done.

    `stage` names what it is at; times are seconds since 1970. `message` says why it failed, `remedy` what helps.
    """

    id: str
    kind: str
    recording: str
    settings: dict[str, Any]
    state: str = "waiting"
    stage: str = ""
    share: float = 0.0
    added: float = 0.0
    started: float = 0.0
    ended: float = 0.0
    message: str = ""
    result: dict[str, Any] = field(default_factory=dict)

    @property
    def left_s(self) -> float | None:
        """Seconds it will still take, None where that cannot be told yet."""
        spent = time.time() - self.started
        if self.state != "running" or self.share < 0.02 or spent < 2:
            return None
        return spent * (1 - self.share) / self.share

    def shown(self) -> dict[str, Any]:
        """As JSON, for the browser."""
        return {**asdict(self), "left_s": self.left_s}


@dataclass(frozen=True)
class _Kind:
    work: Work
    steps: Steps


_KINDS: dict[str, _Kind] = {}


def kind(name: str, steps: Steps = lambda settings: ()) -> Callable[[Work], Work]:
    """Registers what does the jobs of a kind; `steps(settings)` are the steps its progress goes through, in order."""

    def register(work: Work) -> Work:
        _KINDS[name] = _Kind(work, steps)
        return work

    return register


class Jobs:
    """The jobs of all folders: a queue and one worker, since each job takes all cores."""

    def __init__(self) -> None:
        self._queue: queue.Queue[tuple[Folder, Job]] = queue.Queue()
        self._lock = threading.RLock()
        self._of: dict[Folder, list[Job]] = {}
        self._stops: dict[str, threading.Event] = {}
        self._worker: threading.Thread | None = None

    def listing(self, folder: Folder) -> tuple[Job, ...]:
        """The jobs of a folder, oldest first; those of an earlier server too."""
        with self._lock:
            if folder not in self._of:
                self._of[folder] = _read(folder)
            return tuple(self._of[folder])

    def submit(self, folder: Folder, kind: str, recording: str = "", **settings: Any) -> Job:
        """Queues a job. Raises BadValue for the same work on the same recording that is not done yet."""
        self.listing(folder)
        with self._lock:
            for other in self._of[folder]:
                if (other.kind, other.recording) == (kind, recording) and other.state not in ENDED and recording:
                    raise BadValue(
                        f"This is being done already: {kind} of {recording}.", value=recording,
                        remedy="Wait for it, or cancel it first.",
                    )  # fmt: skip
            job = Job(uuid.uuid4().hex[:12], kind, recording, settings, added=time.time())
            self._of[folder].append(job)
            self._stops[job.id] = threading.Event()
            self._write(folder)
            self._queue.put((folder, job))
            if self._worker is None:
                self._worker = threading.Thread(target=self._run, name="audiopost-jobs", daemon=True)
                self._worker.start()
        return job

    def cancel(self, folder: Folder, job_id: str) -> None:
        """Stops a job, at once where it waits, at its next step where it runs. Raises BadValue for none."""
        job = self._get(folder, job_id)
        with self._lock:
            if job.state == "waiting":
                self._end(folder, job, "cancelled")
            elif job.state == "running":
                self._stops[job.id].set()

    def retry(self, folder: Folder, job_id: str) -> Job:
        """The same work again, going on where it was cut off where its kind can. Raises BadValue."""
        job = self._get(folder, job_id)
        with self._lock:
            if job.state in ENDED:
                self._of[folder].remove(job)
        return self.submit(folder, job.kind, job.recording, **job.settings)

    def forget(self, folder: Folder, job_id: str) -> None:
        """Takes an ended job off the list. Raises BadValue."""
        job = self._get(folder, job_id)
        with self._lock:
            if job.state in ENDED:
                self._of[folder].remove(job)
                self._write(folder)

    def close(self) -> None:
        """Stops what runs; what waits is 'interrupted' in the next server."""
        with self._lock:
            for stop in self._stops.values():
                stop.set()

    def _get(self, folder: Folder, job_id: str) -> Job:
        found = next((job for job in self.listing(folder) if job.id == job_id), None)
        if found is None:
            raise BadValue("There is no such job any more.", value=job_id)
        return found

    def _run(self) -> None:
        while True:
            folder, job = self._queue.get()
            with self._lock:
                if job.state != "waiting":
                    continue
                job.state, job.started = "running", time.time()
                self._write(folder)
            self._do(folder, job)

    def _do(self, folder: Folder, job: Job) -> None:
        made, stop, written = _KINDS[job.kind], self._stops[job.id], [time.time()]
        steps = tuple(made.steps(job.settings))

        def report(step: str, completed: float, total: float) -> None:
            if stop.is_set():
                raise Cancelled("The job was stopped.")
            share = min(completed / total, 1.0) if total else 0.0
            job.stage = step
            job.share = (steps.index(step) + share) / len(steps) if step in steps else share if not steps else job.share
            if time.time() - written[0] > _WRITE_S:
                written[0] = time.time()
                with self._lock:
                    self._write(folder)

        try:
            report(steps[0] if steps else "", 0, 1)
            result = made.work(folder, job.settings | {"recording": job.recording}, report)
        except Cancelled:
            self._end(folder, job, "cancelled")
        except AudiopostError as error:
            self._end(folder, job, "failed", str(error))
        except Exception as error:  # a job must not take the worker with it
            log.exception("job %s failed", job.kind)
            self._end(folder, job, "failed", f"Unexpected {type(error).__name__}: {error}. The terminal shows where.")
        else:
            job.result = result or {}
            self._end(folder, job, "done")

    def _end(self, folder: Folder, job: Job, state: str, message: str = "") -> None:
        with self._lock:
            job.state, job.message, job.ended = state, message, time.time()
            job.share = 1.0 if state == "done" else job.share
            ended = [each for each in self._of[folder] if each.state in ENDED]
            for old in ended[: max(len(ended) - _KEPT, 0)]:
                self._of[folder].remove(old)
            self._stops.pop(job.id, None)
            self._write(folder)

    def _write(self, folder: Folder) -> None:
        text = json.dumps([asdict(job) for job in self._of[folder]], ensure_ascii=False)
        with contextlib.suppress(AudiopostError):  # a full disk stops no job; its own files will say so
            write_text(folder.hidden / "jobs.json", text + "\n")


def _read(folder: Folder) -> list[Job]:
    path = folder.hidden / "jobs.json"
    try:
        jobs = [Job(**entry) for entry in json.loads(path.read_text(encoding="utf-8"))]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError) as error:
        log.warning("%s cannot be read: %s", path, error)
        return []
    for job in jobs:
        if job.state not in ENDED:
            job.state = "interrupted"
    return [job for job in jobs if job.kind in _KINDS]
