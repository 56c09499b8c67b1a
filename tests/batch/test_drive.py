"""What the driver makes of each event: tried again, careful, quarantined, paused, stopped."""

from __future__ import annotations

import shutil
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from audiopost.batch import drive, room
from audiopost.batch.drive import MOST_ATTEMPTS, MOST_LOSSES, MOST_REFUSALS, Batch, Notice
from audiopost.batch.engine import Begun, Ended, Event, Lost, Moved, Said
from audiopost.batch.job import Order, Outcome, State, Task
from audiopost.batch.job_logs import JobLogs
from audiopost.batch.ledger import Ledger
from audiopost.core.errors import InputError

Make = Callable[..., Order]


class Scripted:
    """An engine whose answers are told beforehand: `answer(task)` gives the events after Begun."""

    apart = False

    def __init__(self, answer: Callable[[Task], Iterable[Event]], slots: int = 2) -> None:
        self._answer, self._slots = answer, slots
        self._in_hand: deque[Task] = deque()
        self._told: list[Event] = []
        self.submitted: list[Task] = []
        self.at_once = 0
        self.closed = False

    @property
    def free(self) -> int:
        return self._slots - len(self._in_hand)

    def submit(self, task: Task) -> None:
        assert self.free > 0, "more than it takes"
        self.submitted.append(task)
        self._in_hand.append(task)
        self.at_once = max(self.at_once, len(self._in_hand))

    def results(self, timeout_s: float) -> Iterable[Event]:
        told, self._told = self._told, []
        yield from told
        if self._in_hand:
            task = self._in_hand.popleft()
            yield Begun(task.id, "worker 1")
            yield from self._answer(task)

    def cancel(self, job: int) -> None:
        self._in_hand = deque(task for task in self._in_hand if task.id != job)
        self._told.append(Lost(job, "cancelled", "cancelled"))

    def close(self) -> None:
        self.closed = True


def done(task: Task) -> list[Event]:
    """The answer of a worker to whom nothing happens."""
    return [Ended(task.id, Outcome(content="c", media_s=1.0, seconds={"loudness": 0.1}))]


class Run:
    """A driver over a ledger with a scripted engine, and what it told."""

    def __init__(
        self, ledger: Ledger, logs: JobLogs, answer: Callable[[Task], Any], slots: int = 2, **more: Any
    ) -> None:
        self.engine = Scripted(answer, slots)
        self.told: list[Notice] = []
        self.batch = Batch(ledger, self.engine, logs, tell=self.told.append, **more)

    def go(self) -> dict[State, int]:
        return self.batch.go()

    def kinds(self, name: str = "") -> list[str]:
        return [n.kind for n in self.told if n.kind != "moved" and (n.job.order.name if n.job else "") == name]


def test_everything_is_done_once_in_order_with_no_more_than_fits(ledger: Ledger, logs: JobLogs, order: Make) -> None:
    numbers = [ledger.place(order(f"{n}")) for n in range(9)]
    run = Run(ledger, logs, done, slots=3)
    assert run.go()["done"] == 9
    assert [task.id for task in run.engine.submitted] == numbers
    assert run.engine.at_once == 3
    assert run.engine.closed
    assert run.kinds("4") == ["begun", "done"]


def test_progress_and_log_of_a_job_are_kept(ledger: Ledger, logs: JobLogs, order: Make) -> None:
    number = ledger.place(order("a"))
    seen = []

    def answer(task: Task) -> Any:
        yield Moved(task.id, "loudness", 0.5)
        seen.append(ledger.get(task.id))
        yield Said(task.id, 30, "a warning of its own")
        yield from done(task)

    Run(ledger, logs, answer).go()
    assert (seen[0].state, seen[0].stage, seen[0].share) == ("running", "loudness", 0.5)
    assert any("a warning of its own" in line for line in logs.tail(number))
    assert any("attempt 1" in line for line in logs.tail(number))


def test_a_failure_is_final_and_stops_no_other(ledger: Ledger, logs: JobLogs, order: Make) -> None:
    bad, good = ledger.place(order("bad")), ledger.place(order("good"))

    def answer(task: Task) -> list[Event]:
        return [Ended(task.id, Outcome("UnreadableMedia", "it is broken"))] if task.id == bad else done(task)

    run = Run(ledger, logs, answer)
    counts = run.go()
    assert (counts["failed"], counts["done"]) == (1, 1)
    assert ledger.get(bad).outcome.reason == "it is broken"
    assert ledger.get(bad).attempts == ledger.get(good).attempts == 1
    assert run.kinds("bad") == ["begun", "failed"]


