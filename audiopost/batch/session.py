"""One call of the batch, from what was asked to how it ended: what the command line and other programs run."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..core.errors import BadValue
from ..io.atomic import make_folder, sweep
from . import ledger as ledgers
from . import machine, report, speeds
from .claim import claimed
from .drive import Batch, Notice
from .engine import Engine
from .hooks import Hooks
from .job import BAD, HIDDEN, Job, State
from .job_logs import JobLogs
from .ledger import Ledger
from .local import Local
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
        tell: Callable[[Notice], None] = lambda notice: None,
        hooks: Hooks | None = None,
        rescan: Callable[[], object] | None = None,
    ) -> Ending:
        """Drives the engine until all is done, or `batch` is told to stop; then writes the report."""
        hooks = hooks or Hooks()
        began = time.time()

        def heard(notice: Notice) -> None:
            if notice.job is not None and notice.kind in ("done", "failed", "quarantined"):
                hooks.tell(notice.job)
            tell(notice)

        self.batch = Batch(self.ledger, engine, self.logs, work=work, tell=heard, rescan=rescan)
        _clear(out, self.ledger.id, "ahead")
        try:
            counts = self.batch.go()
        finally:
            hooks.close()
            _clear(out, self.ledger.id, "ahead", "locks")
            if not is_url(out):
                sweep(Path(out), f"{self.ledger.id}.*")  # of killed workers whose jobs came to no other attempt
        speeds.add(_done_since(self.ledger, began))
        return self.ending(counts, out)

    def ending(self, counts: Mapping[State, int], out: str) -> Ending:
        """Writes the report and the table of what the ledger holds."""
        return Ending(counts, *write_reports(self.ledger, self.logs, out))


def write_reports(ledger: Ledger, logs: JobLogs, out: str) -> tuple[Path, Path]:
    """Writes the page and the table of a batch; where they lie. Raises OutputError."""
    folder = make_folder(ledger.path.parent if is_url(out) else Path(out))
    return report.write_html(ledger, logs, folder / PAGE), report.write_csv(ledger, folder / TABLE)


def local_engine(workers: int | None, presets: set[str]) -> tuple[Local, machine.Share]:
    """Workers of this machine, as many as it holds of the heaviest of these presets, by what was measured."""
    known = speeds.read()
    needs_mb = max((known[name].peak_mb for name in presets if name in known), default=0.0)
    share = machine.share(workers, needs_mb)
    return Local(share.workers, share.threads, needs_mb=needs_mb), share


def _clear(out: str, batch: str, *names: str) -> None:
    """Removes what the workers of a batch left in the folders `names`; to be called when none is there any more."""
    if is_url(out):
        return
    for name in names:
        folder = Path(out) / HIDDEN / name
        for path in folder.glob(f"{batch}.*"):
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # another batch has its own there
            folder.rmdir()


def _done_since(ledger: Ledger, began: float) -> Iterator[Job]:
    return (job for job in ledger.jobs("done") if job.ended >= began)
