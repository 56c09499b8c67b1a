"""The jobs of Listen and Dialogue: faults looked for, and the sound rendered anew by the chain as it is set."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from audiopost.core.stage import Progress
from audiopost.io import scratch
from audiopost.pipeline import apply
from audiopost.workspace import Folder, render

from .jobs import kind

#: How long a stage takes relative to the others (seconds a minute of stereo sound on two cores).
_SECONDS = {"restore": 9.5, "separate": 9.5, "denoise": 6.5, "loudness": 1.0}


@kind("diagnose", lambda settings: ("open", "diagnose"))
def diagnose(folder: Folder, settings: dict[str, Any], report: Progress) -> dict[str, Any]:
    """Looks for faults; what a person decided on those that are found again stays."""
    desk = folder.open(settings["recording"], report)
    with scratch.using(desk.work):
        made = apply(desk.project, "diagnose", None, report)
    judged = {replace(each, status="open"): each for each in desk.project.findings or ()}
    findings = tuple(judged.get(each, each) for each in made.findings or ())
    step = made.step("diagnose")

    def take(now: Any) -> Any:
        others = tuple(each for each in now.steps if each.stage != "diagnose")
        return replace(now, findings=findings, activity=made.activity, steps=(*((step,) if step else ()), *others))

    desk.edit("listen.did_diagnose", take)
    return {"findings": len(findings)}


@kind("render", lambda settings: {name: _SECONDS.get(name, 1.0) for name in settings["stages"]})
def render_chain(folder: Folder, settings: dict[str, Any], report: Progress) -> dict[str, Any]:
    """Renders the sound by the chain as it is set when the job begins; text that people corrected stays."""
    desk = folder.open(settings["recording"], report)
    before = desk.project
    made = render.render(before, desk.work, report)
    desk.edit("dialogue.did_render", lambda now: render.taken_over(now, made))
    return {
        "stages": list(render.steps(before)),
        "repairs": [repair.name for repair in made.repairs or ()],
        "lufs": made.loudness.integrated_lufs if made.loudness else None,
        "missing": list(made.missing),
    }