@pytest.mark.parametrize("cause", ["crash", "memory"])
def test_a_crash_is_tried_once_more_alone_and_carefully(ledger: Ledger, logs: JobLogs, order: Make, cause: Any) -> None:
    numbers = [ledger.place(order(name)) for name in "abcd"]
    crashing = numbers[1]

    def answer(task: Task) -> list[Event]:
        if task.id == crashing and not task.careful:
            return [Lost(task.id, cause, "a memory fault", ("Fatal Python error", "  in decode"))]
        return done(task)

    run = Run(ledger, logs, answer)
    assert run.go()["done"] == 4
    last = run.engine.submitted[-1]  # after all others: alone
    assert (last.id, last.careful, last.resume) == (crashing, True, True)
    assert sum(task.careful for task in run.engine.submitted) == 1
    assert [attempt.ending for attempt in ledger.attempts(crashing)] == [cause, "done"]
    assert any("in decode" in line for line in logs.tail(crashing))


def test_where_workers_are_apart_a_careful_job_waits_for_nobody(ledger: Ledger, logs: JobLogs, order: Make) -> None:
    first = ledger.place(order("a"))

    def answer(task: Task) -> list[Event]:
        if task.id == first and not task.careful:
            ledger.place(order("later"))
            return [Lost(task.id, "crash", "a memory fault")]
        return done(task)

    run = Run(ledger, logs, answer, slots=2)
    run.engine.apart = True
    assert run.go()["done"] == 2
    assert run.engine.at_once == 2
    assert {task.id for task in run.engine.submitted if task.careful} == {first}


def test_a_watch_that_is_never_idle_gives_a_careful_job_its_turn(
    ledger: Ledger, logs: JobLogs, order: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drive, "_CAREFUL_S", 0.0)
    crashing, count = ledger.place(order("a")), [0]

    def answer(task: Task) -> list[Event]:
        if task.id == crashing:
            if task.careful:
                run.batch.stop()
                return done(task)
            return [Lost(task.id, "crash", "a memory fault")]
        count[0] += 1
        assert count[0] < 50
        ledger.place(order(f"new {count[0]}"))
        ledger.place(order(f"more {count[0]}"))
        return done(task)

    ledger.place(order("b"))
    run = Run(ledger, logs, answer, rescan=lambda: None)
    run.go()
    assert ledger.get(crashing).state == "done"


def test_two_crashes_are_quarantine_and_the_others_are_done(ledger: Ledger, logs: JobLogs, order: Make) -> None:
    numbers = [ledger.place(order(name)) for name in "abc"]

    def answer(task: Task) -> list[Event]:
        return [Lost(task.id, "crash", "a memory fault")] if task.id == numbers[0] else done(task)

    run = Run(ledger, logs, answer)
    counts = run.go()
    assert (counts["quarantined"], counts["done"]) == (1, 2)
    found = ledger.get(numbers[0])
    assert (found.attempts, found.crashes) == (2, 1)
    assert "brought its worker down twice" in found.outcome.reason
    assert "a memory fault" in found.outcome.reason
    assert run.kinds("a") == ["begun", "again", "begun", "quarantined"]


def test_memory_that_python_missed_counts_as_a_crash(ledger: Ledger, logs: JobLogs, order: Make) -> None:
    number = ledger.place(order("a"))
    run = Run(ledger, logs, lambda task: [Ended(task.id, Outcome("MemoryError", "no memory"))])
    assert run.go()["quarantined"] == 1
    assert ledger.get(number).attempts == 2


