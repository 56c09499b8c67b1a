"""How fast this machine is, how much memory and disk a preset takes: measured over all batches, for the next one."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from ..core.errors import BadValue, OutputError
from ..core.serial import from_json
from ..io.atomic import make_folder, write_text
from .job import Job

log = logging.getLogger("audiopost")

#: Measurements are written this often, in seconds.
_ADDED_S = 60.0


@dataclass(frozen=True)
class Speed:
    """Sums over the jobs that a preset did here: media and computing time in seconds, bytes delivered; the most MB."""

    jobs: int = 0
    media_s: float = 0.0
    compute_s: float = 0.0
    output_bytes: int = 0
    peak_mb: float = 0.0

    @property
    def real_time_factor(self) -> float | None:
        """Computing time as a share of the recordings' length, for one worker; None where nothing was measured."""
        return self.compute_s / self.media_s if self.media_s else None

    @property
    def bytes_per_s(self) -> float | None:
        """What a second of recording takes on disk as deliverables."""
        return self.output_bytes / self.media_s if self.media_s else None

    def with_job(self, job: Job) -> Speed:
        """The sums with one more job."""
        outcome = job.outcome
        return Speed(
            self.jobs + 1,
            self.media_s + outcome.media_s,
            self.compute_s + outcome.total_s,
            self.output_bytes + sum(output.size for output in outcome.outputs),
            max(self.peak_mb, outcome.peak_mb),
        )


def default_path() -> Path:
    """Where the measurements of this user on this machine lie."""
    import platformdirs

    return platformdirs.user_cache_path("audiopost", appauthor=False) / "speeds.json"


def read(path: Path | None = None) -> dict[str, Speed]:
    """The measurements by preset; none where they cannot be read: they are made anew."""
    try:
        data = json.loads((path or default_path()).read_text(encoding="utf-8"))
        found: dict[str, Speed] = from_json(dict[str, Speed], data)
    except (OSError, ValueError, BadValue):
        return {}
    return found


def add(jobs: Iterable[Job], path: Path | None = None) -> None:
    """Adds what done jobs took. A folder that cannot be written costs the measurement alone.

    One that went on from an earlier attempt, or was done with smaller settings after a crash, measures nothing.
    """
    path = path or default_path()
    known = read(path)
    for job in jobs:
        if job.outcome.resumed or job.crashes:
            continue
        name = job.order.preset_name
        known[name] = known.get(name, Speed()).with_job(job)
    known = {name: _rounded(speed) for name, speed in known.items()}
    try:
        make_folder(path.parent)
        write_text(path, json.dumps({name: asdict(speed) for name, speed in known.items()}, indent=1) + "\n")
    except OutputError as error:
        log.info("speeds are not kept: %s", error)


class Meter:
    """Takes done jobs as they come and adds them to the measurements now and then: a server has no end to do it at."""

    def __init__(self, path: Path | None = None) -> None:
        self._path, self._jobs, self._added_s = path, list[Job](), time.monotonic()

    def take(self, job: Job) -> None:
        """One more done job."""
        self._jobs.append(job)
        if time.monotonic() - self._added_s >= _ADDED_S:
            self.close()

    def close(self) -> None:
        """Adds those that are not added yet."""
        jobs, self._jobs, self._added_s = self._jobs, [], time.monotonic()
        if jobs:
            add(jobs, self._path)


def _rounded(speed: Speed) -> Speed:
    return replace(
        speed, media_s=round(speed.media_s, 1), compute_s=round(speed.compute_s, 1), peak_mb=round(speed.peak_mb, 1)
    )
