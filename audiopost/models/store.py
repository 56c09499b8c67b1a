"""Where model weights lie on this machine. Nothing here touches the network or imports a hub library.

A model is looked for in the store (one folder, one folder per model with a manifest.json; copy it to another
machine and it works there), then in the Hugging Face cache, then, for Demucs, among torch.hub's checkpoints.
"""

from __future__ import annotations

import functools
import json
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from ..core.stage import ModelInfo
from . import hashes
from .catalogue import ENTRIES, get
from .entry import Entry

log = logging.getLogger("audiopost")

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Located:
    """A complete model: its folder, and `where` that is: 'store', 'hub cache' or 'torch cache'."""

    path: Path
    where: str
    revision: str = ""


@dataclass(frozen=True)
class Listed:
    """One line of `audiopost models list`; `path` is None and `where` empty for what is not here.

    `sha256` maps weights to the hash that was checked when they were pulled, else to what the catalogue knows of it
    (a prefix, or nothing: a hub states its hashes at download). `commercial` as Entry has it.
    """

    name: str
    stage: str
    backend: str
    size_mb: int
    licence: str
    gated: bool
    where: str
    path: Path | None
    note: str
    sha256: Mapping[str, str]
    commercial: bool


def root() -> Path:
    """The store's folder: $AUDIOPOST_MODELS, else the user's data folder. It may not exist yet."""
    override = os.environ.get("AUDIOPOST_MODELS")
    if override:
        return Path(override).expanduser()
    import platformdirs

    return platformdirs.user_data_path("audiopost", appauthor=False) / "models"


def pull_command(name: str) -> str:
    """What to type to get a model."""
    return f"audiopost models pull {get(name).name}"


def find(name: str) -> Path | None:
    """The folder of a complete model, None where there is none on this machine. Milliseconds, no network.

    A Demucs folder holds `<signature>-<hash>.th` files, in the store with `<name>.yaml` (see Entry.texts) beside
    them; from the hub's cache it holds `<name>.yaml` and `<signature>.safetensors`.
    Raises UnknownName.
    """
    located = locate(name)
    return located.path if located else None


def locate(name: str) -> Located | None:
    """As `find`, with where it was found and which revision it is."""
    entry = get(name)
    folder = root() / entry.name
    if _complete_in_store(folder, entry):
        return Located(folder, "store", str(manifest(folder).get("revision", "")))
    if entry.kind == "hub":
        return in_hub_cache(entry.source, entry.files)
    if entry.alias and (cached := in_hub_cache(entry.alias, entry.alias_files)):
        return cached
    checkpoints = _torch_checkpoints()
    return Located(checkpoints, "torch cache") if _has_all(checkpoints, entry.files) else None