def test_kills_from_outside_are_suspicious_only_when_they_come_late_and_often(
    ledger: Ledger, logs: JobLogs, order: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    number, other = ledger.place(order("a")), ledger.place(order("b"))
    kills = [0]

    def answer(task: Task) -> list[Event]:
        if task.id == number and kills[0] < 3 * MOST_LOSSES:
            kills[0] += 1
            return [Lost(task.id, "killed", "ended from outside")]
        return done(task)

    assert Run(ledger, logs, answer).go()["done"] == 2  # each at once after its begin: somebody is at it
    assert (ledger.get(number).losses, ledger.get(number).crashes) == (0, 0)
    ledger.reset(number)
    ledger.reset(other)
    kills[0] = 0
    monkeypatch.setattr(drive, "LOSS_S", 0.0)
    counts = Run(ledger, logs, answer).go()
    assert (counts["quarantined"], counts["done"]) == (1, 1)
    assert kills[0] == MOST_LOSSES
    assert "cut off" in ledger.get(number).outcome.reason


def test_a_job_in_hand_at_each_death_of_the_batch_is_quarantined(ledger: Ledger, logs: JobLogs, order: Make) -> None:
    number = ledger.place(order("a"))
    for _ in range(MOST_ATTEMPTS):
        ledger.cut_off()
        ledger.begin(number, "w")
    run = Run(ledger, logs, done)
    assert run.go()["quarantined"] == 1
    assert run.engine.submitted == []
    ledger.reset(number)
    ledger.begin(number, "w")
    again = Run(ledger, logs, done)
    assert again.go()["done"] == 1


def test_a_place_that_refuses_is_tried_a_few_times(ledger: Ledger, logs: JobLogs, order: Make) -> None:
    number = ledger.place(order("a"))
    refused = [0]

    def answer(task: Task) -> list[Event]:
        refused[0] += 1
        return [Ended(task.id, Outcome("OutputError", "cannot write"))]

    assert Run(ledger, logs, answer).go()["failed"] == 1
    assert refused[0] == MOST_REFUSALS == ledger.get(number).attempts


def test_a_recording_that_is_gone_fails_with_its_reason(ledger: Ledger, logs: JobLogs, order: Make) -> None:
    asked = order("a")
    Path(asked.source).unlink()
    number = ledger.place(asked)
    run = Run(ledger, logs, done)
    assert run.go()["failed"] == 1
    assert asked.source in ledger.get(number).outcome.reason
    assert run.engine.submitted == []


def test_an_attempt_goes_on_from_the_last_only_where_the_recording_is_the_same(
    ledger: Ledger, logs: JobLogs, order: Make
) -> None:
    asked = order("a")
    number = ledger.place(asked)
    changed = [False]

    def answer(task: Task) -> list[Event]:
        if len(run.engine.submitted) < 3:
            if len(run.engine.submitted) == 2:
                Path(asked.source).write_bytes(b"another, longer sound")
            return [Lost(task.id, "killed", "ended")]
        return done(task)

    run = Run(ledger, logs, answer)
    run.go()
    assert changed == [False]
    assert [task.resume for task in run.engine.submitted] == [False, True, False]
    assert ledger.get(number).size == len(b"another, longer sound")


def test_a_full_disk_pauses_and_the_batch_goes_on_when_there_is_room(
    ledger: Ledger, logs: JobLogs, order: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = [ledger.place(order(name)) for name in "abc"]
    free = [1 << 20]
    looked = []

    def usage(path: Path) -> Any:
        looked.append(path)
        if len(looked) == 3:
            free[0] += room.MORE
        return SimpleNamespace(free=free[0])

    monkeypatch.setattr(shutil, "disk_usage", usage)
    monkeypatch.setattr(room, "LOOK_S", 0.0)

    def answer(task: Task) -> list[Event]:
        return done(task) if len(looked) >= 3 else [Ended(task.id, Outcome("DiskFull", "No room for a.wav."))]

    run = Run(ledger, logs, answer)
    assert run.go()["done"] == 3
    assert run.kinds().count("paused") == 1
    assert run.kinds().count("resumed") == 1
    assert all(ledger.get(number).crashes == ledger.get(number).losses == 0 for number in numbers)
    assert {attempt.ending for attempt in ledger.attempts(numbers[0])} == {"disk full", "done"}
    assert ledger.about("paused") == ""


def test_stop_finishes_what_is_in_hand_and_the_rest_waits(ledger: Ledger, logs: JobLogs, order: Make) -> None:
    numbers = [ledger.place(order(f"{n}")) for n in range(6)]

    def answer(task: Task) -> list[Event]:
        if task.id == numbers[1]:
            run.batch.stop()
        return done(task)

    run = Run(ledger, logs, answer)
    counts = run.go()
    assert (counts["done"], counts["waiting"], counts["running"]) == (2, 4, 0)
    assert "stopping" in run.kinds()
    assert Run(ledger, logs, done).go()["done"] == 6


def test_stop_twice_ends_at_once_and_what_was_in_hand_waits(ledger: Ledger, logs: JobLogs, order: Make) -> None:
    number = ledger.place(order("a"))

    def answer(task: Task) -> list[Event]:
        run.batch.stop()
        run.batch.stop()
        return [Moved(task.id, "loudness", 0.1)]

    run = Run(ledger, logs, answer)
    assert run.go()["waiting"] == 1
    assert run.engine.closed
    assert ledger.get(number).losses == 0  # our own doing
    assert ledger.attempts(number)[0].ending == "interrupted"


def test_others_may_cancel_and_retry_while_it_runs(ledger: Ledger, logs: JobLogs, order: Make) -> None:
    first, second, third = (ledger.place(order(name)) for name in "abc")
    asked = [False]

    def answer(task: Task) -> list[Event]:
        if not asked[0]:
            asked[0] = True
            ledger.ask("cancel", [second, third])
            return [Ended(task.id, Outcome("BadValue", "no"))]
        if task.id == first:
            return done(task)
        ledger.ask("retry", [first])
        return done(task)

    run = Run(ledger, logs, answer, slots=1)
    counts = run.go()
    assert counts["cancelled"] == 2
    assert counts["failed"] == 1
    ledger.ask("retry", [first])
    assert Run(ledger, logs, answer).go()["done"] == 1


def test_what_takes_longer_than_it_may_is_tried_once_more_and_quarantined(
    ledger: Ledger, logs: JobLogs, order: Make
) -> None:
    slow, quick = ledger.place(order("slow")), ledger.place(order("quick"))
    run = Run(ledger, logs, lambda task: [] if task.id == slow else done(task), timeout_s=0.0)
    counts = run.go()
    assert (counts["quarantined"], counts["done"]) == (1, 1)
    assert [attempt.ending for attempt in ledger.attempts(slow)] == ["timeout", "timeout"]
    assert "it took longer than 0:00" in ledger.get(slow).outcome.reason
    assert [task.careful for task in run.engine.submitted if task.id == slow] == [False, True]
    assert ledger.get(quick).attempts == 1


def test_a_person_may_cancel_what_is_in_hand_while_the_batch_stops(ledger: Ledger, logs: JobLogs, order: Make) -> None:
    number = ledger.place(order("a"))

    def answer(task: Task) -> list[Event]:
        run.batch.stop()
        ledger.ask("cancel", [task.id])
        return []

    run = Run(ledger, logs, answer)
    assert run.go()["cancelled"] == 1
    assert [attempt.ending for attempt in ledger.attempts(number)] == ["cancelled"]


def test_what_begins_while_the_batch_stops_waits_again(ledger: Ledger, logs: JobLogs, order: Make) -> None:
    first, second = ledger.place(order("a")), ledger.place(order("b"))

    def answer(task: Task) -> list[Event]:
        if task.id == first:
            run.batch.stop()
        return done(task)

    run = Run(ledger, logs, answer)
    drop = run.engine.cancel

    def cancel(job: int) -> None:
        run.engine._told.append(Begun(job, "worker 2"))  # it was quicker than we
        drop(job)

    run.engine.cancel = cancel  # type: ignore[method-assign]
    counts = run.go()
    assert (counts["done"], counts["waiting"], counts["running"]) == (1, 1, 0)
    assert [attempt.ending for attempt in ledger.attempts(second)] == ["interrupted"]


def test_a_watch_outlives_a_place_that_is_away_for_a_while(
    ledger: Ledger, logs: JobLogs, order: Make, caplog: pytest.LogCaptureFixture
) -> None:
    scans = [0]

    def rescan() -> None:
        scans[0] += 1
        if scans[0] <= 3:
            raise InputError("/series cannot be read: it is away.")
        if scans[0] == 4:
            ledger.place(order("new"))
        else:
            run.batch.stop()

    run = Run(ledger, logs, done, rescan=rescan, rescan_s=0.0)
    assert run.go()["done"] == 1
    assert caplog.text.count("it is away") == 1


def test_watching_takes_what_comes_until_it_is_stopped(ledger: Ledger, logs: JobLogs, order: Make) -> None:
    scans = [0]

    def rescan() -> None:
        scans[0] += 1
        if scans[0] <= 2:
            ledger.place(order(f"new {scans[0]}"))
        else:
            run.batch.stop()

    run = Run(ledger, logs, done, rescan=rescan, rescan_s=0.0)
    assert run.go()["done"] == 2
