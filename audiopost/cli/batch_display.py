"""What a person sees while a batch runs: a live table on a terminal, lines elsewhere, JSON where asked for."""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ..core.shown import shown
from .console import say

if TYPE_CHECKING:
    from rich.console import Console

    from ..batch.drive import Notice
    from ..batch.ledger import Ledger

LOG_FORMATS = ("text", "json")
#: What each kind of notice begins with, as a line.
_WORDS = {
    "begun": "begun", "done": "done", "failed": "FAILED", "quarantined": "QUARANTINED", "again": "again",
    "cancelled": "cancelled", "paused": "PAUSED", "resumed": "resumed", "stopping": "stopping",
}  # fmt: skip


class Display:
    """`with Display(ledger, "text") as display`, then hears every notice. `quiet` keeps what went wrong only."""

    def __init__(self, ledger: Ledger, log_format: str, *, quiet: bool = False) -> None:
        self._ledger, self._json, self._quiet = ledger, log_format == "json", quiet
        self._stack = ExitStack()
        self._console: Console | None = None

    def __enter__(self) -> Display:
        if not self._json and not self._quiet and sys.stderr.isatty():
            from rich.console import Console
            from rich.live import Live

            from ..batch import status

            self._console = Console(stderr=True)
            live = Live(console=self._console, get_renderable=status.Live(self._ledger), refresh_per_second=1)
            self._stack.enter_context(live)
        return self

    def __exit__(self, *_: object) -> None:
        self._console = None
        self._stack.close()

    def __call__(self, notice: Notice) -> None:
        if notice.kind == "moved":
            return
        job = notice.job
        if self._json:
            self._line(notice.kind, notice.text, job.id if job else None, job.order.name if job else "")
        elif notice.kind in ("failed", "quarantined", "paused") or not self._quiet:
            name = f" {shown(job.order.name)}" if job else ""
            text = f": {shown(notice.text)}" if notice.text else ""
            self._print(f"{_WORDS[notice.kind]}{name}{text}")

    def say(self, kind: str, text: str) -> None:
        """A line about the whole batch."""
        if self._json:
            self._line(kind, text, None, "")
        elif not self._quiet:
            self._print(text)

    def _line(self, kind: str, text: str, job: int | None, name: str) -> None:
        entry = {"time": datetime.now(UTC).isoformat(timespec="milliseconds"), "event": kind}
        more = {"job": job, "name": name} if job is not None else {}
        say(json.dumps({**entry, **more, "text": text}))

    def _print(self, line: str) -> None:
        if self._console is None:
            say(line)
        else:
            self._console.print(line, markup=False, highlight=False)
