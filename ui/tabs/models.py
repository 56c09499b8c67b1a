"""The models tab: what is on this machine, what it would change, fetched and checked as jobs."""

from __future__ import annotations

from typing import Any

from audiopost.core.stage import Progress
from audiopost.models import pull as pulling
from audiopost.models import store
from audiopost.workspace import Folder

from ..component import component
from ..jobs import kind
from ..shell import Shell


def build(shell: Shell) -> None:
    """The tab's one live part."""
    component("models.js", "models")


def _discard(folder: Folder, settings: dict[str, Any]) -> None:
    pulling.discard(settings["model"])


@kind("pull", discard=_discard)
def pull(folder: Folder, settings: dict[str, Any], report: Progress) -> dict[str, Any]:
    """A model from its source into the store, its hashes checked; it goes on where a broken line stopped it."""
    return {"model": settings["model"], "path": str(pulling.pull(settings["model"], report))}


@kind("verify")
def verify(folder: Folder, settings: dict[str, Any], report: Progress) -> dict[str, Any]:
    """Every file of some models read again and held against its hash; `problems` are what is wrong, by model."""
    problems = {}
    for number, name in enumerate(settings["models"]):
        report(name, number, len(settings["models"]))
        problems[name] = store.verify(name)
    return {"problems": problems}
