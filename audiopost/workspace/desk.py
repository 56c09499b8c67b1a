"""One recording that people work on: its Project as it stands, each change undoable and on disk as it happens."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..core.audio import Audio
from ..core.errors import BadValue
from ..core.project import Project
from ..core.stage import Progress, silent
from ..io import scratch
from ..io.atomic import make_folder
from ..pipeline import state
from .homing import brought_home
from .journal import OWN_NOTE, Change, Journal, applied, compared
from .source import opened_source

log = logging.getLogger("audiopost")

#: Seconds between a change and the moment the whole Project is written; the journal has it at once.
SAVE_AFTER_S = 1.0
#: The label of a change that somebody else made to the Project's file.
TAKEN_OVER = "workbench.did_outside"
#: Fields of a Project that hold audio.
SOUND = frozenset({"restored", "removed", "stems", "repaired", "clean", "master"})


@dataclass(frozen=True)
class Preview:
    """A stretch of sound to try something on, from `start_s` of the recording on; kept in memory alone.

    `title` is a key of the workbench's texts.
    """

    title: str
    start_s: float
    audio: Audio


class Desk:
    """A recording of a project folder. Thread-safe; `revision` grows with every change.

    A change lies in the journal before `edit` returns. The Project follows a second later, in one piece; where the
    process dies between them the journal is played over the Project when the recording is opened again.
    """

    def __init__(self, root: Path, hidden: Path, name: str, source: Path, progress: Progress = silent) -> None:
        self.name, self.root, self.source = name, root, source
        #: What can be made anew: pictures, peaks, loudness curves.
        self.cache = make_folder(hidden / "cache")
        #: The pipeline's own folder for this recording: the Project and its audio.
        self.work = make_folder(root / f".{name}.audiopost")
        self.lock = threading.RLock()
        self.revision = 1
        #: What was rendered to be tried, by the key of its track: the last one of each key.
        self.previews: dict[str, Preview] = {}
        bare = opened_source(source, hidden, progress)
        self._path = self.work / "project.json"
        self._shelf = state.Shelf(self.work, bare.audio, keep_in=self.work, stays_in=root)
        self._journal = Journal(hidden / "journal.jsonl")
        self._bare = bare
        self._project = self._loaded(bare)
        self._writing = threading.RLock()
        self._timer: threading.Timer | None = None
        #: The file that the Project as it stands was read from or written to, as it was then.
        self._known = self._on_disk()
        self._saved: Project | None = self._project
        if self._known is None or self._known[0] != self._path:  # ours from now on: see take_over
            self._saved = None
            self.save()

    @property
    def project(self) -> Project:
        """The Project as it stands; never changed, only replaced."""
        return self._project

    @property
    def done(self) -> tuple[Change, ...]:
        """What can be undone, the latest last."""
        return tuple(self._journal.done)

    @property
    def undone(self) -> tuple[Change, ...]:
        """What can be redone, the next last."""
        return tuple(self._journal.undone)

    def edit(self, label: str, edited: Callable[[Project], Project], *, detail: str = "") -> Project:
        """Puts `edited(project)` in the Project's place. `label` is a key of the workbench's texts ('edits.split').

        Returns the Project that stands then; a change that changes nothing is not recorded. What `edited` raises
        leaves everything as it was.
        """
        with self.lock, scratch.using(self.work):
            self.take_over()
            new = edited(self._project)
            fields = compared(self._project, new, self._shelf.reference)
            if not fields and new.notes == self._project.notes:
                return self._project
            if fields:
                at = datetime.now(UTC).isoformat(timespec="seconds")
                self._journal.write(change := Change(self._journal.seq + 1, label, detail, at, fields))
                # Sound is read from its file from now on: what stays open all day shall not fill the memory.
                sound = {name: entry for name, entry in fields.items() if name in SOUND}
                new = replace(new, **applied(new, replace(change, fields=sound), self._shelf.audio) or {})
            self._stand(new)
            return self._project

    def undo(self) -> Change | None:
        """Takes the last change back and returns it; None where there is none."""
        return self._step(undo=True)

    def redo(self) -> Change | None:
        """Makes the change that was last undone again and returns it; None where there is none."""
        return self._step(undo=False)

    def _step(self, *, undo: bool) -> Change | None:
        with self.lock:
            self.take_over()
            stack = self._journal.done if undo else self._journal.undone
            if not stack:
                return None
            change = stack[-1]
            values = applied(self._project, change, self._shelf.audio, undo=undo)
            if values is None:
                raise BadValue(
                    f"{change.label} {change.detail} cannot be {'undone' if undo else 'redone'}: what it changed was "
                    "replaced since.",
                    value=change.label,
                )
            self._journal.step(change, undo=undo)
            self._stand(replace(self._project, **values))
            return change

    def noted(self, key: str) -> Any:
        """What `note` kept, None for nothing."""
        return self._ours().get(key)

    def note(self, **values: Any) -> None:
        """Keeps JSON values with the Project that are no part of the work and not undone: settings, where one was."""
        with self.lock:
            self._stand(replace(self._project, notes={**self._project.notes, OWN_NOTE: {**self._ours(), **values}}))

    def _ours(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self._project.notes.get(OWN_NOTE, {})
        return found

    def _stand(self, project: Project) -> None:
        self._project = self._noted(project)
        self.revision += 1
        if self._timer is None or not self._timer.is_alive():
            self._timer = threading.Timer(SAVE_AFTER_S, self._save_later)
            self._timer.daemon = True
            self._timer.start()

    def _noted(self, project: Project) -> Project:
        """The Project with the number of the journal's line that it stands at."""
        ours = {**project.notes.get(OWN_NOTE, {}), "seq": self._journal.seq}
        return replace(project, notes={**project.notes, OWN_NOTE: ours})

    def _save_later(self) -> None:
        try:
            self.save()
        except Exception:  # the journal holds the change; a full disk is told by the next edit
            log.exception("%s could not be saved", self._path)

    def save(self) -> None:
        """Writes the Project now. Raises OutputError."""
        with self._writing:
            self.take_over()
            project = self._project
            if project is self._saved:
                return
            make_folder(self.work)
            state.save(project, self._path, keep_in=self.work, stays_in=self.root)
            self._saved, self._known = project, self._on_disk()

    def take_over(self, *, finished: bool = False) -> bool:
        """Whether the Project was written by somebody else since, as by a run of the command line: theirs stands then.

        `finished`: only what a run has delivered, not what it is at. What stood before can be had back by undo, as far
        as its sound is still there. A Project that cannot be read is left alone, and what stands here is saved over it.
        """
        with self.lock:
            if not self._writing.acquire(blocking=False):
                return False  # what changes just now is what we write
            try:
                found = self._on_disk()
                if found is None or found == self._known or (finished and found[0] == self._path):
                    return False
                self._known = found
                theirs = self._read(found[0], self._bare)
            except BadValue as error:
                log.warning("%s: %s", self.name, error)
                return False
            finally:
                self._writing.release()
            log.warning("%s was written by somebody else; it is taken over from %s", self.name, found[0].name)
            if fields := compared(self._project, theirs, self._shelf.reference):
                at = datetime.now(UTC).isoformat(timespec="seconds")
                self._journal.write(Change(self._journal.seq + 1, TAKEN_OVER, found[0].name, at, fields))
            self._stand(theirs)
            return True

    def _on_disk(self) -> tuple[Path, int, int] | None:
        """The file that says how the Project stands, and when it was written; None for none.

        While a run goes on that is its work file, and when it has delivered that is gone.
        """
        for path in (self._path, self._final):
            with contextlib.suppress(OSError):
                stat = path.stat()
                return path, stat.st_mtime_ns, stat.st_size
        return None

    @property
    def _final(self) -> Path:
        return self.root / f"{self.name}.project.json"

    def close(self) -> None:
        """Saves what is not saved."""
        if self._timer is not None:
            self._timer.cancel()
        self.save()

    def audio(self, reference: Any) -> Audio:
        """The audio that a reference in a Change stands for."""
        return self._shelf.audio(reference)

    def _loaded(self, bare: Project) -> Project:
        path = next((each for each in (self._path, self._final) if each.exists()), None)
        project = self._read(path, bare) if path else bare
        ours = project.notes.get(OWN_NOTE, {})
        if path and "seq" not in ours:  # a run of the command line: what was changed in something else is over
            self._journal.begin_anew()
        seq = int(ours.get("seq", 0))
        for number, change, unmade in self._journal.log:
            if number <= seq:
                continue
            values = applied(project, change, self._shelf.audio, undo=unmade)
            if values is None:
                log.warning("%s: a change of %s (%s) does not fit any more", self.name, change.at, change.label)
                continue
            project = replace(project, **values)
        self._journal.compact()
        return self._noted(project)

    def _read(self, path: Path, bare: Project) -> Project:
        """The Project of a file. Raises BadValue where it is none, or tells of another recording."""
        known = state.of_recording(path, bare, "Give the recording another name, or move the old results elsewhere.")
        make_folder(self.work)  # a run that delivered has taken it away
        return brought_home(known, self.work)
