"""The log of each job, as lines of JSON: what to read when it failed."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..io.atomic import make_folder
from .job import Job

log = logging.getLogger("audiopost")

#: A job that says more than this is cut short: a library that warns for every block must not fill the disk.
_MOST_BYTES = 8 << 20


class JobLogs:
    """A file for each job in a folder, '000017.jsonl'; lines are added, over all attempts."""

    def __init__(self, folder: Path) -> None:
        self.folder = make_folder(folder)
        self._refused = False

    def path(self, job: int) -> Path:
        """Where the log of a job lies."""
        return self.folder / f"{job:06d}.jsonl"

    def add(self, job: Job, level: int, text: str) -> None:
        """One line: when, what, how bad. A disk without room costs the line, and is said once."""
        entry = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"), "job": job.id, "name": job.order.name,
            "attempt": job.attempts, "level": logging.getLevelName(level).lower(), "text": text,
        }  # fmt: skip
        path = self.path(job.id)
        try:
            with path.open("a", encoding="utf-8") as file:
                if file.tell() < _MOST_BYTES:
                    file.write(json.dumps(entry, ensure_ascii=True) + "\n")
        except OSError as error:
            if not self._refused:
                log.warning("lines of the jobs' logs are lost: %s", error)
            self._refused = True

    def entries(self, job: int, lines: int) -> list[dict[str, Any]]:
        """The last lines of a job's log as `add` wrote them; none where nothing was said yet."""
        try:
            found = self.path(job).read_text(encoding="utf-8").splitlines()[-lines:]
        except OSError:
            return []
        told = []
        for line in found:
            try:
                told.append(json.loads(line))
            except ValueError:  # cut off in the middle
                continue
        return told

    def tail(self, job: int, lines: int = 20) -> list[str]:
        """The last lines of a job's log, as text."""
        return [f"{each['time'][11:19]} {each['level']}: {each['text']}" for each in self.entries(job, lines)]
