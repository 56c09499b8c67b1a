"""The cues: listed with what they rest on, edited by their labels, heard, spotted anew."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, Field

from audiopost.core.project import Project
from audiopost.core.time import Span
from audiopost.workspace import Desk, auditions
from audiopost.workspace import cues as work

from ..texts import tell
from . import cue_view
from .base import FROM_US, DeskOf, JobsOf, LanguageOf, VisitorOf

router = APIRouter(prefix="/audiopost/cues", tags=["cues"])

Seconds = Annotated[float, Field(allow_inf_nan=False, ge=-1e6, le=1e6)]
Place = Annotated[int, Field(ge=0, le=10_000)]
Label = Annotated[str, Field(max_length=20)]
Line = Annotated[str, Field(max_length=1000)]
Bpm = Annotated[int, Field(ge=0, le=1000)]


class Cue(BaseModel):
    cue: Label


class Fields(BaseModel, extra="forbid"):
    """Those of a cue's fields that are given are put in place of its own."""

    in_s: Seconds | None = None
    out_s: Seconds | None = None
    function: Line | None = None
    emotion: Line | None = None
    status: Line | None = None
    title: Line | None = None
    reel: Annotated[int, Field(ge=1, le=99)] | None = None
    tempo_bpm: tuple[Bpm, Bpm] | None = None
    metre: Line | None = None
    key: Line | None = None
    mode: Line | None = None
    instruments: Annotated[tuple[Line, ...], Field(max_length=50)] | None = None
    texture: Line | None = None
    dynamics: Line | None = None
    level_lu: Annotated[float, Field(allow_inf_nan=False, ge=-60, le=20)] | None = None
    fade_in_s: Annotated[float, Field(allow_inf_nan=False, ge=0, le=600)] | None = None
    fade_out_s: Annotated[float, Field(allow_inf_nan=False, ge=0, le=600)] | None = None
    fade_in_shape: Line | None = None
    fade_out_shape: Line | None = None


class Change(Cue):
    fields: Fields


class At(Cue):
    time_s: Seconds


class Hit(At):
    what: Line = ""


class Choice(Cue):
    place: Place


class TrackChoice(Cue):
    place: Place | None = None


class Hearing(Cue):
    at_s: Seconds = 0.0
    place: Place | None = None


class New(BaseModel):
    start_s: Annotated[Seconds, Field(ge=0)]
    end_s: Annotated[Seconds, Field(ge=0)]
    function: Line = "underscore"


class Spot(BaseModel):
    options: dict[str, str | float | None]
    keep: bool = True


@router.get("")
def listed(desk: DeskOf, language: LanguageOf) -> dict[str, Any]:
    """The cues, what lies above them, what values are called, and what else the tab offers."""
    project = desk.project
    return {
        "revision": desk.revision,
        "cues": cue_view.cues_of(project, language),
        **cue_view.lanes_of(project, language),
        **cue_view.vocabulary(language),
        **cue_view.counts(project),
        "spotting": cue_view.spotted_by(project, language),
        "has": {need: project.has(need) for need in ("cues", "scenes", "emotion")},
        "library": work.library_size(project),
    }


@router.post("/change", dependencies=FROM_US)
def change(asked: Change, desk: DeskOf, language: LanguageOf) -> dict[str, Any]:
    """Some fields of a cue."""
    fields = asked.fields.model_dump(exclude_none=True)
    verb = {"accepted": "accepted", "rejected": "rejected", "suggested": "reopened"}.get(fields.get("status", ""), "")
    moved = fields and fields.keys() <= {"in_s", "out_s"}
    verb = verb if verb and len(fields) == 1 else "moved" if moved else "changed"
    return edited(desk, language, verb, asked.cue, lambda p: work.changed(p, asked.cue, fields, language))


@router.post("/dress", dependencies=FROM_US)
def dress(asked: Cue, desk: DeskOf, language: LanguageOf) -> dict[str, Any]:
    """The cue's tempo, colours and level by the rules, for the function and emotion that it has."""
    return edited(desk, language, "dressed", asked.cue, lambda p: work.dressed(p, asked.cue, language))


