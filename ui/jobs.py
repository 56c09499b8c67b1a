"""Long work: one thing after the other on this machine, whether somebody looks on or not, and never lost.

A job is a kind and its settings as JSON, so that one that was cut off can be started again:

    @kind("run", steps=...)
    def run_preset(folder: Folder, settings: dict[str, Any], report: Progress) -> dict[str, Any]: ...

What it returns is kept as JSON. AudiopostErrors become the job's message; Cancelled ends it quietly. A job that failed
or was cut off is given `resume` among its settings when it is tried again.
"""

from __future__ import annotations

import contextlib
import json
import logging
import queue
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from audiopost.core.errors import AudiopostError, BadValue, Cancelled
from audiopost.core.stage import Progress
from audiopost.io.atomic import write_text
from audiopost.workspace import Folder

log = logging.getLogger("audiopost")

Work = Callable[[Folder, dict[str, Any], Progress], dict[str, Any] | None]
#: The steps of a job with these settings, in order; as a mapping to how long each takes relative to the others.
Steps = Callable[[dict[str, Any]], Iterable[str] | Mapping[str, float]]
Discard = Callable[[Folder, dict[str, Any]], None]

#: States of a job; 'interrupted' is one that the server's end cut off.
STATES = ("waiting", "running", "done", "failed", "cancelled", "interrupted")
ENDED = frozenset({"done", "failed", "cancelled", "interrupted"})
#: So many ended jobs are kept for each folder.
_KEPT = 200
#: Progress is written to disk this often, in seconds.
_WRITE_S = 5.0
#: So long the server's end waits for a job to notice it, in seconds.
_END_S = 3.0
#: Where a job ended so, trying again goes on from what it left.
_GOES_ON = frozenset({"failed", "interrupted"})


