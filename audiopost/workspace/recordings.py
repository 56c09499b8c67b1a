"""The recordings of a project folder at a glance, without opening any; and one that is taken out of it."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..core.errors import InputError
from ..io.atomic import guarded, make_folder
from ..io.decode import Outline, probe
from ..pipeline.record import delivered_names
from .folder import Folder

#: Where what is taken out goes, below the folder's hidden one; no recording can have this name. We never empty it.
TRASH = ".trash"


@dataclass(frozen=True)
class Recording:
    """One recording: what its file says of itself, and which stages ran on it.

    `duration_s`, `rate` (Hz) and `channels` are None where the file does not say; `problem` says why it cannot be
    read, '' where it can. `captions` and `cues` are None where none were made.
    """

    name: str
    file: str
    size: int
    container: str
    subtype: str
    rate: int | None
    channels: int | None
    duration_s: float | None
    has_video: bool
    stages: tuple[str, ...] = ()
    preset: str = ""
    captions: int | None = None
    cues: int | None = None
    problem: str = ""


def recordings(folder: Folder) -> tuple[Recording, ...]:
    """All recordings of a folder, by name."""
    return tuple(_described(folder, name) for name in folder.names())


def _described(folder: Folder, name: str) -> Recording:
    source = folder.source(name)
    stat = source.stat()
    outline, problem = _outline(source, stat.st_size, stat.st_mtime_ns)
    stages, preset, captions, cues = _done(folder, name)
    return Recording(
        name, source.name, stat.st_size, outline.container, outline.subtype, outline.rate or None,
        outline.channels or None, outline.duration_s, outline.has_video, stages, preset, captions, cues, problem,
    )  # fmt: skip


@functools.lru_cache(maxsize=2000)
def _outline(source: Path, size: int, changed_ns: int) -> tuple[Outline, str]:
    """What a file's head says, looked up once as long as the file stays the same."""
    try:
        return probe(source), ""
    except InputError as error:
        return Outline("", "", 0, 0, None, False), str(error)


Done = tuple[tuple[str, ...], str, int | None, int | None]


def _done(folder: Folder, name: str) -> Done:
    """Stages, preset, and how many captions and cues there are."""
    if folder.is_open(name):
        project = folder.open(name).project
        return (
            tuple(step.stage for step in project.steps),
            project.preset,
            None if project.captions is None else len(project.captions),
            None if project.cues is None else len(project.cues),
        )
    for path in (folder.root / f".{name}.audiopost" / "project.json", folder.root / f"{name}.project.json"):
        if path.exists():
            return _read(path, path.stat().st_mtime_ns)
    return (), "", None, None


@functools.lru_cache(maxsize=2000)
def _read(path: Path, changed_ns: int) -> Done:
    try:
        data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        stages = tuple(str(step["stage"]) for step in data["steps"])
        return stages, str(data["preset"]), _count(data.get("captions")), _count(data.get("cues"))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return (), "", None, None  # opening it will say what is wrong with it


def _count(values: Any) -> int | None:
    return len(values) if isinstance(values, list) else None


def take_out(folder: Folder, name: str) -> Path:
    """Moves a recording, its work and what was delivered of it into the folder's trash; returns where it lies there.

    A recording that lies outside the folder stays where it is, and so do deliverables that somebody edited since.
    Raises UnknownName, OutputError.
    """
    source = folder.source(name)
    folder.put_away(name)
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
    trash = make_folder(folder.hidden / TRASH / f"{stamp} {name}")
    own = [folder.root / each for each in delivered_names(folder.root, name, source.name)]
    own += [folder.root / f"{name}.project.json", folder.root / f".{name}.audiopost"]
    _move([*own, *([source] if source.is_relative_to(folder.root) else [])], folder.root, trash)
    _move([folder.hidden / name], folder.hidden, trash / "workspace")
    return trash


def _move(paths: Iterable[Path], root: Path, trash: Path) -> None:
    for path in paths:
        if path.exists() and not path.is_symlink():
            target = trash / path.relative_to(root)
            make_folder(target.parent)
            with guarded(target):
                path.rename(target)
