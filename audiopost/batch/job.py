"""What a batch is made of: orders, the tasks they become, what came of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

#: The batch's own folder in the folder of the results: ledger, logs, locks.
HIDDEN = ".audiopost-batch"
#: Folders in it for what workers have in hand, each thing named by its batch: recordings decoded ahead, copies of
#: recordings that lie elsewhere, locks of jobs.
AHEAD, FETCHED, LOCKS = "ahead", "fetched", "locks"

State = Literal["waiting", "running", "done", "failed", "quarantined", "cancelled", "skipped"]
#: States of a job. 'failed': audiopost refused it, with the reason. 'quarantined': it brought its worker down twice.
STATES: tuple[State, ...] = ("waiting", "running", "done", "failed", "quarantined", "cancelled", "skipped")
#: Those in which a job rests until somebody asks for it again.
ENDED: frozenset[State] = frozenset({"done", "failed", "quarantined", "cancelled", "skipped"})
#: Those that make a batch a partial failure.
BAD: frozenset[State] = frozenset({"failed", "quarantined"})


@dataclass(frozen=True)
class Order:
    """What is to be made of one recording; it holds all that a worker on another machine needs.

    `source` is a path or an fsspec URL. `name` says where the results go, below the folder or URL `out`, and what they
    are called: 'season 1/episode 2'. `preset` is the TOML text of the preset with all settings applied. `tagged` puts
    the language into the names of subtitles. `only` are the groups and keys of what is delivered, all where none is
    named. `language` and `title` are what the manifest or a flag says of it.
    """

    source: str
    out: str
    name: str
    preset: str
    preset_name: str = "preset"
    fps: str | None = None
    start_timecode: str | None = None
    tagged: bool = False
    only: tuple[str, ...] = ()
    language: str = ""
    title: str = ""


@dataclass(frozen=True)
class Task:
    """One attempt at a job. `work` is a folder of the worker's machine, for what is made on the way to an `out` that is
    no folder; `resume` goes on from an earlier attempt; `careful` takes smaller settings, after a crash. `batch` tells
    the jobs of several ledgers apart that deliver to one place."""

    id: int
    order: Order
    work: str = ""
    resume: bool = False
    careful: bool = False
    batch: str = ""

    @property
    def label(self) -> str:
        """What the task's own files are marked with: temporary ones, locks, what is decoded ahead."""
        return f"{self.batch or 'job'}.{self.id}"


@dataclass(frozen=True)
class Output:
    """A delivered file: `path` is below the order's `out`; `sha256` leaves out what two equal runs differ in."""

    kind: str
    path: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Outcome:
    """How an attempt ended that its worker lived to tell.

    `error` is the name of an error's class, '' where all went well, and `reason` its message. `content` is the sha256
    of the recording, `media_s` its length in seconds, `seconds` what each step took, `peak_mb` the most memory its
    process held. `figures` are what it came to (captions, LUFS …), `backends` who did each stage's work. `resumed`: it
    went on from what an earlier attempt had made, so that `seconds` is less than the recording takes.
    """

    error: str = ""
    reason: str = ""
    content: str = ""
    media_s: float = 0.0
    seconds: Mapping[str, float] = field(default_factory=dict)
    peak_mb: float = 0.0
    outputs: tuple[Output, ...] = ()
    figures: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    backends: Mapping[str, str] = field(default_factory=dict)
    resumed: bool = False

    @property
    def total_s(self) -> float:
        """Seconds that all steps took together."""
        return sum(self.seconds.values())


@dataclass(frozen=True)
class Job:
    """A line of the ledger. Times are seconds since 1970; 0.0 where it has not come to that.

    `settings` is the hash of everything but the recording that decides the result; `size` and `mtime_ns` are the
    recording's when it was last looked at. `attempts` counts all of them, `crashes` those in which it brought its
    worker down, `losses` those that were cut off from outside, `before` those before somebody last asked for it anew.
    `share` (0..1) is how far the present one is, `spent_s` the seconds that those which have ended took together.
    """

    id: int
    order: Order
    state: State
    settings: str = ""
    size: int = -1
    mtime_ns: int = -1
    attempts: int = 0
    crashes: int = 0
    losses: int = 0
    before: int = 0
    added: float = 0.0
    begun: float = 0.0
    ended: float = 0.0
    worker: str = ""
    stage: str = ""
    share: float = 0.0
    spent_s: float = 0.0
    outcome: Outcome = field(default_factory=Outcome)


@dataclass(frozen=True)
class Attempt:
    """One attempt at a job: 'done', 'failed', 'crash', 'memory', 'timeout', 'killed', 'cancelled', 'disk full',
    'interrupted'; '' while it goes on."""

    job: int
    number: int
    begun: float
    ended: float
    ending: str
    detail: str
    worker: str
