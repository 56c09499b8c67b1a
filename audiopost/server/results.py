"""The routes of what came of jobs: delivered files, logs; and what can be asked for at all."""

from __future__ import annotations

import logging
import os
import re
import urllib.parse
from pathlib import Path as FilePath
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import FileResponse

from .. import __version__, presets
from ..batch.job import Job, Output
from ..batch.places import below, is_url
from ..core.errors import BadValue, UsageError
from .jobs import JobOf, WorksOf
from .models import Health, LogAnswer, LogEntry, OutputAnswer, Outputs, PresetAnswer, Presets
from .problems import Refusal, plain

log = logging.getLogger("audiopost")

router = APIRouter(prefix="/v1")

_BINARY = "application/octet-stream"
#: A delivered page or picture is data to us: no browser shall run it in our name.
_HARMLESS = {"x-content-type-options": "nosniff", "content-security-policy": "default-src 'none'; sandbox"}
_CONTENT = {"content": {_BINARY: {"schema": {"type": "string", "format": "binary"}}}}
_FILE: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file.", **_CONTENT},
    206: {"description": "The part of it that the header Range asked for.", **_CONTENT},
}


@router.get("/jobs/{job:int}/outputs", operation_id="listOutputs", summary="List delivered files", tags=["results"])
def list_outputs(request: Request, job: JobOf) -> Outputs:
    """What a job delivered; empty before it is done."""
    base = f"{request.scope.get('root_path', '')}/v1/jobs/{job.id}/outputs/"
    return Outputs(job=job.id, outputs=[_told(output, base) for output in job.outcome.outputs])


@router.get(
    "/jobs/{job:int}/outputs/{path:path}", operation_id="getOutput", summary="Fetch a delivered file", tags=["results"],
    response_class=FileResponse, responses=_FILE,
)  # fmt: skip
def get_output(job: JobOf, path: Annotated[str, Path(description="As listed.", max_length=4096)]) -> FileResponse:
    """A file that the ledger lists for the job, and no other; as an attachment, in parts where asked."""
    file = _delivered(job, path)
    headers = {**_HARMLESS, "content-disposition": _attachment(plain(file.name))}
    return FileResponse(file, media_type=_BINARY, headers=headers)


@router.get("/jobs/{job:int}/log", operation_id="getLog", summary="Read a job's log", tags=["results"])
def get_log(
    works: WorksOf,
    job: JobOf,
    lines: Annotated[int, Query(ge=1, le=10_000, description="At most so many, the last ones.")] = 200,
) -> LogAnswer:
    """What was said while a job was done: what to read when it failed."""
    return LogAnswer(job=job.id, entries=[_entry(told) for told in works.logs.entries(job.id, lines)])


@router.get("/presets", operation_id="listPresets", summary="List presets", tags=["server"])
def list_presets(works: WorksOf) -> Presets:
    """What can be asked for."""
    found = []
    for name in works.settings.allowed():
        try:
            preset = presets.load(name)
        except UsageError as error:  # one that its owner has broken
            log.warning("the preset %s is not offered: %s", name, error)
            continue
        found.append(
            PresetAnswer(name=name, title=preset.title, summary=preset.summary, stages=list(preset.stages))
        )  # fmt: skip
    return Presets(presets=found)


@router.get("/health", operation_id="getHealth", summary="Is it up?", tags=["server"])
def get_health(works: WorksOf) -> Health:
    """For those who watch over servers: no token is wanted, and nothing is told of any job."""
    return Health(version=__version__, driver=works.driver.condition)


def _told(output: Output, base: str) -> OutputAnswer:
    path = plain(output.path)
    return OutputAnswer(
        kind=output.kind, path=path, size=output.size, sha256=output.sha256, url=base + urllib.parse.quote(path)
    )


def _delivered(job: Job, path: str) -> FilePath:
    """Where a listed file lies. Raises Refusal (404)."""
    output = next((each for each in job.outcome.outputs if plain(each.path) == path), None)
    if output is None:
        raise _missing(f"Job {job.id} has delivered no {path!r}.", path)
    if is_url(job.order.out):
        raise _missing(f"{path!r} lies at {job.order.out}, not on this server.", path)
    file = FilePath(below(job.order.out, output.path))
    # The ledger's word is not enough: a link may have been put into the file's place.
    if not os.path.isfile(file) or not file.resolve().is_relative_to(FilePath(job.order.out).resolve()):
        raise _missing(f"{path!r} is not there any more.", path)
    return file


def _attachment(name: str) -> str:
    """The header that names a file: for clients that read all of RFC 6266 and for those that, as curl, do not."""
    simple = re.sub(r'[^ -~]|["\\\\]', "_", name)
    return f"attachment; filename=\"{simple}\"; filename*=UTF-8''{urllib.parse.quote(name, safe='')}"


def _missing(problem: str, path: str) -> Refusal:
    return Refusal(404, BadValue(problem, value=path, remedy="GET /v1/jobs/{job}/outputs lists what is there."))


def _entry(told: dict[str, Any]) -> LogEntry:
    return LogEntry(time=told["time"], attempt=told["attempt"], level=told["level"], text=plain(told["text"]))
