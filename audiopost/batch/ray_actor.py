"""What runs in an actor: a worker process, the tasks that go to it and what it tells."""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass

from .. import __version__
from .engine import Begun, Ended, Event, Lost, Moved, Said
from .job import Task
from .local import Local

#: Lines of logs that one turn carries.
_MOST_SAID = 500


@dataclass(frozen=True)
class About:
    """Where an actor is."""

    version: str
    host: str
    process: int


class Hand:
    """An actor: a worker process, what goes to it and what it tells. Ray calls one method after the other."""

    def __init__(self, threads: int, module: str) -> None:
        # Ray starts it from our package, so telemetry is off here and in the worker.
        self._engine = Local(1, threads, module=module)
        self._begun: set[int] = set()

    def about(self) -> About:
        """Answers when the actor has come."""
        return About(__version__, socket.gethostname(), os.getpid())

    def turn(self, give: Sequence[Task], back: Sequence[int], timeout_s: float) -> list[Event]:
        """Takes tasks, gives back those of `back` that have not begun (as Lost), and tells what happens until
        something does that the driver has to know at once, at most for so long."""
        end = time.monotonic() + timeout_s
        events: list[Event] = []
        for task in give:
            self._engine.submit(task)
        while back and (more := self._heard(0.0)):  # who has begun is known after this
            events += more
        for job in back:
            if job not in self._begun:
                self._engine.cancel(job)
        while not any(isinstance(event, Begun | Ended | Lost) for event in events):
            left_s = end - time.monotonic()
            events += self._heard(max(0.0, left_s))
            if left_s <= 0:
                break
        return thinned(events)

    def _heard(self, timeout_s: float) -> list[Event]:
        events = list(self._engine.results(timeout_s))
        for event in events:
            if isinstance(event, Begun):
                self._begun.add(event.job)
            elif isinstance(event, Ended | Lost):
                self._begun.discard(event.job)
        return events


def thinned(events: Sequence[Event]) -> list[Event]:
    """The same without the progress that later progress replaces, and with at most so many lines of a log."""
    last = {event.job: place for place, event in enumerate(events) if isinstance(event, Moved)}
    total = sum(isinstance(event, Said) for event in events)
    kept: list[Event] = []
    said = 0
    for place, event in enumerate(events):
        if isinstance(event, Moved) and last[event.job] != place:
            continue
        if isinstance(event, Said):
            said += 1
            if said > _MOST_SAID:
                continue
        kept.append(event)
        if isinstance(event, Said) and said == _MOST_SAID < total:
            text = f"{total - said} more lines of that second were not kept"
            kept.append(Said(event.job, logging.WARNING, text))
    return kept
