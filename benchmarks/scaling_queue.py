"""The queue of a batch by discrete events, for scaling.py: workers, crashes, lost workers, stragglers, dead drivers.

The policy is the driver's (audiopost/batch/drive.py): jobs in the order of their numbers, two in hand for each worker;
a job that brings its worker down is tried once more, after the others, alone and with smaller settings, and then
quarantined; one that is cut off from outside waits again in its old place, and is quarantined once its worker was
killed MOST_LOSSES times, each after LOSS_S, or at its MOST_ATTEMPTS-th attempt. What was finished of a job is kept by
stages where results lie on a share, and thrown away where `resume` is False.

Simplified: decoding ahead always comes in time; an idle worker is not lost; a straggler is due to its recording.
"""

from __future__ import annotations

import heapq
import itertools
import math
import random
from bisect import bisect_right
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Literal

from scaling_figures import HOUR_S, LENGTHS

from audiopost.batch.drive import LOSS_S, MOST_ATTEMPTS, MOST_LOSSES

#: Where a job that crashed is tried again by itself: while the whole batch waits (one machine), or on its worker (Ray).
Alone = Literal["batch", "worker"]
Order = Literal["as listed", "longest first", "shortest first"]


@dataclass(frozen=True)
class Setting:
    """What the queue meets. Every figure is an assumption, and stands in the tables with its result.

    `crash`: probability that an attempt brings its worker down; `fatal`: share of recordings that always do. `careful`:
    how much slower smaller settings are. `loss_per_h`: how often an hour a busy worker is lost from outside.
    `restart_per_h`: how often the driver dies. `load_s`, `replace_s`, `restart_s`: until a process has its models,
    until a lost worker has a successor, until the driver is back. `spread`, `slow`, `slower`: sigma of the log-normal
    factor on a job's time, share of jobs that are slower still, and how much.
    """

    workers: int
    crash: float = 0.001
    fatal: float = 0.0
    careful: float = 2.0
    loss_per_h: float = 0.0
    restart_per_h: float = 0.0
    resume: bool = True
    alone: Alone = "worker"
    order: Order = "as listed"
    load_s: float = 30.0
    replace_s: float = 180.0
    restart_s: float = 60.0
    spread: float = 0.25
    slow: float = 0.01
    slower: float = 4.0


@dataclass(frozen=True)
class Work:
    """A job: the seconds that it takes, and the shares of them at which its stages end."""

    service_s: float
    ends: tuple[float, ...]


@dataclass(frozen=True)
class Result:
    """What became of a queue. Times in seconds; `busy_s` is `useful_s` and `lost_s` together.

    `ideal_s` is what the jobs that got done take workers that never wait, crash or load, or the longest of them alone
    where that is more.
    `tail_s` passes between the end of 99 % of the jobs and the end of all. `alone_s` is what careful jobs took.
    """

    workers: int
    jobs: int
    done: int
    quarantined: int
    crashes: int
    losses: int
    makespan_s: float
    ideal_s: float
    busy_s: float
    useful_s: float
    lost_s: float
    tail_s: float
    alone_s: float

    @property
    def utilisation(self) -> float:
        """Useful seconds as a share of what all workers had."""
        return self.useful_s / (self.workers * self.makespan_s)

    @property
    def stretch(self) -> float:
        """Makespan by ideal."""
        return self.makespan_s / self.ideal_s


def lengths(hours: float, rng: random.Random) -> list[float]:
    """Recordings of together `hours` (the last one may pass it), in seconds, in no order."""
    made: list[float] = []
    left = hours * HOUR_S
    while left > 0:
        at = rng.random()
        for _, share, low, high in LENGTHS:
            if at < share or high == LENGTHS[-1][3]:
                made.append(low + (high - low) * rng.random())
                break
            at -= share
        left -= made[-1]
    return made


