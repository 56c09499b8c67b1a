"""One driver a ledger: two would hand out the same jobs."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from ..core.errors import Unavailable
from ..io.atomic import guarded, make_folder

#: Who looks whether a ledger is claimed holds its lock for a moment: so long that may be waited for, in seconds.
_GLANCE_S = 1.0


@contextlib.contextmanager
def claimed(ledger: Path) -> Iterator[None]:
    """Holds a ledger as long as the block, or the process, lives. Raises Unavailable where another driver does."""
    import filelock

    lock, holder = _lock_of(ledger), _holder_of(ledger)
    make_folder(ledger.parent)
    with guarded(ledger):
        try:
            lock.acquire(timeout=_GLANCE_S)
        except filelock.Timeout as error:  # an OSError to Python, but none of writing
            raise Unavailable(
                f"Another batch works on {ledger}{_told(holder)}.", value=str(ledger),
                remedy="Wait for it ('audiopost batch status' shows how far it is), or stop it first.",
            ) from error  # fmt: skip
    try:
        with guarded(holder):
            holder.write_text(f"{os.getpid()} on {socket.gethostname()}\n", encoding="utf-8")
        yield
    finally:
        with contextlib.suppress(OSError):  # it only names us: the lock is what counts
            holder.unlink()
        lock.release()


def is_claimed(ledger: Path) -> bool:
    """Whether a driver works on a ledger now."""
    import filelock

    if not ledger.parent.is_dir():
        return False
    lock = _lock_of(ledger)
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        return True
    lock.release()
    return False


def _lock_of(ledger: Path) -> filelock.FileLock:  # type: ignore[name-defined]  # noqa: F821 - imported on use
    import filelock

    return filelock.FileLock(f"{ledger}.lock")


def _holder_of(ledger: Path) -> Path:
    return ledger.with_name(f"{ledger.name}.driver")


def _told(holder: Path) -> str:
    try:
        return f" (process {holder.read_text(encoding='utf-8').strip()})"
    except OSError:
        return ""