def manifest(folder: Path) -> dict[str, Any]:
    """What `pull` noted about a folder; empty where it did not make it."""
    try:
        noted = json.loads((folder / MANIFEST).read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        log.warning("%s cannot be read: %s", folder / MANIFEST, error)
        return {}
    return noted if isinstance(noted, dict) else {}


def _complete_in_store(folder: Path, entry: Entry) -> bool:
    if not _has_all(folder, entry.files):
        return False
    noted = manifest(folder).get("files", {})
    return all((folder / name).is_file() and (folder / name).stat().st_size == f["bytes"] for name, f in noted.items())


def _has_all(folder: Path, patterns: tuple[str, ...]) -> bool:
    try:
        return folder.is_dir() and all(any(path.is_file() for path in folder.glob(pattern)) for pattern in patterns)
    except PermissionError:
        _unreadable(folder.parent)
        return False


@functools.cache
def _unreadable(place: Path) -> None:
    log.warning("models in %s cannot be read: permission denied", place)


def in_hub_cache(source: str, files: tuple[str, ...], cache: Path | None = None) -> Located | None:
    """The newest complete snapshot, the one `main` points to first: models--ORG--NAME/snapshots/COMMIT/.

    `cache` is another folder of the same layout in place of the hub's own.
    """
    cache = cache or hub_cache()
    repo = cache / ("models--" + source.replace("/", "--"))
    snapshots = repo / "snapshots"
    main = repo / "refs" / "main"
    try:
        if not snapshots.is_dir():
            return None
        wanted = main.read_text("ascii").strip() if main.is_file() else ""
        found = sorted(snapshots.iterdir(), key=lambda path: (path.name != wanted, -path.stat().st_mtime))
    except PermissionError:
        _unreadable(cache)
        return None
    return next((Located(path, "hub cache", path.name) for path in found if _has_all(path, files)), None)


def hub_cache() -> Path:
    """The Hugging Face cache: $HF_HUB_CACHE, $HF_HOME/hub, or its place in the user's cache."""
    cache = os.environ.get("XDG_CACHE_HOME", "~/.cache")
    home = os.environ.get("HF_HOME", f"{cache}/huggingface")
    chosen = os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE") or f"{home}/hub"
    return Path(os.path.expandvars(chosen)).expanduser()


def _torch_checkpoints() -> Path:
    home = os.environ.get("TORCH_HOME", os.environ.get("XDG_CACHE_HOME", "~/.cache") + "/torch")
    return Path(os.path.expandvars(home)).expanduser() / "hub" / "checkpoints"


def _patterns(entry: Entry, located: Located) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The patterns of all files and of the weights, where it was found."""
    if entry.kind == "url" and located.where == "hub cache":
        return entry.alias_files, tuple(file for file in entry.alias_files if not file.endswith(".yaml"))
    return entry.files + entry.optional, entry.weights


def _files(folder: Path, patterns: tuple[str, ...]) -> Iterator[tuple[str, Path]]:
    for pattern in patterns:
        for path in sorted(folder.glob(pattern)):
            if path.is_file():
                yield path.relative_to(folder).as_posix(), path


def info(name: str) -> ModelInfo:
    """What provenance says of a model. Its sha256 is the weights' (see hashes.digest), '' where they are not here.

    Raises UnknownName.
    """
    entry = get(name)
    located = locate(name)
    if located is None:
        return ModelInfo(entry.name, entry.version, entry.licence, entry.url, "")
    noted = manifest(located.path).get("files", {}) if located.where == "store" else {}
    sums = {
        file: noted[file]["sha256"] if file in noted else hashes.of(path, root())
        for file, path in _files(located.path, _patterns(entry, located)[1])
    }
    version = f"{entry.version}+{located.revision[:12]}" if located.revision else entry.version
    return ModelInfo(entry.name, version, entry.licence, entry.url, hashes.digest(sums))


def folder_info(
    folder: Path, weights: tuple[str, ...] = ("*.bin", "*.th", "*.safetensors", "*.onnx", "*/*.bin")
) -> ModelInfo:
    """What provenance says of a user's own model folder: its name, place and the hash of its weights."""
    sums = {file: hashes.of(path, root()) for file, path in _files(folder, weights)}
    return ModelInfo(folder.name, "local", "not stated", str(folder), hashes.digest(sums) if sums else "")


def together(infos: Sequence[ModelInfo]) -> ModelInfo:
    """Several models as one record, whose parts they are: names, versions, licences and sources in a row, one hash."""
    if len(infos) == 1:
        return infos[0]
    name, version, licence, source = (
        ", ".join(getattr(info, field) for info in infos) for field in ("name", "version", "licence", "source")
    )
    digest = hashes.digest({info.name: info.sha256 for info in infos})
    return ModelInfo(name, version, licence, source, digest, tuple(part for info in infos for part in info.each))


def verify(name: str) -> list[str]:
    """What is wrong with a model's files, re-read now; empty where all is well. Raises UnknownName.

    They are held against the manifest, the catalogue and the hub cache's own names; a hub model copied into the
    store without its manifest has nothing to be held against.
    """
    entry = get(name)
    located = locate(name)
    if located is None:
        folder = root() / entry.name
        what = f"{folder} is not complete" if folder.is_dir() else f"{name} is not on this machine"
        return [f"{what}. Type: {pull_command(name)}"]
    noted = manifest(located.path).get("files", {}) if located.where == "store" else {}
    problems = []
    for file, path in _files(located.path, _patterns(entry, located)[0]):
        expected = noted.get(file, {}).get("sha256") or entry.sha256.get(file, "")
        blob = path.resolve().name
        expected = expected or (blob if len(blob) == 64 else "")
        actual = hashes.compute(path)
        if not actual.startswith(expected):
            problems.append(f"{file} has sha256 {actual}, expected {expected}. Type: {pull_command(name)}")
    return problems


def listing() -> tuple[Listed, ...]:
    """Every model of the catalogue, and where it is on this machine."""

    def line(entry: Entry) -> Listed:
        located = locate(entry.name)
        where, path = (located.where, located.path) if located else ("", None)
        noted = manifest(path).get("files", {}) if path and where == "store" else {}
        known = {
            file: str(fact["sha256"])
            for file, fact in noted.items()
            if any(fnmatch(file, pattern) for pattern in entry.weights)
        }
        return Listed(
            entry.name, entry.stage, entry.backend, entry.size_mb, entry.licence, entry.gated, where, path, entry.note,
            known or entry.sha256, entry.commercial,
        )  # fmt: skip

    return tuple(line(entry) for entry in ENTRIES)
