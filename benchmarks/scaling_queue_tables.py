"""The tables of docs/scaling.md that come of the simulation (scaling_queue.py), for scaling.py: `film-dialogue`,
where nothing else is said 1,000 hours of it with the workers that the plan gives for a night.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import replace

from scaling_figures import HOUR_S, NIGHT_H, Prices
from scaling_format import percent, table
from scaling_plan import PLANNED, workers
from scaling_queue import Alone, Order, Result, Setting, averaged, simulate

FILM = PLANNED["film-dialogue"]
NIGHT = workers(FILM, 1_000, NIGHT_H)
#: What is played: shares of attempts that crash; how often an hour a busy worker is lost, and a driver dies.
CRASHES, LOSSES, RESTARTS = (0.001, 0.01, 0.05), (0.001, 0.02, 0.2, 1.0), (0.1, 1.0)
#: Workers for 1,000 hours; the large job by slices, in thousands of hours, and as so many ledgers of 1,000 hours.
COUNTS = (5, 10, 20, 50, 100, 200, 500, 1_000)
SLICES, LEDGERS = (1, 10, 100), 100

NO_CRASH = Setting(NIGHT, crash=0.0)
LONGEST_FIRST = Setting(NIGHT, alone="batch", order="longest first")
ALONE: Mapping[Alone, str] = {"batch": "one machine: nothing else runs", "worker": "Ray: alone on its actor"}
SHARE = "a share: goes on by stages"
HEAD = ("ideal h", "took h", "by ideal", "of the workers' time used", "last 1 % h")


@functools.cache
def simulated(setting: Setting, hours: int = 1_000) -> Result:
    """The mean over five seeds; over one for the large slices, whose jobs are many."""
    return (averaged if hours <= 1_000 else simulate)(hours, FILM.stages, setting)


def done_twice(result: Result) -> float:
    """Work that was done twice, as a share of what had to be done."""
    return result.lost_s / result.useful_s


def done_twice_on_spot() -> float:
    """The same where a busy worker is lost every 50 hours, its results on a share."""
    return done_twice(simulated(replace(NO_CRASH, loss_per_h=0.02)))


def told(result: Result) -> list[str]:
    """How a simulation ended, for a row: what HEAD says."""
    return [
        f"{result.ideal_s / HOUR_S:.2f}", f"{result.makespan_s / HOUR_S:.2f}", f"{result.stretch:.2f}",
        percent(result.utilisation), f"{result.tail_s / HOUR_S:.2f}",
    ]  # fmt: skip


def order(_: Prices) -> str:
    rows = [["no stragglers, as listed", *told(simulated(replace(NO_CRASH, spread=0.0, slow=0.0)))]]
    ways: Sequence[Order] = ("as listed", "longest first", "shortest first")
    rows += [[way, *told(simulated(replace(NO_CRASH, order=way)))] for way in ways]
    return table([f"{NIGHT} workers, no failures", *HEAD], rows)


def counts(_: Prices) -> str:
    rows = []
    for many in COUNTS:
        setting = replace(NO_CRASH, workers=many)
        listed, longest = simulated(setting), simulated(replace(setting, order="longest first"))
        rows.append([
            many, f"{listed.jobs / many:.0f}", f"{listed.ideal_s / HOUR_S:.2f}", f"{listed.makespan_s / HOUR_S:.2f}",
            percent(listed.utilisation), f"{longest.makespan_s / HOUR_S:.2f}", percent(longest.utilisation),
        ])  # fmt: skip
    head = ["jobs each", "ideal h", "as listed h", "used", "longest first h", "used"]
    return table(["workers for 1,000 hours", *head], rows)


def crashes(_: Prices) -> str:
    rows = []
    for crash in CRASHES:
        for alone, words in ALONE.items():
            result = simulated(replace(NO_CRASH, crash=crash, alone=alone))
            rows.append([
                percent(crash), words, *told(result), result.crashes, f"{result.quarantined} of {result.jobs}",
                f"{result.alone_s / HOUR_S:.2f}",
            ])  # fmt: skip
    return table(["attempts that crash", "tried again", *HEAD, "crashes", "quarantined", "second attempts h"], rows)


def losses(_: Prices) -> str:
    played = [
        (f"every {1 / per_h:g} h", words, replace(NO_CRASH, loss_per_h=per_h, resume=resume))
        for per_h in LOSSES
        for resume, words in ((True, SHARE), (False, "a store: from the beginning"))
    ]
    played += [
        (f"the driver, every {1 / per_h:g} h", SHARE, replace(NO_CRASH, restart_per_h=per_h)) for per_h in RESTARTS
    ]
    rows = []
    for often, words, setting in played:
        result = simulated(setting)
        rows.append([often, words, *told(result), result.losses, percent(done_twice(result)), result.quarantined])
    return table(["a worker is lost", "results on", *HEAD, "jobs cut off", "work done twice", "quarantined"], rows)


def slices(_: Prices) -> str:
    rows = []
    for times in SLICES:
        for alone, words in ALONE.items():
            result = simulated(replace(LONGEST_FIRST, workers=NIGHT * times, alone=alone), 1_000 * times)
            rows.append([
                f"{1_000 * times:,}, one ledger", f"{result.workers:,}", f"{result.jobs:,}", words,
                f"{result.ideal_s / HOUR_S:.1f}", f"{result.makespan_s / HOUR_S:.1f}", percent(result.utilisation),
                f"{result.alone_s / HOUR_S:.1f}",
            ])  # fmt: skip
    head = ["workers", "jobs", "second attempts", "ideal h", "took h", "of the workers' time used", "second attempts h"]
    return table(["hours", *head], [*rows, _apart(), _million()])


def _apart() -> list[str]:
    """The row of LEDGERS ledgers of 1,000 hours with workers of their own, over when the last of them is."""
    each = [simulate(1_000, FILM.stages, LONGEST_FIRST, seed) for seed in range(1_000, 1_000 + 10 * LEDGERS, 10)]
    last_s, all_workers = max(result.makespan_s for result in each), NIGHT * LEDGERS
    used = sum(result.useful_s for result in each) / (all_workers * last_s)
    return [
        f"{1_000 * LEDGERS:,}, {LEDGERS} ledgers", f"{all_workers:,}", f"{sum(result.jobs for result in each):,}",
        "one machine each: nothing else of its ledger runs", "", f"{last_s / HOUR_S:.1f}", percent(used), "",
    ]  # fmt: skip


def _million() -> list[str]:
    """The row of 1,000,000 hours in one ledger: the largest slice, with ten times its last attempts."""
    times, largest = 1_000 // SLICES[-1], SLICES[-1] * NIGHT
    result = simulated(replace(LONGEST_FIRST, workers=largest), 1_000 * SLICES[-1])
    took_s = result.makespan_s + (times - 1) * result.alone_s
    return [
        "1,000,000, one ledger, by ten times the last attempts", f"{times * largest:,}", f"{times * result.jobs:,}",
        ALONE["batch"], f"{result.ideal_s / HOUR_S:.1f}", f"{took_s / HOUR_S:.0f}",
        percent(result.useful_s / (largest * took_s)), f"{times * result.alone_s / HOUR_S:.0f}",
    ]  # fmt: skip
