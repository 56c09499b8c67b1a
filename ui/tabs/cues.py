"""The cues tab: where music should enter and leave, edited against picture and feelings, heard, taken out."""

from __future__ import annotations

from typing import Any

from audiopost.core.options import build as options_of
from audiopost.core.stage import Progress
from audiopost.pipeline import spotting
from audiopost.stages.cues import Options
from audiopost.workspace import Folder

from ..component import component
from ..jobs import kind
from ..shell import Shell


@kind("spot", steps=lambda settings: (*spotting.BEFORE, "cues"))
def _spot(folder: Folder, settings: dict[str, Any], report: Progress) -> dict[str, Any]:
    """Spots the music of a recording anew; what people decided stays where `keep` says so."""
    desk = folder.open(settings["recording"])
    before = desk.project
    made = spotting.suggested(before, options_of(Options, settings["options"], "cues."), report)
    keep: bool = settings["keep"]
    project = desk.edit("cuespage.did_spot", lambda now: spotting.taken_over(now, before, made, keep=keep))
    cues = project.cues or ()
    return {"cues": len(cues), "kept": sum(spotting.decided(cue) for cue in cues)}


def build(shell: Shell) -> None:
    """The tab's one live part."""
    component("cues.js", "cues")
