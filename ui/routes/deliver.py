"""Delivery: what can be chosen, how it stands against a spec, what was written, and the files on their way out."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

from fastapi import APIRouter, HTTPException
from fastapi.responses import FileResponse, StreamingResponse
from pydantic import BaseModel, Field

from audiopost.core.errors import BadValue
from audiopost.core.marks import SpecCheck, overall
from audiopost.core.project import Project
from audiopost.delivery.figures import spec_of
from audiopost.io.zipping import zipped
from audiopost.pipeline.record import Delivered
from audiopost.stages.loudness import load_spec, spec_names
from audiopost.workspace import Desk, delivery
from audiopost.workspace.captions import working_style
from audiopost.workspace.runs import touched

from .. import delivering
from .base import FROM_US, DeskOf, JobsOf, VisitorOf

router = APIRouter(prefix="/audiopost", tags=["deliver"])

#: Our own pages may be shown; without scripts, and without access to the workbench whatever is in them.
_PAGES = ("report", "spotting", "cues_html")
_PAGE_HEADERS = {
    "content-security-policy": "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
    "frame-ancestors 'self'",
    "cache-control": "no-cache",
}


class Keys(BaseModel):
    keys: list[str] = Field(max_length=200)


class SpecName(BaseModel):
    spec: str = Field(max_length=100)


@router.get("/deliver")
def overview(desk: DeskOf, visitor: VisitorOf, spec: str = "") -> dict[str, Any]:
    """Everything the tab shows; `spec` is the delivery spec to hold the master against, by itself its own."""
    project = desk.project
    items = delivery.choices(project)
    usual = [item.key for item in items if item.usual]
    keys = [item.key for item in items]
    chosen = delivering.chosen_keys(visitor.folder, keys) if delivering.has_chosen(visitor.folder) else usual
    encoding = delivering.encoding_of(visitor.folder)
    return {
        "recording": desk.name,
        "revision": desk.revision,
        "items": [{"key": i.key, "group": i.group, "name": i.name, "needs": i.needs, "usual": i.usual} for i in items],
        "chosen": chosen,
        "encoding": asdict(encoding),
        "film": _film(desk, encoding),
        "missing": list(project.missing),
        "loudness": _loudness(project, spec),
        "style": _style(project),
        "delivered": [_shown(each) for each in delivery.there(desk)],
        "stale": delivery.is_stale(desk),
    }


def _film(desk: Desk, encoding: Any) -> str:
    try:
        return delivery.film_problem(desk, encoding)
    except BadValue as error:
        return str(error)


def _loudness(project: Project, spec: str) -> dict[str, Any]:
    made_for = spec_of(project)
    names = spec_names()
    asked = spec if spec in names else made_for if made_for in names else "ebu-r128"
    checks = delivery.checks_against(project, asked)
    return {
        "specs": [{"name": name, "title": load_spec(name).title} for name in names],
        "spec": asked,
        "made_for": made_for if project.master is not None else "",
        "verdict": overall(checks) if checks else "",
        "checks": [_check(each) for each in checks],
    }


def _check(check: SpecCheck) -> dict[str, Any]:
    value = None if check.value is None else round(check.value, check.decimals)
    return {
        "name": check.name, "value": value, "unit": check.unit, "low": check.low, "high": check.high,
        "verdict": check.verdict, "recommended": check.recommended, "remark": check.remark,
    }  # fmt: skip


def _style(project: Project) -> dict[str, Any] | None:
    if project.captions is None:
        return None
    found = touched(project)
    return {
        "name": working_style(project).name,
        "captions": found.captions,
        "reviewed": found.captions_reviewed,
        "edited": found.captions_edited,
        "issues": dict(Counter(issue.rule for issue in project.caption_issues or ())),
    }


def _shown(each: Delivered) -> dict[str, Any]:
    return {
        "kind": each.kind, "file": each.path.name, "size": each.size, "encoding": each.encoding,
        "disclosure": each.disclosure, "edited": each.edited, "earlier": each.earlier, "page": each.kind in _PAGES,
    }  # fmt: skip


@router.post("/deliver/choose", dependencies=FROM_US)
def choose(keys: Keys, visitor: VisitorOf, desk: DeskOf) -> dict[str, Any]:
    """Keeps what is chosen to be delivered, of what is known."""
    known = {item.key for item in delivery.choices(desk.project)}
    delivering.choose_keys(visitor.folder, [key for key in keys.keys if key in known])
    return {}


@router.post("/deliver", dependencies=FROM_US)
def begin(keys: Keys, visitor: VisitorOf, desk: DeskOf, jobs: JobsOf) -> dict[str, Any]:
    """Queues the delivery of what is chosen, encoded as it was set. Raises UnknownName, BadValue."""
    encoding = delivering.encoding_of(visitor.folder)
    delivery.check(desk, keys.keys, encoding)
    choose(keys, visitor, desk)
    return jobs.submit(visitor.folder, "deliver", desk.name, keys=keys.keys, encoding=asdict(encoding)).shown()


@router.post("/deliver/master", dependencies=FROM_US)
def master(named: SpecName, visitor: VisitorOf, desk: DeskOf, jobs: JobsOf) -> dict[str, Any]:
    """Queues a master for another spec, one of those that ship."""
    if named.spec not in spec_names():
        raise BadValue(f"There is no delivery spec {named.spec!r}.", value=named.spec, choices=spec_names())
    return jobs.submit(visitor.folder, "master", desk.name, spec=named.spec).shown()


def _file(desk: Desk, key: str) -> Path:
    found = next((each.path for each in delivery.there(desk) if each.kind == key), None)
    if found is None:
        raise HTTPException(404, "This file is not there any more.")
    return found


@router.get("/deliver/file")
def file(key: str, desk: DeskOf) -> FileResponse:
    """One delivered file by its kind, always as a download."""
    path = _file(desk, key)
    return FileResponse(path, media_type="application/octet-stream", filename=path.name)


@router.get("/deliver/zip")
def everything(desk: DeskOf) -> StreamingResponse:
    """All that was delivered of the recording as one zip, made while it is sent."""
    found = delivery.there(desk)
    if not found:
        raise HTTPException(404, "Nothing was delivered yet.")
    files = [(each.path.relative_to(desk.root).as_posix(), each.path) for each in found]
    # Starlette writes a name of any script into the header; its response for files is the only one that does.
    named = FileResponse(found[-1].path, filename=f"{desk.name}.zip").headers["content-disposition"]
    return StreamingResponse(zipped(files), media_type="application/zip", headers={"content-disposition": named})


@router.get("/report")
def report(desk: DeskOf) -> FileResponse:
    """The delivered report to be shown in a frame."""
    return page("report", desk)


@router.get("/deliver/page")
def page(key: str, desk: DeskOf) -> FileResponse:
    """One of our own pages among the delivered files, to be shown; nothing in it runs."""
    if key not in _PAGES:
        raise HTTPException(404, "This file is no page.")
    return FileResponse(_file(desk, key), media_type="text/html", headers=_PAGE_HEADERS)
