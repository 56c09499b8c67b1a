"""The routes of jobs: submit, list, look, cancel, try again."""

from __future__ import annotations

import uuid
from email.message import Message
from typing import Annotated, Any, cast

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from ..batch.job import ENDED, Job, State
from ..core.errors import BadValue
from ..io.atomic import make_folder
from . import uploads
from .models import JobAnswer, JobPage, PathWish, Wish, told_job
from .orders import order_of, preset_of, safe_file, source_of
from .problems import Refusal
from .uploads import FILE, FORM, Fields, Received
from .works import Works

router = APIRouter(prefix="/v1", tags=["jobs"])

#: SQLite counts to here, JavaScript to less.
_LAST = (1 << 53) - 1
_JSON = "application/json"
#: Where a job that was made is to be found.
_MADE: dict[int | str, dict[str, Any]] = {
    201: {"headers": {"Location": {"description": "Where the job is to be had.", "schema": {"type": "string"}}}}
}


def works_of(request: Request) -> Works:
    """The ledger and its driver."""
    return cast(Works, request.app.state.works)


WorksOf = Annotated[Works, Depends(works_of)]


def job_of(works: WorksOf, job: Annotated[int, Path(ge=1, le=_LAST, description="The job's number.")]) -> Job:
    """The job of a path. Raises Refusal (404)."""
    try:
        return works.ledger.get(job)
    except BadValue as error:
        raise Refusal(
            404, BadValue(f"There is no job {job}.", value=job, remedy="GET /v1/jobs lists them.")
        ) from error  # fmt: skip


JobOf = Annotated[Job, Depends(job_of)]


def wants_json(request: Request) -> None:
    """Raises Refusal (415) for a body of another kind."""
    header = Message()
    header["content-type"] = request.headers.get("content-type", "")
    if header.get_content_type() != _JSON:
        raise Refusal(
            415, BadValue(f"This is asked as {_JSON}.", value=header.get_content_type(), choices=(_JSON,))
        )  # fmt: skip


def form_schema() -> dict[str, Any]:
    """The form of an upload, for the OpenAPI schema: the fields of a Wish and the recording."""
    wish = Wish.model_json_schema()
    fields = {name: _given(field) for name, field in wish["properties"].items()}
    recording = {"type": "string", "format": "binary", "description": "The recording: a film or a sound file."}
    return {
        "requestBody": {
            "required": True,
            "content": {
                FORM: {
                    "schema": {
                        **wish, "title": "Upload", "required": [*wish["required"], FILE],
                        "properties": {**fields, FILE: recording},
                        "description": "Put the fields first: what is wrong with them is then said before the "
                        "recording is sent. 'settings' may come several times.",
                    },
                    "encoding": {"settings": {"style": "form", "explode": True}},
                }
            },
        }
    }  # fmt: skip


def _given(field: dict[str, Any]) -> dict[str, Any]:
    """A field as it stands in a form, which has no null: what is not given is left out."""
    kind: dict[str, Any] = next((kind for kind in field.get("anyOf", ()) if kind != {"type": "null"}), {})
    return {key: value for key, value in field.items() if key not in ("anyOf", "default")} | kind


@router.post(
    "/jobs", operation_id="submitUpload", summary="Upload a recording", status_code=201, responses=_MADE,
    openapi_extra=form_schema(),
)  # fmt: skip
async def submit_upload(request: Request, response: Response, works: WorksOf) -> JobAnswer:
    """Takes a recording and what is to be made of it; the answer is the job, which waits for its turn."""
    settings = works.settings

    def look(fields: Fields) -> None:
        if "preset" in fields:
            preset_of(settings, _wish(fields))

    async with uploads.receiving(request, settings.incoming, settings.max_upload_bytes, look) as received:
        job = await run_in_threadpool(_take, works, received)
    response.headers["location"] = _address(request, job)
    return told_job(job, works.settings.uploads)


