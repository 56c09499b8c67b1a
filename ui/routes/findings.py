"""Findings: listed with what became of them, heard mended, decided on."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from audiopost.core.project import Project
from audiopost.workspace import chain, findings, preview, render
from audiopost.workspace.preview import Heard

from .. import rendering
from ..texts import tell, texts
from .base import FROM_US, DeskOf, JobsOf, LanguageOf, VisitorOf

router = APIRouter(prefix="/audiopost/findings", tags=["findings"])

Indices = Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1, max_length=100_000)]
Seconds = Annotated[float, Field(ge=0, le=1e7, allow_inf_nan=False)]


class Decision(BaseModel):
    indices: Indices
    status: Literal["open", "accepted", "dismissed"]


class Asked(BaseModel):
    index: Annotated[int, Field(ge=0)]
    at_s: Seconds | None = None


@router.get("")
def listed(desk: DeskOf, language: LanguageOf) -> dict[str, Any]:
    """Every finding with its state; `diagnosed` says whether anybody looked for faults."""
    project = desk.project
    return {
        "revision": desk.revision,
        "diagnosed": project.findings is not None,
        "findings": [_shown(each, language) for each in findings.judged(project)],
        **pending(project),
    }


def pending(project: Project) -> dict[str, Any]:
    """What is decided and not in the sound yet, the stages that a render would run, and what is mended."""
    waiting = chain.pending(project)
    return {
        "pending": waiting, "stages": render.steps(project) if waiting else (), "mend": chain.chain(project).mend,
    }  # fmt: skip


def _shown(judged: findings.Judged, language: str) -> dict[str, Any]:
    finding = judged.finding
    state = finding.status if finding.status != "open" or not judged.mended else "mended"
    return {
        **asdict(finding),
        "index": judged.index,
        "title": _text(f"kind_{finding.kind}", language, finding.kind.replace("-", " ")),
        "remedy": finding.remedy if language == "en" else _text(f"remedy_{finding.kind}", language, finding.remedy),
        "state": state,
        "mended": judged.mended,
        "mendable": judged.remedy == "restore",
        "by": judged.remedy,
    }


def _text(name: str, language: str, otherwise: str) -> str:
    key = f"findings.{name.replace('-', '_')}"
    return tell(key, language) if key in texts() else otherwise


@router.post("/decide", dependencies=FROM_US)
def decide(decision: Decision, desk: DeskOf) -> dict[str, Any]:
    """A person's decision on some findings, as one change."""
    kinds = {findings.finding_at(desk.project, index).kind for index in decision.indices}
    what = f"{', '.join(sorted(kinds)[:3])}{' …' if len(kinds) > 3 else ''}"
    detail = what if len(decision.indices) == 1 else f"{what} ({len(decision.indices)})"
    desk.edit(
        f"listen.did_{decision.status}",
        lambda now: findings.decided(now, decision.indices, decision.status),
        detail=detail,
    )
    return {"revision": desk.revision, **pending(desk.project)}


@router.post("/remedy", dependencies=FROM_US)
def remedy(asked: Asked, desk: DeskOf) -> dict[str, Any]:
    """One fault mended over the stretch in which it is heard: the tracks 'remedy' and 'remedy-removed'."""
    project = desk.project
    finding = findings.finding_at(project, asked.index)
    span = findings.heard_span(project, finding, asked.at_s)
    return heard(desk, "remedy", preview.remedy(project, finding, span))


def heard(desk: DeskOf, key: str, made: Heard) -> dict[str, Any]:
    """Puts a preview and what it took away among the desk's tracks; the numbers of it."""
    desk.previews[key] = made.made
    desk.previews[f"{key}-removed"] = made.removed
    start = made.made.start_s
    return {
        "track": key, "removed": f"{key}-removed", "start_s": start, "end_s": start + made.made.audio.duration_s,
        "before_lufs": made.before_lufs, "after_lufs": made.after_lufs,
        "before_floor_dbfs": made.before_floor_dbfs, "after_floor_dbfs": made.after_floor_dbfs,
        "removed_dbfs": made.removed_dbfs,
        "repairs": [{"name": name, "done": done, "removed_dbfs": level} for name, done, level in made.repairs],
    }  # fmt: skip


@router.post("/diagnose", dependencies=FROM_US)
def diagnose(visitor: VisitorOf, desk: DeskOf, jobs: JobsOf) -> dict[str, Any]:
    """Looks for faults, as a job."""
    return jobs.submit(visitor.folder, rendering.diagnose.__name__, desk.name).shown()


@router.post("/render", dependencies=FROM_US)
def render_now(visitor: VisitorOf, desk: DeskOf, jobs: JobsOf) -> dict[str, Any]:
    """Renders what was decided, as a job."""
    return jobs.submit(visitor.folder, "render", desk.name, stages=list(render.steps(desk.project))).shown()
