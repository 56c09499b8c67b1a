"""The chain of repairs and the denoiser: as they are set, tried on ten seconds, kept as presets of one's own."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request
from pydantic import BaseModel, Field

from audiopost import presets
from audiopost.core.errors import UnknownName
from audiopost.core.options import describe
from audiopost.core.project import Project
from audiopost.core.registry import AUTO, EMBEDDED
from audiopost.presets import Preset
from audiopost.stages import denoise
from audiopost.stages.restore.chain import REPAIRS, because
from audiopost.workspace import Desk, chain, preview, render

from ..controls import described
from ..visitors import Visitors
from .base import FROM_US, DeskOf, LanguageOf
from .findings import heard, pending

router = APIRouter(prefix="/audiopost/dialogue", tags=["dialogue"])

#: Changes that the history shows.
_MOST = 40

Seconds = Annotated[float, Field(ge=0, le=1e7, allow_inf_nan=False)]
Text = Annotated[str, Field(max_length=200)]


class Setting(BaseModel):
    name: Text
    value: bool | int | float | Text | None


class At(BaseModel):
    time_s: Seconds


class PresetName(BaseModel):
    name: Text
    replace: bool = False


class Change(BaseModel):
    seq: Annotated[int, Field(ge=0)]


@router.get("")
def overview(desk: DeskOf, language: LanguageOf) -> dict[str, Any]:
    """The chain link by link, the denoiser, what waits to be rendered, presets, and what was done."""
    project = desk.project
    now = chain.chain(project)
    return {
        "revision": desk.revision,
        "diagnosed": project.findings is not None,
        "links": _links(project, now, language),
        "denoise": {
            "on": now.denoised,
            "ran": _ran(project, "denoise"),
            "controls": [
                described("denoise", spec, getattr(now.denoise, spec.name), language, _choices(spec.name))
                for spec in describe(denoise.Options)
                if not spec.names_path
            ],
        },
        "presets": {"shipped": _mending(presets.names()), "own": _mending(presets.own_names())},
        "preset": project.preset,
        **pending(project),
        **_history(desk),
    }


def _links(project: Project, now: chain.Chain, language: str) -> list[dict[str, Any]]:
    specs = {spec.name: spec for spec in describe(type(now.restore))}
    done = {repair.name: repair for repair in project.repairs or ()}
    links = []
    for link in REPAIRS:
        found = [each for each in chain.to_mend(project) if each.kind in link.kinds]
        others = [n for n in specs if n.startswith(f"{link.name}_") and n not in _usual(link.name)]
        made = done.get(link.name)
        links.append(
            {
                "name": link.name,
                "kinds": link.kinds,
                "found": len(found),
                "because": because(found) if found else "",
                "done": made.done if made else "",
                "removed_dbfs": made.removed_dbfs if made else None,
                "track": f"removed-{link.name.replace('_', '-')}" if link.name in (project.removed or {}) else None,
                "controls": [
                    described("restore", specs[name], getattr(now.restore, name), language)
                    for name in (*_usual(link.name), *others)
                ],
            }
        )
    return links


def _usual(name: str) -> tuple[str, str, str]:
    return name, f"{name}_amount", f"{name}_max_reduction_db"


def _choices(name: str) -> tuple[str, ...]:
    return (AUTO, EMBEDDED, *denoise.BACKENDS.names) if name == "backend" else ()


def _ran(project: Project, stage: str) -> dict[str, str] | None:
    step = project.step(stage)
    return {"backend": step.backend, "reason": step.reason} if step else None


def _mending(names: tuple[str, ...]) -> list[dict[str, str]]:
    loaded = (presets.load(name) for name in names)
    return [{"name": each.name, "title": each.title} for each in loaded if {"restore", "denoise"} & set(each.stages)]


def _history(desk: Desk) -> dict[str, Any]:
    done = [{"seq": each.seq, "label": each.label, "detail": each.detail, "at": each.at} for each in desk.done[-_MOST:]]
    return {"history": done, "undone": len(desk.undone)}


@router.post("/set", dependencies=FROM_US)
def change_setting(setting: Setting, desk: DeskOf) -> dict[str, Any]:
    """Changes one setting; it is heard in the next preview and rendered when wished."""
    name, value = setting.name, setting.value
    shown = f"{name.partition('.')[2] or name} {value}"
    desk.edit("dialogue.did_set", lambda now: chain.changed(now, name, value), detail=shown.replace("_", " "))
    return {"revision": desk.revision, **pending(desk.project)}


@router.post("/reset", dependencies=FROM_US)
def reset(desk: DeskOf) -> dict[str, Any]:
    """The settings as they were rendered last."""
    desk.edit("dialogue.did_reset", chain.reset)
    return {"revision": desk.revision}


@router.post("/preview", dependencies=FROM_US)
def preview_at(at: At, desk: DeskOf) -> dict[str, Any]:
    """Ten seconds around a time by the chain as it is set: the tracks 'preview' and 'preview-removed'."""
    project = desk.project
    return heard(desk, "preview", preview.preview(project, preview.stretch(project, at.time_s)))


@router.post("/load", dependencies=FROM_US)
def load_preset(chosen: PresetName, desk: DeskOf) -> dict[str, Any]:
    """Takes over the chain of a preset."""
    preset = presets.load(chosen.name) if chosen.name in presets.known() else _unknown(chosen.name)
    desk.edit("dialogue.did_load", lambda now: chain.loaded(now, preset), detail=preset.name)
    return {"revision": desk.revision}


def _unknown(name: str) -> Preset:
    """A path is no name here: files of this machine are not read for a visitor."""
    raise UnknownName("preset", name, presets.known())


def of_owner(request: Request) -> None:
    """The user's own presets are the machine's: where several people come in, none of them changes the others'."""
    visitors: Visitors = request.app.state.visitors
    if visitors.anonymous or len(visitors.accounts) > 1:
        raise HTTPException(403, "Presets are kept by the machine's owner only: several people use this workbench.")


OF_OWNER = [*FROM_US, Depends(of_owner)]


@router.post("/save", dependencies=OF_OWNER)
def save_preset(chosen: PresetName, desk: DeskOf) -> dict[str, Any]:
    """Keeps the chain as it is set as a preset of the user's own, with the stages of the one that ran."""
    project = desk.project
    base = presets.load(project.preset) if project.preset in presets.known() else presets.load("auto-repair")
    made = chain.preset_of(project, base, chosen.name.strip())
    presets.save_own(made, replace=chosen.replace)
    return {"name": made.name}


@router.post("/delete", dependencies=OF_OWNER)
def delete_preset(chosen: PresetName) -> dict[str, Any]:
    """Removes a preset of the user's own."""
    presets.delete_own(chosen.name)
    return {"name": chosen.name}


@router.post("/back", dependencies=FROM_US)
def go_back(change: Change, desk: DeskOf) -> dict[str, Any]:
    """Undoes every change after one of the history, which itself stays."""
    while desk.done and desk.done[-1].seq > change.seq:
        desk.undo()
    return {"revision": desk.revision, "stages": render.steps(desk.project)}
