"""Files out of a published archive, without trust in what it says of paths, links and sizes."""

from __future__ import annotations

import tarfile
import zlib
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from ..io.atomic import guarded


class BadArchive(Exception):
    """It cannot be read, or lacks a file, or holds one twice or beyond all measure."""


def unpack(archive: Path, wanted: Iterable[str], folder: Path, *, limit_bytes: int) -> None:
    """Puts the regular files of a tar archive whose last path part is in `wanted` into `folder`.

    Nothing else is written: no folders, no links, no other names, so that no path in the archive leads out of
    `folder`. Raises BadArchive; OutputError where the disk refuses.
    """
    left, names = limit_bytes, set(wanted)
    try:
        with tarfile.open(archive, "r:*") as tar:
            for member in tar:
                name = PurePosixPath(member.name).name
                if not member.isreg() or name not in names:
                    continue
                left -= member.size
                if left < 0:
                    raise BadArchive(f"{archive.name} unpacks to more than {limit_bytes} bytes")
                names.remove(name)
                source = tar.extractfile(member)
                assert source is not None, "a regular file"
                content = source.read()
                with guarded(folder / name):
                    (folder / name).write_bytes(content)
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise BadArchive(f"{archive.name} cannot be unpacked ({error})") from error
    if names:
        raise BadArchive(f"{archive.name} has no {', '.join(sorted(names))}")
