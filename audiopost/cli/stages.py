"""The commands that run one stage: flags from its Options, files named as in a full run, JSON with its key."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from ..core.marks import Activity
from ..core.options import build
from ..core.project import Project
from ..core.stage import Progress
from ..core.time import clock
from ..delivery.figures import notes_on
from ..delivery.repairs import chain, sentence
from ..delivery.report import write_report
from ..delivery.spotting_formats import write_spotting_formats
from ..io.atomic import make_folder, write_text
from ..io.decode import load
from ..io.encode import Encoding
from ..pipeline import apply, deliver
from ..pipeline.target import Target
from ..presets import stage
from . import options, results
from .console import print_json, quiet_stdout, reporting

Lines = list[str]


@dataclass(frozen=True)
class Single:
    """One command: what runs before its stage, what it writes, what its JSON and its lines say."""

    data: Callable[[Project], dict[str, Any]]
    lines: Callable[[Project], Lines]
    write: Callable[[Project, Target, Progress], object]
    out_needed: bool = True
    before: tuple[str, ...] = ()
    before_if: Callable[[Any], bool] | None = None
    """Whether those are needed with the chosen options; None: always."""
    takes_transcript: bool = False
    measure: Callable[[Project, Any, Progress], Project] | None = None
    """Takes the stage's place where no folder is given and nothing shall be made."""


def _nothing(_: Project) -> dict[str, Any]:
    return {}


def _no_lines(_: Project) -> Lines:
    return []


def _finding_lines(project: Project) -> Lines:
    """The faults, the worst first; then what is heard, sound events with their times."""
    worst = sorted(project.findings or (), key=lambda f: (-f.severity, f.start_s))
    lines = [
        f"{clock(f.start_s, 2):>9} to {clock(f.end_s, 2):>9}  {f.kind:<13} {f.severity:4.2f}  "
        f"{f.detail.rstrip('.')}. {f.remedy}"
        for f in worst
    ]
    return [*(lines or ["nothing found"]), *_activity_lines(project.activity or ())]


def _activity_lines(activity: Sequence[Activity]) -> Lines:
    """How much of each kind that goes on for long; one line for each sound event."""
    whole = ("speech", "music", "silence")
    seconds = {kind: sum(a.end_s - a.start_s for a in activity if a.kind == kind) for kind in whole}
    heard = ", ".join(f"{kind} {clock(length)}" for kind, length in seconds.items() if length)
    events = [a for a in activity if a.kind not in whole]
    return [
        *([f"heard: {heard}"] if heard else []),
        *(f"{clock(a.start_s, 2):>9} to {clock(a.end_s, 2):>9}  [{a.kind}]" for a in events),
    ]


def _plan_repairs(project: Project, chosen: Any, progress: Progress) -> Project:
    from ..stages.restore import BACKENDS
    from ..stages.restore.chain import plan

    _, choice = BACKENDS.choose(chosen)
    return project.after("restore", choice, chosen, repairs=plan(project.findings or (), chosen))


def _repair_lines(project: Project) -> Lines:
    links = chain(project) or ()
    lines = [f"{number}. {sentence(link)}" for number, link in enumerate(links, 1)]
    if lines and not any(link.done for link in links):
        lines.append("nothing was changed: name a folder with -o to apply this chain")
    left = [f"left: {f.kind}: {f.detail.rstrip('.')}. {f.remedy}" for f in results.unmended(project)]
    return [*(lines or ["nothing to mend"]), *left]


def _denoise_lines(project: Project) -> Lines:
    step = project.step("denoise")
    return [f"{step.backend}: {step.reason}", *step.warnings] if step else []


def _turn_lines(project: Project) -> Lines:
    return [f"{clock(t.start_s, 2):>9} to {clock(t.end_s, 2):>9}  {t.speaker}" for t in project.turns or ()]


def _emotion_lines(project: Project) -> Lines:
    return [
        f"{clock(u.start_s, 1):>8}  {u.label:<10} arousal {u.arousal:+.2f} valence {u.valence:+.2f}  {u.text}"
        for u in project.emotion_utterances or ()
    ]


def _write_findings(project: Project, target: Target, _: Progress) -> None:
    _write_data(target, "findings", results.findings(project))
    write_report(target.path("report", ".report.html"), project)