@dataclass
class Job:
    """One piece of work: `recording` is what it is about ('' for nothing in particular), `share` is how much is done.

    `stage` names what it is at; times are seconds since 1970. `message` says why it failed and what helps.
    `paced_from` and `paced_share` are when, and at which share, the work began that the time left is told by.
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
    paced_from: float = 0.0
    paced_share: float = 0.0

    @property
    def left_s(self) -> float | None:
        """Seconds it will still take, None where that cannot be told yet."""
        spent, done = time.time() - self.paced_from, self.share - self.paced_share
        if self.state != "running" or done < 0.02 or spent < 2:
            return None
        return spent * (1 - self.share) / done

    def advance(self, steps: Mapping[str, float], step: str, part: float) -> None:
        """The job is at `part` (0..1) of `step`; `steps` are all of them with their weights."""
        if steps and step not in steps:
            return
        before, self.stage = self.stage, step
        if not steps:
            self.share = part
            return
        order, whole = list(steps), sum(steps.values())
        behind = sum(steps[each] for each in order[: order.index(step)])
        # Steps that were done before tell nothing of the pace.
        if before in steps and order.index(step) > order.index(before) + 1:
            self.paced_from, self.paced_share = time.time(), behind / whole
        self.share = (behind + part * steps[step]) / whole

    def shown(self) -> dict[str, Any]:
        """As JSON, for the browser."""
        return {**asdict(self), "left_s": self.left_s}


@dataclass(frozen=True)
class _Kind:
    work: Work
    steps: Steps
    discard: Discard

    def weighted(self, settings: dict[str, Any]) -> dict[str, float]:
        """The steps in order, with their weights."""
        steps = self.steps(settings)
        return dict(steps) if isinstance(steps, Mapping) else dict.fromkeys(steps, 1.0)


_KINDS: dict[str, _Kind] = {}


def kind(
    name: str, steps: Steps = lambda settings: (), discard: Discard = lambda folder, settings: None
) -> Callable[[Work], Work]:
    """Registers what does the jobs of a kind; `steps(settings)` are the steps its progress goes through, in order.

    `discard(folder, settings)` removes what a job left that was cancelled, or is not to go on.
    """

    def register(work: Work) -> Work:
        _KINDS[name] = _Kind(work, steps, discard)
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
        self._closing = False
        self._idle = threading.Event()
        self._idle.set()

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
            self._refuse_twice(folder, recording, kind)
            job = Job(uuid.uuid4().hex[:12], kind, recording, settings, added=time.time())
            self._of[folder].append(job)
            self._enqueue(folder, job)
        return job

    def _refuse_twice(self, folder: Folder, recording: str, kind: str) -> None:
        if recording and self.busy(folder, recording, kind):
            raise BadValue(
                f"This is being done already: {kind} of {recording}.", value=recording,
                remedy="Wait for it, or cancel it first.",
            )  # fmt: skip

    def _enqueue(self, folder: Folder, job: Job) -> None:
        self._stops[job.id] = threading.Event()
        self._write(folder)
        self._queue.put((folder, job))
        if self._worker is None:
            self._worker = threading.Thread(target=self._run, name="audiopost-jobs", daemon=True)
            self._worker.start()

    def cancel(self, folder: Folder, job_id: str) -> None:
        """Stops a job, at once where it waits, at its next step where it runs. Raises BadValue for none."""
        job = self._get(folder, job_id)
        with self._lock:
            if job.state == "waiting":
                self._end(folder, job, "cancelled")
            elif job.state == "running":
                self._stops[job.id].set()

    def retry(self, folder: Folder, job_id: str) -> Job:
        """The same work again in its place of the list, going on where it was cut off where its kind can.

        Raises BadValue for one that is under way.
        """
        old = self._get(folder, job_id)
        with self._lock:
            self._refuse_twice(folder, old.recording, old.kind)
            if old.state not in ENDED:
                raise BadValue("This job has not ended yet.", value=job_id, remedy="Cancel it first.")
            settings = {name: value for name, value in old.settings.items() if name != "resume"}
            if old.state in _GOES_ON:
                settings["resume"] = True
            job = Job(uuid.uuid4().hex[:12], old.kind, old.recording, settings, added=time.time())
            self._of[folder][self._of[folder].index(old)] = job
            self._enqueue(folder, job)
        return job

    def go_on(self, folder: Folder) -> tuple[Job, ...]:
        """Tries everything again that the server's end cut off, in order."""
        return tuple(self.retry(folder, job.id) for job in self.listing(folder) if job.state == "interrupted")

    def cancel_all(self, folder: Folder) -> None:
        """Stops everything of a folder; what waits first, so that nothing moves up."""
        for job in reversed(self.listing(folder)):
            self.cancel(folder, job.id)

    def forget(self, folder: Folder, job_id: str) -> None:
        """Takes an ended job off the list, and drops what it could have gone on from. Raises BadValue."""
        job = self._get(folder, job_id)
        with self._lock:
            if job.state not in ENDED:
                return
            self._of[folder].remove(job)
            self._write(folder)
        if job.state in _GOES_ON:
            self._discard(folder, job)

    def busy(self, folder: Folder, recording: str, kind: str = "") -> bool:
        """Whether a recording is being worked on, or waits for that; by jobs of a kind, where one is given."""
        return any(
            job.recording == recording and job.state not in ENDED and kind in ("", job.kind)
            for job in self.listing(folder)
        )

    def close(self) -> None:
        """Stops what runs and waits a little for it; all of it, and what waits, is 'interrupted' in the next server."""
        with self._lock:
            self._closing = True
            for stop in self._stops.values():
                stop.set()
        self._idle.wait(_END_S)

    def _get(self, folder: Folder, job_id: str) -> Job:
        found = next((job for job in self.listing(folder) if job.id == job_id), None)
        if found is None:
            raise BadValue("There is no such job any more.", value=job_id)
        return found

    def _run(self) -> None:
        while True:
            folder, job = self._queue.get()
            with self._lock:
                if job.state != "waiting" or self._closing:
                    continue
                job.state, job.started = "running", time.time()
                job.paced_from = job.started
                self._idle.clear()
                self._write(folder)
            try:
                self._do(folder, job)
            finally:
                self._idle.set()

    def _do(self, folder: Folder, job: Job) -> None:
        made, stop, written = _KINDS[job.kind], self._stops[job.id], [time.time()]
        steps = made.weighted(job.settings)

        def report(step: str, completed: float, total: float) -> None:
            if stop.is_set():
                raise Cancelled("The job was stopped.")
            job.advance(steps, step, min(completed / total, 1.0) if total else 0.0)
            if time.time() - written[0] > _WRITE_S:
                written[0] = time.time()
                with self._lock:
                    self._write(folder)

        try:
            report(next(iter(steps), ""), 0, 1)
            result = made.work(folder, job.settings | {"recording": job.recording}, report)
        except Cancelled:
            self._end(folder, job, "interrupted" if self._closing else "cancelled")
            if not self._closing:
                self._discard(folder, job)
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

    def _discard(self, folder: Folder, job: Job) -> None:
        try:
            _KINDS[job.kind].discard(folder, job.settings | {"recording": job.recording})
        except (AudiopostError, OSError):  # what is left takes room, no more
            log.exception("what job %s left could not be removed", job.kind)

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
