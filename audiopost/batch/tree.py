"""Recordings on this machine: folders, links and patterns, each folder read once."""

from __future__ import annotations

import collections
import contextlib
import fnmatch
import glob
import logging
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from ..core.errors import BadValue
from .search import RECORD, Found, Hits, Search, gone, listed, same, without_kept

log = logging.getLogger("audiopost")


def search(place: str, search: Search) -> Hits:
    path = Path(os.path.abspath(place))  # links are kept as named
    try:
        mode = path.stat().st_mode
    except OSError as error:
        if glob.has_magic(place):
            return _matching(path, search)
        raise gone(place, error.strerror or str(error)) from error
    if stat.S_ISREG(mode):
        return Hits([(os.path.realpath(path), Found(str(path), PurePosixPath(path.name)))], 0)
    if not stat.S_ISDIR(mode):
        raise BadValue(f"{place} is neither a file nor a folder.", value=place)
    tree = _Tree(path, search)
    tree.take_below(path)
    return tree.hits()


def _matching(path: Path, search: Search) -> Hits:
    first = next(n for n, part in enumerate(path.parts) if glob.has_magic(part))
    tree = _Tree(Path(*path.parts[:first]), search)
    tree.take_matching(tree.base, path.parts[first:])
    return tree.hits()


class _Entry(NamedTuple):
    path: Path
    identity: tuple[int, int]
    linked: bool


@dataclass
class _Tree:
    """The folders below `base`, each read once."""

    base: Path
    search: Search
    taken: dict[Path, bool] = field(default_factory=dict)  # whether it is a link
    delivered: set[Path] = field(default_factory=set)
    read: dict[Path, tuple[list[_Entry], list[_Entry]]] = field(default_factory=dict)

    def hits(self) -> Hits:
        # A file and a link to it: the file's own name stands.
        paths = sorted(self.taken, key=lambda path: self.taken[path])
        own = [path for path in paths if path.with_name(without_kept(path.name)) not in self.delivered]
        files: dict[str, Found] = {}
        for path in own:
            found = Found(str(path), PurePosixPath(path.relative_to(self.base).as_posix()))
            files.setdefault(os.path.realpath(path), found)
        return Hits(list(files.items()), len(paths) - len(own))

    def take_below(self, folder: Path, pattern: str = "") -> None:
        for each in self.folders(folder):
            for file in self.children(each)[1]:
                if self.search.wants(file.path.name, pattern):
                    self.taken.setdefault(file.path, file.linked)

    def take_matching(self, folder: Path, parts: Sequence[str]) -> None:
        """What fits a glob, given as the parts of its path; of a folder that fits, all that is below."""
        head, rest = parts[0], parts[1:]
        if head == "**":
            for each in self.folders(folder) if rest else ():
                self.take_matching(each, rest)
            if not rest:
                self.take_below(folder)
            return
        folders, files = self.children(folder)
        for each in (entry.path for entry in folders if fnmatch.fnmatch(same(entry.path.name), same(head))):
            if rest:
                self.take_matching(each, rest)
            else:
                self.take_below(each)
        for file in files if not rest else ():
            if fnmatch.fnmatch(same(file.path.name), same(head)) and self.search.wants(file.path.name, head):
                self.taken.setdefault(file.path, file.linked)

    def folders(self, start: Path) -> Iterator[Path]:
        """`start` and the folders below it, each once: those that links lead to last, under the links' names."""
        own = identity(start)
        waiting, links = [_Entry(start, own, False)] if own else [], collections.deque[_Entry]()
        seen: set[tuple[int, int]] = set()
        while waiting or links:
            entry = waiting.pop() if waiting else links.popleft()
            if entry.identity in seen:
                continue
            seen.add(entry.identity)
            yield entry.path
            for below in self.children(entry.path)[0]:
                (links if below.linked else waiting).append(below)

    def children(self, folder: Path) -> tuple[list[_Entry], list[_Entry]]:
        """The folders and the files in a folder, by name; what is delivered there is noted."""
        if folder in self.read:
            return self.read[folder]
        folders: list[_Entry] = []
        files: list[_Entry] = []
        self.read[folder] = folders, files
        try:
            names = sorted(os.listdir(folder))
            begun = under_delivery(folder, names)
            # Asked for again: a run that was at it writes its record, then drops the list of what it has begun.
            records = [name for name in os.listdir(folder) if name.endswith(RECORD)]
        except OSError as error:
            log.warning("%s is passed over: %s", folder, error.strerror or error)
            return folders, files
        self.delivered |= begun.union(*(_recorded(folder / name) for name in records))
        for name in names:
            if not name.startswith("."):
                self._sort(folder / name, folders, files)
        return folders, files

    def _sort(self, path: Path, folders: list[_Entry], files: list[_Entry]) -> None:
        try:
            state = path.stat()
        except OSError as error:
            kind = "a link to nowhere" if path.is_symlink() else "passed over"
            log.warning("%s is %s: %s", path, kind, error.strerror or error)
            return
        entry = _Entry(path, (state.st_dev, state.st_ino), path.is_symlink())
        if stat.S_ISDIR(state.st_mode):
            if entry.identity not in self.search.without:
                folders.append(entry)
        elif stat.S_ISREG(state.st_mode):
            files.append(entry)


def identity(path: Path) -> tuple[int, int] | None:
    try:
        state = path.stat()
    except OSError:  # results have no folder yet
        return None
    return state.st_dev, state.st_ino


def _recorded(record: Path) -> set[Path]:
    """The files that a record beside them lists."""
    try:
        return _below(record.parent, listed(record.read_bytes()))
    except OSError as error:
        log.warning("%s cannot be read: %s", record, error.strerror or error)
        return set()


def _below(folder: Path, names: Iterable[str]) -> set[Path]:
    return {folder / PurePosixPath(name) for name in names}


def under_delivery(folder: Path, names: Iterable[str]) -> set[Path]:
    """The files in `folder`, where `names` lie, and below that a run has begun to deliver and not yet recorded: it goes
    on, or was stopped."""
    begun: set[Path] = set()
    for name in names:
        if name.startswith(".") and name.endswith(".audiopost"):
            # Without it the run has not come to that, or has just recorded them.
            with contextlib.suppress(OSError):
                text = (folder / name / "delivered.txt").read_text(encoding="utf-8", errors="surrogateescape")
                begun |= _below(folder, text.splitlines())
    return begun
