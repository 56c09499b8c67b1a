"""How far a batch is: as JSON for scripts, as a table that fits a terminal of 80 columns."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..core.shown import shown
from ..core.time import clock
from . import summary
from .claim import is_claimed
from .job import STATES
from .job_logs import JobLogs
from .ledger import Ledger
from .summary import Row, StageSpeed, Summary

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult
    from rich.measure import Measurement
    from rich.text import Text

#: Lines of the table: ended jobs, failures, and jobs in hand.
MOST_ENDED, MOST_FAILURES, MOST_IN_HAND = 10, 10, 24
_STYLES = {
    "done": "green", "failed": "bold red", "quarantined": "bold red", "running": "cyan", "cancelled": "yellow",
}  # fmt: skip
_BAR, _STAGE, _TIME, _STATE, _REASON_LINES = 14, 10, 8, 11, 3


def as_json(ledger: Ledger, logs: JobLogs, *, now: float | None = None) -> dict[str, Any]:
    """A batch as JSON values: counts by state, the sums, what is in hand, what failed and why.

    All times in seconds, real-time factors as computing seconds for each second of media; `began` and `ended` in
    seconds since 1970 (`now` as well, which is the clock's where it is not given). `paused` is why the batch waits,
    None where it does not. `driver` says whether one works on it: without it what is 'running' was cut off, and has no
    `seconds`.
    """
    status = _read(ledger, now)
    sums = status.sums
    return {
        "ledger": str(ledger.path),
        "driver": status.live,
        "paused": status.paused or None,
        "jobs": sums.total,
        "counts": dict(sums.counts),
        "summary": {
            "media_s": round(sums.media_s, 3),
            "wall_s": round(sums.wall_s, 3),
            "busy_s": round(sums.busy_s, 3),
            "compute_s": round(sums.compute_s, 3),
            "lost_s": round(sums.lost_s, 3),
            "left_s": _rounded(sums.left_s),
            "speed": _rounded(sums.speed),
            "began": _rounded(sums.begun),
            "ended": _rounded(sums.ended),
            "outputs": sums.outputs,
            "output_bytes": sums.output_bytes,
            "noted": sums.noted,
            "stages": [_stage(stage) for stage in sums.stages],
            "slowest": [
                {"id": each.id, "name": each.name, "seconds": _rounded(each.seconds), "rtf": _rounded(each.rtf)}
                for each in sums.slowest
            ],
        },
        "running": [
            {
                "id": each.id,
                "name": each.name,
                "source": each.source,
                "worker": each.worker,
                "attempt": each.attempts,
                "stage": each.stage,
                "share": round(each.share, 4),
                "seconds": _rounded(status.seconds(each)),
            }
            for each in status.in_hand
        ],
        "failures": [
            {
                "id": each.id,
                "name": each.name,
                "source": each.source,
                "state": each.state,
                "error": each.error,
                "reason": each.reason,
                "attempts": each.attempts,
                "crashes": each.crashes,
                "log": str(logs.path(each.id)),
            }
            for each in status.failures
        ],
    }


def table(ledger: Ledger, *, now: float | None = None) -> StatusTable:
    """A batch as something that rich prints, as of this moment. It reads every job: see `Live`."""
    return StatusTable(_read(ledger, now))


class Live:
    """The table of a batch that goes on: made anew when asked, but no oftener than its small `share` of the time."""

    def __init__(self, ledger: Ledger, share: float = 0.05, clock: Callable[[], float] = time.monotonic) -> None:
        self._ledger, self._share, self._clock = ledger, share, clock
        self._made: StatusTable | None = None
        self._due = 0.0

    def __call__(self) -> StatusTable:
        begun = self._clock()
        if self._made is None or begun >= self._due:
            self._made = table(self._ledger)
            self._due = self._clock() + (self._clock() - begun) / self._share
        return self._made


@dataclass(frozen=True)
class _Status:
    sums: Summary
    in_hand: tuple[Row, ...]
    ended: tuple[Row, ...]
    failures: tuple[Row, ...]
    paused: str
    live: bool
    now: float

    def seconds(self, each: Row) -> float | None:
        """How long a job has been in hand; None where nobody has it any more."""
        return max(0.0, self.now - each.begun) if self.live and each.begun is not None else None


def _read(ledger: Ledger, now: float | None) -> _Status:
    now, live = time.time() if now is None else now, is_claimed(ledger.path)
    in_hand: list[Row] = []
    failures: list[Row] = []
    ended: list[tuple[float, int, Row]] = []

    def sorted_out() -> Iterator[Row]:
        for each in summary.rows(ledger):
            if each.state == "running":
                in_hand.append(each)
            if each.is_bad:
                failures.append(each)
            if each.ended is not None and each.state not in ("waiting", "running"):
                heapq.heappush(ended, (each.ended, each.id, each))
                if len(ended) > MOST_ENDED:
                    heapq.heappop(ended)
            yield each

    sums = summary.summarise(ledger, sorted_out(), now=now, live=live)
    last = tuple(each for _, _, each in sorted(ended, reverse=True))
    return _Status(sums, tuple(in_hand), last, tuple(failures), ledger.about("paused"), live, now)


def _stage(stage: StageSpeed) -> dict[str, Any]:
    return {
        "stage": stage.name, "jobs": stage.jobs, "seconds": round(stage.seconds, 3),
        "media_s": round(stage.media_s, 3), "rtf": _rounded(stage.rtf),
    }  # fmt: skip


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


class StatusTable:
    """The table; a rich renderable. Nothing in it is wider than its console."""

    def __init__(self, status: _Status) -> None:
        self._status = status

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        status = self._status
        yield _counts(status.sums)
        if status.paused:
            yield _text(f"Paused: {shown(status.paused)}", "bold yellow")
        yield from _speed(status.sums)
        if status.in_hand:
            yield _heading("In hand" if status.live else "Cut off (no batch works on it: the next call goes on)")
            yield _in_hand(status)
        if status.ended:
            yield _heading("Ended last")
            yield _ended(status.ended)
        if status.failures:
            yield _heading(f"Failed ({len(status.failures)})")
            for each in status.failures[-MOST_FAILURES:]:
                yield from _failure(each, console, options.max_width)
            if len(status.failures) > MOST_FAILURES:
                yield _text(f"and {len(status.failures) - MOST_FAILURES} before these, in the report", "dim")


def _text(text: str, style: str = "") -> Text:
    from rich.text import Text

    return Text(text, style)


def _heading(text: str) -> Text:
    return _text(f"\n{text}", "bold")


def _counts(sums: Summary) -> Text:
    line = _text(f"{sums.total} job{'' if sums.total == 1 else 's'}: ")
    parts = [(state, sums.counts[state]) for state in STATES if sums.counts[state]]
    for number, (state, count) in enumerate(parts):
        line.append(", " if number else "").append(f"{count} {state}", _STYLES.get(state, ""))
    return line if parts else _text("No jobs.")


def _speed(sums: Summary) -> Iterator[Text]:
    said = []
    if sums.speed is not None:
        said.append(f"{clock(sums.media_s)} of sound in {clock(sums.busy_s)}, {sums.speed:.1f} times real time")
    if sums.left_s:
        said.append(f"about {clock(sums.left_s)} left")
    if sums.noted:
        said.append(f"{sums.noted} to look at")
    if said:
        yield _text("; ".join(said), "dim")


def _in_hand(status: _Status) -> Any:
    from rich.progress_bar import ProgressBar
    from rich.table import Table

    grid = Table.grid(padding=(0, 1), expand=True)
    for width, justify in ((_BAR, "left"), (5, "right"), (_STAGE, "left"), (_TIME, "right")):
        grid.add_column(width=width, no_wrap=True, justify=justify, overflow="ellipsis")  # type: ignore[arg-type]
    grid.add_column(ratio=1, no_wrap=True)
    for each in status.in_hand[:MOST_IN_HAND]:
        bar = ProgressBar(total=1.0, completed=each.share, width=_BAR)
        spent = status.seconds(each)
        stage, since = _text(shown(each.stage)), "" if spent is None else clock(spent)
        grid.add_row(bar, f"{100 * each.share:.0f} %", stage, since, _Name(each.name))
    if len(status.in_hand) > MOST_IN_HAND:
        grid.add_row("", "", "", "", _text(f"and {len(status.in_hand) - MOST_IN_HAND} more", "dim"))
    return grid


def _ended(jobs: tuple[Row, ...]) -> Any:
    from rich.table import Table

    grid = Table.grid(padding=(0, 1), expand=True)
    for width, justify in ((_STATE, "left"), (_TIME, "right"), (7, "right")):
        grid.add_column(width=width, no_wrap=True, justify=justify)  # type: ignore[arg-type]
    grid.add_column(ratio=1, no_wrap=True)
    for each in jobs:
        spent = clock(each.seconds) if each.seconds else ""
        speed = f"{each.rtf:.2f} ×" if each.rtf else ""
        grid.add_row(_text(each.state, _STYLES.get(each.state, "")), spent, speed, _Name(each.name))
    return grid


def _failure(each: Row, console: Console, width: int) -> Iterator[Any]:
    from rich.padding import Padding
    from rich.table import Table

    grid = Table.grid(padding=(0, 1), expand=True)
    grid.add_column(width=_STATE, no_wrap=True)
    grid.add_column(ratio=1, no_wrap=True)
    grid.add_row(_text(each.state, _STYLES[each.state]), _Name(each.name))
    yield grid
    lines = list(_text(shown(each.reason)).wrap(console, max(width - 2, 1), overflow="fold"))
    if len(lines) > _REASON_LINES:
        lines = lines[:_REASON_LINES]
        lines[-1].append(" …")
        lines[-1].truncate(max(width - 2, 1), overflow="ellipsis")
    for line in lines:
        yield Padding(line, (0, 0, 0, 2))


class _Name:
    """A name in one line: where it is too long its middle goes, since episodes differ at the end."""

    def __init__(self, name: str) -> None:
        self._name = shown(name)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield _text(_shortened(self._name, options.max_width))

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        from rich.cells import cell_len
        from rich.measure import Measurement

        return Measurement(1, max(1, min(cell_len(self._name), options.max_width)))


def _shortened(text: str, width: int) -> str:
    from rich.cells import cell_len

    if cell_len(text) <= width:
        return text
    half = (width - 1) // 2
    head, tail = text, text
    while head and cell_len(head) > half:
        head = head[:-1]
    while tail and cell_len(tail) > width - 1 - half:
        tail = tail[1:]
    return f"{head}…{tail}"
