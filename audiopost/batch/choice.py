"""Which engine does the work of a batch: out of what a person asks for, and remembered in the ledger."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from dataclasses import asdict, dataclass

from ..core.errors import BadValue
from ..core.serial import from_json
from . import machine, speeds
from .engine import Engine
from .ledger import Ledger
from .local import Local

NAMES = ("local", "ray")
#: The ledger's note of the engine that worked on it last.
_NOTE = "engine"


@dataclass(frozen=True)
class Choice:
    """An engine, and what it is told.

    `engine` is one of NAMES. `workers` are the local one's, None for as many as the machine holds. `address` ('' for a
    cluster of this machine), `actors` and `resources` are Ray's, as `ray_engine.of` takes them. `work` is a folder of
    the workers' machines for what goes to a URL, '' for their own scratch folders. An attempt may take `timeout_s`
    seconds, None for as long as it takes.
    """

    engine: str = "local"
    workers: int | None = None
    address: str = ""
    actors: str = "1"
    resources: str = "cpu=1"
    work: str = ""
    timeout_s: float | None = None

    def asked(
        self, *, engine: str | None = None, workers: str | None = None, address: str | None = None,
        actors: str | None = None, resources: str | None = None, work: str | None = None, timeout: str | None = None,
    ) -> Choice:  # fmt: skip
        """The same but for what a person asks for otherwise, as text; None asks nothing. Raises BadValue."""
        if engine is not None and engine not in NAMES:
            raise BadValue(f"--engine {engine!r} is none.", value=engine, choices=NAMES)
        return Choice(
            self.engine if engine is None else engine,
            self.workers if workers is None else worker_count(workers),
            self.address if address is None else address,
            self.actors if actors is None else actors,
            self.resources if resources is None else resources,
            self.work if work is None else work,
            self.timeout_s if timeout is None else duration(timeout),
        )

    def made(self, presets: Collection[str]) -> tuple[Engine, str]:
        """The engine, for jobs of these presets, and what it works with, in a line.

        Raises as `ray_engine.of`.
        """
        if self.engine == "ray":
            from . import ray_engine

            cluster = ray_engine.of(self.address or None, self.actors, self.resources)
            return cluster, cluster.describe()
        share = share_of(self.workers, presets)
        line = f"{share.workers} workers with {share.threads} threads each: {share.reason}"
        return Local(share.workers, share.threads, needs_mb=share.needs_mb), line


def remember(ledger: Ledger, choice: Choice) -> None:
    """Keeps the choice for the next time that somebody works on this ledger."""
    ledger.note(_NOTE, json.dumps(asdict(choice)))


def remembered(ledger: Ledger) -> Choice:
    """What worked on this ledger last; the usual where nothing has, or nothing that we know."""
    try:
        choice: Choice = from_json(Choice, json.loads(ledger.about(_NOTE) or "{}"))
    except (ValueError, BadValue):
        return Choice()
    return choice


def share_of(workers: int | None, presets: Collection[str] | None = None) -> machine.Share:
    """How this machine is shared out for the heaviest of these presets, by what was measured; None for all presets."""
    known = speeds.read()
    needed = (speed.peak_mb for name, speed in known.items() if presets is None or name in presets)
    return machine.share(workers, max(needed, default=0.0))


def worker_count(text: str) -> int | None:
    """How many workers, out of '4', or None for 'auto'. Raises BadValue."""
    if text == "auto":
        return None
    if not text.isdecimal() or not 1 <= int(text) <= 1024:
        raise BadValue(
            f"--workers {text!r} is neither a number from 1 to 1024 nor auto.", value=text,
            choices=("auto", "1", "2", "…"),
        )  # fmt: skip
    return int(text)


def duration(text: str) -> float | None:
    """Seconds out of '6h', '90m' or '1h30m', None for 'none'. Raises BadValue."""
    if text == "none":
        return None
    match = re.fullmatch(r"(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?", text.replace(" ", ""))
    hours, minutes, seconds = (int(part or 0) for part in match.groups()) if match else (0, 0, 0)
    if not (total_s := hours * 3600 + minutes * 60 + seconds):
        raise BadValue(
            f"{text!r} is no length of time.", value=text, remedy="For example 6h, 90m or 1h30m; none for no limit."
        )
    return float(total_s)
