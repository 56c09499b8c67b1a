"""The commands that run one stage: flags from its Options, files named as in a full run, JSON with its key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from ..core.options import build
from ..core.project import Project
from ..core.serial import to_json
from ..core.stage import Progress
from ..core.time import clock
from ..delivery.report import write_report
from ..io.atomic import make_folder, write_text
from ..io.decode import load
from ..pipeline import deliver
from ..pipeline.run import apply
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
    takes_transcript: bool = False
    measure: Callable[[Project, Any, Progress], Project] | None = None
    """Takes the stage's place where no folder is given and nothing shall be made."""


def _nothing(_: Project) -> dict[str, Any]:
    return {}


def _no_lines(_: Project) -> Lines:
    return []


def _measure_loudness(project: Project, chosen: Any, progress: Progress) -> Project:
    from ..stages.loudness import BACKENDS, assess

    _, choice = BACKENDS.choose(chosen)
    report, checks = assess(project.audio, chosen, progress=progress)
    return project.after("loudness", choice, chosen, loudness_in=report, loudness_checks=checks)


def _loudness_data(project: Project) -> dict[str, Any]:
    checks = {"checks": to_json(project.loudness_checks or ())}
    master = {} if project.loudness is None else {"master": results.loudness(project.loudness)}
    return {**results.loudness(project.loudness_in), **checks, **master}


def _loudness_lines(project: Project) -> Lines:
    verdicts = {True: "pass", False: "FAIL", None: "not measured"}
    lines = results.loudness_lines(results.loudness(project.loudness_in))
    if project.loudness is not None:
        lines += ["master:", *results.loudness_lines(results.loudness(project.loudness))]
    return lines + [f"{c.name:<20} {c.limit:<28} {verdicts[c.passed]}" for c in project.loudness_checks or ()]


def _finding_lines(project: Project) -> Lines:
    return [
        f"{clock(f.start_s, 2):>9} to {clock(f.end_s, 2):>9}  {f.kind:<12} {f.severity:4.2f}  "
        f"{f.detail.rstrip('.')}. {f.remedy}"
        for f in project.findings or ()
    ] or ["nothing found"]


def _cue_lines(project: Project) -> Lines:
    return [
        f"{c['number']:>3}  {c['in_timecode']} to {c['out_timecode']}  {c['emotion']}, {c['mode']}, "
        f"{c['tempo_bpm'][0]} to {c['tempo_bpm'][1]} bpm: {c['reason']}"
        for c in results.cues(project)["cues"]
    ] or ["no cues"]


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


def _write_emotion(project: Project, target: Target, _: Progress) -> None:
    _write_data(target, "emotion", results.emotion(project))


def _write_data(target: Target, kind: str, data: dict[str, Any]) -> None:
    import json

    write_text(target.path(kind, f".{kind}.json"), json.dumps(data, ensure_ascii=False, indent=1) + "\n")


def _write_speech(project: Project, target: Target, _: Progress) -> None:
    deliver.write_speech(project, target)


def _write_spotting(project: Project, target: Target, _: Progress) -> None:
    deliver.write_spotting(project, target)


SINGLES: dict[str, Single] = {
    "diagnose": Single(results.findings, _finding_lines, _write_findings, out_needed=False),
    "denoise": Single(_nothing, _no_lines, deliver.write_audio),
    "separate": Single(_nothing, _no_lines, deliver.write_audio),
    "diarise": Single(results.speakers, _turn_lines, _write_speech),
    "emotion": Single(results.emotion, _emotion_lines, _write_emotion, out_needed=False, takes_transcript=True),
    "cues": Single(
        results.cues, _cue_lines, _write_spotting, before=("diagnose", "emotion", "scenes"), takes_transcript=True
    ),
    "loudness": Single(
        _loudness_data, _loudness_lines, deliver.write_audio, out_needed=False, measure=_measure_loudness
    ),
}


def command(name: str) -> click.Command:
    """The click command of one stage."""
    single, kind = SINGLES[name], stage(name).options_type

    def body(source: Path, out: Path | None, as_json: bool, **values: Any) -> None:
        chosen = build(kind, options.given(kind, values), f"{name}.")
        times = {key: values[key] for key in ("fps", "start_timecode")}
        with quiet_stdout() as stdout:
            with reporting(quiet=as_json) as progress:
                project = load(source, **times)
                if out is not None:
                    make_folder(out)  # before the work: what cannot be written is told at once
                project = _worked(name, project, chosen, values.get("transcript"), out is not None, progress)
                outputs = _written(single, project, source, out, progress)
            step = project.step(name)
            assert step is not None
            if as_json:
                seconds = {s.stage: float((s.timing or {}).get("seconds", 0.0)) for s in project.steps}
                warnings = results.warnings(project)
                base = results.base(project, step.backend, outputs, seconds, warnings)
                print_json({**base, **single.data(project)}, stdout)
            else:
                notes = [f"note: {warning}" for warning in results.warnings(project)]
                stdout.writelines(f"{line}\n" for line in (*single.lines(project), *results.files(outputs), *notes))

    decorated: Callable[..., Any] = options.stage_flags(kind)(body)
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
    for earlier in single.before:
        project = apply(project, earlier, progress=progress)
    if single.measure is not None and not writes:
        return single.measure(project, chosen, progress)
    return apply(project, name, chosen, progress)


def _written(single: Single, project: Project, source: Path, out: Path | None, progress: Progress) -> dict[str, Path]:
    if out is None:
        return {}
    target = Target(source, out)
    single.write(project, target, progress)
    target.settle()
    progress("deliver", 1, 1)
    return target.outputs
