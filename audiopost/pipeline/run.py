"""Runs a preset over a recording, saving after every stage, and delivers."""

from __future__ import annotations

import contextlib
import functools
import logging
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from ..core.errors import AudiopostError, BadValue, Unavailable
from ..core.options import describe
from ..core.project import Project
from ..core.registry import AUTO
from ..core.serial import to_json
from ..core.stage import Progress, Stage, Step, silent
from ..io import decode, scratch
from ..io.atomic import guarded, make_folder
from ..io.encode import Encoding
from ..presets import Preset, backends_of, stage
from ..presets import load as load_preset
from . import choice, deliver, state
from .measure import measured
from .one_stage import applied
from .target import Target

log = logging.getLogger("audiopost")


@dataclass(frozen=True)
class RunResult:
    """What a run made: the Project, the deliverables by kind, seconds by step."""

    project: Project
    outputs: Mapping[str, Path]
    seconds: Mapping[str, float]


def run(
    source: str | Path,
    preset: str | Path | Preset,
    out: str | Path,
    *,
    settings: tuple[str, ...] = (),
    resume: bool = False,
    fps: str | None = None,
    start_timecode: str | None = None,
    name: str = "",
    tagged: bool = False,
    only: tuple[str, ...] = (),
    decoded: Project | None = None,
    origin: str = "",
    progress: Progress = silent,
) -> RunResult:
    """The main job. `settings` are 'stage.option=value'; `resume` goes on from an earlier run into the same folder.

    `name` is what the deliverables are called, the recording's own name where it is ''; `tagged` puts the language
    into the names of subtitles. `only` are the groups and keys of what is delivered ('subtitles', 'audio.master'), all
    where none is named; the record and the Project always are. `decoded` is what `decode.load` gave for the same
    recording, where that was done ahead. `origin` is what the delivered Project calls the recording, where `source` is
    a copy that does not stay.

    What a stage finds no backend for (weights that are not here) is left out, and Project.missing says so with the
    remedy. Raises UsageError's kinds before anything is loaded, InputError's for the recording, Unavailable for a
    backend asked for by name, StageError, OutputError. After a failure `resume` goes on where it stopped.
    """
    source, out = Path(source), Path(out)
    chosen = preset if isinstance(preset, Preset) else load_preset(preset)
    chosen = chosen.changed(settings)
    plan = [(stage(name), chosen.options[name]) for name in chosen.stages]
    _check_order(plan)
    _check_backends(plan)
    base, only = name or source.stem, choice.named(only)
    work = out / f".{base}.audiopost"
    target = functools.partial(
        Target, source, out, work, base=base, encoding=chosen.encoding, tagged=tagged, origin=origin
    )
    with guarded(work):
        new = [folder for folder in (work, out) if not folder.exists()]
    make_folder(work)
    with scratch.using(work):  # a film's sound is long: it belongs where the results will be, not in /tmp
        try:
            with measured() as cost:
                opened = decoded or decode.load(source, fps=fps, start_timecode=start_timecode)
                project = replace(opened, preset=chosen.name)
            refusal = _check_delivery(project, plan, source, chosen.encoding)
            if only and not any(wanted.partition(".")[0] == "film" for wanted in only):
                refusal = ""
        except AudiopostError:
            for folder in new:
                with contextlib.suppress(OSError):
                    folder.rmdir()
            raise
        seconds: dict[str, float] = {"decode": float(cost["seconds"])}
        if resume:
            project = _resumed(project, plan, work, out / f"{base}.project.json")
        if refusal:
            project = _without(project, refusal)
        try:
            project, outputs = _done(project, plan, target, only, work, progress, seconds)
        except state.AudioGone as gone:
            log.warning("%s Starting over.", gone.problem)
            fresh = replace(decode.load(source, fps=fps, start_timecode=start_timecode), preset=chosen.name)
            fresh = replace(fresh, missing=(refusal,) if refusal else ())
            project, outputs = _done(fresh, plan, target, only, work, progress, seconds)
    shutil.rmtree(work, ignore_errors=True)
    return RunResult(project, outputs, seconds)


def process(
    project: Project, preset: Preset, work: Path, *, resume: bool = False, progress: Progress = silent
) -> Project:
    """The stages of a preset, all anew, over the recording of `project`; saved in `work` after each, not delivered.

    `resume` goes on from what an earlier call left in `work`. What it made is read from there: the folder stays.
    Raises as `run`.
    """
    plan = [(stage(name), preset.options[name]) for name in preset.stages]
    _check_order(plan)
    _check_backends(plan)
    make_folder(work)
    fresh = Project(project.media, project.audio, preset=preset.name)
    with scratch.using(work):
        if resume:
            try:
                return _run_stages(_resumed(fresh, plan, work, work / "project.json"), plan, work, progress, {})
            except state.AudioGone as gone:
                log.warning("%s Starting over.", gone.problem)
        return _run_stages(fresh, plan, work, progress, {})


def _check_order(plan: list[tuple[Stage, Any]]) -> None:
    made: set[str] = set()
    for made_stage, _ in plan:
        absent = made_stage.requires - made
        if absent:
            makers = [s.name for s, _ in plan if absent & s.assigns]
            raise BadValue(
                f"Stage {made_stage.name} needs {', '.join(sorted(absent))}, which no stage before it makes.",
                value=made_stage.name,
                remedy=f"Put {' or '.join(makers) or 'the stage that makes it'} before it.",
            )
        made |= made_stage.assigns


