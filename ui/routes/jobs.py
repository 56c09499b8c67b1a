"""Jobs: cancel, try again, take off the list. They are begun by what each tab does."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from .base import FROM_US, JobsOf, VisitorOf

router = APIRouter(prefix="/audiopost/jobs", tags=["jobs"], dependencies=FROM_US)


class JobId(BaseModel):
    id: str


@router.post("/cancel")
def cancel(job: JobId, visitor: VisitorOf, jobs: JobsOf) -> dict[str, Any]:
    """Stops a job: at once where it waits, at its next step where it runs."""
    jobs.cancel(visitor.folder, job.id)
    return {}


@router.post("/retry")
def retry(job: JobId, visitor: VisitorOf, jobs: JobsOf) -> dict[str, Any]:
    """The same work again."""
    return jobs.retry(visitor.folder, job.id).shown()


@router.post("/forget")
def forget(job: JobId, visitor: VisitorOf, jobs: JobsOf) -> dict[str, Any]:
    """Takes an ended job off the list."""
    jobs.forget(visitor.folder, job.id)
    return {}