@router.post(
    "/jobs/by-path", operation_id="submitPath", summary="Name a recording by its path", status_code=201,
    responses=_MADE, dependencies=[Depends(wants_json)],
)  # fmt: skip
def submit_path(request: Request, response: Response, works: WorksOf, wish: PathWish) -> JobAnswer:
    """Takes what is to be made of a recording that lies below a folder which the server was started with."""
    source = source_of(works.settings, wish.source)
    job = works.place(*order_of(works.settings, wish, source, uuid.uuid4().hex))
    response.headers["location"] = _address(request, job)
    return told_job(job, works.settings.uploads)


@router.get("/jobs", operation_id="listJobs", summary="List jobs")
def list_jobs(
    works: WorksOf,
    state: Annotated[list[State] | None, Query(description="Only jobs in these states.", examples=[["done"]])] = None,
    after: Annotated[int, Query(ge=0, le=_LAST, description="Only jobs with a higher number.")] = 0,
    limit: Annotated[int, Query(ge=1, le=500, description="At most so many.")] = 100,
) -> JobPage:
    """The jobs in the order in which they came, a page at a time."""
    found = list(works.ledger.jobs(*(state or ()), limit=limit + 1, after=after))
    jobs = found[:limit]
    return JobPage(
        jobs=[told_job(job, works.settings.uploads) for job in jobs], next=jobs[-1].id if len(found) > limit else None,
        counts=works.ledger.counts(),
    )  # fmt: skip


@router.get("/jobs/{job:int}", operation_id="getJob", summary="Look at a job")
def get_job(works: WorksOf, job: JobOf) -> JobAnswer:
    """How a job stands."""
    return told_job(job, works.settings.uploads)


@router.delete("/jobs/{job:int}", operation_id="cancelJob", summary="Cancel a job", status_code=202)
def cancel_job(works: WorksOf, job: JobOf) -> JobAnswer:
    """Asks the driver to drop a job that waits or runs; it is 'cancelled' in a moment, or has ended meanwhile. What it
    has made so far stays: trying it again goes on from there."""
    if job.state in ENDED:
        raise Refusal(
            409, BadValue(f"Job {job.id} has ended: {job.state}.", value=job.state, remedy="It needs no cancelling.")
        )  # fmt: skip
    works.ledger.ask("cancel", [job.id])
    return told_job(job, works.settings.uploads)


@router.post("/jobs/{job:int}/retry", operation_id="retryJob", summary="Try a job again")
def retry_job(works: WorksOf, job: JobOf) -> JobAnswer:
    """Puts a job that has ended back among those that wait."""
    if not works.ledger.reset(job.id):
        state = works.ledger.get(job.id).state
        raise Refusal(
            409, BadValue(f"Job {job.id} has not ended: {state}.", value=state, remedy="Wait for it, or cancel it.")
        )  # fmt: skip
    return told_job(works.ledger.get(job.id), works.settings.uploads)


def _take(works: Works, received: Received) -> Job:
    """Puts an upload where it stays and its order into the ledger; neither without the other."""
    number = uuid.uuid4().hex
    folder = works.settings.uploads / number
    source = folder / safe_file(received.name)
    order, fingerprint = order_of(works.settings, _wish(received.fields), source, number, shown=received.name)
    with uploads.settling(works.settings.incoming, folder, order.name):
        with uploads.writing(source):
            make_folder(folder)
            received.path.replace(source)
        return works.place(order, fingerprint)


def _wish(fields: Fields) -> Wish:
    """The fields of a form, each once but for the settings. Raises RequestValidationError, BadValue."""
    twice = next((name for name, values in fields.items() if name != "settings" and len(values) > 1), None)
    if twice is not None:
        raise BadValue(f"The field {twice!r} comes more than once.", value=twice, remedy="Send it once.")
    values = {name: values if name == "settings" else values[0] for name, values in fields.items()}
    try:
        return Wish.model_validate(values)
    except ValidationError as error:
        raise RequestValidationError(error.errors()) from error


def _address(request: Request, job: Job) -> str:
    return f"{request.scope.get('root_path', '')}/v1/jobs/{job.id}"
