"""The folder and the desk: which recordings there are, which is open, what goes on, undo; recordings that come in."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, HTTPException, Request
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from audiopost.io import decode
from audiopost.io.atomic import guarded

from .. import texts
from ..opening import begin_opening
from ..visitors import Visitor
from .base import FROM_US, JobsOf, LanguageOf, VisitorOf

router = APIRouter(prefix="/audiopost", tags=["desk"])


class Named(BaseModel):
    name: str


@router.get("/texts")
def all_texts(language: LanguageOf) -> dict[str, Any]:
    """Every text of the page's language, and which that is."""
    return {"language": language, "texts": texts.for_browser(language)}


@router.get("/pulse")
def pulse(visitor: VisitorOf, jobs: JobsOf) -> dict[str, Any]:
    """What the page asks every second: what is open, how often it changed, what goes on."""
    desk = visitor.desk()
    return {
        "project": visitor.folder.root.name,
        "login": visitor.login,
        "recordings": visitor.folder.names(),
        "recording": visitor.recording,
        "ready": desk is not None,
        "revision": desk.revision if desk else 0,
        "undo": _last(desk.done if desk else ()),
        "redo": _last(desk.undone if desk else ()),
        "jobs": [job.shown() for job in jobs.listing(visitor.folder)][-50:],
    }


def _last(changes: Any) -> dict[str, str] | None:
    return {"label": changes[-1].label, "detail": changes[-1].detail} if changes else None


@router.post("/open", dependencies=FROM_US)
def open_recording(named: Named, visitor: VisitorOf, jobs: JobsOf) -> dict[str, Any]:
    """Makes a recording the one that is open; a job decodes it where that was not done yet."""
    begin_opening(visitor.folder, named.name, jobs)
    return pulse(visitor, jobs)


@router.post("/undo", dependencies=FROM_US)
def undo(visitor: VisitorOf) -> dict[str, Any]:
    """Takes the last change back."""
    return _stepped(visitor, undo=True)


@router.post("/redo", dependencies=FROM_US)
def redo(visitor: VisitorOf) -> dict[str, Any]:
    """Makes the last undone change again."""
    return _stepped(visitor, undo=False)


def _stepped(visitor: Visitor, *, undo: bool) -> dict[str, Any]:
    desk = visitor.desk()
    if desk is None:
        raise HTTPException(409, "No recording is open.")
    change = desk.undo() if undo else desk.redo()
    return {
        "revision": desk.revision,
        "change": {"label": change.label, "detail": change.detail} if change else None,
        "fields": sorted(change.fields) if change else [],
    }


@router.put("/media/{name}", dependencies=FROM_US)
async def bring_in(
    name: str, request: Request, visitor: VisitorOf, jobs: JobsOf, language: LanguageOf, opened: bool = True
) -> dict[str, Any]:
    """A recording as the request's body, under a file name. What is no recording, or too large, leaves nothing.

    `opened`: it becomes the one that is open.
    """
    limit: int = request.app.state.max_bytes
    too_large = HTTPException(413, texts.tell("workbench.too_large", language, limit=f"{limit / 1e6:.0f}"))
    said = request.headers.get("content-length", "")
    if said.isdecimal() and int(said) > limit:
        raise too_large
    with visitor.folder.receiving(name) as (temporary, recording):
        size = 0
        with guarded(temporary), temporary.open("wb") as file:
            async for chunk in request.stream():
                size += len(chunk)
                if size > limit:
                    raise too_large
                await run_in_threadpool(file.write, chunk)
        await run_in_threadpool(decode.probe, temporary, name)
    if opened:
        begin_opening(visitor.folder, recording, jobs)
    return {"recording": recording}
