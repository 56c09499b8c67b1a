"""The user's tracks in one SQLite file: where they lie, their tags, what they sound like.

Numbers that tracks are chosen by have columns of their own; the whole analysis lies beside them as JSON and is read
for the few that are shown. Each change is committed at once, in WAL mode: a process that is killed loses nothing that
was reported as done, and others may read meanwhile. `PRAGMA user_version` is the schema's number.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np

from ...core.audio import FloatArray
from ...core.errors import BadValue, OutputError, UnknownName
from ...core.music import TrackAnalysis, TrackInfo
from ...core.serial import from_json, to_json
from ...io.atomic import guarded
from .schema import NUMBERS, SCHEMA, TABLES

#: Raised when `analyse` tells other things of the same file: tracks are then heard again by the next scan.
ANALYSER = 1
#: 'missing' files were there and are gone; 'failed' ones cannot be heard, `error` says why.
STATUSES = ("ok", "failed", "missing")
_TEXTS = ("title", "artist", "composer", "publisher", "album", "genre", "licence")
#: Seconds that a writer waits for another one.
_PATIENCE_S = 30.0


@dataclass(frozen=True)
class Seen:
    """A file as a scan found it: enough to tell whether it is still the same."""

    path: Path
    size: int
    mtime_ns: int


@dataclass(frozen=True)
class Track:
    """A track of the library; `analysis` is None for one that failed."""

    id: int
    status: str
    error: str
    info: TrackInfo
    analysis: TrackAnalysis | None
    sha256: str


class Store:
    """The file itself. Use as a context manager; every method is one transaction.

    Raises BadValue for a file that is no library, or one of a later audiopost; OutputError where it cannot be written.
    """

    def __init__(self, path: Path, *, new: bool = False) -> None:
        self.path = path
        if not new and not path.is_file():
            raise BadValue(
                f"There is no music library {path}.", value=str(path), remedy="Make it with 'audiopost library add'."
            )
        with guarded(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        try:
            # Our own transactions (isolation_level None), so that none stays open between calls.
            self._db = sqlite3.connect(path, timeout=_PATIENCE_S, isolation_level=None, check_same_thread=False)
            with contextlib.ExitStack() as refused:
                refused.callback(self._db.close)
                self._db.row_factory = sqlite3.Row
                self._prepare()
                refused.pop_all()
        except sqlite3.OperationalError as error:
            raise OutputError(
                f"Cannot open the library {path}: {error}.", value=str(path), remedy="Name another with --library."
            ) from error
        except sqlite3.DatabaseError as error:
            raise BadValue(
                f"{path} is not a music library: {error}.", value=str(path), remedy="Name another with --library."
            ) from error

    def _prepare(self) -> None:
        version = int(self._db.execute("PRAGMA user_version").fetchone()[0])
        if version > SCHEMA:
            raise BadValue(
                f"{self.path} was made by a later audiopost (schema {version}, this one reads {SCHEMA}).",
                value=version,
                remedy="Update audiopost, or name another library.",
            )
        if version == 0:
            if self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                raise BadValue(
                    f"{self.path} is a database of something else.",
                    value=str(self.path),
                    remedy="Name another file with --library.",
                )
            self._db.execute("PRAGMA journal_mode = WAL")
            with self._writing():
                if not self._db.execute("PRAGMA user_version").fetchone()[0]:  # another process may have been first
                    for statement in filter(str.strip, TABLES.split(";")):
                        self._db.execute(statement)
        self._db.execute("PRAGMA synchronous = NORMAL")

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._db.close()

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")
        except sqlite3.OperationalError as error:
            raise OutputError(
                f"Cannot write the library {self.path}: {error}.",
                value=str(self.path),
                remedy="Make room, close other programs that use it, or name another with --library.",
            ) from error

    def _ask(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        try:
            return self._db.execute(sql, values).fetchall()
        except sqlite3.DatabaseError as error:
            raise BadValue(
                f"The library {self.path} cannot be read: {error}.",
                value=str(self.path),
                remedy="Move it away and make it again with 'audiopost library add'; the music itself is not in it.",
            ) from error

    # What a scan asks and tells.

    def folders(self) -> list[Path]:
        return [_path(row[0]) for row in self._ask("SELECT path FROM folders ORDER BY path")]

    def watch(self, folders: Sequence[Path]) -> None:
        """Notes folders for the next rescan."""
        with self._writing():
            self._db.executemany("INSERT OR IGNORE INTO folders VALUES (?)", [(os.fsencode(f),) for f in folders])

    def known(self) -> dict[Path, tuple[int, int, str, int]]:
        """(size, mtime_ns, status, analyser) of every track by its path."""
        rows = self._ask("SELECT path, size, mtime_ns, status, analyser FROM tracks")
        return {_path(path): (size, mtime, status, version) for path, size, mtime, status, version in rows}

    def of_size(self, size: int) -> list[tuple[Path, str]]:
        """(path, sha256) of heard tracks of a size: what a file of that size may be a copy of, or moved from."""
        rows = self._ask(
            "SELECT path, sha256 FROM tracks WHERE size = ? AND analyser = ? AND sha256 != '' AND status != 'failed'"
            " ORDER BY id",
            (size, ANALYSER),
        )
        return [(_path(path), sha256) for path, sha256 in rows]

    def put(
        self,
        seen: Seen,
        info: TrackInfo,
        analysis: TrackAnalysis,
        sha256: str,
        embedding: tuple[FloatArray, str] | None,
    ) -> None:
        """A track that was heard, new or in place of what was known of its path."""
        values = to_json(analysis)
        row = {
            **_file_columns(seen),
            "sha256": sha256,
            "status": "ok",
            "error": "",
            "analyser": ANALYSER,
            "words": _words(info),
            "info": _json(info),
            "key": analysis.key,
            "mode": analysis.mode,
            **{name: values[name] for name in NUMBERS},
            "analysis": zlib.compress(json.dumps(values, separators=(",", ":")).encode()),
            "embedding": None if embedding is None else np.asarray(embedding[0], np.float32).tobytes(),
            "embedder": "" if embedding is None else embedding[1],
        }
        self._put(row)

    def put_failed(self, seen: Seen, error: str) -> None:
        """A file that cannot be heard; nothing older about it is kept, since it is not what it was."""
        info = TrackInfo(path=str(seen.path))
        row = {**_file_columns(seen), "sha256": "", "status": "failed", "error": plain(error), "analyser": ANALYSER}
        row |= {"words": _words(info), "info": _json(info), "key": "", "mode": "", "analysis": b"", "embedder": ""}
        self._put({**row, **dict.fromkeys((*NUMBERS, "embedding"))})

    def _put(self, row: Mapping[str, Any]) -> None:
        names = ", ".join(row)
        update = ", ".join(f"{name} = excluded.{name}" for name in row if name != "path")
        with self._writing():
            self._db.execute(
                f"INSERT INTO tracks ({names}) VALUES ({', '.join(':' + name for name in row)})"  # noqa: S608  # ours
                f" ON CONFLICT (path) DO UPDATE SET {update}",
                dict(row),
            )

    def same_at(self, seen: Seen, other: Path, info: TrackInfo, *, moved: bool) -> None:
        """The track known at `other` lies (`moved`), or lies too, at `seen`; `info` holds the tags it has there."""
        old, new = os.fsencode(other), _file_columns(seen)
        columns = [row[1] for row in self._ask("PRAGMA table_info(tracks)") if row[1] not in ("id", "path")]
        with self._writing():
            if other != seen.path:
                self._db.execute("DELETE FROM tracks WHERE path = ?", (new["path"],))
                if moved:
                    self._db.execute("UPDATE tracks SET path = ? WHERE path = ?", (new["path"], old))
                else:
                    names = ", ".join(columns)
                    self._db.execute(
                        f"INSERT INTO tracks (path, {names}) SELECT ?, {names} FROM tracks WHERE path = ?",  # noqa: S608
                        (new["path"], old),
                    )
            self._db.execute(
                "UPDATE tracks SET size = :size, mtime_ns = :mtime_ns, status = 'ok', info = :info, words = :words"
                " WHERE path = :path",
                {**new, "info": _json(info), "words": _words(info)},
            )

    def mark(self, paths: Sequence[Path], status: str) -> None:
        with self._writing():
            self._db.executemany(
                "UPDATE tracks SET status = ? WHERE path = ?", [(status, os.fsencode(path)) for path in paths]
            )

    def duration_s(self, path: Path) -> float:
        return float(
            self._db.execute("SELECT duration_s FROM tracks WHERE path = ?", (os.fsencode(path),)).fetchone()[0]
        )

    def drop(self, paths: Sequence[Path]) -> None:
        with self._writing():
            self._db.executemany("DELETE FROM tracks WHERE path = ?", [(os.fsencode(path),) for path in paths])

    def forget_folders(self, folders: Sequence[Path]) -> None:
        with self._writing():
            self._db.executemany("DELETE FROM folders WHERE path = ?", [(os.fsencode(f),) for f in folders])

    # What a search asks.

    def select(self, where: str = "1", values: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """Rows with every column but the analysis; `where` is SQL of ours over the columns, never of a user."""
        names = ", ".join(("id", "path", "status", "error", "info", "key", "mode", "sha256", *NUMBERS))
        return self._ask(
            f"SELECT {names} FROM tracks WHERE {where} ORDER BY path",  # noqa: S608
            values,
        )

    def columns(self, names: Sequence[str]) -> list[tuple[Any, ...]]:
        """These columns (of path, key, mode and NUMBERS: an index holds them) of every heard track, by path."""
        return self._ask(f"SELECT id, {', '.join(names)} FROM tracks WHERE status = 'ok' ORDER BY path")  # noqa: S608

    def tracks(self, ids: Sequence[int]) -> list[Track]:
        """The tracks of these numbers, in their order. Raises UnknownName."""
        found = []
        for number in ids:
            rows = self._ask("SELECT status, error, info, analysis, sha256, path FROM tracks WHERE id = ?", (number,))
            if not rows:
                raise UnknownName("track", str(number), ())
            status, error, info, analysis, sha256, path = rows[0]
            heard = from_json(TrackAnalysis, json.loads(zlib.decompress(analysis))) if analysis else None
            found.append(Track(number, status, error, track_info(info, path), heard, sha256))
        return found

    def embeddings(self, embedder: str) -> tuple[list[int], FloatArray]:
        """The numbers and unit vectors (n, size) of the tracks that this embedder heard."""
        rows = self._ask(
            "SELECT id, embedding FROM tracks WHERE embedder = ? AND status = 'ok' ORDER BY id", (embedder,)
        )
        vectors = [np.frombuffer(blob, np.float32) for _, blob in rows]
        return [number for number, _ in rows], np.stack(vectors) if vectors else np.zeros((0, 0), np.float32)

    def without_embedding(self, embedder: str) -> list[Path]:
        rows = self._ask("SELECT path FROM tracks WHERE status = 'ok' AND embedder != ?", (embedder,))
        return [_path(row[0]) for row in rows]

    def embedders(self) -> dict[str, str]:
        """The folders, by identity, of the models whose embeddings are here."""
        rows = self._ask(
            "SELECT identity, folder FROM embedders WHERE identity IN (SELECT embedder FROM tracks) ORDER BY identity"
        )
        return {identity: os.fsdecode(folder) for identity, folder in rows}

    def note_embedder(self, identity: str, folder: Path) -> None:
        with self._writing():
            self._db.execute("INSERT OR REPLACE INTO embedders VALUES (?, ?)", (identity, os.fsencode(folder)))

    def counts(self) -> dict[str, int]:
        """Number of tracks by status."""
        found = dict(self._ask("SELECT status, count(*) FROM tracks GROUP BY status"))
        return {status: int(found.get(status, 0)) for status in STATUSES}


def plain(text: str) -> str:
    """Text that SQLite takes: bytes of a file name that are no UTF-8 as escapes."""
    return text.encode("utf-8", "backslashreplace").decode()


def track_info(info: str, path: bytes) -> TrackInfo:
    """A row's tags; the path is the row's own, whose bytes need be no UTF-8."""
    return cast(TrackInfo, from_json(TrackInfo, {**json.loads(info), "path": os.fsdecode(path)}))


def _path(stored: bytes) -> Path:
    return Path(os.fsdecode(stored))


def _file_columns(seen: Seen) -> dict[str, Any]:
    return {"path": os.fsencode(seen.path), "size": seen.size, "mtime_ns": seen.mtime_ns}


def _json(info: TrackInfo) -> str:
    return json.dumps({**to_json(info), "path": ""}, ensure_ascii=False)


def _words(info: TrackInfo) -> str:
    """What a search by text looks into."""
    texts = [plain(Path(info.path).stem), *(getattr(info, name) for name in _TEXTS)]
    return "\n".join(texts).casefold()
