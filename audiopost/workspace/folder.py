"""The project folder: which recordings it holds, how they come in, and each one's desk."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

from ..core.errors import OutputError, UnknownName
from ..core.stage import Progress, silent
from ..io.atomic import guarded, make_folder, write_text
from .desk import Desk
from .names import safe_name

#: Ours within a project folder; the command line leaves it alone.
HIDDEN = ".audiopost"
MEDIA = "media"
#: Names of files within HIDDEN, which no recording's folder there may have.
_TAKEN = frozenset({"state.json", "jobs.json"})


class Folder:
    """A project folder, made where it is not there. Thread-safe; one object a folder and process."""

    def __init__(self, root: Path) -> None:
        self.root = make_folder(root).resolve()
        self.media = self.root / MEDIA
        self.hidden = make_folder(self.root / HIDDEN)
        self._desks: dict[str, Desk] = {}
        self._lock = threading.RLock()

    def names(self) -> tuple[str, ...]:
        """The recordings, by the name that everything of theirs carries, in alphabetical order."""
        found = {path.stem for path in self._brought_in()}
        found |= {path.name.removesuffix(".project.json") for path in self.root.glob("*.project.json")}
        return tuple(sorted(name for name in found if self._source(name) is not None))

    def source(self, name: str) -> Path:
        """The file of a recording. Raises UnknownName."""
        found = self._source(name)
        if found is None:
            raise UnknownName("recording", name, self.names())
        return found

    @contextlib.contextmanager
    def receiving(self, filename: str) -> Iterator[tuple[Path, str]]:
        """(file to be written, name the recording will have) for one that comes in under `filename`.

        The file is moved into place at the end, and is gone after any error. Raises OutputError.
        """
        if self.media.is_symlink():
            raise OutputError(
                f"{self.media} is a link: what comes in would lie outside the project folder.",
                value=str(self.media), remedy="Make it a folder.",
            )  # fmt: skip
        make_folder(self.media)
        safe = safe_name(filename)
        with guarded(self.media):
            handle, temporary = tempfile.mkstemp(prefix=".part-", suffix=Path(safe).suffix, dir=self.media)
            os.close(handle)
        try:
            with self._lock:
                name = self._free(Path(safe).stem)
            yield Path(temporary), name
            with self._lock, guarded(self.media):
                target = self.media / f"{self._free(name)}{Path(safe).suffix}"
                if target.stem != name:
                    raise OutputError(f"Another recording called {name} came in meanwhile.", value=name)
                Path(temporary).rename(target)
        finally:
            Path(temporary).unlink(missing_ok=True)

    def _free(self, stem: str) -> str:
        """`stem`, or with a number behind it where a recording has that name."""
        taken = _TAKEN | {path.stem.lower() for path in self._brought_in()} | {name.lower() for name in self.names()}
        number, name = 2, stem
        while name.lower() in taken:
            name, number = f"{stem}-{number}", number + 1
        return name

    def open(self, name: str, progress: Progress = silent) -> Desk:
        """The desk of a recording, the same one for everybody who asks. The first time it is decoded.

        Raises UnknownName, InputError's kinds.
        """
        with self._lock:
            source = self.source(name)
            if name not in self._desks:
                self._desks[name] = Desk(self.root, self.hidden / name, name, source, progress)
            return self._desks[name]

    def put_away(self, name: str) -> None:
        """Saves the desk of a recording and forgets it, for when its files move. Raises OutputError."""
        with self._lock:
            desk = self._desks.pop(name, None)
            if desk is not None:
                desk.close()

    def is_open(self, name: str) -> bool:
        """Whether its desk is there at once."""
        return name in self._desks

    def was_open(self, name: str) -> bool:
        """Whether it was decoded and hashed before, so that opening it takes no time."""
        return (self.hidden / name / "source.json").exists()

    def remembered(self, key: str) -> str:
        """What `remember` kept, '' for nothing."""
        try:
            found = json.loads((self.hidden / "state.json").read_text(encoding="utf-8")).get(key, "")
        except (OSError, ValueError, AttributeError):
            return ""
        return found if isinstance(found, str) else ""

    def remember(self, **values: str) -> None:
        """Keeps small things of the workbench with the folder: which recording is open, which language."""
        with self._lock:
            path = self.hidden / "state.json"
            try:
                known = json.loads(path.read_text(encoding="utf-8"))
            except (OSError, ValueError):
                known = {}
            write_text(path, json.dumps({**known, **values}, ensure_ascii=False, sort_keys=True) + "\n")

    def close(self) -> None:
        """Saves what is not saved yet, and forgets the desks."""
        with self._lock:
            for desk in self._desks.values():
                desk.close()
            self._desks.clear()

    def _brought_in(self) -> list[Path]:
        if self.media.is_symlink() or not self.media.is_dir():  # a link would lead out of the folder
            return []
        return [
            path for path in self.media.iterdir() if path.is_file() and not path.is_symlink() and path.name[0] != "."
        ]

    def _source(self, name: str) -> Path | None:
        own = next((path for path in self._brought_in() if path.stem == name), None)
        return own or _recorded_source(self.root / f"{name}.project.json")


def _recorded_source(project: Path) -> Path | None:
    """The recording that a Project of the command line is about, where it is still there."""
    if project.is_symlink():  # another folder's
        return None
    try:
        path = Path(json.loads(project.read_text(encoding="utf-8"))["media"]["path"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return next((each for each in (path, project.parent / path) if each.is_file()), None)
