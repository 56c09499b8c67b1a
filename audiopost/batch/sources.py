"""Recordings out of what was typed: files, folders, patterns with * and **, and fsspec URLs of all three.

Folders are searched by name. What begins with a dot is passed over, and so is what audiopost itself delivered there:
a batch whose results lie among its recordings takes none of them for a recording the next time.
"""

from __future__ import annotations

import collections
import contextlib
import fnmatch
import glob
import json
import logging
import os
import re
import stat
import unicodedata
import urllib.parse
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from ..core.errors import BadValue, InputError
from ..music.library.files import SUFFIXES as MUSIC
from .places import is_url, system

log = logging.getLogger("audiopost")

#: Suffixes of sound, in small letters: those of music, and those that recorders, phones and film sound have.
SOUND = MUSIC | {
    ".3ga", ".amr", ".awb", ".dsf", ".dss", ".dts", ".dtshd", ".eac3", ".ec3", ".gsm", ".mpa", ".mpc", ".oma", ".qcp",
    ".snd", ".spx", ".tak", ".thd", ".tta", ".voc", ".weba",
}  # fmt: skip
#: Suffixes of films.
FILM = frozenset({
    ".3g2", ".3gp", ".asf", ".avi", ".divx", ".dv", ".f4v", ".flv", ".gxf", ".lxf", ".m2t", ".m2ts", ".m4v", ".mkv",
    ".mov", ".mp4", ".mpeg", ".mpg", ".mts", ".mxf", ".nut", ".ogm", ".ogv", ".qt", ".rm", ".rmvb", ".ts", ".vob",
    ".webm", ".wmv", ".wtv",
})  # fmt: skip

_RECORD = ".provenance.json"
#: What the pipeline adds to the name of a file that it found in a deliverable's place.
_KEPT = re.compile(r"\.kept-\d+(?=(\.[^.]*)?$)")


@dataclass(frozen=True)
class Found:
    """A recording. `source` is an absolute path or an fsspec URL; `relative` its path below the input it was found
    under, with its suffix ('season 1/ep1.mov'), its name alone where it was named itself."""

    source: str
    relative: PurePosixPath


def find(
    inputs: Sequence[str], *, patterns: Sequence[str] = (), without: Collection[Path] = (), may_be_empty: bool = False
) -> tuple[Found, ...]:
    """The recordings that `inputs` name, each once, in natural order (ep2 before ep10).

    `patterns` are for names in folders ('*.mov', in capitals too); without them files are taken whose suffix is one of
    SOUND or FILM. A file that is named itself is always taken. Folders in `without`, such as that of the results, are
    not entered, unless they are an input themselves. Links are followed, round ones once; those to nowhere and folders
    that cannot be read are told in the log. A file:// URL is the path that it names.
    Raises InputError for an input that is not there, and, unless it `may_be_empty`, for one that gives no recording;
    BadValue for one that is no place at all; MissingExtra for a URL whose protocol's package is missing.
    """
    search = _Search(tuple(patterns), {identity for folder in without if (identity := _identity(folder)) is not None})
    found: dict[str, Found] = {}
    for place in inputs:
        hits = _of(place, search)
        if not hits.files and not may_be_empty:
            raise _nothing(place, search.patterns, hits.delivered)
        if hits.delivered:
            log.info("%s: passed over %d files that audiopost itself delivered", place, hits.delivered)
        for key, each in hits.files:
            found.setdefault(key, each)
    return tuple(sorted(found.values(), key=lambda each: _natural(each.source)))


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


# --- what all kinds of inputs share


class _Hits(NamedTuple):
    """What an input gives, by what makes each file itself, and how many files of our own were passed over."""

    files: list[tuple[str, Found]]
    delivered: int


@dataclass(frozen=True)
class _Search:
    patterns: tuple[str, ...]
    without: set[tuple[int, int]]

    def wants(self, name: str, pattern: str = "") -> bool:
        """Whether a file in a folder is a recording; `pattern` is the last part of a glob that found it."""
        if self.patterns:
            return any(fnmatch.fnmatchcase(_same(name).lower(), _same(each).lower()) for each in self.patterns)
        # Who writes *.bin means it; who writes * means recordings.
        return bool(PurePosixPath(pattern).suffix.strip(".*?[]!")) or _suffix(name) in SOUND | FILM


