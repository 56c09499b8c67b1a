"""Bringing a library up to date with the files: only what is new or changed is heard."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ...core.errors import BadValue
from ...core.stage import Progress, silent
from ...io.decode import file_sha256
from . import tags, worker
from .files import music_files
from .store import ANALYSER, Seen, Store

log = logging.getLogger("audiopost")


@dataclass
class Scan:
    """What a scan did, in files. `failed` and `unreadable` say why, by path."""

    found: int = 0
    unchanged: int = 0
    heard: int = 0
    moved: int = 0
    copies: int = 0
    missing: int = 0
    failed: dict[Path, str] = field(default_factory=dict)
    unreadable: dict[Path, str] = field(default_factory=dict)


def scan(
    store: Store, folders: Sequence[Path], *, workers: int = 0, embedder: str = "", progress: Progress = silent
) -> Scan:
    """Hears what is new or changed in `folders` and marks what is gone from them; `workers` 0: one a core.

    A file is the same where size and time of change are, else where its content is: a file that was touched, moved or
    copied is not heard again. One that could not be heard is tried again when it changes. Every track is committed
    when it is done, so that a scan that was stopped goes on where it was. `embedder` is a CLAP folder: its embeddings
    of all tracks are stored too.
    """
    places = [Path(os.path.abspath(folder)) for folder in folders]
    for place, given in zip(places, folders, strict=True):
        if not place.exists():
            raise BadValue(f"There is no folder {given}.", value=str(given), remedy="Check the path.")
    store.watch([place for place in places if place.is_dir()])
    return _scan(store, places, workers, embedder, progress)


def rescan(store: Store, *, workers: int = 0, embedder: str = "", progress: Progress = silent) -> Scan:
    """`scan` of all folders that were ever added; one that is not there now has all its tracks marked missing."""
    return _scan(store, store.folders(), workers, embedder, progress)


def _scan(store: Store, places: Sequence[Path], workers: int, embedder: str, progress: Progress) -> Scan:
    done = Scan()
    known = store.known()
    identity = _identity(store, embedder)
    bare = set(store.without_embedding(identity)) if identity else set()
    present: set[Path] = set()
    changed, unheard, back = list[Seen](), list[Seen](), list[Path]()
    for path in music_files(places, done.unreadable):
        try:
            state = path.stat()
        except OSError as error:  # gone since its folder was read
            done.unreadable[path] = error.strerror or str(error)
            continue
        present.add(path)
        seen = Seen(path, state.st_size, state.st_mtime_ns)
        size, mtime_ns, status, version = known.get(path, (-1, -1, "", 0))
        if (size, mtime_ns, version) != (seen.size, seen.mtime_ns, ANALYSER):
            changed.append(seen)
        elif path in bare:
            unheard.append(seen)
        else:
            done.unchanged += 1
            if status == "missing":
                back.append(path)
    done.found = len(present)
    store.mark(back, "ok")
    unheard += [seen for seen in changed if not _recognised(store, seen, done)]
    _leave(store, places, present, done)
    _hear(store, unheard, workers, (embedder, identity), progress, done)
    return done


def _recognised(store: Store, seen: Seen, done: Scan) -> bool:
    """Whether the content is known, at this path or another; the library then knows it lies here."""
    alike = store.of_size(seen.size)
    if not alike:
        return False
    try:
        sha256 = file_sha256(seen.path)
    except OSError:
        return False  # hearing it will tell why
    same = [path for path, known in alike if known == sha256]
    if not same:
        return False
    # A file that was touched is itself; one whose older place is empty has moved.
    source = min(same, key=lambda path: (path != seen.path, path.exists()))
    moved = source != seen.path and not source.exists()
    duration_s = store.duration_s(source)
    store.same_at(seen, source, replace(tags.read(seen.path), duration_s=duration_s), moved=moved)
    if source == seen.path:
        done.unchanged += 1
    elif moved:
        done.moved += 1
    else:
        done.copies += 1
    return True


def _leave(store: Store, places: Sequence[Path], present: set[Path], done: Scan) -> None:
    """Marks what is gone. What lies in a folder that cannot be opened now is not known to be gone."""
    closed = [path for path in done.unreadable if path.exists()]
    gone, dropped = list[Path](), list[Path]()
    for path, (_, _, status, _) in store.known().items():
        inside = any(path.is_relative_to(place) for place in places)
        if status == "missing" or path in present or not inside or any(path.is_relative_to(c) for c in closed):
            continue
        (dropped if status == "failed" else gone).append(path)
    store.mark(gone, "missing")
    store.drop(dropped)
    done.missing = len(gone)


def _identity(store: Store, embedder: str) -> str:
    """What the embeddings of a CLAP folder are stored under; '' for no folder."""
    if not embedder:
        return ""
    from . import clap

    folder = clap.required(embedder)
    store.note_embedder(clap.identity(folder), folder)
    return clap.identity(folder)


def _hear(
    store: Store, files: list[Seen], workers: int, embedder: tuple[str, str], progress: Progress, done: Scan
) -> None:
    answers = worker.heard(files, workers or os.cpu_count() or 1, embedder[0])
    with contextlib.closing(answers):  # ends the children at once where the user stops the work
        for number, found in enumerate(answers, start=1):
            _keep(store, found, embedder[1], done)
            progress("hear tracks", number, len(files))


def _keep(store: Store, found: worker.Heard, identity: str, done: Scan) -> None:
    if found.info is None or found.analysis is None:
        store.put_failed(found.seen, found.error)
        done.failed[found.seen.path] = found.error
        log.warning("%s: %s", found.seen.path, found.error)
    else:
        embedding = None if found.embedding is None else (found.embedding, identity)
        store.put(found.seen, found.info, found.analysis, found.sha256, embedding)
        done.heard += 1
