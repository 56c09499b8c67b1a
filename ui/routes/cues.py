"""The cues: listed with what they rest on, edited by their labels, heard, taken out and brought back."""

from __future__ import annotations

import dataclasses
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool

from audiopost.core.errors import UnknownName
from audiopost.core.project import Project
from audiopost.core.stage import silent
from audiopost.core.time import Span
from audiopost.delivery.spotting import Programme
from audiopost.delivery.spotting_formats import FORMATS, write_spotting_formats
from audiopost.io.atomic import write_bytes
from audiopost.pipeline import spotting
from audiopost.pipeline.target import Target
from audiopost.workspace import Desk, auditions
from audiopost.workspace import cues as work
from audiopost.workspace.names import safe_name

from ..texts import tell
from . import cue_view
from .base import FROM_US, DeskOf, JobsOf, LanguageOf, VisitorOf

router = APIRouter(prefix="/audiopost/cues", tags=["cues"])

#: A sheet of a whole film is a few hundred kB.
MOST_BYTES = 16_000_000
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
def listed(desk: DeskOf, language: LanguageOf, visitor: VisitorOf) -> dict[str, Any]:
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
        "programme": [
            {"name": name, "title": tell_programme(name, language), "value": value}
            for name, value in dataclasses.asdict(_programme(desk)).items()
        ],
    }


@router.post("/change", dependencies=FROM_US)
def change(asked: Change, desk: DeskOf, language: LanguageOf) -> dict[str, Any]:
    """Some fields of a cue."""
    fields = asked.fields.model_dump(exclude_none=True)
    verb = {"accepted": "accepted", "rejected": "rejected", "suggested": "reopened"}.get(fields.get("status", ""), "")
    moved = fields and fields.keys() <= {"in_s", "out_s"}
    verb = verb if verb and len(fields) == 1 else "moved" if moved else "changed"
    return _edited(desk, language, verb, asked.cue, lambda p: work.changed(p, asked.cue, fields, language))


@router.post("/dress", dependencies=FROM_US)
def dress(asked: Cue, desk: DeskOf, language: LanguageOf) -> dict[str, Any]:
    """The cue's tempo, colours and level by the rules, for the function and emotion that it has."""
    return _edited(desk, language, "dressed", asked.cue, lambda p: work.dressed(p, asked.cue, language))


@router.post("/add", dependencies=FROM_US)
def add(asked: New, desk: DeskOf, language: LanguageOf) -> dict[str, Any]:
    """A cue where a person wants one."""
    if asked.end_s <= asked.start_s:
        raise HTTPException(422, tell("cuespage.no_region", language))
    span = Span(asked.start_s, asked.end_s)
    return _edited(desk, language, "added", "", lambda p: work.added(p, span, asked.function, language))


@router.post("/remove", dependencies=FROM_US)
def remove(asked: Cue, desk: DeskOf, language: LanguageOf) -> dict[str, Any]:
    """Takes a cue off the list."""
    return _edited(desk, language, "removed", asked.cue, lambda p: work.removed(p, asked.cue, language))


@router.post("/split", dependencies=FROM_US)
def split(asked: At, desk: DeskOf, language: LanguageOf) -> dict[str, Any]:
    """A cue as two."""
    return _edited(desk, language, "split", asked.cue, lambda p: work.split(p, asked.cue, asked.time_s, language))


@router.post("/alternative", dependencies=FROM_US)
def alternative(asked: Choice, desk: DeskOf, language: LanguageOf) -> dict[str, Any]:
    """The cue treated another way."""
    return _edited(
        desk, language, "alternative", asked.cue, lambda p: work.with_alternative(p, asked.cue, asked.place, language)
    )


@router.post("/hit", dependencies=FROM_US)
def hit(asked: Hit, desk: DeskOf, language: LanguageOf) -> dict[str, Any]:
    """A moment that the cue shall meet."""
    what = asked.what or tell("cuespage.hit_by_hand", language)
    cue, time_s = asked.cue, asked.time_s
    return _edited(desk, language, "hit", cue, lambda p: work.with_hit(p, cue, time_s, what, language))


@router.post("/unhit", dependencies=FROM_US)
def unhit(asked: Choice, desk: DeskOf, language: LanguageOf) -> dict[str, Any]:
    """One of its hit points less."""
    return _edited(desk, language, "unhit", asked.cue, lambda p: work.without_hit(p, asked.cue, asked.place, language))


@router.post("/candidates", dependencies=FROM_US)
def candidates(asked: Cue, desk: DeskOf, language: LanguageOf) -> dict[str, Any]:
    """Tracks of the user's library that suit a cue."""
    lufs = auditions.dialogue_loudness(desk)
    return _edited(desk, language, "sought", asked.cue, lambda p: work.with_candidates(p, asked.cue, lufs, language))


@router.post("/track", dependencies=FROM_US)
def track(asked: TrackChoice, desk: DeskOf, language: LanguageOf) -> dict[str, Any]:
    """The candidate that the cue takes, or none."""
    verb = "no_track" if asked.place is None else "track"
    return _edited(desk, language, verb, asked.cue, lambda p: work.with_track(p, asked.cue, asked.place, language))


