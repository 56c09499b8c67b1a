"""Recordings elsewhere: files, folders and patterns of fsspec URLs."""

from __future__ import annotations

import fnmatch
import re
import urllib.parse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from .places import reason, system
from .search import RECORD, Found, Hits, Search, gone, listed, same, without_kept


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


def search(url: str, files: Any, path: str, search: Search) -> Hits:
    parts = _Url.of(url)
    web = "https" in (files.protocol if isinstance(files.protocol, tuple) else (files.protocol,))
    magic = re.search(r"\*" if web else r"[*?\[]", parts.place)
    files.invalidate_cache()  # a watch asks again and again, and fsspec keeps its listings for ever
    try:
        kind = "directory" if parts.place.endswith("/") else files.info(path)["type"]
    except Exception as error:  # each protocol raises its own
        if not magic:
            raise gone(url, reason(error)) from error
        kind = "glob"
    if kind == "file":
        return Hits([(url, Found(url, PurePosixPath(_shown(path.rstrip("/"), web).name)))], 0)
    base, pattern = parts.split(magic.start() if magic and kind == "glob" else None)
    try:
        root = system(parts.at(base))[1].rstrip("/")
        names = {name[len(root) :].lstrip("/"): name for name in files.find(root) if not name.endswith("/")}
        delivered = _delivered(files, names)
    except Exception as error:
        raise gone(url, reason(error)) from error
    hits, passed = [], 0
    for relative in names:
        shown = _shown(relative, web)
        if any(part.startswith(".") for part in shown.parts) or not _fits(shown.parts, pattern):
            continue
        if not search.wants(shown.name, pattern[-1] if pattern else ""):
            continue
        if without_kept(relative) in delivered:
            passed += 1
            continue
        source = parts.at(f"{base}{'' if base.endswith('/') else '/'}{relative}")
        hits.append((source, Found(source, shown)))
    return Hits(hits, passed)


def _delivered(files: Any, names: dict[str, str]) -> set[str]:
    """What records among `names` (relative to full path) list, relative as well."""
    ours: set[str] = set()
    for relative, name in names.items():
        if relative.endswith(RECORD):
            folder = PurePosixPath(relative).parent
            ours |= {(folder / each).as_posix() for each in listed(files.cat_file(name))}
    return ours


def _fits(parts: Sequence[str], pattern: Sequence[str]) -> bool:
    if not pattern:
        return True  # it lies in a folder that fits
    if pattern[0] == "**":
        return any(_fits(parts[n:], pattern[1:]) for n in range(len(parts)))
    return bool(parts) and fnmatch.fnmatchcase(same(parts[0]), same(pattern[0])) and _fits(parts[1:], pattern[1:])


def _shown(path: str, web: bool) -> PurePosixPath:
    """A path as people read it; on the web without what is asked of the server, and %20 as a space."""
    if not web:
        return PurePosixPath(path)
    bare = urllib.parse.urlsplit(path).path
    return PurePosixPath(*(urllib.parse.unquote(part).replace("/", "_") for part in bare.split("/")))