@router.post("/add", dependencies=FROM_US)
def add(asked: New, desk: DeskOf, language: LanguageOf) -> dict[str, Any]:
    """A cue where a person wants one."""
    if asked.end_s <= asked.start_s:
        raise HTTPException(422, tell("cuespage.no_region", language))
    span = Span(asked.start_s, asked.end_s)
    return edited(desk, language, "added", "", lambda p: work.added(p, span, asked.function, language))


@router.post("/remove", dependencies=FROM_US)
def remove(asked: Cue, desk: DeskOf, language: LanguageOf) -> dict[str, Any]:
    """Takes a cue off the list."""
    return edited(desk, language, "removed", asked.cue, lambda p: work.removed(p, asked.cue, language))


@router.post("/split", dependencies=FROM_US)
def split(asked: At, desk: DeskOf, language: LanguageOf) -> dict[str, Any]:
    """A cue as two."""
    return edited(desk, language, "split", asked.cue, lambda p: work.split(p, asked.cue, asked.time_s, language))


@router.post("/alternative", dependencies=FROM_US)
def alternative(asked: Choice, desk: DeskOf, language: LanguageOf) -> dict[str, Any]:
    """The cue treated another way."""
    return edited(
        desk, language, "alternative", asked.cue, lambda p: work.with_alternative(p, asked.cue, asked.place, language)
    )


@router.post("/hit", dependencies=FROM_US)
def hit(asked: Hit, desk: DeskOf, language: LanguageOf) -> dict[str, Any]:
    """A moment that the cue shall meet."""
    what = asked.what or tell("cuespage.hit_by_hand", language)
    cue, time_s = asked.cue, asked.time_s
    return edited(desk, language, "hit", cue, lambda p: work.with_hit(p, cue, time_s, what, language))


@router.post("/unhit", dependencies=FROM_US)
def unhit(asked: Choice, desk: DeskOf, language: LanguageOf) -> dict[str, Any]:
    """One of its hit points less."""
    return edited(desk, language, "unhit", asked.cue, lambda p: work.without_hit(p, asked.cue, asked.place, language))


@router.post("/candidates", dependencies=FROM_US)
def candidates(asked: Cue, desk: DeskOf, language: LanguageOf) -> dict[str, Any]:
    """Tracks of the user's library that suit a cue."""
    lufs = auditions.dialogue_loudness(desk)
    return edited(desk, language, "sought", asked.cue, lambda p: work.with_candidates(p, asked.cue, lufs, language))


@router.post("/track", dependencies=FROM_US)
def track(asked: TrackChoice, desk: DeskOf, language: LanguageOf) -> dict[str, Any]:
    """The candidate that the cue takes, or none."""
    verb = "no_track" if asked.place is None else "track"
    return edited(desk, language, verb, asked.cue, lambda p: work.with_track(p, asked.cue, asked.place, language))


@router.post("/hear", dependencies=FROM_US)
def hear(asked: Hearing, desk: DeskOf) -> dict[str, Any]:
    """Renders the guide of a cue, or its candidate `place`, under the dialogue: the track that the deck plays then."""
    if asked.place is None:
        key, preview = "guide", auditions.guide_of(desk, asked.cue, asked.at_s)
    else:
        key, preview = "candidate", auditions.track_of(desk, asked.cue, asked.place, asked.at_s)
    desk.previews[key] = preview
    return {"key": key, "start_s": preview.start_s, "end_s": preview.start_s + preview.audio.duration_s}


@router.post("/spot", dependencies=FROM_US)
def spot(asked: Spot, desk: DeskOf, visitor: VisitorOf, jobs: JobsOf, language: LanguageOf) -> dict[str, Any]:
    """Begins the job that spots the music anew."""
    chosen = cue_view.chosen_options(desk.project, asked.options, language)
    return jobs.submit(visitor.folder, "spot", desk.name, options=chosen, keep=asked.keep).shown()


def edited(desk: Desk, language: str, verb: str, detail: str, edit: Callable[[Project], work.Edited]) -> dict[str, Any]:
    """Makes an edit undoable; answers the cues as they stand then, and what followed from it, in words."""
    made: list[work.Edited] = []

    def kept(project: Project) -> Project:
        made.append(edit(project))
        return made[-1].project

    project = desk.edit(f"cuespage.did_{verb}", kept, detail=detail)
    return {
        "revision": desk.revision,
        "cue": made[-1].label,
        "messages": made[-1].messages,
        "cues": cue_view.cues_of(project, language),
        **cue_view.counts(project),
    }
