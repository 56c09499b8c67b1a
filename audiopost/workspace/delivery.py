"""Delivering out of a project folder: what there is, what is chosen, what lies there, and a master for another spec."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..core.marks import SpecCheck
from ..core.options import build, change
from ..core.project import Project
from ..core.stage import Progress, silent
from ..delivery.figures import spec_of
from ..delivery.spotting import Programme
from ..io import scratch
from ..io.encode import Encoding
from ..pipeline import apply
from ..pipeline.choice import Item, checked, items
from ..pipeline.deliver import audio_deliverables, film_refusal, write_all
from ..pipeline.record import Delivered, delivered
from ..pipeline.target import Target
from ..stages import loudness
from .desk import Desk

#: Where a desk notes which change was the last one before it was delivered.
_NOTED = "delivered"


def choices(project: Project) -> tuple[Item, ...]:
    """Everything that could be delivered of a Project, made or not."""
    return items(project, audio_deliverables(project, every=True))


def film_problem(desk: Desk, encoding: Encoding) -> str:
    """Why no film can be made of the recording, in a sentence; '' where one can. Raises BadValue as film_refusal."""
    media = desk.project.media
    return film_refusal(media, desk.source, encoding) if media.has_video else ""


def check(desk: Desk, keys: Collection[str], encoding: Encoding) -> tuple[str, ...]:
    """Those of `keys` that can be delivered now, in order; to be asked before the work.

    Raises UnknownName for what no recording has, BadValue for an encoding that the sound or the film cannot have.
    """
    project = desk.project
    wanted = checked(keys, project, audio_deliverables(project, every=True))
    encoding.check(project.audio.layout, project.audio.rate)
    if "film.film" in wanted:
        film_problem(desk, encoding)
    return wanted


@dataclass(frozen=True)
class Outcome:
    """What a delivery wrote, by kind to the file's name below the folder, and what a person should know of it."""

    files: Mapping[str, str]
    remarks: tuple[str, ...]


def deliver(
    desk: Desk, label: str, keys: Collection[str], encoding: Encoding | None = None, progress: Progress = silent
) -> Outcome:
    """Writes what is chosen of `choices` by key into the project folder, as `audiopost run` does.

    The record and the Project are always among it. What a lossy master proved to be becomes part of the Project, as a
    change called `label`. Raises UnknownName, BadValue, OutputError.
    """
    project, seq = desk.project, desk.noted("seq")
    encoding = encoding or Encoding()
    wanted = check(desk, keys, encoding)
    refusal = film_problem(desk, encoding) if "film.film" in wanted else ""
    target = Target(desk.source, desk.root, desk.work, base=desk.name, encoding=encoding)
    with scratch.using(desk.work):
        proved = write_all(project, target, progress, wanted, stays_in=desk.root, programme=programme_of(desk))
    if proved is not project and desk.project.master is project.master:
        desk.edit(label, lambda now: with_master(now, proved), detail=encoding.format)
        seq = desk.noted("seq")
    desk.note(**{_NOTED: seq})
    files = {kind: path.relative_to(desk.root).as_posix() for kind, path in target.outputs.items()}
    return Outcome(files, (*target.remarks, *([refusal] if refusal else [])))


def there(desk: Desk) -> tuple[Delivered, ...]:
    """What lies in the folder of earlier deliveries of this recording."""
    return delivered(desk.root, desk.name, desk.source.name)


def is_stale(desk: Desk) -> bool:
    """Whether the Project was changed since it was delivered; a run of the command line delivers what it makes."""
    return (desk.noted("seq") or 0) != (desk.noted(_NOTED) or 0)


def checks_against(project: Project, spec: str) -> tuple[SpecCheck, ...]:
    """The master that is there held against a spec, at once; none without a master.

    What needs a new measurement (the loudness of speech, for a spec it was not made for) is 'not measured'. Raises
    UnknownName.
    """
    if project.master is None or project.loudness is None:
        return ()
    if spec == spec_of(project) and project.loudness_checks is not None:
        return project.loudness_checks
    return loudness.check(project.loudness, spec, None, project.master.rate)


def remastered(project: Project, spec: str, progress: Progress = silent) -> Project:
    """The Project with a master made for another spec; whether peaks are limited stays as it was.

    Raises UnknownName, BadValue, StageError.
    """
    step = project.step("loudness")
    before: dict[str, Any] = dict(step.options) if step else {}
    options = build(loudness.Options, before, "loudness.")
    options = change(
        options, loudness.Options, {"spec": spec, "integrated_lufs": None, "true_peak_dbtp": None}, "loudness."
    )
    loudness.load_spec(spec)
    return apply(project, "loudness", options, progress)


def with_master(now: Project, made: Project) -> Project:
    """`now` with the master of `made`, the measurements of it and the record of how it came about."""
    steps = [step for step in now.steps if step.stage != "loudness"]
    steps += [step for step in made.steps if step.stage == "loudness"][-1:]
    return replace(
        now, master=made.master, loudness=made.loudness, loudness_in=made.loudness_in,
        loudness_checks=made.loudness_checks, steps=tuple(steps),
    )  # fmt: skip


def programme_of(desk: Desk) -> Programme:
    """The head of the performing rights cue sheet as it was filled in for a recording."""
    return Programme(**{"title": desk.name, **(desk.noted("programme") or {})})
