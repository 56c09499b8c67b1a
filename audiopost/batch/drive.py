"""The driver of a batch: hands jobs from the ledger to an engine, and decides what each event means.

Ended, all well        done
Ended, DiskFull        the batch pauses until there is room; the job waits again
Ended, OutputError     tried again, a share or a store may be back; the third time it is a failure
Ended, any other       failed, with its reason
Lost, crash or memory  tried once more, after the others, alone and with smaller settings; then quarantined
Lost, killed           waits again; quarantined where it never gets through
Lost, dropped          as a crash where it took longer than it may; cancelled where a person asked for that; waiting
                       again where the whole batch stops
"""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from ..core.errors import AudiopostError, DiskFull, InputError
from ..core.time import clock
from .engine import Begun, Ended, Engine, Event, Lost, Moved, Said
from .job import Job, Outcome, State, Task
from .job_logs import JobLogs
from .ledger import Ledger
from .places import is_url, stat
from .room import LOOK_S, NoRoom

log = logging.getLogger("audiopost")

#: A recording's worker may be killed from outside so often, each time after so many seconds, before it is suspected:
#: guards of memory do that. However short they were, so many attempts are enough.
MOST_LOSSES, LOSS_S, MOST_ATTEMPTS = 5, 30.0, 50
#: So often it is tried to write results to a place that refuses.
MOST_REFUSALS = 3
#: Progress goes into the ledger this often, in seconds.
_MOVED_S = 2.0
#: A job that crashed waits so long for a watch to be idle, in seconds; then nothing new is begun until it had its turn.
_CAREFUL_S = 600.0
#: How long one turn waits for events, in seconds.
_TURN_S = 0.5
#: The ledger is told this often, in seconds, that a driver is at work.
_ALIVE_S = 10.0

#: Why the engine was asked to drop a task.
Drop = Literal["person", "timeout", "stop"]
Kind = Literal["begun", "moved", "done", "failed", "quarantined", "again", "cancelled", "paused", "resumed", "stopping"]


@dataclass(frozen=True)
class Notice:
    """Something that people may want to know at once; `job` is None for the whole batch."""

    kind: Kind
    text: str = ""
    job: Job | None = None


