"""What of the cues goes out as files, and comes back: sheets, markers, timelines, guides; the rights sheet's head."""

from __future__ import annotations

import dataclasses
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any, Literal

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool

from audiopost.core.errors import UnknownName
from audiopost.core.stage import silent
from audiopost.delivery.spotting import Programme
from audiopost.delivery.spotting_formats import FORMATS, write_spotting_formats
from audiopost.io.atomic import write_bytes
from audiopost.pipeline import spotting
from audiopost.pipeline.target import Target
from audiopost.workspace import cues as work
from audiopost.workspace.delivery import programme_of
from audiopost.workspace.names import safe_name

from ..texts import tell
from . import cue_view
from .base import FROM_US, DeskOf, LanguageOf
from .cues import Line, edited

router = APIRouter(prefix="/audiopost/cues", tags=["cues"])

#: A sheet of a whole film is a few hundred kB.
MOST_BYTES = 16_000_000


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

        made = write_spotting_formats(path, desk.project, desk.name, [name], programme=programme_of(desk))
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
            return edited(desk, language, "sheet", path.name, lambda p: work.from_sheet(p, path, language))

    return await run_in_threadpool(take)


@router.get("/programme")
def programme(desk: DeskOf, language: LanguageOf) -> list[dict[str, str]]:
    """The head of the performing rights cue sheet: what each field is called, and what stands there."""
    return cue_view.programme(programme_of(desk), language)


@router.post("/programme", dependencies=FROM_US)
def keep_programme(fields: dict[str, Line], desk: DeskOf) -> dict[str, Any]:
    """The head of the performing rights cue sheet, kept with the recording."""
    known = {field.name for field in dataclasses.fields(Programme)}
    for name in fields:
        if name not in known:
            raise UnknownName("field of the programme", name, sorted(known))
    desk.note(programme={**(desk.noted("programme") or {}), **fields})
    return {}


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
