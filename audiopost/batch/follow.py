"""What follows when a job ends: others hear of it, and the machine's speed is measured."""

from __future__ import annotations

from .drive import Notice
from .hooks import PATIENCE_S, Hooks
from .speeds import Meter


class Follow:
    """Hears every notice of a driver. `measured`: the jobs are done by this machine, so that what they take says
    something of it."""

    def __init__(self, hooks: Hooks | None = None, *, measured: bool = True) -> None:
        self._hooks, self._meter = hooks or Hooks(), Meter() if measured else None

    def __call__(self, notice: Notice) -> None:
        if notice.job is None or notice.kind not in ("done", "failed", "quarantined"):
            return
        self._hooks.tell(notice.job)
        if notice.kind == "done" and self._meter is not None:
            self._meter.take(notice.job)

    def close(self, patience_s: float = PATIENCE_S) -> None:
        """Keeps what was measured, and waits at most so many seconds until all is told."""
        if self._meter is not None:
            self._meter.close()
        self._hooks.close(patience_s)
