"""Files that can be made anew, in one folder: pictures, peaks, loudness curves. Bounded in size."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection
from pathlib import Path
from weakref import WeakKeyDictionary

from ..io.atomic import write_bytes
from .desk import Desk

#: Bytes that a recording's cache may take, viewing copies aside.
MOST_BYTES = 512_000_000
#: So many versions of sound that is gone are kept, since undo brings it back.
_KEPT_VERSIONS = 12
#: How the name of a viewing copy ends: it is wanted as long as its film is there.
VIEWING = "view.mp4"


class Cache:
    """The files of a folder, each named by the version of what it was made of, a dot, and what it is."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._current: frozenset[str] = frozenset()
        self._written = 0

    def path(self, version: str, what: str) -> Path:
        """Where a file lies, or would lie. `version` and `what` are names of ours, never a person's."""
        return self.folder / f"{version}.{what}"

    def get(self, version: str, what: str) -> bytes | None:
        """A file's content, None where it is not there."""
        path = self.path(version, what)
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return None
        with contextlib.suppress(OSError):
            os.utime(path)  # used last: what `tidy` goes by
        return content

    def put(self, version: str, what: str, content: bytes) -> None:
        """Keeps a file. Raises OutputError."""
        write_bytes(self.path(version, what), content)
        self._written += len(content)

    def tidy(self, current: Collection[str]) -> None:
        """Removes what was made of old versions, the latest few aside, and then what lies unused the longest.

        Where nothing changed and little was written since the last time it does nothing.
        """
        if self._current == frozenset(current) and self._written < MOST_BYTES // 16:
            return
        self._current, self._written = frozenset(current), 0
        found = []
        for path in self.folder.iterdir():
            with contextlib.suppress(OSError):  # another thread may have removed it
                stat = path.stat()
                if path.name[0] != "." and not path.name.endswith(VIEWING):
                    found.append((stat.st_mtime, stat.st_size, path))
        found.sort(reverse=True)
        old = dict.fromkeys(version for *_, path in found if (version := path.name.split(".")[0]) not in current)
        gone = frozenset(list(old)[_KEPT_VERSIONS:])
        total = 0
        for _, size, path in found:
            total += size
            if total > MOST_BYTES or path.name.split(".")[0] in gone:
                path.unlink(missing_ok=True)
                total -= size


_caches: WeakKeyDictionary[Desk, Cache] = WeakKeyDictionary()


def cache_of(desk: Desk) -> Cache:
    """The cache of a desk, the same one for everybody who asks."""
    return _caches.setdefault(desk, Cache(desk.cache))