def work(media_s: Sequence[float], stages: Sequence[float], setting: Setting, rng: random.Random) -> list[Work]:
    """Jobs out of recordings' lengths and the real-time factors of the stages, stragglers among them, as ordered."""
    rtf = sum(stages)
    ends = tuple(end / rtf for end in itertools.accumulate(stages))[:-1]
    normal = NormalDist()
    made = []
    for length in media_s:
        factor = math.exp(setting.spread * normal.inv_cdf(rng.random() or 0.5))
        if rng.random() < setting.slow:
            factor *= setting.slower
        made.append((length, Work(length * rtf * factor, ends)))
    if setting.order != "as listed":  # by the recordings' lengths: nobody knows a straggler before
        made.sort(key=lambda each: each[0], reverse=setting.order == "longest first")
    return [each for _, each in made]


class _Job:
    __slots__ = ("attempts", "crashes", "finished", "kept_s", "losses", "work")

    def __init__(self, what: Work) -> None:
        self.work = what
        self.attempts = self.crashes = self.losses = 0
        self.finished = self.kept_s = 0.0


class Simulation:
    """One batch; `run` gives what became of it."""

    def __init__(self, jobs: Sequence[Work], setting: Setting, rng: random.Random) -> None:
        self._jobs = [_Job(each) for each in jobs]
        self._set, self._rng = setting, rng
        self._fatal = [rng.random() < setting.fatal for _ in jobs]
        self._ready = list(range(len(jobs)))  # a heap: by number
        self._careful: list[int] = []
        self._ahead: deque[int] = deque()
        self._idle = setting.workers
        self._running: dict[int, tuple[int, float]] = {}  # attempt: job, begin
        self._events: list[tuple[float, int, str, int]] = []
        self._count = itertools.count()
        self._alone = False
        self._now = setting.load_s
        self._ends: list[float] = []
        self._done = self._quarantined = self._crashes = self._losses = 0
        self._busy_s = self._useful_s = self._lost_s = self._alone_s = 0.0
        self._needed_s = self._longest_s = 0.0

    def run(self) -> Result:
        """Until every job is done or quarantined."""
        if self._set.restart_per_h:
            self._at(self._now + self._until(self._set.restart_per_h), "driver", 0)
        self._feed()
        while self._done + self._quarantined < len(self._jobs):
            self._now, _, kind, number = heapq.heappop(self._events)
            if kind == "worker":
                self._idle += 1
            elif kind == "driver":
                self._driver_dies()
            elif kind == "back":
                self._idle = self._set.workers
            elif number in self._running:
                getattr(self, f"_{kind}")(number)
            self._feed()
        return self._result()

    # --- handing out

    def _feed(self) -> None:
        while not self._alone:
            while self._ready and len(self._running) + len(self._ahead) < 2 * self._set.workers:
                self._ahead.append(heapq.heappop(self._ready))
            if self._ahead and self._idle:
                self._begin(self._ahead.popleft())
                continue
            if self._careful and self._idle and not self._ahead and (
                self._set.alone == "worker" or not self._running
            ):  # fmt: skip
                self._alone = self._set.alone == "batch"
                self._begin(heapq.heappop(self._careful))
                continue
            return

    def _begin(self, number: int) -> None:
        self._idle -= 1
        job, rng, attempt = self._jobs[number], self._rng, next(self._count)
        self._running[attempt] = (number, self._now)
        job.attempts += 1
        rest_s = (1.0 - job.finished) * self._length_s(job)
        kind, after_s = "ended", rest_s
        if self._fatal[number] or rng.random() < self._set.crash:
            kind, after_s = "crashed", rest_s * rng.random()
        if self._set.loss_per_h and (lost_s := self._until(self._set.loss_per_h)) < after_s:
            kind, after_s = "lost", lost_s
        self._at(self._now + after_s, kind, attempt)

    def _length_s(self, job: _Job) -> float:
        return job.work.service_s * (self._set.careful if job.crashes else 1.0)

    # --- what comes back

    def _ended(self, attempt: int) -> None:
        job, took_s = self._taken(attempt)
        self._useful_s += job.kept_s + took_s
        self._needed_s += job.work.service_s
        self._longest_s = max(self._longest_s, job.work.service_s)
        self._done += 1
        self._ends.append(self._now)
        self._idle += 1

    def _crashed(self, attempt: int) -> None:
        number = self._running[attempt][0]
        job, took_s = self._taken(attempt)
        self._crashes += 1
        self._at(self._now + self._set.load_s, "worker", 0)
        if job.crashes:
            self._quarantine(job, took_s)
            return
        self._keep(job, took_s)
        job.crashes += 1
        heapq.heappush(self._careful, number)

    def _lost(self, attempt: int) -> None:
        self._at(self._now + self._set.replace_s + self._set.load_s, "worker", 0)
        number, begun = self._running[attempt]
        self._jobs[number].losses += self._now - begun >= LOSS_S
        self._cut_off(attempt)

    def _driver_dies(self) -> None:
        for attempt in sorted(self._running):
            self._cut_off(attempt)
        for number in self._ahead:
            heapq.heappush(self._ready, number)
        self._ahead.clear()
        self._events.clear()
        self._idle = 0
        back_s = self._now + self._set.restart_s + self._set.load_s
        self._at(back_s, "back", 0)
        self._at(back_s + self._until(self._set.restart_per_h), "driver", 0)

    def _cut_off(self, attempt: int) -> None:
        number = self._running[attempt][0]
        job, took_s = self._taken(attempt)
        self._losses += 1
        if job.losses >= MOST_LOSSES or job.attempts >= MOST_ATTEMPTS:
            self._quarantine(job, took_s)
            return
        self._keep(job, took_s)
        heapq.heappush(self._careful if job.crashes else self._ready, number)

    def _taken(self, attempt: int) -> tuple[_Job, float]:
        number, begun = self._running.pop(attempt)
        job, took_s = self._jobs[number], self._now - begun
        self._busy_s += took_s
        self._alone_s += took_s if job.crashes else 0.0
        self._alone = False
        return job, took_s

    def _keep(self, job: _Job, took_s: float) -> None:
        """What of an attempt that was cut off stays: the stages that it had finished."""
        if not self._set.resume:
            self._lost_s += job.kept_s + took_s
            job.kept_s = job.finished = 0.0
            return
        reached = job.finished + took_s / self._length_s(job)
        whole = bisect_right(job.work.ends, reached)
        finished = max(job.finished, job.work.ends[whole - 1] if whole else 0.0)
        kept_s = (finished - job.finished) * self._length_s(job)
        job.finished = finished
        job.kept_s += kept_s
        self._lost_s += took_s - kept_s

    def _quarantine(self, job: _Job, took_s: float) -> None:
        self._lost_s += job.kept_s + took_s
        self._quarantined += 1
        self._ends.append(self._now)

    # --- time

    def _until(self, per_h: float) -> float:
        return -math.log(1.0 - self._rng.random()) * HOUR_S / per_h

    def _at(self, when: float, kind: str, attempt: int) -> None:
        heapq.heappush(self._events, (when, next(self._count), kind, attempt))

    def _result(self) -> Result:
        ideal_s = max(self._needed_s / self._set.workers, self._longest_s)
        most = self._ends[min(math.ceil(0.99 * len(self._ends)), len(self._ends)) - 1]
        return Result(
            self._set.workers, len(self._jobs), self._done, self._quarantined, self._crashes, self._losses, self._now,
            ideal_s, self._busy_s, self._useful_s, self._lost_s, self._now - most, self._alone_s,
        )  # fmt: skip


def simulate(hours: float, stages: Sequence[float], setting: Setting, seed: int = 1) -> Result:
    """A batch of recordings of together `hours`; the same seed gives the same recordings whatever the setting."""
    media_s = lengths(hours, random.Random(seed))
    jobs = work(media_s, stages, setting, random.Random(seed + 1))
    return Simulation(jobs, setting, random.Random(seed + 2)).run()


def averaged(hours: float, stages: Sequence[float], setting: Setting, seeds: int = 5) -> Result:
    """The mean of several seeds, rounded where jobs are counted."""
    each = [simulate(hours, stages, setting, seed) for seed in range(10, 10 * (seeds + 1), 10)]
    means = {
        name: sum(getattr(result, name) for result in each) / seeds for name in Result.__dataclass_fields__
    }  # fmt: skip
    counts = {"workers", "jobs", "done", "quarantined", "crashes", "losses"}
    return replace(each[0], **{name: round(mean) if name in counts else mean for name, mean in means.items()})
