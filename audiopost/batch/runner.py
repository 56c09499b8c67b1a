"""Does tasks, one after the other, in the process that holds the models; decodes the next one meanwhile.

Nothing raised by the work leaves `run`: it becomes an Outcome. What ends the process cannot, and is seen from outside.
"""

from __future__ import annotations

import contextlib
import logging
import shutil
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path, PurePosixPath
from typing import Any

from .. import presets
from ..core.errors import AudiopostError, OutputError
from ..core.project import Project
from ..delivery.figures import figures, notes_on
from ..io import decode, scratch
from ..io.atomic import labelled, make_folder, sweep
from ..models.held import Shelf
from ..pipeline import RunResult, run
from ..pipeline.measure import peak_rss_mb
from ..presets import Preset
from .careful import smaller
from .engine import Event, Moved, Said
from .hashes import content_sha256
from .job import AHEAD, FETCHED, HIDDEN, LOCKS, Outcome, Output, Task
from .places import fetched, is_url, publish

log = logging.getLogger("audiopost")

#: Told no more often than this, in seconds.
_MOVED_S = 0.25
#: So long another process may still hold a job that its driver believes to be gone, in seconds.
_LOCK_S = 60.0


class Runner:
    """`tell` hears how far a task is and what its log says; it may be called from the thread that runs the task.

    `prefetch` may be called from another thread than `run`, while that works.
    """

    def __init__(self, tell: Callable[[Event], None]) -> None:
        self._tell = tell
        self._room = uuid.uuid4().hex[:12]
        self._shelf = Shelf()
        self._ahead: _Ahead | None = None
        self._lock = threading.Lock()

    def prefetch(self, task: Task | None) -> None:
        """Begins to decode the recording of the task that comes next; None drops what was begun."""
        with self._lock:
            if self._ahead is not None and self._ahead.task != task:
                self._ahead.drop()
                self._ahead = None
            # A recording elsewhere is fetched when it is its turn: two at once would take the disk twice.
            if task is not None and self._ahead is None and not is_url(task.order.source):
                self._ahead = _Ahead(task, self._room)

    def run(self, task: Task) -> Outcome:
        """One attempt at a task."""
        handler = _Forward(task.id, self._tell)
        log.addHandler(handler)
        begin = time.perf_counter()
        try:
            return self._done(task)
        except AudiopostError as error:
            return Outcome(type(error).__name__, str(error), seconds={"in all": round(time.perf_counter() - begin, 3)})
        except MemoryError:
            return Outcome("MemoryError", "Python found no memory.")
        except Exception as error:
            log.exception("unexpected")
            return Outcome("Unexpected", f"Unexpected {type(error).__name__}: {error}. Its log shows where.")
        finally:
            log.removeHandler(handler)

    def _done(self, task: Task) -> Outcome:
        order = task.order
        preset = presets.parse(order.preset_name, order.preset)
        if task.careful:
            preset = smaller(preset)
        name = PurePosixPath(order.name)
        # What crashed once may crash again: then in a process of its own, where its stage has that.
        models = contextlib.nullcontext() if task.careful else self._shelf.holding()
        with _folder_of(task) as root, _alone(root, task.label), labelled(task.label), models:
            folder = make_folder(root / name.parent)
            if task.resume:
                sweep(folder, task.label)
            decoded = self._decoded(task)
            resumed = _goes_on(task, folder, name.name)
            with fetched(order.source, root / HIDDEN / FETCHED / task.label) as source:
                result = run(
                    source, preset, folder, resume=resumed, fps=order.fps, start_timecode=order.start_timecode,
                    name=name.name, tagged=order.tagged, only=order.only, decoded=decoded, origin=order.source,
                    progress=self._progress(task.id, preset),
                )  # fmt: skip
            outputs = _outputs(result, root)
            if is_url(order.out):
                publish(root, [output.path for output in outputs], order.out)
        return _outcome(result, outputs, resumed)

    def _decoded(self, task: Task) -> Project | None:
        with self._lock:
            if self._ahead is None or self._ahead.task.id != task.id:
                return None
            ahead, self._ahead = self._ahead, None
        return ahead.project()

    def _progress(self, job: int, preset: Preset) -> Callable[[str, float, float], None]:
        steps = (*preset.stages, "deliver")
        told_s, told = 0.0, ""

        def progress(step: str, done: float, total: float) -> None:
            nonlocal told_s, told
            now = time.monotonic()
            if step not in steps or (now - told_s < _MOVED_S and step == told):
                return
            told_s, told = now, step
            part = min(done / total, 1.0) if total else 0.0
            self._tell(Moved(job, step, (steps.index(step) + part) / len(steps)))

        return progress


