"""Jobs: cancel, try again, take off the list. They are begun by what each tab does."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from .base import FROM_US, JobsOf, VisitorOf

router = APIRouter(prefix="/audiopost/jobs", tags=["jobs"])


class JobId(BaseModel):
    id: str


@router.get("")
def listing(visitor: VisitorOf, jobs: JobsOf) -> dict[str, Any]:
    """All jobs of the folder, in their order."""
    return {"jobs": [job.shown() for job in jobs.listing(visitor.folder)]}


@router.post("/cancel", dependencies=FROM_US)
def cancel(job: JobId, visitor: VisitorOf, jobs: JobsOf) -> dict[str, Any]:
    """Stops a job: at once where it waits, at its next step where it runs."""
    jobs.cancel(visitor.folder, job.id)
    return {}


@router.post("/retry", dependencies=FROM_US)
def retry(job: JobId, visitor: VisitorOf, jobs: JobsOf) -> dict[str, Any]:
    """The same work again."""
    return jobs.retry(visitor.folder, job.id).shown()


@router.post("/cancel-all", dependencies=FROM_US)
def cancel_all(visitor: VisitorOf, jobs: JobsOf) -> dict[str, Any]:
    """Stops everything that runs or waits."""
    jobs.cancel_all(visitor.folder)
    return {}


@router.post("/go-on", dependencies=FROM_US)
def go_on(visitor: VisitorOf, jobs: JobsOf) -> dict[str, Any]:
    """Goes on with everything that the server's end cut off, in its order."""
    return {"jobs": [job.shown() for job in jobs.go_on(visitor.folder)]}


@router.post("/forget-ended", dependencies=FROM_US)
def forget_ended(visitor: VisitorOf, jobs: JobsOf) -> dict[str, Any]:
    """Takes everything off the list that is done or was cancelled; what failed or was cut off stays."""
    for job in jobs.listing(visitor.folder):
        if job.state in ("done", "cancelled"):
            jobs.forget(visitor.folder, job.id)
    return {}


@router.post("/forget", dependencies=FROM_US)
def forget(job: JobId, visitor: VisitorOf, jobs: JobsOf) -> dict[str, Any]:
    """Takes an ended job off the list."""
    jobs.forget(visitor.folder, job.id)
    return {}
