"""What is told to others when a job ends: a command of the user's, or a webhook."""

from __future__ import annotations

import http.client
import json
import logging
import queue
import shlex
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from ..core.errors import BadValue
from .job import Job

log = logging.getLogger("audiopost")

#: How long a command or a server may take, in seconds; how often a server is tried.
_ANSWER_S, _TRIES = 60.0, 3
#: How long the end of a batch waits for what is still to be told, in seconds.
PATIENCE_S = 120.0


def payload(job: Job) -> dict[str, Any]:
    """What is told of a job, as JSON values."""
    outcome = job.outcome
    return {
        "job": job.id, "name": job.order.name, "source": job.order.source, "out": job.order.out, "state": job.state,
        "reason": outcome.reason, "attempts": job.attempts, "media_s": outcome.media_s, "spent_s": job.spent_s,
        "seconds": dict(outcome.seconds),
        "figures": dict(outcome.figures), "warnings": list(outcome.warnings),
        "outputs": [asdict(output) for output in outcome.outputs],
    }  # fmt: skip


def command(line: str) -> Callable[[Job], None]:
    """Runs `line` (no shell) for a job, which it gets as JSON on standard input. Raises BadValue for an empty line."""
    try:
        arguments = shlex.split(line)
    except ValueError as error:
        raise BadValue(f"{line!r} is no command: {error}.", value=line) from error
    if not arguments:
        raise BadValue("The command for finished jobs is empty.", value=line)

    def tell(job: Job) -> None:
        done = subprocess.run(  # noqa: S603 - the user's own command
            arguments, input=json.dumps(payload(job)), text=True, encoding="utf-8", errors="replace",
            timeout=_ANSWER_S, capture_output=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise OSError(f"it ended with {done.returncode}: {done.stderr.strip()[-200:]}")

    return tell


def webhook(url: str) -> Callable[[Job], None]:
    """Posts a job as JSON to `url`. Raises BadValue for anything but http and https."""
    if not url.startswith(("http://", "https://")):
        raise BadValue(f"{url!r} is no address for a webhook.", value=url, remedy="It begins with https:// or http://.")

    def tell(job: Job) -> None:
        body = json.dumps(payload(job)).encode()
        asked = urllib.request.Request(url, body, {"Content-Type": "application/json", "User-Agent": "audiopost"})  # noqa: S310 - checked above
        for left in reversed(range(_TRIES)):
            try:
                with urllib.request.urlopen(asked, timeout=_ANSWER_S / _TRIES):  # noqa: S310 - checked above
                    return
            except (OSError, http.client.HTTPException):
                if not left:
                    raise
                time.sleep(1.0)

    return tell


def of(line: str, url: str) -> Hooks:
    """The hooks that a command line names: a command and a webhook, '' for none. Raises BadValue."""
    return Hooks(*([command(line)] if line else ()), *([webhook(url)] if url else ()))


class Hooks:
    """Tells of jobs in a thread of its own: a server that does not answer holds nothing up, and fails no job."""

    def __init__(self, *hooks: Callable[[Job], None]) -> None:
        self._hooks = hooks
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="audiopost-hooks", daemon=True)
        if hooks:
            self._thread.start()

    def tell(self, job: Job) -> None:
        """Queues a job that has ended."""
        if self._hooks:
            self._jobs.put(job)

    def close(self, patience_s: float = PATIENCE_S) -> None:
        """Waits until all is told, at most so many seconds."""
        if self._hooks:
            self._jobs.put(None)
            self._thread.join(patience_s)
            if self._thread.is_alive():
                log.warning("some finished jobs could not be told of in time")

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            for hook in self._hooks:
                try:
                    hook(job)
                except Exception as error:  # noqa: BLE001 - whatever one raises, the next is told
                    log.warning("%s could not be told of: %s", job.order.name, error)
