"""What is asked and what is answered, as pydantic models: the OpenAPI schema is made of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.config import JsonDict

from ..batch.job import Job, State
from .problems import plain

_FPS = r"^[0-9]{1,6}(\.[0-9]{1,6})?(/[0-9]{1,6})?( ?[Nn]?[Dd][Ff])?$"
_TIMECODE = r"^([01]?[0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9][:;.][0-9]{1,2}$"
_LANGUAGE = r"^$|^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,6}$"
_JOB: JsonDict = {
    "id": 17, "state": "running", "name": "5f0c8a3e9d1b4c6f8a7e2d3c4b5a6978/episode 1", "title": "Episode 1",
    "language": "yue", "preset": "subtitles-yue", "source": "episode 1.mov", "stage": "transcribe", "share": 0.42,
    "attempts": 1, "worker": "worker 1", "added": "2025-03-01T20:15:00Z", "begun": "2025-03-01T20:15:02Z",
    "ended": None, "error": "", "reason": "", "warnings": [], "media_s": 0.0, "spent_s": 0.0, "seconds": {},
    "figures": {}, "backends": {}, "outputs": 0,
}  # fmt: skip

#: A line of a request; no line breaks, no control characters.
_Line = Annotated[str, StringConstraints(max_length=300, pattern=r"^[^\x00-\x1f\x7f]*$")]


class Wish(BaseModel):
    """What is to be made of a recording."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    preset: Annotated[str, StringConstraints(min_length=1, max_length=100)] = Field(
        description="The name of a preset, one of GET /v1/presets.", examples=["podcast"]
    )
    language: Annotated[str, StringConstraints(max_length=60, pattern=_LANGUAGE)] = Field(
        "", description="Language spoken, as a BCP 47 tag; the preset's own where empty.", examples=["yue", "zh-Hant"]
    )
    title: _Line = Field("", description="What people call the recording; kept with the job.", examples=["Episode 1"])
    settings: list[Annotated[str, StringConstraints(max_length=2000)]] = Field(
        default_factory=list, max_length=100, description="Changes to the preset, as STAGE.OPTION=VALUE.",
        examples=[["loudness.spec=podcast", "deliver.format=flac"]],
    )  # fmt: skip
    fps: Annotated[str, StringConstraints(pattern=_FPS)] | None = Field(
        None, description="Frame rate; the file's own, else 25, where not given.", examples=["25", "29.97df"]
    )
    start_timecode: Annotated[str, StringConstraints(pattern=_TIMECODE)] | None = Field(
        None, description="Timecode of the first frame.", examples=["01:00:00:00"]
    )
    name: _Line = Field(
        "", description="What the results are called; the recording's own name where empty.", examples=["episode 1"]
    )


class PathWish(Wish):
    """What is to be made of a recording that the server can read itself."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"source": "/media/episode 1.mov", "preset": "subtitles-yue", "title": "Episode 1"}]
        }
    )

    source: Annotated[str, StringConstraints(min_length=1, max_length=4096)] = Field(
        description="The whole path of a file below one of the folders that the server was started with.",
        examples=["/media/episode 1.mov"],
    )


class JobAnswer(BaseModel):
    """A job, as the ledger has it."""

    model_config = ConfigDict(json_schema_extra={"examples": [_JOB]})

    id: int = Field(description="Its number: 'audiopost batch status' shows the same.")
    state: State = Field(
        description="waiting, running; done; failed: refused, with the reason; quarantined: it brought its worker down "
        "twice; cancelled; skipped."
    )
    name: str = Field(description="Where the results lie below the server's folder, and what they are called.")
    title: str
    language: str
    preset: str
    source: str = Field(description="The name of the upload, or the path that was given.")
    stage: str = Field(description="What is done to it now; empty where nothing is.")
    share: float = Field(description="How far the present attempt is, from 0 to 1.", ge=0, le=1)
    attempts: int = Field(description="How often it was tried.", ge=0)
    worker: str
    added: datetime
    begun: datetime | None
    ended: datetime | None
    error: str = Field(description="The name of the error that ended it; empty where there was none.")
    reason: str = Field(description="What went wrong, in a sentence for people.")
    warnings: list[str] = Field(description="What a person should look at.")
    media_s: float = Field(description="Length of the recording in seconds, once it is done.", ge=0)
    spent_s: float = Field(description="Seconds that all attempts took together, but for one that goes on.", ge=0)
    seconds: dict[str, float] = Field(description="Seconds that each step of the last attempt took.")
    figures: dict[str, Any] = Field(description="What it came to: captions, loudness …")
    backends: dict[str, str] = Field(description="Who did the work of each stage.")
    outputs: int = Field(description="How many files were delivered; see GET /v1/jobs/{job}/outputs.", ge=0)


class JobPage(BaseModel):
    """Some of the jobs, in the order in which they came."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"jobs": [_JOB], "next": None, "counts": {"running": 1, "waiting": 0}}]}
    )

    jobs: list[JobAnswer]
    next: int | None = Field(description="What to ask for with 'after' to see more; null where there is no more.")
    counts: dict[State, int] = Field(description="How many jobs are in each state, of all there are.")