def _of(place: str, search: _Search) -> _Hits:
    if not place or "\0" in place:
        raise BadValue(f"{place!r} is no file, folder or URL.", value=place)
    if not is_url(place):
        return _here(place, search)
    from fsspec.implementations.local import LocalFileSystem

    files, path = system(place)
    return _here(path, search) if isinstance(files, LocalFileSystem) else _there(place, files, path, search)


def _nothing(place: str, patterns: Sequence[str], delivered: int) -> InputError:
    like = f" named like {' or '.join(patterns)}" if patterns else ""
    count = "1 file" if delivered == 1 else f"{delivered} files"
    ours = f" {count} of audiopost's own deliveries {'was' if delivered == 1 else 'were'} passed over."
    remedy = "Check the patterns." if patterns else "Give a pattern for other kinds of files."
    return InputError(
        f"There is no recording{like} in {place}.{ours if delivered else ''}", value=place,
        remedy="A file that is named itself is taken whatever it is." if delivered else remedy,
    )  # fmt: skip


def _gone(place: str, reason: str) -> InputError:
    return InputError(f"{place} cannot be read: {reason}.", value=place, remedy="Check its name.")


def _natural(text: str) -> tuple[list[list[Any]], str]:
    """The parts of a path, each as text and numbers in turn; a number by its length first, so that none is too long."""
    parts = [re.split("0*([0-9]+)", part) for part in _same(text).casefold().split("/")]
    return [[(len(bit), bit) if n % 2 else bit for n, bit in enumerate(part)] for part in parts], text


def _same(text: str) -> str:
    """Text as it is compared: 'é' is one character on one system and two on another."""
    return unicodedata.normalize("NFC", text)


def _suffix(name: str) -> str:
    return PurePosixPath(name).suffix.lower()


def _without_kept(name: str) -> str:
    return _KEPT.sub("", name)


def _listed(text: str | bytes) -> list[str]:
    """The files that a record lists, below its folder; none where it cannot be read."""
    try:
        return [str(entry["file"]) for entry in json.loads(text)["deliverables"]]
    except (ValueError, KeyError, TypeError, RecursionError):
        return []


# --- on this machine


def _here(place: str, search: _Search) -> _Hits:
    path = Path(os.path.abspath(place))  # links are kept as named
    try:
        mode = path.stat().st_mode
    except OSError as error:
        if glob.has_magic(place):
            return _matching(path, search)
        raise _gone(place, error.strerror or str(error)) from error
    if stat.S_ISREG(mode):
        return _Hits([(os.path.realpath(path), Found(str(path), PurePosixPath(path.name)))], 0)
    if not stat.S_ISDIR(mode):
        raise BadValue(f"{place} is neither a file nor a folder.", value=place)
    tree = _Tree(path, search)
    tree.take_below(path)
    return tree.hits()


def _matching(path: Path, search: _Search) -> _Hits:
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
    search: _Search
    taken: dict[Path, bool] = field(default_factory=dict)  # whether it is a link
    delivered: set[Path] = field(default_factory=set)
    read: dict[Path, tuple[list[_Entry], list[_Entry]]] = field(default_factory=dict)

    def hits(self) -> _Hits:
        # A file and a link to it: the file's own name stands.
        paths = sorted(self.taken, key=lambda path: self.taken[path])
        own = [path for path in paths if path.with_name(_without_kept(path.name)) not in self.delivered]
        files: dict[str, Found] = {}
        for path in own:
            found = Found(str(path), PurePosixPath(path.relative_to(self.base).as_posix()))
            files.setdefault(os.path.realpath(path), found)
        return _Hits(list(files.items()), len(paths) - len(own))

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
        for each in (entry.path for entry in folders if fnmatch.fnmatch(_same(entry.path.name), _same(head))):
            if rest:
                self.take_matching(each, rest)
            else:
                self.take_below(each)
        for file in files if not rest else ():
            if fnmatch.fnmatch(_same(file.path.name), _same(head)) and self.search.wants(file.path.name, head):
                self.taken.setdefault(file.path, file.linked)

    def folders(self, start: Path) -> Iterator[Path]:
        """`start` and the folders below it, each once: those that links lead to last, under the links' names."""
        own = _identity(start)
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
            records = [name for name in os.listdir(folder) if name.endswith(_RECORD)]
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


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        state = path.stat()
    except OSError:  # results have no folder yet
        return None
    return state.st_dev, state.st_ino


