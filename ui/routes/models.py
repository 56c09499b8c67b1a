"""Models: what is here, what each would change, fetched once its licence is accepted, and checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, Field

from audiopost import presets
from audiopost.core.stage import Availability
from audiopost.models import catalogue, store
from audiopost.models.store import Listed
from audiopost.pipeline import picks
from audiopost.pipeline.picks import Gain
from audiopost.workspace import Folder

from .. import offer
from ..jobs import ENDED, Job, Jobs
from ..texts import tell, texts
from .base import FROM_US, JobsOf, LanguageOf, VisitorOf

router = APIRouter(prefix="/audiopost/models", tags=["models"])

Name = Annotated[str, Field(min_length=1, max_length=100)]


class Pull(BaseModel):
    name: Name
    #: The licence as it was shown to the person who accepted it.
    accepted: Annotated[str, Field(max_length=200)] = ""


class Verify(BaseModel):
    names: Annotated[list[Name], Field(max_length=200)] = []


@router.get("")
def listed(visitor: VisitorOf, language: LanguageOf) -> dict[str, Any]:
    """Every model that is known by name, and what the preset that is chosen would run now.

    `gains` of a model: what it would change of the choices of `auto`, by stage; `package`: what to install first;
    `nameable`: its backend has no model here.
    """
    gains, ready = picks.gains(), picks.readiness()
    return {
        "store": str(store.root()),
        "models": [_shown(model, gains.get(model.name, ()), ready, language) for model in store.listing()],
        "now": _now(offer.chosen(visitor.folder).preset, language),
    }


def _shown(
    model: Listed, gains: Sequence[Gain], ready: Mapping[str, Mapping[str, Availability]], language: str
) -> dict[str, Any]:
    entry = catalogue.get(model.name)
    state = ready.get(model.stage, {}).get(model.backend)
    return {
        **vars(model),
        "sha256": dict(model.sha256),
        "path": str(model.path) if model.path else "",
        "note": _text(f"note_{model.name}", language, model.note),
        "licence_means": _licence(entry.licence, language),
        "version": entry.version,
        "source": entry.url,
        "package": state.remedy if state and "pip install" in state.remedy else "",
        "nameable": state is not None and not state.ready,
        "gains": _by_stage(gains, language),
    }


def _licence(licence: str, language: str) -> str:
    name = licence.lower().replace(" ", "-").replace(".", "-")
    return _text(f"licence_{name}", language, tell("models.licence_unknown", language))


def _text(name: str, language: str, otherwise: str) -> str:
    key = f"models.{name}"
    return tell(key, language) if key in texts() else otherwise


def _by_stage(gains: Sequence[Gain], language: str) -> list[dict[str, Any]]:
    presets_of: dict[tuple[str, str, str], list[str]] = {}
    for gain in gains:
        presets_of.setdefault((gain.stage, gain.before, gain.after), []).append(offer.title(gain.preset, language))
    return [
        {"stage": stage, "before": before, "after": after, "presets": names}
        for (stage, before, after), names in presets_of.items()
    ]


def _now(preset: str, language: str) -> dict[str, Any]:
    found = picks.picks(presets.load(preset))
    return {
        "preset": offer.title(preset, language),
        "stages": [{"stage": stage, "backend": pick.backend, "why": pick.why} for stage, pick in found.items()],
    }


@router.post("/pull", dependencies=FROM_US)
def pull(asked: Pull, visitor: VisitorOf, jobs: JobsOf, language: LanguageOf) -> dict[str, Any]:
    """Fetches a model as a job. 422 where its licence, as it is now, was not accepted, or it is on its way already."""
    entry = catalogue.get(asked.name)
    if asked.accepted != entry.licence:
        raise HTTPException(422, tell("models.not_accepted", language, model=entry.name, licence=entry.licence))
    if _under_way(jobs, visitor.folder, entry.name):
        raise HTTPException(422, tell("models.on_its_way", language, model=entry.name))
    return jobs.submit(visitor.folder, "pull", model=entry.name).shown()


def _under_way(jobs: Jobs, folder: Folder, name: str) -> bool:
    return any(_pulls(job, name) and job.state not in ENDED for job in jobs.listing(folder))


def _pulls(job: Job, name: str) -> bool:
    return job.kind == "pull" and job.settings["model"] == name


@router.post("/verify", dependencies=FROM_US)
def verify(asked: Verify, visitor: VisitorOf, jobs: JobsOf) -> dict[str, Any]:
    """Reads the files of models again, as a job: of those that are named, else of all that are here."""
    names = [catalogue.get(name).name for name in asked.names]
    here = [model.name for model in store.listing() if model.path]
    return jobs.submit(visitor.folder, "verify", models=names or here).shown()