class OutputAnswer(BaseModel):
    """A file that was delivered."""

    kind: str = Field(examples=["srt"])
    path: str = Field(examples=["5f0c8a3e9d1b4c6f8a7e2d3c4b5a6978/episode 1.srt"])
    size: int = Field(description="In bytes.", examples=[48213], ge=0)
    sha256: str = Field(
        description="Of what two equal runs give alike: in records without their times, and empty for the report."
    )
    url: str = Field(description="Where it is to be had.")


class Outputs(BaseModel):
    """The files that a job delivered; none before it is done."""

    job: int
    outputs: list[OutputAnswer]


class LogEntry(BaseModel):
    """A line of a job's log."""

    time: datetime
    attempt: int = Field(ge=0)
    level: str = Field(examples=["info", "warning", "error"])
    text: str


class LogAnswer(BaseModel):
    """The end of a job's log, over all attempts."""

    job: int
    entries: list[LogEntry]


class PresetAnswer(BaseModel):
    """A preset that can be asked for."""

    name: str = Field(examples=["podcast"])
    title: str = Field(examples=["Podcast"])
    summary: str
    stages: list[str] = Field(examples=[["diagnose", "denoise", "loudness"]])


class Presets(BaseModel):
    """The presets that can be asked for."""

    presets: list[PresetAnswer]


class Health(BaseModel):
    """Whether the server is up, and its driver at work."""

    version: str = Field(examples=["0.1.0"])
    driver: Literal["running", "paused", "stopped"] = Field(
        description="running; paused: a disk is full, it goes on when there is room; stopped: it failed, and starts "
        "again in a moment."
    )


def told_job(job: Job, uploads: Path) -> JobAnswer:
    """A job as it is answered; where in `uploads` a recording lies is not told."""
    order, outcome = job.order, job.outcome
    source = Path(order.source)
    shown = source.name if source.is_relative_to(uploads) else order.source
    return JobAnswer(
        id=job.id, state=job.state, name=plain(order.name), title=plain(order.title), language=plain(order.language),
        preset=plain(order.preset_name), source=plain(shown), stage=plain(job.stage),
        share=min(max(job.share, 0.0), 1.0), attempts=job.attempts, worker=plain(job.worker),
        added=datetime.fromtimestamp(job.added, UTC), begun=_time(job.begun), ended=_time(job.ended),
        error=plain(outcome.error), reason=plain(outcome.reason), warnings=[plain(each) for each in outcome.warnings],
        media_s=outcome.media_s, spent_s=job.spent_s, seconds=_told(outcome.seconds), figures=_told(outcome.figures),
        backends=_told(outcome.backends), outputs=len(outcome.outputs),
    )  # fmt: skip


def _time(seconds: float) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


def _told(value: Any) -> Any:
    """JSON that every reader takes: no infinities, no text that is no UTF-8."""
    if isinstance(value, Mapping):
        return {plain(str(key)): _told(held) for key, held in value.items()}
    if isinstance(value, list | tuple):
        return [_told(held) for held in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return plain(value) if isinstance(value, str) else value
