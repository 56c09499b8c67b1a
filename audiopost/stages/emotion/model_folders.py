"""Where a model of feelings lies: a folder, the model store, or the hub's cache. No network, milliseconds."""

from __future__ import annotations

import importlib.util
import re
from dataclasses import dataclass
from pathlib import Path

from ...core.errors import MissingModel, StageError
from ...core.stage import Availability, ModelInfo
from ...models import store
from ...models.catalogue import ENTRIES, get
from ...models.entry import Entry

_HUB_ID = re.compile(r"\w[\w.-]*/\w[\w.-]*")


@dataclass(frozen=True)
class Family:
    """The models of one backend: `stage` and `backend` as the catalogue names them, `option` is what names one.

    Each folder holds all of `needed` and one of `weights`, of which the first that is there is read. `packages` run
    them, `install` is what brings these; `what` is such a model in words.
    """

    stage: str
    backend: str
    option: str
    what: str
    needed: tuple[str, ...]
    weights: tuple[str, ...]
    packages: tuple[str, ...]
    install: str

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Those of the catalogue, best first."""
        return tuple(entry for entry in ENTRIES if (entry.stage, entry.backend) == (self.stage, self.backend))


@dataclass(frozen=True)
class Found:
    """A model's folder; `entry` is its name in the catalogue, `repo` its hub id; both '' for a user's own."""

    family: Family
    folder: Path
    entry: str = ""
    repo: str = ""

    @property
    def title(self) -> str:
        return self.entry or self.repo or self.folder.name

    @property
    def weights(self) -> Path:
        """The weights file that is read; of the catalogue's models the one whose hash stands for them."""
        names = get(self.entry).weights if self.entry else self.family.weights
        return next(path for name in names if (path := self.folder / name).is_file())

    @property
    def info(self) -> ModelInfo:
        if self.entry:
            return store.info(self.entry)
        own = store.folder_info(self.folder, (self.weights.name,))
        if not self.repo:
            return own
        page = f"https://huggingface.co/{self.repo}"
        return ModelInfo(self.repo, self.folder.name[:12], own.licence, page, own.sha256)


def locate(family: Family, model: str) -> Found | Availability:
    """The model that a folder, a name of the catalogue or a hub id means, or why there is none.

    '' means the best of the catalogue that is here and whose licence plainly allows any use.
    """
    for package in family.packages:
        if importlib.util.find_spec(package) is None:
            return Availability(False, f"{package} is not installed", family.install)
    if not model:
        return _best(family)
    folder = Path(model).expanduser()
    if folder.is_dir():
        lacking = _lacking(family, folder)
        if lacking:
            return Availability(False, f"{model} is no {family.what}: it lacks {lacking}", f"Check {family.option}")
        return Found(family, folder)
    entry = next((e for e in family.entries if model in (e.name, e.source)), None)
    if entry is not None:
        here = store.find(entry.name)
        if here is not None:
            return Found(family, here, entry.name)
        return Availability(False, f"{entry.name} is not on this machine", store.pull_command(entry.name))
    if not _HUB_ID.fullmatch(model):
        names = ", ".join(e.name for e in family.entries)
        return Availability(
            False, f"{model!r} is no folder and no {family.what} by name", f"Set {family.option} to a folder or {names}"
        )
    for weights in family.weights:
        if cached := store.in_hub_cache(model, (*family.needed, weights)):
            return Found(family, cached.path, repo=model)
    return Availability(False, f"{model} is not in the hub's cache as a {family.what}", f"hf download {model}")


def located(family: Family, model: str) -> Found:
    """As `locate`. Raises MissingModel."""
    found = locate(family, model)
    if isinstance(found, Found):
        return found
    raise MissingModel(f"{family.stage}: {found.reason}.", value=model, remedy=f"Remedy: {found.remedy}.")


def availability(family: Family, model: str) -> Availability:
    """Whether it could run, and on what; a licence that sets terms is named."""
    found = locate(family, model)
    if not isinstance(found, Found):
        return found
    terms = "" if not found.entry or get(found.entry).commercial else f" (licence: {get(found.entry).licence})"
    return Availability(True, f"{found.title} is here{terms}")


def usable(family: Family) -> tuple[Found, ...]:
    """The models of the catalogue that are here and whose licence plainly allows any use, best first."""
    return tuple(
        Found(family, folder, entry.name)
        for entry in family.entries
        if entry.commercial and (folder := store.find(entry.name))
    )


def _best(family: Family) -> Found | Availability:
    if found := usable(family):
        return found[0]
    entry = next((entry for entry in family.entries if store.find(entry.name)), None)
    if entry is not None:
        return Availability(
            False,
            f"{entry.name} is here, but its licence ({entry.licence}) may not allow every use",
            f"Read it at {entry.url}, then set {family.option}={entry.name}",
        )
    return Availability(False, f"no {family.what} is on this machine", store.pull_command(family.entries[0].name))


def _lacking(family: Family, folder: Path) -> str:
    lacking = [name for name in family.needed if not (folder / name).is_file()]
    if not any((folder / name).is_file() for name in family.weights):
        lacking.append(" or ".join(family.weights))
    return ", ".join(lacking)


def broken(found: Found, error: object) -> StageError:
    """The error for a model that is there and does not load."""
    why = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
    return StageError(
        f"{found.family.stage}: {found.title} in {found.folder} cannot be loaded: {why}.",
        value=str(found.folder),
        remedy=f"Copy the model again, or name another with {found.family.option}.",
    )
