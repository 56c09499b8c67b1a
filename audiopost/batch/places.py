"""Where recordings come from and results go, as the worker sees it: folders of its machine, or fsspec URLs."""

from __future__ import annotations

import contextlib
import os
import shutil
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from ..core.errors import InputError, MissingExtra, OutputError
from ..io.atomic import make_folder

#: File systems of other machines, by the names that the kernel gives them.
_REMOTE = frozenset({
    "nfs", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "afs", "afpfs", "webdav", "davfs", "9p", "ceph", "glusterfs",
    "lustre", "beegfs", "gpfs", "pvfs2", "ocfs2", "gfs2", "fuse.sshfs", "fuse.s3fs", "fuse.rclone", "fuse.gcsfuse",
    "fuse.glusterfs", "fuse.davfs2", "fuse.goofys", "fuse.blobfuse2", "fuse.juicefs",
})  # fmt: skip


def is_url(place: str) -> bool:
    """Whether `place` is an fsspec URL (s3://bucket/film.mov) and no path of this machine."""
    return "://" in place


def below(out: str, relative: str) -> str:
    """The place `relative` (with forward slashes) below a folder or URL."""
    return f"{out.rstrip('/')}/{relative}" if is_url(out) else str(Path(out) / PurePosixPath(relative))


def system(url: str) -> tuple[Any, str]:
    """fsspec's file system for a URL and the path in it. Raises MissingExtra for a protocol without its package."""
    import fsspec

    try:
        files, path = fsspec.core.url_to_fs(url)
    except (ImportError, ValueError) as error:
        raise MissingExtra(
            f"{url} cannot be reached: {error}.", value=url,
            remedy="pip install 'audiopost[s3]' for s3://, gcsfs for gs://, adlfs for az://.",
        ) from error  # fmt: skip
    return files, path


def stat(source: str) -> tuple[int, int]:
    """(size in bytes, time of change in ns) of a recording; of a URL its version, as a number, for the time.

    Raises InputError where it is not there.
    """
    try:
        if not is_url(source):
            found = Path(source).stat()
            return found.st_size, found.st_mtime_ns
        files, path = system(source)
        return int(files.size(path) or 0), int(files.checksum(path)) & (1 << 62) - 1
    except Exception as error:  # each protocol raises its own
        raise InputError(
            f"{source} cannot be read: {reason(error)}.", value=source, remedy="Is it still there?"
        ) from error


@contextlib.contextmanager
def fetched(source: str, folder: Path) -> Iterator[Path]:
    """The recording as a file of this machine: itself, or a copy in `folder`, which goes when the block ends.

    Nobody else may use the folder. Raises InputError, MissingExtra.
    """
    if not is_url(source):
        yield Path(source)
        return
    files, path = system(source)
    copy = make_folder(folder) / PurePosixPath(path).name
    try:
        try:
            files.get_file(path, str(copy))
        except Exception as error:  # each protocol raises its own
            raise InputError(f"{source} cannot be read: {reason(error)}.", value=source) from error
        yield copy
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def publish(folder: Path, paths: Sequence[str], out: str) -> None:
    """Puts files below `folder` to the same places below the URL `out`, each whole or not at all.

    An object store shows an object when it is complete; elsewhere it is written beside and moved. Raises OutputError.
    """
    files, root = system(out)
    for relative in paths:
        target = f"{root.rstrip('/')}/{relative}"
        beside = f"{target.rpartition('/')[0]}/.part-{uuid.uuid4().hex[:12]}"
        try:
            if _is_store(files):
                files.put_file(str(folder / relative), target)
                continue
            files.makedirs(target.rpartition("/")[0], exist_ok=True)
            try:
                files.put_file(str(folder / relative), beside)
                files.mv(beside, target)
            finally:
                if files.exists(beside):
                    files.rm_file(beside)
        except Exception as error:  # each protocol raises its own
            raise OutputError(f"Cannot write {below(out, relative)}: {reason(error)}.", value=out) from error


def _is_store(files: Any) -> bool:
    names = (files.protocol,) if isinstance(files.protocol, str) else tuple(files.protocol)
    return bool({"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl", "oss", "r2"} & set(names))


def reason(error: Exception) -> str:
    """What a file system of fsspec says, each of which raises its own errors, without a full stop."""
    return str(getattr(error, "strerror", None) or error or type(error).__name__).rstrip(".")


def network_of(folder: Path) -> str:
    """'' where `folder` lies on a disk of this machine, else the kind of the file system that it lies on."""
    import psutil

    there = next((each for each in (folder, *folder.parents) if each.exists()), folder)
    place = os.path.realpath(there)
    best, kind = "", ""
    for part in psutil.disk_partitions(all=True):
        mount = part.mountpoint
        inside = place == mount or place.startswith(mount.rstrip(os.sep) + os.sep)
        if inside and len(mount) >= len(best):  # the last one mounted there hides those before
            best, kind = mount, part.fstype.lower()
            if os.name == "nt" and "remote" in part.opts:
                kind = "smb"
    return kind if kind in _REMOTE else ""