class Batch:
    """One run of the driver over a ledger, in the calling thread. `tell` hears of everything; `rescan` is asked each
    `rescan_s` seconds for new orders, and the run then lasts until it is stopped. An attempt that takes longer than
    `timeout_s` seconds is ended; None lets it take what it takes.

    Whoever makes it must hold the ledger for itself: see `claim.claimed`.
    """

    def __init__(
        self,
        ledger: Ledger,
        engine: Engine,
        logs: JobLogs,
        *,
        work: str = "",
        timeout_s: float | None = None,
        tell: Callable[[Notice], None] = lambda notice: None,
        rescan: Callable[[], object] | None = None,
        rescan_s: float = 5.0,
    ) -> None:
        self._ledger, self._engine, self._logs, self._work, self._tell = ledger, engine, logs, work, tell
        self._rescan, self._rescan_s, self._scanned = rescan, rescan_s, time.monotonic()
        self._unscanned = ""
        self._timeout_s = timeout_s
        self._alive: float | None = None
        self._in_hand: dict[int, Job] = {}
        self._begun: dict[int, float] = {}
        self._dropped: dict[int, Drop] = {}
        self._alone = False
        self._careful_since: float | None = None
        self._moved: dict[int, float] = {}
        self._stopping = self._at_once = False
        self._no_room: NoRoom | None = None

    def stop(self) -> None:
        """Finishes what is in hand and takes nothing more; the second call stops at once. For signal handlers too."""
        self._at_once = self._stopping
        self._stopping = True

    def go(self) -> dict[State, int]:
        """Works until nothing is left; how many jobs are in each state then.

        What was in hand when an earlier driver was killed waits again. Raises what the ledger and the engine raise.
        """
        for number in self._keep(self._ledger.cut_off):
            self._bounded(number)
        told_stop = False
        self._note_pause("")
        try:
            while not self._at_once:
                self._note_alive()
                if self._stopping and not told_stop:
                    told_stop = True
                    self._drop_unbegun()
                    self._say("stopping", f"finishing {len(self._begun)} in hand; once more stops at once")
                self._take_requests()
                self._drop_overdue()
                self._look_for_room()
                self._feed()
                for event in self._engine.results(_TURN_S):
                    self._take(event)
                if not self._in_hand and self._is_over():
                    break
        finally:
            self._engine.close()
            for number in sorted(self._begun):
                self._interrupt(number)
        return self._ledger.counts()

    def _interrupt(self, number: int) -> None:
        self._keep(lambda: self._ledger.again(number, "interrupted", "the batch was stopped"))

    def _is_over(self) -> bool:
        if self._stopping:
            return True
        if self._no_room is not None:
            return False
        if self._rescan is not None:
            self._look_for_more()
            return False
        return not any(self._ledger.waiting(1, careful=careful) for careful in (False, True))

    # --- what goes out

    def _feed(self) -> None:
        if self._stopping or self._no_room is not None or self._alone:
            return
        self._look_for_more()
        if not self._is_held_back():
            self._submit_all(careful=False)
        if self._engine.apart:
            self._submit_all(careful=True)
        elif not self._in_hand:
            for job in self._ledger.waiting(1, careful=True):
                self._alone = True
                self._submit(job)

    def _submit_all(self, *, careful: bool) -> None:
        while (free := self._engine.free) > 0:
            jobs = self._ledger.waiting(free, careful=careful, without=self._in_hand)
            for job in jobs:
                self._submit(job)
            if len(jobs) < free:
                break

    def _is_held_back(self) -> bool:
        """Whether new work waits for a careful job to have its turn: a watch may never be idle."""
        if self._rescan is None or self._engine.apart or not self._ledger.waiting(1, careful=True):
            self._careful_since = None
            return False
        now = time.monotonic()
        self._careful_since = self._careful_since or now
        return now - self._careful_since >= _CAREFUL_S

    def _submit(self, job: Job) -> None:
        try:
            size, mtime_ns = stat(job.order.source)
        except InputError as error:
            self._keep(lambda: self._ledger.begin(job.id, ""))
            self._end(job, Outcome(type(error).__name__, str(error)))
            return
        same = (size, mtime_ns) == (job.size, job.mtime_ns)
        if not same:
            self._keep(lambda: self._ledger.seen(job.id, size, mtime_ns))
        self._in_hand[job.id] = replace(job, size=size, mtime_ns=mtime_ns)
        again, careful = same and job.attempts > 0, job.crashes > 0
        self._engine.submit(Task(job.id, job.order, self._work, again, careful, self._ledger.id))

    def _look_for_more(self) -> None:
        now = time.monotonic()
        if self._rescan is None or now - self._scanned < self._rescan_s:
            return
        self._scanned = now
        try:
            self._keep(self._rescan)
            self._unscanned = ""
        except AudiopostError as error:  # a share that is away, a table that is being written: it may come back
            if str(error) != self._unscanned:
                log.warning("New recordings cannot be looked for now: %s", error)
            self._unscanned = str(error)

    def _drop(self, number: int, why: Drop) -> None:
        self._dropped[number] = why
        self._engine.cancel(number)

    def _drop_unbegun(self) -> None:
        for number in [number for number in self._in_hand if number not in self._begun]:
            self._drop(number, "stop")

    def _drop_overdue(self) -> None:
        if self._timeout_s is None:
            return
        due = time.monotonic() - self._timeout_s
        for number in [number for number, begun in self._begun.items() if begun <= due]:
            if number not in self._dropped:
                self._drop(number, "timeout")

    def _take_requests(self) -> None:
        for request in self._keep(self._ledger.asked):
            if request.verb == "retry":
                self._keep(functools.partial(self._ledger.reset, request.job))
            elif request.job in self._in_hand:
                self._drop(request.job, "person")
            elif self._keep(functools.partial(self._ledger.drop, request.job)):
                self._say("cancelled", "", self._ledger.get(request.job))

    # --- what comes back

    def _take(self, event: Event) -> None:
        job = self._in_hand.get(event.job)
        if job is None:
            return
        number = job.id
        if isinstance(event, Moved):
            self._move(job, event)
        elif isinstance(event, Said):
            self._logs.add(job, event.level, event.text)
        elif isinstance(event, Begun):
            self._begun[number] = time.monotonic()
            self._keep(lambda: self._ledger.begin(number, event.worker))
            job = self._in_hand[number] = self._ledger.get(number)
            self._logs.add(job, logging.INFO, f"attempt {job.attempts} by {event.worker}")
            self._say("begun", event.worker, job)
        else:
            begun, dropped = number in self._begun, self._dropped.get(number)
            self._let_go(job)
            if isinstance(event, Ended):
                self._end(job, event.outcome)
            elif event.cause != "cancelled":
                self._lose(job, event)
            elif dropped == "timeout":
                self._crash(job, "timeout", f"it took longer than {clock(self._timeout_s or 0.0)}", ())
            elif dropped == "person":
                self._settle(job, Outcome("Cancelled", "It was cancelled."), "cancelled")
            elif begun:  # between our asking to drop it and the engine's doing so
                self._interrupt(number)

    def _move(self, job: Job, event: Moved) -> None:
        job = self._in_hand[job.id] = replace(job, stage=event.stage, share=event.share)
        now = time.monotonic()
        if now - self._moved.get(job.id, -_MOVED_S) >= _MOVED_S:
            self._moved[job.id] = now
            self._keep(lambda: self._ledger.move(job.id, event.stage, event.share))
        self._say("moved", "", job)

    def _let_go(self, job: Job) -> None:
        del self._in_hand[job.id]
        self._begun.pop(job.id, None)
        self._dropped.pop(job.id, None)
        self._moved.pop(job.id, None)
        self._alone = False

    def _end(self, job: Job, outcome: Outcome) -> None:
        if not outcome.error:
            self._settle(job, outcome, "done")
        elif outcome.error == DiskFull.__name__:
            self._again(job, "disk full", outcome.reason)
            self._pause(outcome.reason, self._disk_of(job))
        elif outcome.error == "MemoryError":
            self._crash(job, "memory", outcome.reason, ())
        elif outcome.error == "OutputError" and self._refusals(job) < MOST_REFUSALS - 1:
            self._again(job, "failed", outcome.reason)
        else:
            self._settle(job, outcome, "failed")

    def _lose(self, job: Job, event: Lost) -> None:
        if event.cause == "killed":
            self._again(job, "killed", event.detail, loss=time.time() - job.begun >= LOSS_S)
            self._bounded(job.id)
        else:
            self._crash(job, event.cause, event.detail, event.words)

    def _crash(self, job: Job, cause: str, detail: str, words: Iterable[str]) -> None:
        for line in words:
            self._logs.add(job, logging.ERROR, line)
        if job.crashes == 0:
            self._again(job, cause, f"{detail}; once more, alone and with smaller settings", crash=True)
            return
        reason = f"It brought its worker down twice, the second time alone and with smaller settings: {detail}."
        self._settle(job, Outcome("StageError", reason), "quarantined", ending=cause)

    def _bounded(self, number: int) -> None:
        """Quarantines a job that is cut off from outside again and again: it may be what ends the machine."""
        job = self._ledger.get(number)
        attempts = job.attempts - job.before
        if job.losses >= MOST_LOSSES or attempts >= MOST_ATTEMPTS:
            reason = f"It was cut off in {attempts} attempts, and may be what ends the batch or the machine."
            self._settle(job, Outcome("StageError", reason), "quarantined")

    def _again(self, job: Job, ending: str, detail: str, *, crash: bool = False, loss: bool = False) -> None:
        self._logs.add(job, logging.WARNING, f"{ending}: {detail}")
        self._keep(lambda: self._ledger.again(job.id, ending, detail, crash=crash, loss=loss))
        self._say("again", f"{ending}: {detail}", job)

    def _settle(self, job: Job, outcome: Outcome, state: State, *, ending: str = "") -> None:
        if outcome.reason:
            self._logs.add(job, logging.ERROR, outcome.reason)
        self._keep(lambda: self._ledger.finish(job.id, outcome, state, ending=ending))
        kinds: dict[str, Kind] = {"done": "done", "cancelled": "cancelled", "quarantined": "quarantined"}
        self._say(kinds.get(state, "failed"), outcome.reason, self._ledger.get(job.id))

    def _refusals(self, job: Job) -> int:
        """How often in a row its results were refused before."""
        count = 0
        for attempt in reversed(self._ledger.attempts(job.id)[:-1]):
            if attempt.ending != "failed":
                break
            count += 1
        return count

    # --- full disks

    def _disk_of(self, job: Job) -> Path:
        return Path(self._work or ".") if is_url(job.order.out) else Path(job.order.out)

    def _pause(self, reason: str, disk: Path) -> None:
        if self._no_room is None:
            self._no_room = NoRoom(disk)
            self._note_pause(reason)
            self._say("paused", f"{reason} The batch waits and goes on when there is room.")

    def _look_for_room(self) -> None:
        # What is in hand may still end, and give back what it has taken.
        if self._no_room is not None and not self._in_hand and self._no_room.is_over():
            self._no_room = None
            self._note_pause("")
            self._say("resumed", "going on")

    def _note_pause(self, reason: str) -> None:
        self._note(lambda: self._ledger.note("paused", reason))

    def _note_alive(self) -> None:
        now = time.monotonic()
        if self._alive is None or now - self._alive >= _ALIVE_S:
            self._alive = now
            self._note(self._ledger.alive)

    def _note(self, write: Callable[[], None]) -> None:
        """For others that look on, as far as there is room for it."""
        try:
            write()
        except DiskFull as error:
            log.debug("%s", error)

    def _keep(self, write: Callable[[], Any]) -> Any:
        """What `write` does to the ledger, waiting for room where its disk is full."""
        told = False
        while True:
            try:
                kept = write()
                break
            except DiskFull as error:
                if self._at_once:
                    raise
                if not told:
                    told = True
                    self._say("paused", f"{error} The batch waits and goes on when there is room.")
                time.sleep(LOOK_S)
        if told and self._no_room is None:
            self._say("resumed", "going on")
        return kept

    def _say(self, kind: Kind, text: str = "", job: Job | None = None) -> None:
        self._tell(Notice(kind, text, job))
