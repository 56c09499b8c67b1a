"""One call of the batch, from what was asked to how it ended: what the command line and other programs run."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..core.errors import BadValue
from ..io.atomic import make_folder, sweep
from . import ledger as ledgers
from . import report
from .claim import claimed
from .drive import Batch, Notice
from .engine import Engine
from .follow import Follow
from .hooks import Hooks
from .job import AHEAD, BAD, FETCHED, HIDDEN, LOCKS, State
from .job_logs import JobLogs
from .ledger import Ledger
from .places import is_url

#: Where the page and the table of a batch lie: in the folder of the results, else beside the ledger.
PAGE, TABLE = "batch-report.html", "batch.csv"


def ledger_path(out: str, named: str = "") -> Path:
    """Where the ledger of a batch into `out` lies. Raises BadValue where it has to be named."""
    if named:
        return Path(named)
    if is_url(out):
        raise BadValue(
            f"The ledger cannot lie at {out}: that is no disk.", value=out,
            remedy="Name a file on a disk of this machine with --ledger.",
        )  # fmt: skip
    return ledgers.default_path(Path(out))


def logs_of(ledger: Path) -> JobLogs:
    """The logs of the jobs in a ledger: beside it."""
    return JobLogs(ledger.parent / "logs")


@dataclass(frozen=True)
class Ending:
    """How a batch ended: jobs by state, and where its report and table lie."""

    counts: Mapping[State, int]
    report: Path
    table: Path

    @property
    def exit_code(self) -> int:
        """0 all done, 3 some are not, 1 none is."""
        bad = sum(self.counts[state] for state in BAD)
        left = self.counts["waiting"] + self.counts["running"]
        if not bad and not left:
            return 0
        return 3 if self.counts["done"] else 1


class Session:
    """A ledger that is ours as long as the block lasts, the engine that works for it, and its end.

    `with Session(path) as session: session.ledger …; session.run(engine)`. Raises Unavailable where another batch
    works on the ledger, and what `Ledger` raises.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.batch: Batch | None = None

    def __enter__(self) -> Session:
        with contextlib.ExitStack() as stack:
            stack.enter_context(claimed(self.path))
            self.ledger = Ledger(self.path, make=True)
            stack.callback(self.ledger.close)
            self.logs = logs_of(self.path)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def run(
        self,
        engine: Engine,
        out: str,
        *,
        work: str = "",
        timeout_s: float | None = None,
        tell: Callable[[Notice], None] = lambda notice: None,
        hooks: Hooks | None = None,
        rescan: Callable[[], object] | None = None,
    ) -> Ending:
        """Drives the engine until all is done, or `batch` is told to stop; then writes the report.

        `work` and `timeout_s` as in `choice.Choice`, the rest as in `Batch`.
        """
        follow = Follow(hooks, measured=not engine.apart)

        def heard(notice: Notice) -> None:
            follow(notice)
            tell(notice)

        self.batch = Batch(
            self.ledger, engine, self.logs, work=work, timeout_s=timeout_s, tell=heard, rescan=rescan
        )  # fmt: skip
        clear_ahead(out, self.ledger.id)
        try:
            counts = self.batch.go()
        finally:
            follow.close()
            clear(out, self.ledger.id)
        return self.ending(counts, out)

    def ending(self, counts: Mapping[State, int], out: str) -> Ending:
        """Writes the report and the table of what the ledger holds."""
        return Ending(counts, *write_reports(self.ledger, self.logs, out))


def write_reports(ledger: Ledger, logs: JobLogs, out: str) -> tuple[Path, Path]:
    """Writes the page and the table of a batch; where they lie. Raises OutputError."""
    folder = make_folder(ledger.path.parent if is_url(out) else Path(out))
    return report.write_html(ledger, logs, folder / PAGE), report.write_csv(ledger, folder / TABLE)


def clear_ahead(out: str, batch: str) -> None:
    """Removes what an earlier driver's workers decoded ahead. One that is still dying keeps its lock."""
    _clear(out, batch, AHEAD)


def clear(out: str, batch: str) -> None:
    """Removes all that the workers of a batch left on their way; to be called when none is there any more."""
    _clear(out, batch, AHEAD, FETCHED, LOCKS)
    if not is_url(out):
        sweep(Path(out), f"{batch}.*")  # of killed workers whose jobs came to no other attempt


def _clear(out: str, batch: str, *names: str) -> None:
    if is_url(out):
        return
    for name in names:
        folder = Path(out) / HIDDEN / name
        for path in folder.glob(f"{batch}.*"):
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # another batch has its own there
            folder.rmdir()