def _recorded(record: Path) -> set[Path]:
    """The files that a record beside them lists."""
    try:
        return _below(record.parent, _listed(record.read_bytes()))
    except OSError as error:
        log.warning("%s cannot be read: %s", record, error.strerror or error)
        return set()


def _below(folder: Path, names: Iterable[str]) -> set[Path]:
    return {folder / PurePosixPath(name) for name in names}


# --- elsewhere


@dataclass(frozen=True)
class _Url:
    """A URL, maybe of a chain ('zip://a::s3://b'): `place` is the part of it that has the path."""

    before: tuple[str, ...]
    place: str
    after: tuple[str, ...]

    @classmethod
    def of(cls, url: str) -> _Url:
        parts = url.split("::")
        at = next(n for n, part in enumerate(parts) if "://" in part)
        return cls(tuple(parts[:at]), parts[at], tuple(parts[at + 1 :]))

    def at(self, place: str) -> str:
        return "::".join((*self.before, place, *self.after))

    def split(self, magic: int | None) -> tuple[str, tuple[str, ...]]:
        """The folder to be searched, and the parts of a glob below it, whose first sign stands at `magic`."""
        start = self.place.index("://") + 3
        if magic is None:
            return self.place[:start] + self.place[start:].rstrip("/"), ()
        cut = self.place.rfind("/", start, magic)
        base = self.place[: cut if cut >= 0 else start]
        return base, tuple(self.place[len(base) :].strip("/").split("/"))


def _there(url: str, files: Any, path: str, search: _Search) -> _Hits:
    parts = _Url.of(url)
    web = "https" in (files.protocol if isinstance(files.protocol, tuple) else (files.protocol,))
    magic = re.search(r"\*" if web else r"[*?\[]", parts.place)
    try:
        kind = "directory" if parts.place.endswith("/") else files.info(path)["type"]
    except Exception as error:  # each protocol raises its own
        if not magic:
            raise _gone(url, _reason(error)) from error
        kind = "glob"
    if kind == "file":
        return _Hits([(url, Found(url, PurePosixPath(_shown(path.rstrip("/"), web).name)))], 0)
    base, pattern = parts.split(magic.start() if magic and kind == "glob" else None)
    try:
        root = system(parts.at(base))[1].rstrip("/")
        names = {name[len(root) :].lstrip("/"): name for name in files.find(root) if not name.endswith("/")}
        delivered = _delivered(files, names)
    except Exception as error:
        raise _gone(url, _reason(error)) from error
    hits, passed = [], 0
    for relative in names:
        shown = _shown(relative, web)
        if any(part.startswith(".") for part in shown.parts) or not _fits(shown.parts, pattern):
            continue
        if not search.wants(shown.name, pattern[-1] if pattern else ""):
            continue
        if _without_kept(relative) in delivered:
            passed += 1
            continue
        source = parts.at(f"{base}{'' if base.endswith('/') else '/'}{relative}")
        hits.append((source, Found(source, shown)))
    return _Hits(hits, passed)


def _delivered(files: Any, names: dict[str, str]) -> set[str]:
    """What records among `names` (relative to full path) list, relative as well."""
    listed: set[str] = set()
    for relative, name in names.items():
        if relative.endswith(_RECORD):
            folder = PurePosixPath(relative).parent
            listed |= {(folder / each).as_posix() for each in _listed(files.cat_file(name))}
    return listed


def _fits(parts: Sequence[str], pattern: Sequence[str]) -> bool:
    if not pattern:
        return True  # it lies in a folder that fits
    if pattern[0] == "**":
        return any(_fits(parts[n:], pattern[1:]) for n in range(len(parts)))
    return bool(parts) and fnmatch.fnmatchcase(_same(parts[0]), _same(pattern[0])) and _fits(parts[1:], pattern[1:])


def _shown(path: str, web: bool) -> PurePosixPath:
    """A path as people read it; on the web without what is asked of the server, and %20 as a space."""
    if not web:
        return PurePosixPath(path)
    bare = urllib.parse.urlsplit(path).path
    return PurePosixPath(*(urllib.parse.unquote(part).replace("/", "_") for part in bare.split("/")))


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error or type(error).__name__).rstrip(".")
