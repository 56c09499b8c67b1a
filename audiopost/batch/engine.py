"""The protocol between the driver and what does the work: tasks in, events out.

Of each task that was submitted an engine tells Begun, any number of Moved and Said, and then exactly one of Ended and
Lost; a task that is lost or cancelled before it began has Lost alone. It tries nothing again: the driver decides.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Protocol

from .job import Outcome, Task

#: Why a task was lost: its code crashed, it ran out of memory, something outside ended its worker, or we did.
Cause = Literal["crash", "memory", "killed", "cancelled"]


@dataclass(frozen=True)
class Begun:
    """A worker has it in hand."""

    job: int
    worker: str


@dataclass(frozen=True)
class Moved:
    """It is at `stage`; `share` (0..1) of the whole is done."""

    job: int
    stage: str
    share: float


@dataclass(frozen=True)
class Said:
    """A line of its log; `level` as in logging."""

    job: int
    level: int
    text: str


@dataclass(frozen=True)
class Ended:
    """Its worker told how it ended."""

    job: int
    outcome: Outcome


@dataclass(frozen=True)
class Lost:
    """Its worker is gone. `detail` says how in words; `words` are its last lines on standard error."""

    job: int
    cause: Cause
    detail: str
    words: tuple[str, ...] = ()


Event = Begun | Moved | Said | Ended | Lost


class Engine(Protocol):
    """What does the work. All methods are called from one thread."""

    @property
    def apart(self) -> bool:
        """Whether a task has its worker's machine, or its own share of it, to itself: then 'alone' is no wait."""
        ...

    @property
    def free(self) -> int:
        """How many more tasks it takes now: back-pressure. 0 where every worker has one in hand and one ahead."""
        ...

    def submit(self, task: Task) -> None:
        """Takes a task; returns at once."""
        ...

    def results(self, timeout_s: float) -> Iterable[Event]:
        """The events since the last call, waiting for the first at most so long."""
        ...

    def cancel(self, job: int) -> None:
        """Drops a task, killing the worker that has it in hand; Lost follows."""
        ...

    def close(self) -> None:
        """Ends all workers at once; nothing more is told."""
        ...
