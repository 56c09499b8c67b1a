"""Recordings out of what was typed: files, folders, patterns with * and **, and fsspec URLs of all three.

Folders are searched by name. What begins with a dot is passed over, and so is what audiopost itself delivered there:
a batch whose results lie among its recordings takes none of them for a recording the next time.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from ..core.errors import BadValue, InputError
from . import remote, tree
from .places import is_url, system
from .search import Found, Hits, Search, same

log = logging.getLogger("audiopost")


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
    search = Search(
        tuple(patterns), {identity for folder in without if (identity := tree.identity(folder)) is not None}
    )
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


def _of(place: str, search: Search) -> Hits:
    if not place or "\0" in place:
        raise BadValue(f"{place!r} is no file, folder or URL.", value=place)
    if not is_url(place):
        return tree.search(place, search)
    from fsspec.implementations.local import LocalFileSystem

    files, path = system(place)
    return (
        tree.search(path, search) if isinstance(files, LocalFileSystem) else remote.search(place, files, path, search)
    )


def _nothing(place: str, patterns: Sequence[str], delivered: int) -> InputError:
    like = f" named like {' or '.join(patterns)}" if patterns else ""
    count = "1 file" if delivered == 1 else f"{delivered} files"
    ours = f" {count} of audiopost's own deliveries {'was' if delivered == 1 else 'were'} passed over."
    remedy = "Check the patterns." if patterns else "Give a pattern for other kinds of files."
    return InputError(
        f"There is no recording{like} in {place}.{ours if delivered else ''}", value=place,
        remedy="A file that is named itself is taken whatever it is." if delivered else remedy,
    )  # fmt: skip


def _natural(text: str) -> tuple[list[list[Any]], str]:
    """The parts of a path, each as text and numbers in turn; a number by its length first, so that none is too long."""
    parts = [re.split("0*([0-9]+)", part) for part in same(text).casefold().split("/")]
    return [[(len(bit), bit) if n % 2 else bit for n, bit in enumerate(part)] for part in parts], text