@router.post("/hear", dependencies=FROM_US)
def hear(asked: Hearing, desk: DeskOf) -> dict[str, Any]:
    """Renders the guide of a cue, or its candidate `place`, under the dialogue: the track that the deck plays then."""
    if asked.place is None:
        key, preview = "guide", auditions.guide_of(desk, asked.cue, asked.at_s)
    else:
        key, preview = "candidate", auditions.track_of(desk, asked.cue, asked.place, asked.at_s)
    desk.previews[key] = preview
    return {"key": key, "start_s": preview.start_s, "end_s": preview.start_s + preview.audio.duration_s}


@router.get("/export/{name}")
def export(name: str, desk: DeskOf) -> FileResponse:
    """The cues, scenes or feelings in one of the formats."""
    if name not in FORMATS:
        raise UnknownName("spotting format", name, FORMATS)
    if not desk.project.has(FORMATS[name].needs):
        raise HTTPException(409, f"There is no {FORMATS[name].needs} to write yet.")

    def write(folder: Path) -> Path:
        def path(_: str, suffix: str) -> Path:
            return folder / f"{desk.name}{suffix}"

        made = write_spotting_formats(path, desk.project, desk.name, [name], programme=_programme(desk))
        return next(iter(made.values()))

    return _file(write)


@router.get("/guides")
def guides(desk: DeskOf, kind: Literal["midi", "sound"] = "midi", cue: str = "") -> FileResponse:
    """The guide of one cue as MIDI or sound; without `cue` those of all cues that play, both kinds, in a ZIP file."""
    project = desk.project

    def write(folder: Path) -> Path:
        target = Target(desk.source, folder)
        if cue:
            one = dataclasses.replace(work.cue_of(project, cue), status="suggested")
            spotting.write_guides(dataclasses.replace(project, cues=(one,)), target, silent)
            made = target.outputs.get(f"guide_{cue}{'_midi' if kind == 'midi' else ''}")
            if made is None:
                raise HTTPException(409, f"{cue} asks for no music.")
            return made
        spotting.write_guides(project, target, silent)
        if not target.outputs:
            raise HTTPException(409, "No cue asks for music.")
        packed = folder / f"{desk.name}.guides.zip"
        with zipfile.ZipFile(packed, "w") as archive:
            for path in target.outputs.values():
                archive.write(path, path.name)
        return packed

    return _file(write)


@router.put("/sheet/{name}", dependencies=FROM_US)
async def bring_back(name: str, request: Request, desk: DeskOf, language: LanguageOf) -> dict[str, Any]:
    """An edited sheet (csv, xlsx, json) as the request's body: its cues take the place of those that are there."""
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > MOST_BYTES:
            raise HTTPException(413, tell("workbench.too_large", language, limit=f"{MOST_BYTES / 1e6:.0f}"))

    def take() -> dict[str, Any]:
        with TemporaryDirectory(prefix="audiopost-") as folder:
            path = Path(folder) / safe_name(name, "cues")
            write_bytes(path, bytes(data))
            return _edited(desk, language, "sheet", path.name, lambda p: work.from_sheet(p, path, language))

    return await run_in_threadpool(take)


@router.post("/programme", dependencies=FROM_US)
def programme(fields: dict[str, Line], desk: DeskOf) -> dict[str, Any]:
    """The head of the performing rights cue sheet, kept with the recording."""
    known = {field.name for field in dataclasses.fields(Programme)}
    for name in fields:
        if name not in known:
            raise UnknownName("field of the programme", name, sorted(known))
    desk.note(programme={**(desk.noted("programme") or {}), **fields})
    return {}


@router.post("/spot", dependencies=FROM_US)
def spot(asked: Spot, desk: DeskOf, visitor: VisitorOf, jobs: JobsOf, language: LanguageOf) -> dict[str, Any]:
    """Begins the job that spots the music anew."""
    chosen = cue_view.chosen_options(desk.project, asked.options, language)
    return jobs.submit(visitor.folder, "spot", desk.name, options=chosen, keep=asked.keep).shown()


def tell_programme(name: str, language: str) -> str:
    """What a field of the programme is called."""
    from audiopost.core.language import tell as tell_name

    return tell_name(f"sheet.programme_{name}", language)


def _programme(desk: Desk) -> Programme:
    return Programme(**{"title": desk.name, **(desk.noted("programme") or {})})


def _edited(
    desk: Desk, language: str, verb: str, detail: str, edit: Callable[[Project], work.Edited]
) -> dict[str, Any]:
    """Makes an edit undoable; answers the cues as they stand then, and what followed from it, in words."""
    made: list[work.Edited] = []

    def edited(project: Project) -> Project:
        made.append(edit(project))
        return made[-1].project

    project = desk.edit(f"cuespage.did_{verb}", edited, detail=detail)
    return {
        "revision": desk.revision,
        "cue": made[-1].label,
        "messages": made[-1].messages,
        "cues": cue_view.cues_of(project, language),
        **cue_view.counts(project),
    }


def _file(write: Callable[[Path], Path]) -> FileResponse:
    """What `write` makes in a folder of its own, which goes once it is sent."""
    folder = Path(mkdtemp(prefix="audiopost-"))
    try:
        path = write(folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    gone = BackgroundTask(shutil.rmtree, folder, ignore_errors=True)
    return FileResponse(path, filename=path.name, background=gone, headers={"cache-control": "no-store"})