def _check_backends(plan: list[tuple[Stage, Any]]) -> None:
    """A backend asked for by name is missing now or never: say so before the work begins."""
    for made_stage, options in plan:
        for table, asked in backends_of(made_stage.name).asked(options):
            if asked.backend != AUTO:
                table.check(asked)


def _check_delivery(project: Project, plan: list[tuple[Stage, Any]], source: Path, encoding: Encoding) -> str:
    """Why the film will be left out, '' where it will not. Raises BadValue for what cannot be delivered as asked."""
    encoding.check(project.audio.layout, project.audio.rate)
    mastered = any("master" in made_stage.assigns for made_stage, _ in plan)
    return deliver.film_refusal(project.media, source, encoding) if mastered and project.media.has_video else ""


def _resumed(project: Project, plan: list[tuple[Stage, Any]], work: Path, final: Path) -> Project:
    """The saved Project up to the last stage that would run the same way now; `project` itself where none fits.

    That is one with the same options for which `auto` still takes the same backend. A stage that was left out then,
    and would be left out now, is passed over.
    """
    saved = next((path for path in (work / "project.json", final) if path.exists()), None)
    if saved is None:
        log.warning("nothing to resume in %s; starting from the beginning", final.parent)
        return project
    old = state.load(saved, project.audio)
    if old.media.sha256 != project.media.sha256:
        raise BadValue(
            f"{final.parent} holds a run of another recording ({Path(old.media.path).name}).",
            value=str(final.parent),
            remedy="Choose another folder, or run without --resume.",
        )
    done: list[Step] = []
    retimed = old.media.timebase != project.media.timebase
    for made_stage, options in plan:
        step = old.step(made_stage.name)
        backend = backends_of(made_stage.name).pick(options)
        if step is None and (backend is None or not all(old.has(name) for name in made_stage.requires)):
            continue
        if step is None or step.options != to_json(asdict(options)):
            break
        if _by_others(options, step) or _edited_since(options, step):
            break
        if retimed and "captions" in made_stage.assigns:  # they begin and end on frames
            break
        done.append(step)
    if len(done) < len(old.steps) and _text_converted(old):  # the characters as they were heard are gone
        done = done[: next((i for i, step in enumerate(done) if step.stage == "transcribe"), len(done))]
    kept = {step.stage for step in done}
    keep = {name for made_stage, _ in plan if made_stage.name in kept for name in made_stage.assigns}
    forget: dict[str, Any] = {name: None for made_stage, _ in plan for name in made_stage.assigns - keep}
    log.info("resuming after %s", done[-1].stage if done else "nothing that still fits")
    return replace(
        old, **forget, media=project.media, audio=project.audio, steps=tuple(done), preset=project.preset, missing=()
    )


def _by_others(options: Any, step: Step) -> bool:
    """Whether a backend would be taken now other than in `step`, for the stage or a part of it."""
    for table, asked in backends_of(step.stage).asked(options):
        then = step.backend if table.stage == step.stage else step.parts.get(table.stage)
        # A backend outside the table did a part of the stage's own, as a script's aligner does: `pick` knows none.
        if then in table.names and then != table.pick(asked):
            return True
    return False


def _edited_since(options: Any, step: Step) -> bool:
    """Whether a file that options name (a script, a glossary, a cast) was edited or replaced after `step` ended."""
    if step.timing is None:
        return False
    started, seconds = str(step.timing["started"]), float(step.timing["seconds"])
    ended = datetime.fromisoformat(started).timestamp() + seconds + 1.0  # `started` has whole seconds
    for spec in describe(type(options)):
        path = os.path.expanduser(str(getattr(options, spec.name))) if spec.names_path else ""
        # A file put in its place may be older than the run; only its status is new.
        if os.path.isfile(path) and max((there := os.stat(path)).st_mtime, there.st_ctime) > ended:
            return True
    return False


def _text_converted(project: Project) -> bool:
    """Whether the subtitles stage has put the text itself into other characters."""
    step = project.step("subtitles")
    return step is not None and bool(step.options.get("script_variant"))


def _done(
    project: Project,
    plan: list[tuple[Stage, Any]],
    target: Callable[[], Target],
    only: tuple[str, ...],
    work: Path,
    progress: Progress,
    seconds: dict[str, float],
) -> tuple[Project, dict[str, Path]]:
    project = _run_stages(project, plan, work, progress, seconds)
    with measured() as cost:
        project, outputs = deliver.deliver(project, target(), progress, only)
    seconds["deliver"] = float(cost["seconds"])
    return project, outputs


def _run_stages(
    project: Project, plan: list[tuple[Stage, Any]], work: Path, progress: Progress, seconds: dict[str, float]
) -> Project:
    done = {step.stage for step in project.steps}
    for made_stage, options in plan:
        if made_stage.name in done:
            log.info("%s: kept from the earlier run", made_stage.name)
            continue
        absent = {name for name in made_stage.requires if not project.has(name)}
        if absent:
            project = _without(project, f"{made_stage.name} was left out: it needs {', '.join(sorted(absent))}.")
            continue
        try:
            project = applied(project, made_stage, options, progress)
        except Unavailable as error:
            if options.backend != AUTO:
                raise
            project = _without(project, str(error))
            continue
        timing = project.steps[-1].timing or {}
        seconds[made_stage.name] = float(timing.get("seconds", 0.0))
        state.save(project, work / "project.json", keep_in=work)
    return project


def _without(project: Project, sentence: str) -> Project:
    log.warning("%s", sentence)
    return replace(project, missing=(*project.missing, sentence))
