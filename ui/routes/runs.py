"""Recordings of the folder, presets, runs: what is there, what is chosen, what a run would replace, and its start."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from audiopost.core.errors import BadValue
from audiopost.presets import load
from audiopost.workspace.recordings import recordings, take_out
from audiopost.workspace.runs import PARTS, touched

from .. import offer, running
from ..texts import tell
from .base import FROM_US, JobsOf, LanguageOf, VisitorOf
from .desk import Named

router = APIRouter(prefix="/audiopost", tags=["runs"])


class Choice(BaseModel):
    preset: str | None = None
    language: str | None = Field(None, max_length=40, pattern=r"^[A-Za-z0-9-]*$")


class Run(BaseModel):
    recordings: list[str] = Field(min_length=1, max_length=1000)
    keep: list[Literal["captions", "cues"]] = []
    deliver: bool = False


@router.get("/recordings")
def listed(request: Request, visitor: VisitorOf, jobs: JobsOf, language: LanguageOf) -> dict[str, Any]:
    """The recordings of the folder, and how large a file may be that is brought in, in bytes."""
    found = [
        {**asdict(each), "preset": each.preset and offer.title(each.preset, language),
         "busy": jobs.busy(visitor.folder, each.name)}
        for each in recordings(visitor.folder)
    ]  # fmt: skip
    return {"recordings": found, "max_bytes": request.app.state.max_bytes}


@router.post("/recordings/remove", dependencies=FROM_US)
def remove(named: Named, visitor: VisitorOf, jobs: JobsOf, language: LanguageOf) -> dict[str, Any]:
    """Takes a recording out of the folder, with its work, into the folder's trash."""
    if jobs.busy(visitor.folder, named.name):
        raise BadValue(tell("project.remove_busy", language, name=named.name), value=named.name)
    take_out(visitor.folder, named.name)
    return {}


@router.get("/presets")
def presets(visitor: VisitorOf, language: LanguageOf) -> dict[str, Any]:
    """The presets, the languages that can be said to be spoken, and what is chosen."""
    spoken = [{"tag": tag, "name": tell(f"project.language_{tag}", language)} for tag in offer.LANGUAGES]
    return {"presets": offer.offers(language), "languages": spoken, "chosen": _chosen(visitor)}


def _chosen(visitor: VisitorOf) -> dict[str, Any]:
    chosen = offer.chosen(visitor.folder)
    return {"preset": chosen.preset, "language": chosen.language, "options": chosen.changed}


@router.post("/presets/choose", dependencies=FROM_US)
def choose(choice: Choice, visitor: VisitorOf) -> dict[str, Any]:
    """Another preset, another language."""
    offer.choose(visitor.folder, **choice.model_dump(exclude_none=True))
    return _chosen(visitor)


@router.post("/presets/reset", dependencies=FROM_US)
def reset(visitor: VisitorOf) -> dict[str, Any]:
    """The options of the preset that is chosen as it ships."""
    chosen = offer.chosen(visitor.folder)
    offer.choose(visitor.folder, options={**chosen.options, chosen.preset: {}})
    return _chosen(visitor)


@router.get("/run/replaces")
def replaces(visitor: VisitorOf) -> dict[str, Any]:
    """What people did to the recording that is open and a run of the chosen preset would make anew."""
    desk = visitor.desk()
    if desk is None:
        return {"parts": []}
    found, stages = touched(desk.project), set(load(offer.chosen(visitor.folder).preset).stages)
    return {**asdict(found), "parts": [part for part in found.parts if stages & set(PARTS[part])]}


@router.post("/run", dependencies=FROM_US)
def run(asked: Run, visitor: VisitorOf, jobs: JobsOf) -> dict[str, Any]:
    """Queues a run of the chosen preset over each recording; those that are being run already are passed over."""
    names = tuple(dict.fromkeys(asked.recordings))
    for name in names:
        visitor.folder.source(name)
    free = [name for name in names if len(names) == 1 or not jobs.busy(visitor.folder, name, "run")]
    made = [running.begin(visitor.folder, jobs, name, keep=asked.keep, deliver=asked.deliver) for name in free]
    return {"jobs": [job.shown() for job in made], "passed": [name for name in names if name not in free]}
