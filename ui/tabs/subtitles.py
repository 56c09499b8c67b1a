"""The subtitles tab: all of it is a live part; laying out anew is its job."""

from __future__ import annotations

from typing import Any

from audiopost.core.stage import Progress
from audiopost.pipeline import apply
from audiopost.workspace import Folder
from audiopost.workspace.caption_sheet import sheet_of
from audiopost.workspace.captions import layout_options, relaid

from ..component import component
from ..jobs import kind
from ..shell import Shell


def build(shell: Shell) -> None:
    """The tab's widgets and handlers."""
    component("subtitles.js", "subtitles")


@kind("layout")
def lay_out(folder: Folder, settings: dict[str, Any], report: Progress) -> dict[str, Any]:
    """All text of a recording laid out anew in settings['style'], on the film's shots if the style wants that."""
    desk = folder.open(settings["recording"])
    before = desk.project
    after = apply(before, "subtitles", layout_options(before), report, style=settings["style"])
    desk.edit("subtitles.did_layout", lambda now: relaid(before, after, now), detail=settings["style"])
    sheet_of(desk).choose("")
    return {"captions": len(after.captions or ()), "issues": len(after.caption_issues or ())}
