"""Subtitle files: brought in, taken out in any format with what it loses; the styles and formats there are."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool

from audiopost.core.errors import BadValue
from audiopost.core.project import Project
from audiopost.core.speech import Transcript
from audiopost.io.atomic import write_bytes
from audiopost.pipeline.deliver import names_speakers
from audiopost.subtitles import FORMATS, kind_of, load_captions, load_style, losses, render, style_names, suffix_of
from audiopost.workspace import Desk
from audiopost.workspace import captions as work
from audiopost.workspace.caption_sheet import sheet_of
from audiopost.workspace.names import safe_name

from .base import FROM_US, DeskOf
from .captions import listed

router = APIRouter(prefix="/audiopost/captions", tags=["captions"])

#: Subtitle files are small; JSON with words of a long film is the largest.
MOST_BYTES = 20_000_000


@router.get("/choices")
def choices() -> dict[str, Any]:
    """The styles and the formats there are."""
    styles = [{"name": name, "title": load_style(name).title} for name in style_names()]
    return {"styles": styles, "formats": [{"kind": kind, "suffix": suffix_of(kind)} for kind in FORMATS]}


@router.put("/file/{name}", dependencies=FROM_US)
async def bring_in(name: str, request: Request, desk: DeskOf) -> JSONResponse:
    """The captions of a subtitle file (the request's body) in place of those that stand."""
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > MOST_BYTES:
            raise HTTPException(413, f"A subtitle file has at most {MOST_BYTES / 1e6:.0f} MB.")
    return await run_in_threadpool(_brought_in, desk, safe_name(name, "captions"), bytes(data))


def _brought_in(desk: Desk, name: str, data: bytes) -> JSONResponse:
    kind = kind_of(Path(name))
    with TemporaryDirectory(prefix="import-", dir=desk.cache) as folder:
        loaded = load_captions(write_bytes(Path(folder) / name, data), kind=kind)
    sheet = sheet_of(desk)
    notes: list[str] = []

    def change(project: Project, checked: work.Checked) -> tuple[Project, int]:
        new, told = work.imported(project, checked, loaded, name)
        notes.extend(told)
        return new, 0

    sheet.edit(sheet.stamp(), "subtitles.did_import", change, name)
    return listed(desk, notes=notes)


def _has_captions(desk: Desk) -> tuple[Project, Transcript]:
    project = desk.project
    if not project.captions:
        raise BadValue(
            "There are no captions yet.", value=None, remedy="Run a preset that transcribes, or import some."
        )
    return project, project.transcript or Transcript("")


@router.get("/losses")
def what_is_lost(desk: DeskOf, kind: str) -> dict[str, Any]:
    """What a file of this format would not hold."""
    project, transcript = _has_captions(desk)
    named, rate = names_speakers(kind, project), project.media.timebase.rate
    return {"losses": losses(work.captions_of(project), transcript, kind, speakers=named, rate=rate)}


@router.get("/file")
def take_out(desk: DeskOf, kind: str) -> Response:
    """The captions as a file of a format, as a delivery writes it."""
    project, transcript = _has_captions(desk)
    content = render(
        work.captions_of(project), transcript, kind, speakers=names_speakers(kind, project),
        timebase=project.media.timebase, name=desk.name,
    )  # fmt: skip
    name = f"{desk.name}{suffix_of(kind)}"
    plain = safe_name(name).encode("ascii", "replace").decode().replace("?", "_").replace('"', "_")
    headers = {
        "content-disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}",
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
    }
    return Response(content, media_type="application/octet-stream", headers=headers)
