"""Opening a recording: at once where that was done before, else as a job, since a film has to be decoded first."""

from __future__ import annotations

from typing import Any

from audiopost.core.stage import Progress
from audiopost.workspace import Folder

from .jobs import ENDED, Jobs, kind


@kind("open")
def _open(folder: Folder, settings: dict[str, Any], report: Progress) -> dict[str, Any]:
    folder.open(settings["recording"], report)
    return {}


def begin_opening(folder: Folder, name: str, jobs: Jobs) -> None:
    """Makes `name` the recording that is open. Raises UnknownName, InputError's kinds."""
    folder.source(name)
    folder.remember(recording=name)
    if folder.is_open(name):
        return
    if folder.was_open(name):
        folder.open(name)
    elif not any(
        job.kind == "open" and job.recording == name and job.state not in ENDED for job in jobs.listing(folder)
    ):
        jobs.submit(folder, "open", name)
