"""Captions: listed with what the style says of them, checked as one types, edited, found and replaced."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from audiopost.core.errors import BadValue
from audiopost.core.project import Project
from audiopost.subtitles import edit, edit_borders
from audiopost.subtitles.search import Search, counts
from audiopost.workspace import Desk
from audiopost.workspace import captions as work
from audiopost.workspace.caption_sheet import sheet_of
from audiopost.workspace.speakers import renamed, tidy_name

from .base import FROM_US, DeskOf, JobsOf, VisitorOf

router = APIRouter(prefix="/audiopost/captions", tags=["captions"])

Number = Annotated[int, Field(ge=0)]
Seconds = Annotated[float, Field(allow_inf_nan=False, ge=-1e6, le=1e6)]
Lines = Annotated[list[Annotated[str, Field(max_length=work.MOST_CHARACTERS)]], Field(max_length=100)]


class Stamped(BaseModel):
    """`stamp` names the captions that an edit was made on."""

    stamp: str


class One(Stamped):
    index: Number


class Some(Stamped):
    indices: list[Number] = Field(max_length=work.MOST_CAPTIONS)


class Text(One):
    lines: Lines
    reviewed: bool = False


class Times(One):
    start_s: Seconds
    end_s: Seconds


class Typed(BaseModel):
    index: Number
    start_s: Seconds
    end_s: Seconds
    lines: Lines


class Speaking(Some):
    speakers: list[Annotated[str, Field(max_length=500)]] = Field(min_length=1, max_length=100)


class SplitAt(One):
    caret: Number | None = None
    at_s: Seconds | None = None


class Shift(Some):
    by_s: Seconds


class InsertAt(Stamped):
    at_s: Seconds


class Reviewed(Some):
    reviewed: bool


class Find(BaseModel):
    find: str
    match_case: bool = False
    whole_words: bool = False
    regex: bool = False
    indices: list[Number] | None = None

    def search(self) -> Search:
        return Search(self.find, self.match_case, self.whole_words, self.regex)


class ReplaceWith(Find):
    stamp: str
    by: str


class StyleName(BaseModel):
    style: str


class Renamed(Stamped):
    old: str
    new: str
    merge: bool = False


def listed(desk: Desk, **more: Any) -> JSONResponse:
    """The captions as they stand: what every change answers, so that the page asks once."""
    return JSONResponse({**sheet_of(desk).listing(), **more})  # as it is: FastAPI would walk through every row


def _edited(
    desk: Desk, stamp: str, label: str, change: Callable[[Project, work.Checked], tuple[Project, int]], detail: str = ""
) -> JSONResponse:
    at = sheet_of(desk).edit(stamp, f"subtitles.did_{label}", change, detail)
    return listed(desk, at=at)


def _numbers(indices: list[int]) -> str:
    return str(indices[0] + 1) if len(indices) == 1 else f"({len(indices)})"


@router.get("")
def captions(desk: DeskOf) -> JSONResponse:
    """Every caption with its numbers and issues, the speakers, the style."""
    return listed(desk)


@router.post("/check", dependencies=FROM_US)
def check(typed: Typed, desk: DeskOf) -> JSONResponse:
    """What a caption with these lines and times, and the one before it, would come to. Nothing is changed."""
    return JSONResponse(sheet_of(desk).row(typed.index, typed.start_s, typed.end_s, typed.lines))


@router.post("/text", dependencies=FROM_US)
def text(told: Text, desk: DeskOf) -> JSONResponse:
    """Other lines in a caption; with `reviewed` they are also marked as right."""

    def change(project: Project, checked: work.Checked) -> tuple[Project, int]:
        new = work.written(project, checked, {told.index: told.lines})
        if not told.reviewed:
            return new, told.index
        return work.changed(new, checked, lambda captions, _: edit.review(captions, {told.index}, True))

    return _edited(desk, told.stamp, "review" if told.reviewed else "text", change, str(told.index + 1))


@router.post("/times", dependencies=FROM_US)
def times(told: Times, desk: DeskOf) -> JSONResponse:
    """Other times for a caption, on the nearest frames."""
    return _edited(
        desk, told.stamp, "times",
        lambda project, checked: work.changed(
            project, checked, lambda captions, on: edit.retime(captions, told.index, told.start_s, told.end_s, on)
        ),
        str(told.index + 1),
    )  # fmt: skip


@router.post("/speaker", dependencies=FROM_US)
def speaker(told: Speaking, desk: DeskOf) -> JSONResponse:
    """Other speakers for captions and what is said in them: one for all lines, or one for each; '' for nobody."""
    names = [tidy_name(name) if name.strip() else None for name in told.speakers]
    return _edited(
        desk, told.stamp, "speaker",
        lambda project, checked: (work.spoken_by(project, checked, told.indices, names), min(told.indices, default=0)),
        _numbers(told.indices),
    )  # fmt: skip


@router.post("/split", dependencies=FROM_US)
def split(told: SplitAt, desk: DeskOf) -> JSONResponse:
    """One caption as two: at the caret in its text, or at a time."""
    return _edited(
        desk, told.stamp, "split",
        lambda project, checked: work.split(project, checked, told.index, caret=told.caret, at_s=told.at_s),
        str(told.index + 1),
    )  # fmt: skip


@router.post("/merge", dependencies=FROM_US)
def merge(told: One, desk: DeskOf) -> JSONResponse:
    """One caption and the next as one."""
    return _edited(
        desk, told.stamp, "merge",
        lambda project, checked: work.changed(
            project, checked, lambda captions, on: edit_borders.merge(captions, told.index, on)
        ),
        str(told.index + 1),
    )  # fmt: skip


@router.post("/shift", dependencies=FROM_US)
def shift(told: Shift, desk: DeskOf) -> JSONResponse:
    """Captions earlier or later, as far as the recording goes."""
    return _edited(
        desk, told.stamp, "shift",
        lambda project, checked: work.changed(
            project, checked,
            lambda captions, on: edit.shift(captions, told.indices, told.by_s, on, min(told.indices, default=0)),
        ),
        _numbers(told.indices),
    )  # fmt: skip


@router.post("/insert", dependencies=FROM_US)
def insert(told: InsertAt, desk: DeskOf) -> JSONResponse:
    """An empty caption at a time."""
    return _edited(
        desk, told.stamp, "insert",
        lambda project, checked: work.changed(
            project, checked, lambda captions, on: edit.insert(captions, told.at_s, on)
        ),
    )  # fmt: skip


@router.post("/delete", dependencies=FROM_US)
def delete(told: Some, desk: DeskOf) -> JSONResponse:
    """Captions, and what they say, taken out."""
    return _edited(
        desk, told.stamp, "delete", lambda project, checked: work.deleted(project, checked, told.indices),
        _numbers(told.indices),
    )  # fmt: skip


@router.post("/review", dependencies=FROM_US)
def review(told: Reviewed, desk: DeskOf) -> JSONResponse:
    """The mark that a person found them right."""
    return _edited(
        desk, told.stamp, "review" if told.reviewed else "unreview",
        lambda project, checked: work.changed(
            project, checked, lambda captions, _: edit.review(captions, told.indices, told.reviewed)
        ),
        _numbers(told.indices),
    )  # fmt: skip


@router.post("/find", dependencies=FROM_US)
def find(told: Find, desk: DeskOf) -> dict[str, Any]:
    """How often something is found, and in which captions."""
    captions = work.captions_of(desk.project)
    chosen = range(len(captions)) if told.indices is None else sorted(set(told.indices))
    found = counts([edit.at(captions, n).text for n in chosen], told.search())
    hits = [n for n, count in zip(chosen, found, strict=True) if count]
    return {"hits": sum(found), "indices": hits}


@router.post("/replace", dependencies=FROM_US)
def replace(told: ReplaceWith, desk: DeskOf) -> JSONResponse:
    """Something put in the place of something found."""
    done: list[work.Replaced] = []  # what the edit gives back besides the Project

    def change(project: Project, checked: work.Checked) -> tuple[Project, int]:
        done.append(work.replace_text(project, checked, told.search(), told.by, told.indices))
        return done[0].project, 0

    sheet_of(desk).edit(told.stamp, "subtitles.did_replace", change)
    return listed(desk, hits=done[0].hits, changed=done[0].captions)


@router.post("/mend", dependencies=FROM_US)
def mend(told: Stamped, desk: DeskOf) -> JSONResponse:
    """What can be mended without changing a word."""
    done: list[work.Mended] = []  # what the edit gives back besides the Project

    def change(project: Project, checked: work.Checked) -> tuple[Project, int]:
        done.append(work.mended(project, checked))
        return done[0].project, 0

    sheet_of(desk).edit(told.stamp, "subtitles.did_mend", change)
    return listed(desk, mended=done[0].mended, left=done[0].left)


@router.post("/style", dependencies=FROM_US)
def style(told: StyleName, desk: DeskOf) -> JSONResponse:
    """Holds the captions against a style; they stay as they are. '' for the one they were laid out in."""
    sheet_of(desk).choose(told.style)
    return listed(desk)


@router.post("/layout", dependencies=FROM_US)
def layout(told: StyleName, visitor: VisitorOf, desk: DeskOf, jobs: JobsOf) -> dict[str, Any]:
    """Lays all text out anew in a style: a job, since the film's shot changes are looked for."""
    if told.style:
        work.working_style(desk.project, told.style)
    if desk.project.transcript is None:
        raise BadValue("There is no transcript to lay out.", value=told.style, remedy="Run a preset that transcribes.")
    return jobs.submit(visitor.folder, "layout", desk.name, style=told.style or "auto").shown()


@router.post("/rename", dependencies=FROM_US)
def rename(told: Renamed, desk: DeskOf) -> JSONResponse:
    """Another name for a speaker, everywhere; with `merge` two speakers become one."""
    return _edited(
        desk, told.stamp, "merge_speakers" if told.merge else "rename",
        lambda project, checked: (renamed(project, told.old, told.new, merge=told.merge), 0),
        f"{told.old} → {told.new}"[:80],
    )  # fmt: skip
