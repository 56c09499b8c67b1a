"""Files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import contextvars
import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ..core.errors import DiskFull, OutputError

#: What names of files begin with while they are written.
_PART = ".part-"
_label: contextvars.ContextVar[str] = contextvars.ContextVar("audiopost_label", default="")


def native(path: Path) -> str | bytes:
    """A path as soundfile takes it whatever its bytes: names that are no UTF-8 exist on Unix."""
    return str(path) if os.name == "nt" else os.fsencode(path)


@contextlib.contextmanager
def guarded(path: Path) -> Iterator[None]:
    """Turns the operating system's refusals to write `path` into OutputError and DiskFull."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise disk_full(path) from error
        reason = error.strerror or str(error)
        raise OutputError(
            f"Cannot write {path}: {reason}.", value=str(path), remedy="Choose another folder with -o/--out."
        ) from error


def disk_full(path: Path, remedy: str = "") -> DiskFull:
    """The error for a full disk, with what is left on it; `remedy` where the folder is not the one of -o/--out."""
    with contextlib.suppress(OSError):
        free = shutil.disk_usage(path.parent).free
        return DiskFull(
            f"No room for {path}: {free / 1e6:.1f} MB are free.",
            value=str(path),
            remedy=remedy or "Make room, or choose another folder with -o/--out; a run goes on with --resume.",
        )
    return DiskFull(f"No room for {path}.", value=str(path))


def make_folder(path: Path) -> Path:
    """The folder, made with its parents. Raises OutputError."""
    with guarded(path):
        path.mkdir(parents=True, exist_ok=True)
        if not os.access(path, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, "permission denied")
    return path


@contextlib.contextmanager
def labelled(label: str) -> Iterator[None]:
    """Temporary files made inside carry `label` in their names, so that `sweep` finds what a killed process left."""
    token = _label.set(f"{label}-")
    try:
        yield
    finally:
        _label.reset(token)


def sweep(folder: Path, label: str) -> None:
    """Removes the temporary files that a process with this label left in `folder` and below. It must be gone."""
    for path in folder.rglob(f"{_PART}{label}-*"):
        path.unlink(missing_ok=True)


@contextlib.contextmanager
def replacing(path: Path, *, private: bool = False) -> Iterator[Path]:
    """Yields a temporary path beside `path` (same suffix); moved into place at the end, removed on any error.

    `private`: nobody but the owner may read the file, at no moment.
    """
    with guarded(path):
        handle, name = tempfile.mkstemp(prefix=f"{_PART}{_label.get()}", suffix=path.suffix, dir=path.parent)
        os.close(handle)
    temporary = Path(name)
    try:
        with guarded(path):
            yield temporary
            if not private:  # the temporary file is
                umask = os.umask(0)
                os.umask(umask)
                temporary.chmod(0o666 & ~umask)
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
            temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_bytes(path: Path, data: bytes, *, private: bool = False) -> Path:
    """Bytes, whole or not at all; `private` as in `replacing`. Raises OutputError."""
    with replacing(path, private=private) as temporary:
        temporary.write_bytes(data)
    return path


def write_text(path: Path, text: str, *, bom: bool = False) -> Path:
    """UTF-8 text, whole or not at all; `bom` for programs such as Excel that guess otherwise.

    Bytes of a file name that are no UTF-8 are written as escapes, which JSON reads back.
    """
    return write_bytes(path, text.encode("utf-8-sig" if bom else "utf-8", "backslashreplace"))
