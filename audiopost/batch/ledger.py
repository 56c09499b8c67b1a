"""The ledger of a batch: every job, every attempt, what became of it, in SQLite (WAL).

The driver alone writes jobs; other processes read, and leave requests (cancel, retry) that the driver takes up. A
commit reaches the system before anything is told of it, so that a killed driver loses nothing; after a power cut the
last commits may be gone, and those jobs are done again, which gives the same files. WAL needs memory shared between
processes, which network file systems do not give: see `places.network_of`.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import threading
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from ..core.errors import BadValue, DiskFull, OutputError, Unavailable
from ..core.serial import from_json, to_json
from ..io.atomic import make_folder
from .job import ENDED, HIDDEN, STATES, Attempt, Job, Order, Outcome, State
from .places import network_of

#: Version of the tables; a ledger of another one is refused.
SCHEMA = 1
NAME = "ledger.sqlite"
_TABLES = """
CREATE TABLE about (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE jobs (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, orders TEXT NOT NULL, state TEXT NOT NULL,
    settings TEXT NOT NULL DEFAULT '', size INTEGER NOT NULL DEFAULT -1, mtime_ns INTEGER NOT NULL DEFAULT -1,
    attempts INTEGER NOT NULL DEFAULT 0, crashes INTEGER NOT NULL DEFAULT 0, losses INTEGER NOT NULL DEFAULT 0,
    before INTEGER NOT NULL DEFAULT 0,
    added REAL NOT NULL DEFAULT 0, begun REAL NOT NULL DEFAULT 0, ended REAL NOT NULL DEFAULT 0,
    worker TEXT NOT NULL DEFAULT '', stage TEXT NOT NULL DEFAULT '', share REAL NOT NULL DEFAULT 0,
    outcome TEXT NOT NULL DEFAULT '{}'
);
CREATE INDEX jobs_by_state ON jobs (state, crashes, id);
CREATE TABLE outputs (
    job INTEGER NOT NULL REFERENCES jobs ON DELETE CASCADE, kind TEXT NOT NULL, path TEXT NOT NULL,
    size INTEGER NOT NULL, sha256 TEXT NOT NULL, PRIMARY KEY (job, path)
) WITHOUT ROWID;
CREATE TABLE attempts (
    job INTEGER NOT NULL REFERENCES jobs ON DELETE CASCADE, number INTEGER NOT NULL, begun REAL NOT NULL,
    ended REAL NOT NULL DEFAULT 0, ending TEXT NOT NULL DEFAULT '', detail TEXT NOT NULL DEFAULT '',
    worker TEXT NOT NULL DEFAULT '', PRIMARY KEY (job, number)
) WITHOUT ROWID;
CREATE TABLE requests (id INTEGER PRIMARY KEY, verb TEXT NOT NULL, job INTEGER NOT NULL);
"""
_COLUMNS = (
    "id, orders, state, settings, size, mtime_ns, attempts, crashes, losses, before, added, begun, ended, worker, "
    "stage, share, (SELECT COALESCE(SUM(MAX(ended - attempts.begun, 0)), 0.0) FROM attempts "
    "WHERE job = jobs.id AND ending != ''), outcome"
)


@dataclass(frozen=True)
class Request:
    """What another process asked the driver for: 'cancel' or 'retry' a job."""

    verb: str
    job: int


def default_path(out: Path) -> Path:
    """Where the ledger of a batch into `out` lies, where nobody says otherwise."""
    return out / HIDDEN / NAME


class Ledger:
    """One open ledger; threads of a process may share it. Raises OutputError, DiskFull where it cannot be written."""

    def __init__(self, path: Path, *, make: bool = False) -> None:
        """Opens the ledger at `path`, or makes it. Raises BadValue for none, another format, or a network share."""
        self.path = path
        if "://" in str(path) or ":/" in path.as_posix()[2:]:
            raise BadValue(
                f"The ledger cannot lie at {path}: that is no disk.", value=str(path),
                remedy="Name a file on a disk of this machine with --ledger.",
            )  # fmt: skip
        if kind := network_of(path.parent):
            raise BadValue(
                f"The ledger cannot lie at {path}: {kind} is a network file system, on which it could be damaged.",
                value=str(path), remedy="Name a file on a disk of this machine with --ledger.",
            )  # fmt: skip
        if not make and not path.exists():
            raise BadValue(
                f"There is no batch ledger at {path}.", value=str(path),
                remedy="Give the folder of a batch's results, or the ledger itself with --ledger.",
            )  # fmt: skip
        if make:
            make_folder(path.parent)
        self._lock = threading.RLock()
        self._depth = 0
        with self._guarded():
            self._base = sqlite3.connect(path, timeout=30.0, isolation_level=None, check_same_thread=False)
        try:
            self._open()
        except BaseException:
            self._base.close()
            raise

    def _open(self) -> None:
        try:
            self._base.execute("PRAGMA journal_mode=WAL")
            self._base.execute("PRAGMA synchronous=NORMAL")
            self._base.execute("PRAGMA foreign_keys=ON")
            with self.writing() as base:
                if not base.execute("SELECT 1 FROM sqlite_master WHERE name = 'about'").fetchone():
                    for statement in _TABLES.split(";\n"):
                        base.execute(statement)
                    base.execute(
                        "INSERT INTO about VALUES ('schema', ?), ('id', ?)", (str(SCHEMA), uuid.uuid4().hex[:8])
                    )
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise self._refusal(error) from error
            raise BadValue(f"{self.path} is no batch ledger: {error}.", value=str(self.path)) from error
        found = self.about("schema")
        if found != str(SCHEMA):
            raise BadValue(
                f"{self.path} has format {found!r}; this audiopost reads {SCHEMA}.", value=found,
                remedy="Finish that batch with the audiopost that began it, or name another --ledger.",
            )  # fmt: skip

    def close(self) -> None:
        """Ends the connection."""
        with self._lock:
            self._base.close()

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            raise self._refusal(error) from error

    def _refusal(self, error: sqlite3.OperationalError) -> OutputError | Unavailable:
        code = getattr(error, "sqlite_errorcode", None) or 0
        if code & 0xFF in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):  # a write beyond a quota is an I/O error
            return DiskFull(
                f"No room for the ledger {self.path}: {error}.", value=str(self.path), remedy="Make room on its disk."
            )
        if code & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return Unavailable(f"The ledger {self.path} is held by another program: {error}.", value=str(self.path))
        return OutputError(
            f"Cannot write the ledger {self.path}: {error}.", value=str(self.path), remedy="Name another --ledger."
        )

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction: all of the block or nothing. Blocks may stand in each other."""
        with self._lock, self._guarded():
            if self._depth:
                yield self._base
                return
            self._base.execute("BEGIN IMMEDIATE")
            self._depth = 1
            try:
                yield self._base
                self._base.execute("COMMIT")
            except BaseException:
                if self._base.in_transaction:  # SQLite itself has rolled back where the disk was full
                    self._base.execute("ROLLBACK")
                raise
            finally:
                self._depth = 0

    def _read(self, query: str, values: Sequence[Any] = ()) -> list[Any]:
        with self._lock, self._guarded():
            return self._base.execute(query, values).fetchall()

    # --- what there is

    def about(self, key: str) -> str:
        """A note on the whole batch, '' for none."""
        found = self._read("SELECT value FROM about WHERE key = ?", (key,))
        return str(found[0][0]) if found else ""

    @property
    def id(self) -> str:
        """What tells this ledger's jobs from those of others that deliver to the same place."""
        return self.about("id")

    def note(self, key: str, value: str) -> None:
        """Keeps a note on the whole batch."""
        with self.writing() as base:
            base.execute("INSERT OR REPLACE INTO about VALUES (?, ?)", (key, value))

    def alive(self) -> None:
        """A driver is at work now: what is in hand when it dies was in hand until here."""
        self.note("alive", f"{time.time():.3f}")

    def jobs(self, *states: State, limit: int = -1, after: int = 0) -> Iterator[Job]:
        """The jobs in these states (all where none is named), in the order in which they came, a page at a time."""
        wanted = states or STATES
        marks = ", ".join("?" * len(wanted))
        left = limit
        while left:
            page = 500 if left < 0 else min(left, 500)
            rows = self._read(
                f"SELECT {_COLUMNS} FROM jobs WHERE state IN ({marks}) AND id > ? ORDER BY id LIMIT ?",  # noqa: S608 - no text of others
                (*wanted, after, page),
            )
            yield from map(self._job, rows)
            if len(rows) < page:
                return
            after = rows[-1][0]
            left -= len(rows) if left > 0 else 0

    def waiting(self, limit: int, *, careful: bool, without: Iterable[int] = ()) -> list[Job]:
        """Jobs to be done next: first come, first served. `careful` ones crashed before; `without` are in hand."""
        held = sorted(without)
        rows = self._read(
            f"SELECT {_COLUMNS} FROM jobs WHERE state = 'waiting' AND crashes {'>' if careful else '='} 0 "  # noqa: S608
            f"AND id NOT IN ({', '.join('?' * len(held))}) ORDER BY id LIMIT ?",
            (*held, limit),
        )
        return [self._job(row) for row in rows]

    def get(self, job: int) -> Job:
        """A job by its number. Raises BadValue."""
        rows = self._read(f"SELECT {_COLUMNS} FROM jobs WHERE id = ?", (job,))  # noqa: S608
        if not rows:
            raise BadValue(f"There is no job {job} in {self.path}.", value=job, remedy="See 'audiopost batch status'.")
        return self._job(rows[0])

    def named(self, name: str) -> Job | None:
        """The job of that name."""
        rows = self._read(f"SELECT {_COLUMNS} FROM jobs WHERE name = ?", (name,))  # noqa: S608
        return self._job(rows[0]) if rows else None

    def counts(self) -> dict[State, int]:
        """How many jobs are in each state."""
        found = dict(self._read("SELECT state, COUNT(*) FROM jobs GROUP BY state"))
        return {state: int(found.get(state, 0)) for state in STATES}

    def attempts(self, job: int) -> tuple[Attempt, ...]:
        """All attempts at a job, in order."""
        names = ", ".join(field.name for field in fields(Attempt))
        rows = self._read(f"SELECT {names} FROM attempts WHERE job = ? ORDER BY number", (job,))  # noqa: S608
        return tuple(Attempt(*row) for row in rows)

    def _job(self, row: tuple[Any, ...]) -> Job:
        (number, orders, *rest, outcome) = row
        told: dict[str, Any] = json.loads(outcome)
        if told:
            outputs = self._read("SELECT kind, path, size, sha256 FROM outputs WHERE job = ? ORDER BY path", (number,))
            told["outputs"] = [dict(zip(("kind", "path", "size", "sha256"), each, strict=True)) for each in outputs]
        order: Order = from_json(Order, json.loads(orders))
        values: list[Any] = [number, order, *rest, from_json(Outcome, told) if told else Outcome()]
        return Job(*values)

    # --- what becomes of it

    def place(
        self, order: Order, *, settings: str = "", size: int = -1, mtime_ns: int = -1, state: State = "waiting",
        reason: str = "",
    ) -> int:  # fmt: skip
        """Writes an order as a new job, or in the place of the one of its name, from the beginning; its number."""
        outcome = {} if not reason else to_json(Outcome(reason=reason))
        text = json.dumps(to_json(order), ensure_ascii=True)
        with self.writing() as base:
            old = base.execute("SELECT id FROM jobs WHERE name = ?", (order.name,)).fetchone()
            values = (text, state, settings, size, mtime_ns, time.time(), _text(outcome))
            if old is None:
                made = base.execute(
                    "INSERT INTO jobs (orders, state, settings, size, mtime_ns, added, outcome, name) "
                    "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    (*values, order.name),
                )
                return int(made.lastrowid or 0)
            base.execute(
                "UPDATE jobs SET orders = ?, state = ?, settings = ?, size = ?, mtime_ns = ?, added = ?, "
                "outcome = ?, attempts = 0, crashes = 0, losses = 0, before = 0, begun = 0, ended = 0, worker = '', "
                "stage = '', share = 0 WHERE id = ?",
                (*values, old[0]),
            )
            base.execute("DELETE FROM outputs WHERE job = ?", old)
            base.execute("DELETE FROM attempts WHERE job = ?", old)
            return int(old[0])

    def seen(self, job: int, size: int, mtime_ns: int) -> None:
        """The recording was looked at and is what it was, though its date may be another."""
        with self.writing() as base:
            base.execute("UPDATE jobs SET size = ?, mtime_ns = ? WHERE id = ?", (size, mtime_ns, job))

    def begin(self, job: int, worker: str) -> None:
        """A worker has taken it in hand: one more attempt."""
        now = time.time()
        with self.writing() as base:
            base.execute(
                "UPDATE jobs SET state = 'running', attempts = attempts + 1, begun = ?, ended = 0, worker = ?, "
                "stage = '', share = 0 WHERE id = ?",
                (now, worker, job),
            )
            base.execute(
                "INSERT INTO attempts (job, number, begun, worker) SELECT id, attempts, ?, ? FROM jobs WHERE id = ?",
                (now, worker, job),
            )

    def move(self, job: int, stage: str, share: float) -> None:
        """How far it is."""
        with self.writing() as base:
            base.execute("UPDATE jobs SET stage = ?, share = ? WHERE id = ?", (stage, share, job))

    def finish(self, job: int, outcome: Outcome, state: State = "done", *, ending: str = "") -> None:
        """It has ended: done, or failed for the reason in `outcome`."""
        told = to_json(outcome)
        outputs = told.pop("outputs")
        with self.writing() as base:
            self._close(base, job, ending or state, outcome.reason)
            base.execute(
                "UPDATE jobs SET state = ?, ended = ?, share = ?, stage = '', outcome = ? WHERE id = ?",
                (state, time.time(), float(state == "done"), _text(told), job),
            )
            base.execute("DELETE FROM outputs WHERE job = ?", (job,))
            base.executemany(
                "INSERT INTO outputs VALUES (?, ?, ?, ?, ?)",
                [(job, each["kind"], each["path"], each["size"], each["sha256"]) for each in outputs],
            )

    def again(
        self, job: int, ending: str, detail: str, *, crash: bool = False, loss: bool = False, at: float | None = None
    ) -> None:
        """The attempt ended, now or `at`, otherwise than by an outcome, and the job waits again; what it counts as is
        said."""
        with self.writing() as base:
            self._close(base, job, ending, detail, at)
            base.execute(
                "UPDATE jobs SET state = 'waiting', stage = '', share = 0, crashes = crashes + ?, losses = losses + ? "
                "WHERE id = ?",
                (int(crash), int(loss), job),
            )

    def _close(self, base: sqlite3.Connection, job: int, ending: str, detail: str, at: float | None = None) -> None:
        base.execute(
            "UPDATE attempts SET ended = MAX(begun, ?), ending = ?, detail = ? WHERE job = ? AND ending = ''",
            (time.time() if at is None else at, ending, detail.encode("utf-8", "backslashreplace").decode(), job),
        )

    def cut_off(self) -> tuple[int, ...]:
        """To be called when no driver runs: what was in hand when the last one died waits again. Their numbers."""
        jobs = [int(row[0]) for row in self._read("SELECT id FROM jobs WHERE state = 'running' ORDER BY id")]
        alive = float(self.about("alive") or time.time())
        with self.writing():
            for job in jobs:
                self.again(job, "interrupted", "the batch ended while it was in hand", at=alive)
        return tuple(jobs)

    def reset(self, job: int) -> bool:
        """A job that has ended waits again, as if nothing had been tried; whether it had."""
        with self.writing() as base:
            marks = ", ".join("?" * len(ENDED))
            changed = base.execute(
                f"UPDATE jobs SET state = 'waiting', crashes = 0, losses = 0, before = attempts, outcome = '{{}}', "  # noqa: S608
                f"ended = 0, share = 0 WHERE id = ? AND state IN ({marks})",
                (job, *sorted(ENDED)),
            )
            return changed.rowcount > 0

    def drop(self, job: int) -> bool:
        """A job that waits is cancelled; whether it did wait."""
        with self.writing() as base:
            changed = base.execute(
                "UPDATE jobs SET state = 'cancelled', ended = ? WHERE id = ? AND state = 'waiting'", (time.time(), job)
            )
            return changed.rowcount > 0

    # --- what others ask for

    def ask(self, verb: str, jobs: Iterable[int]) -> None:
        """Leaves requests for the driver."""
        with self.writing() as base:
            base.executemany("INSERT INTO requests (verb, job) VALUES (?, ?)", [(verb, job) for job in jobs])

    def asked(self) -> tuple[Request, ...]:
        """The requests since the last call, which are taken off the list."""
        if not self._read("SELECT 1 FROM requests LIMIT 1"):
            return ()
        with self.writing() as base:
            rows = base.execute("SELECT verb, job FROM requests ORDER BY id").fetchall()
            base.execute("DELETE FROM requests")
        return tuple(Request(verb, job) for verb, job in rows)


def _text(value: Any) -> str:
    # Names of files may hold bytes that are no UTF-8, which only escapes bring through SQLite.
    return json.dumps(value, ensure_ascii=True)
