"""The ledger of a server, and the driver that works through it in a thread of its own."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

from ..batch.claim import claimed
from ..batch.drive import Batch, Notice
from ..batch.engine import Engine
from ..batch.follow import Follow
from ..batch.hooks import Hooks
from ..batch.job import Job, Order
from ..batch.job_logs import JobLogs
from ..batch.ledger import Ledger, default_path
from ..batch.local import Local
from ..batch.places import stat
from ..batch.session import clear, clear_ahead, logs_of
from ..core.errors import AudiopostError
from ..io.atomic import make_folder
from . import uploads
from .settings import Settings

log = logging.getLogger("audiopost")

#: A driver that failed is started again after so many seconds.
_AGAIN_S = 5.0
#: So long its end waits until all is told of jobs that have ended, in seconds: whoever ends it waits as well.
_TOLD_S = 10.0

Condition = Literal["running", "paused", "stopped"]


class Driver:
    """Drives a ledger in a thread until `stop`; what fails it is told in the log, and it is started again.

    `hooks` hear of each job that ends; `timeout_s` as in `Batch`.
    """

    def __init__(
        self, ledger: Ledger, logs: JobLogs, engine: Callable[[], Engine], *, hooks: Hooks | None = None,
        timeout_s: float | None = None,
    ) -> None:  # fmt: skip
        self._ledger, self._logs, self._engine, self._timeout_s = ledger, logs, engine, timeout_s
        self._follow = Follow(hooks)
        self._ending, self._lock = threading.Event(), threading.Lock()
        self._batch: Batch | None = None
        self._condition: Condition = "running"
        self._thread = threading.Thread(target=self._run, name="audiopost-driver")

    @property
    def condition(self) -> Condition:
        """Whether it is at work."""
        return self._condition if self._thread.is_alive() else "stopped"

    def start(self) -> None:
        """Begins; what was in hand when an earlier one ended goes on."""
        self._thread.start()

    def stop(self) -> None:
        """Ends it at once, and waits for that; what was in hand waits again."""
        with self._lock:
            self._ending.set()
            if self._batch is not None:
                self._batch.stop()
                self._batch.stop()
        self._thread.join()
        self._follow.close(_TOLD_S)

    def _run(self) -> None:
        while not self._ending.is_set():
            try:
                self._drive()
            except Exception as error:  # the server outlives it: jobs are taken, and done when it can go on
                self._condition = "stopped"
                known = isinstance(error, AudiopostError)
                log.error("the driver stopped, and starts again in %g s: %s", _AGAIN_S, error, exc_info=not known)
                self._ending.wait(_AGAIN_S)

    def _drive(self) -> None:
        # Without a rescan it would end when nothing waits.
        batch = Batch(
            self._ledger, self._engine(), self._logs, timeout_s=self._timeout_s, tell=self._tell, rescan=lambda: None
        )  # fmt: skip
        with self._lock:
            if self._ending.is_set():
                return
            self._batch = batch
        self._condition = "running"
        batch.go()

    def _tell(self, notice: Notice) -> None:
        self._follow(notice)
        if notice.kind == "moved":
            return
        if notice.kind in ("paused", "resumed"):
            self._condition = "paused" if notice.kind == "paused" else "running"
        about = f"job {notice.job.id} " if notice.job is not None else ""
        bad = notice.kind in ("failed", "quarantined", "paused")
        log.log(
            logging.WARNING if bad else logging.INFO, "%s%s%s", about, notice.kind,
            f": {notice.text}" if notice.text else "",
        )  # fmt: skip


class Works:
    """What the routes work with."""

    def __init__(self, settings: Settings, ledger: Ledger, logs: JobLogs, driver: Driver) -> None:
        self.settings, self.ledger, self.logs, self.driver = settings, ledger, logs, driver

    def place(self, order: Order, settings: str) -> Job:
        """Puts an order into the ledger. Raises InputError, OutputError."""
        size, mtime_ns = stat(order.source)
        return self.ledger.get(self.ledger.place(order, settings=settings, size=size, mtime_ns=mtime_ns))


@contextlib.contextmanager
def opened(
    settings: Settings, engine: Callable[[], Engine] | None = None, hooks: Hooks | None = None
) -> Iterator[Works]:
    """The ledger with its driver at work, as long as the block; `engine` makes what does the work, `hooks` hear of it.

    Raises Unavailable where another process drives the ledger or takes uploads into the folder, BadValue, OutputError.
    """
    local = engine or (lambda: Local(settings.workers, settings.threads, needs_mb=settings.needs_mb))
    make_folder(settings.folder)
    with contextlib.ExitStack() as stack:
        for path in _claims(settings):
            stack.enter_context(claimed(path))
        ledger = Ledger(settings.ledger_path, make=True)
        stack.callback(ledger.close)
        uploads.sweep(make_folder(settings.incoming), settings.uploads, lambda name: ledger.named(name) is not None)
        out = str(settings.folder)
        clear_ahead(out, ledger.id)
        stack.callback(clear, out, ledger.id)
        logs = logs_of(settings.ledger_path)
        driver = Driver(ledger, logs, local, hooks=hooks, timeout_s=settings.timeout_s)
        driver.start()
        stack.callback(driver.stop)
        yield Works(settings, ledger, logs, driver)


def _claims(settings: Settings) -> list[Path]:
    """The ledger, and the folder by the ledger that it has of itself."""
    return sorted({default_path(settings.folder).resolve(), settings.ledger_path.resolve()})
