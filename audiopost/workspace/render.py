"""Sound rendered anew by the chain as it is set: text that people corrected stays as it is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from ..core.errors import Unavailable
from ..core.options import build
from ..core.project import Project
from ..core.registry import AUTO
from ..core.serial import to_json
from ..core.stage import Progress, silent
from ..io import scratch
from ..io.atomic import make_folder
from ..pipeline import apply
from ..presets import STAGES, stage
from . import chain
from .runs import MIXDOWN

#: The stages that make sound, in their order.
SOUND = ("restore", "separate", "denoise", "loudness")


def plan(project: Project) -> dict[str, Any]:
    """Options by stage of a render: what ran over the project, and what the chain adds or leaves out."""
    now = chain.chain(project)
    found: dict[str, Any] = {}
    for name in SOUND:
        step = project.step(name)
        if name == "restore":
            found[name] = now.restore
        elif name == "denoise":
            if now.denoised:
                found[name] = now.denoise
        elif step is not None:
            found[name] = build(stage(name).options_type, step.options, f"{name}.")
    return found


def steps(project: Project) -> tuple[str, ...]:
    """The stages that a render would run: from the first on that would come out differently."""
    asked = plan(project)
    for place, name in enumerate(SOUND):
        left_out = name not in asked and project.step(name) is not None
        if left_out or (name in asked and _differs(project, name, asked[name])):
            return tuple(each for each in SOUND[place:] if each in asked)
    return ()


def _differs(project: Project, name: str, options: Any) -> bool:
    step = project.step(name)
    if step is None or step.options != to_json(options):
        return True
    return name == "restore" and "findings" in chain.pending(project)


def render(project: Project, work: Path, progress: Progress = silent) -> Project:
    """`project` with its sound by the chain as it is set, from the first stage on that comes out differently.

    Transcript, captions, turns, feelings and cues stay. New audio lies in `work`. A model that is not here leaves its
    stage out, with a sentence in `missing`, where none was asked for by name. Raises as the stages do.
    """
    asked, running = plan(project), steps(project)
    left_out = [name for name in SOUND if name not in asked and project.step(name) is not None]
    if not running and not left_out:
        return chain.rendered(project, project)
    make_folder(work)
    made = _before(project, min((*running, *left_out), key=SOUND.index))
    mend = chain.to_mend(project)
    with scratch.using(work):
        for name in running:
            made = _stage(made, name, asked[name], mend, progress)
    return chain.rendered(made, project)


def taken_over(now: Project, made: Project) -> Project:
    """`now` with the sound of a render in place of its own, and what is on record of it."""
    fields: dict[str, Any] = {field: getattr(made, field) for name in SOUND for field in stage(name).assigns}
    steps = [step for step in now.steps if step.stage not in SOUND and step.stage != MIXDOWN]
    order = {name: place for place, name in enumerate(STAGES)}
    steps = sorted(
        [*steps, *(step for step in made.steps if step.stage in SOUND)], key=lambda s: order.get(s.stage, 99)
    )
    notes = {**now.notes, chain.NOTE: made.notes[chain.NOTE]}
    return replace(now, **fields, steps=tuple(steps), missing=made.missing, notes=notes)


def _before(project: Project, first: str) -> Project:
    """The Project without what the stages from `first` on made, and without mixes made by hand of it."""
    gone = set(SOUND[SOUND.index(first) :])
    fields: dict[str, Any] = {field: None for name in gone for field in stage(name).assigns}
    kept = tuple(step for step in project.steps if step.stage not in gone and step.stage != MIXDOWN)
    return replace(project, **fields, steps=kept, missing=())


def _stage(project: Project, name: str, options: Any, mend: tuple[Any, ...], progress: Progress) -> Project:
    try:
        if name != "restore":
            return apply(project, name, options, progress)
        findings = project.findings
        made = apply(replace(project, findings=mend), name, options, progress)
        return replace(made, findings=findings)
    except Unavailable as error:
        if options.backend != AUTO:
            raise
        return replace(project, missing=(*project.missing, str(error)))
