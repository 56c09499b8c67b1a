"""A worker of this machine: a process that does tasks as lines of JSON come in, and leaves when their source does.

It is plain `python -m` of this module, so that the user's own program is not run again. On standard input come
`{"run": task}` and, while one runs, `{"ahead": task}`, the task that comes next, or null where another worker took it;
its answers, events as JSON, go to a copy of standard output, whose number belongs to standard error from then on: what
a library prints cannot break a line.
"""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import json
import logging
import os
import queue
import signal
import sys
import threading
from collections.abc import Callable
from typing import IO, Literal

from ..core.serial import from_json, to_json
from .engine import Ended, Event
from .job import Task
from .runner import Runner, as_json

log = logging.getLogger("audiopost")


def _end_with_parent() -> None:
    """Linux ends this process when its parent is killed, even while native code runs and no Python can."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # without it the end of standard input is all that tells
            ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def _listen(source: IO[bytes], tasks: queue.SimpleQueue[Task], prefetch: Callable[[Task | None], None]) -> None:
    try:
        for line in source:
            ((kind, task),) = json.loads(line).items()
            if kind == "run":
                tasks.put(from_json(Task, task))
            else:  # at once: it is decoded while the other one is worked on
                prefetch(None if task is None else from_json(Task, task))
    finally:
        os._exit(0)  # nobody is there to hear what we would still say


def main() -> None:
    """Entry point of the process."""
    _end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the driver decides what it means
    faulthandler.enable()
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    lock = threading.Lock()

    def tell(event: Event) -> None:
        line = json.dumps(as_json(event), ensure_ascii=True).encode() + b"\n"
        with lock:
            out.write(line)
            out.flush()

    log.setLevel(logging.INFO)
    log.propagate = False
    runner = Runner(tell)
    tasks: queue.SimpleQueue[Task] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, tasks, runner.prefetch), daemon=True).start()
    while True:
        task = tasks.get()
        tell(Ended(task.id, runner.run(task)))


def line_of(kind: Literal["run", "ahead"], task: Task | None) -> bytes:
    """A message to a worker."""
    return json.dumps({kind: to_json(task)}, ensure_ascii=True).encode() + b"\n"


if __name__ == "__main__":
    main()
