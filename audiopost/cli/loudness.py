"""`audiopost loudness`: a recording held against a delivery spec, and brought to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from ..core.marks import Activity, SpecCheck, overall
from ..core.options import build
from ..core.project import Project
from ..core.serial import to_json
from ..core.stage import Progress
from ..delivery.figures import notes_on
from ..delivery.report.loudness import write_loudness
from ..io.atomic import make_folder
from ..io.decode import load
from ..io.encode import Encoding
from ..pipeline import apply, deliver
from ..pipeline.target import Target
from ..stages.loudness import Options, assessed, load_spec
from . import options, results
from .console import print_json, quiet_stdout, reporting

_TARGET, _PEAK = "integrated_lufs", "true_peak_dbtp"


@click.command("loudness")
@options.media
@options.out_optional
@click.option(
    "-t", "--target-level", "--target_level", "--integrated-lufs", "--integrated_lufs", _TARGET, metavar="LUFS",
    help="Target loudness instead of the spec's [-60 to -5 LUFS].",
)  # fmt: skip
@click.option(
    "--true-peak", "--true_peak", "--true-peak-dbtp", "--true_peak_dbtp", _PEAK, metavar="DBTP",
    help="Ceiling of true peaks instead of the spec's [-20 to 0 dBTP].",
)  # fmt: skip
@options.stage_flags(Options, without=(_TARGET, _PEAK))
@options.encoding
@click.option(
    "--html", "html_out", type=click.Path(path_type=Path, readable=False), metavar="OUT",
    help="Write the loudness over time as a page for the browser; with -o it is there without asking.",
)  # fmt: skip
@click.option("--strict", is_flag=True, help="Exit with 1 unless the spec is met.")
@options.fps
@options.start_timecode
@options.as_json
def _loudness(
    source: Path,
    out: Path | None,
    html_out: Path | None,
    strict: bool,
    fps: str | None,
    start_timecode: str | None,
    as_json: bool,
    **values: Any,
) -> int:
    """Measure IN by ITU-R BS.1770-4 and EBU R 128, and hold it against a delivery spec; with -o, bring it there.

    A verdict is printed for each rule of the spec: pass, FAIL, or note where the spec only recommends it. With -o the
    master gets the gain the target needs, a true-peak limiter works only where peaks would pass the ceiling, and the
    verdicts are the master's, at the sample rate that the spec asks for; of aac, mp3 and opus they are of what the file
    holds. Dialogue-gated specs find the speech by themselves. Exit code 0; with --strict 1 where a rule fails or what
    it judges cannot be measured.
    """
    chosen = build(Options, options.given(Options, values), "loudness.")
    encoding = build(Encoding, options.given(Encoding, values))
    outputs: dict[str, Path] = {}
    with quiet_stdout() as stdout:
        with reporting(quiet=as_json) as progress:
            project = load(source, fps=fps, start_timecode=start_timecode)
            if out is not None:  # before the work: what cannot be written is told at once
                encoding.check(project.audio.layout, load_spec(chosen.spec).rate_hz or project.audio.rate)
                make_folder(out)
            if load_spec(chosen.spec).dialogue_lufs is not None or out is not None or html_out is not None:
                project = _with_speech(project, progress)
            if out is None:
                project = assessed(project, chosen, progress=progress)
            else:
                target = Target(source, out, encoding=encoding)
                project = _delivered(apply(project, "loudness", chosen, progress), target, progress)
                outputs = target.outputs
            if html_out is not None:
                outputs["html"] = write_loudness(html_out, project)
        checks = project.loudness_checks or ()
        if as_json:
            print_json(_data(project, checks, outputs), stdout)
        else:
            notes = [f"note: {warning}" for warning in notes_on(project)]
            lines = (*_lines(project, load_spec(chosen.spec).title, checks), *results.files(outputs), *notes)
            stdout.writelines(f"{line}\n" for line in lines)
    return int(strict and overall(checks) != "pass")


def _with_speech(project: Project, progress: Progress) -> Project:
    """The Project with where speech is heard: gated specs judge it, the page shows it."""
    from ..analysis.vad import speech_spans

    progress("find speech", 0, 1)
    spans = speech_spans(project.audio)
    progress("find speech", 1, 1)
    return replace(project, activity=tuple(Activity("speech", span.start_s, span.end_s) for span in spans))


def _delivered(project: Project, target: Target, progress: Progress) -> Project:
    """The master and its page written."""
    deliver.write_audio(project, target, progress)
    project = deliver.prove(project, target, progress)
    write_loudness(target.path("html", ".loudness.html"), project)
    target.settle()
    progress("deliver", 1, 1)
    return project


def _data(project: Project, checks: Sequence[SpecCheck], outputs: dict[str, Path]) -> dict[str, Any]:
    step = project.step("loudness")
    assert step is not None
    seconds = {step.stage: float((step.timing or {}).get("seconds", 0.0))}
    master = {} if project.loudness is None else {"master": results.loudness(project.loudness)}
    return {
        **results.base(project, step.backend, outputs, seconds, notes_on(project)),
        **results.loudness(project.loudness_in),
        "checks": [{**to_json(check), "verdict": check.verdict} for check in checks],
        "verdict": overall(checks),
        **master,
    }


def _lines(project: Project, spec: str, checks: Sequence[SpecCheck]) -> list[str]:
    lines = results.loudness_lines(results.loudness(project.loudness_in))
    if project.loudness is not None:
        lines += ["master:", *results.loudness_lines(results.loudness(project.loudness))]
    lines.append(f"{spec}: {overall(checks)}")
    for check in checks:
        value = "-" if check.value is None else f"{check.value:.{check.decimals}f} {check.unit}"
        lines.append(f"  {check.name:<20} {value:>12}  {check.limit:<28} {check.verdict}")
        if check.remark:
            lines.append(f"  {'':<20} {check.remark}")
    return lines


def command(_: str) -> click.Command:
    return _loudness