def _goes_on(task: Task, folder: Path, base: str) -> bool:
    """Whether there is something of an earlier attempt to go on from."""
    return task.resume and any((folder / name).exists() for name in (f".{base}.audiopost", f"{base}.project.json"))


@contextlib.contextmanager
def _folder_of(task: Task) -> Iterator[Path]:
    """The folder that the results are made in: the order's own, or one of this machine where that is a URL."""
    if not is_url(task.order.out):
        yield make_folder(Path(task.order.out))
        return
    # Always the same: the next attempt on this machine goes on from it.
    folder = make_folder(Path(task.work or scratch.folder()) / task.label)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)  # only where all went well


@contextlib.contextmanager
def _alone(root: Path, label: str) -> Iterator[None]:
    """Waits until no other process has the job in hand: one that was cut off may still be on its way out.

    Raises OutputError where it does not go.
    """
    import filelock

    path = make_folder(root / HIDDEN / LOCKS) / f"{label}.lock"
    try:
        with filelock.FileLock(path, timeout=_LOCK_S):
            yield
    except filelock.Timeout as error:
        raise OutputError(
            f"Another process still works on job {label} in {root}.", value=str(path),
            remedy="End it: a worker that was cut off should be gone by now.",
        ) from error  # fmt: skip


def _outputs(result: RunResult, root: Path) -> tuple[Output, ...]:
    return tuple(
        Output(kind, path.relative_to(root).as_posix(), path.stat().st_size, content_sha256(kind, path))
        for kind, path in result.outputs.items()
    )


def _outcome(result: RunResult, outputs: tuple[Output, ...], resumed: bool) -> Outcome:
    project = result.project
    peaks = [
        float(step.timing["peak_rss_mb"]) for step in project.steps if step.timing and "peak_rss_mb" in step.timing
    ]
    return Outcome(
        content=project.media.sha256,
        media_s=project.media.duration_s,
        seconds=result.seconds,
        peak_mb=max((*peaks, peak_rss_mb() or 0.0)),
        outputs=outputs,
        figures=figures(project),
        warnings=tuple(notes_on(project)),
        backends={step.stage: step.backend for step in project.steps},
        resumed=resumed,
    )


class _Ahead:
    """A recording that is decoded while another is worked on."""

    def __init__(self, task: Task, room: str) -> None:
        self.task = task
        self._folder = Path(task.order.out) / HIDDEN / AHEAD / f"{task.batch}.{room}"
        self._project: Project | None = None
        self._thread = threading.Thread(target=self._decode, name=AHEAD, daemon=True)
        self._thread.start()

    def _decode(self) -> None:
        order = self.task.order
        try:
            if is_url(order.out):
                self._folder = scratch.folder()
            with scratch.using(make_folder(self._folder)):
                self._project = decode.load(order.source, fps=order.fps, start_timecode=order.start_timecode)
        except Exception as error:  # noqa: BLE001 - it is told when the task itself meets it
            log.debug("%s could not be decoded ahead: %s", order.source, error)

    def project(self) -> Project | None:
        """What was decoded; None where that failed: the task will meet the reason itself."""
        self._thread.join()
        return self._project

    def drop(self) -> None:
        """Forgets it; what lies on disk goes when the thread lets go of it."""
        self._project = None


class _Forward(logging.Handler):
    """The log of a task, to whoever asked for it."""

    def __init__(self, job: int, tell: Callable[[Event], None]) -> None:
        super().__init__()
        self._job, self._say = job, tell

    def emit(self, record: logging.LogRecord) -> None:
        if record.threadName == AHEAD:  # it is about the next recording, whose Project will say it
            return
        self._say(Said(self._job, record.levelno, self.format(record)))


def as_json(event: Event) -> Mapping[str, Any]:
    """An event as JSON values, which `from_json` reads back."""
    return {"event": type(event).__name__, **asdict(event)}