def _write_repairs(project: Project, target: Target, progress: Progress) -> None:
    deliver.write_audio(project, target, progress)
    write_report(target.path("report", ".report.html"), project)


def _write_emotion(project: Project, target: Target, _: Progress) -> None:
    _write_data(target, "emotion", results.emotion(project))
    write_spotting_formats(target.path, project, target.base, ("emotion-csv", "emotion-json"))


def _write_data(target: Target, kind: str, data: dict[str, Any]) -> None:
    import json

    write_text(target.path(kind, f".{kind}.json"), json.dumps(data, ensure_ascii=False, indent=1) + "\n")


def _write_speech(project: Project, target: Target, _: Progress) -> None:
    deliver.write_speech(project, target)


SINGLES: dict[str, Single] = {
    "diagnose": Single(results.findings, _finding_lines, _write_findings, out_needed=False),
    "restore": Single(
        results.repairs,
        _repair_lines,
        _write_repairs,
        out_needed=False,
        before=("diagnose",),
        measure=_plan_repairs,
    ),
    "denoise": Single(
        _nothing,
        _denoise_lines,
        deliver.write_audio,
        before=("diagnose",),
        before_if=lambda chosen: bool(chosen.when == "found"),
    ),
    "separate": Single(_nothing, _no_lines, deliver.write_audio),
    "diarise": Single(results.speakers, _turn_lines, _write_speech),
    "emotion": Single(results.emotion, _emotion_lines, _write_emotion, out_needed=False, takes_transcript=True),
}


#: The commands whose results are sound files.
_SOUND = frozenset({"restore", "denoise", "separate"})


def command(name: str) -> click.Command:
    """The click command of one stage."""
    single, kind = SINGLES[name], stage(name).options_type

    def body(source: Path, out: Path | None, as_json: bool, **values: Any) -> None:
        chosen = build(kind, options.given(kind, values), f"{name}.")
        encoding = build(Encoding, options.given(Encoding, values))
        times = {key: values[key] for key in ("fps", "start_timecode")}
        with quiet_stdout() as stdout:
            with reporting(quiet=as_json) as progress:
                project = load(source, **times)
                if out is not None:  # before the work: what cannot be written is told at once
                    encoding.check(project.audio.layout, project.audio.rate)
                    make_folder(out)
                project = _worked(name, project, chosen, values.get("transcript"), out is not None, progress)
                target = Target(source, out, encoding=encoding) if out is not None else None
                outputs = _written(single, project, target, progress)
            step = project.step(name)
            assert step is not None
            if as_json:
                seconds = {s.stage: float((s.timing or {}).get("seconds", 0.0)) for s in project.steps}
                warnings = notes_on(project)
                base = results.base(project, step.backend, outputs, seconds, warnings)
                print_json({**base, **single.data(project)}, stdout)
            else:
                notes = [f"note: {warning}" for warning in notes_on(project)]
                stdout.writelines(f"{line}\n" for line in (*single.lines(project), *results.files(outputs), *notes))

    decorated: Callable[..., Any] = options.encoding(body) if name in _SOUND else body
    decorated = options.stage_flags(kind)(decorated)
    if single.takes_transcript:
        decorated = options.transcript(decorated)
    out = options.out_required if single.out_needed else options.out_optional
    for decorate in (options.as_json, options.start_timecode, options.fps, out, options.media):
        decorated = decorate(decorated)
    from .main import COMMANDS

    decorated.__doc__ = COMMANDS[name][1]
    return click.command(name)(decorated)


def _worked(
    name: str, project: Project, chosen: Any, transcript: Path | None, writes: bool, progress: Progress
) -> Project:
    """The stage run on the Project, with what it needs before it."""
    single = SINGLES[name]
    if transcript is not None:
        from ..subtitles import read

        project = replace(project, transcript=read(transcript))
    for earlier in single.before if single.before_if is None or single.before_if(chosen) else ():
        project = apply(project, earlier, progress=progress)
    if single.measure is not None and not writes:
        return single.measure(project, chosen, progress)
    return apply(project, name, chosen, progress)


def _written(single: Single, project: Project, target: Target | None, progress: Progress) -> dict[str, Path]:
    if target is None:
        return {}
    single.write(project, target, progress)
    target.settle()
    progress("deliver", 1, 1)
    return target.outputs
