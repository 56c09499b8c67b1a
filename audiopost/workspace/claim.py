"""One workbench a folder: two would each write what the other does not know of."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from ..core.errors import Unavailable
from ..io.atomic import guarded, make_folder
from .folder import HIDDEN


@contextlib.contextmanager
def claimed(root: Path) -> Iterator[None]:
    """Holds a project folder as long as the block, or the process, lives. Raises Unavailable where another does."""
    path = make_folder(root / HIDDEN) / ".lock"
    with guarded(path):
        file = path.open("a+", encoding="utf-8")
    with file:
        if not _locked(file.fileno()):
            file.seek(0)
            holder = file.read(20).strip()
            raise Unavailable(
                f"{root} is open in another workbench{f', process {holder}' if holder.isdigit() else ''}.",
                value=str(root),
                remedy="Use that one, or end it first; for other work give another folder with --project.",
            )
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield
        file.truncate(0)


def _locked(handle: int) -> bool:
    """Whether the lock of an open file could be had; the system gives it back whatever becomes of the process."""
    try:
        if os.name == "nt":
            import msvcrt

            os.lseek(handle, 1 << 20, os.SEEK_SET)  # beyond what is read: Windows locks against reading
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
