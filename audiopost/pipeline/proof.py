"""A master in a lossy format: judged by what its file holds, and made again until that keeps the spec."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ..core.marks import SpecCheck
from ..core.options import build
from ..core.project import Project
from ..core.stage import Progress
from ..io.decode import load
from ..stages import loudness

#: How often a master is made again.
_REMAKES = 4
#: How much further than the file was over it the ceiling is lowered: coding is not the same twice.
_SPARE_DB = 0.05


def proved(project: Project, path: Path, write: Callable[[Project], object], progress: Progress) -> Project:
    """`project` with the loudness and the verdicts of the master that the lossy file `path` holds.

    Coding moves peaks and loudness. Where the file breaks the ceiling, or misses a target that the master had reached,
    it is mastered again, aimed off by as much, and `write` writes it; the stage's warnings say so. Raises OutputError.
    """
    step, before = project.step("loudness"), project.loudness_checks
    if step is None or before is None:
        return project
    asked = build(loudness.Options, step.options, "loudness.")
    reached = abs(_missed(before[0])) <= loudness.REACHED_LU
    gain_lu = lower_db = 0.0
    for remakes_left in reversed(range(_REMAKES + 1)):
        report, checks = loudness.assess(load(path).audio, asked, speech=project.speech_spans, progress=progress)
        level, peak = checks[:2]
        astray = reached and abs(_missed(level)) > loudness.REACHED_LU
        over = asked.limit and peak.passed is False
        if not remakes_left or not (astray or over):
            break
        gain_lu -= _missed(level) if astray else 0.0
        lower_db += (peak.value or 0.0) - (peak.high or 0.0) + _SPARE_DB if over else 0.0
        aimed = replace(
            asked,
            integrated_lufs=_target(level) + gain_lu if gain_lu else asked.integrated_lufs,
            true_peak_dbtp=(peak.high or 0.0) - lower_db,
        )
        project = replace(project, master=loudness.Stage()(project, aimed, progress).master)
        write(project)
    if gain_lu or lower_db:
        shifts = [f"{lower_db:.1f} dB under the ceiling"] * (lower_db > 0) + [f"{gain_lu:+.1f} LU off"] * (gain_lu != 0)
        warning = (
            f"{path.suffix[1:]} moves peaks and loudness: the master was coded {' and '.join(shifts)} to allow for it."
        )
        told = replace(step, warnings=(*step.warnings, warning))
        project = replace(project, steps=tuple(told if each is step else each for each in project.steps))
    return replace(project, loudness=report, loudness_checks=checks)


def _target(level: SpecCheck) -> float:
    return ((level.low or 0.0) + (level.high or 0.0)) / 2


def _missed(level: SpecCheck) -> float:
    return 0.0 if level.value is None else level.value - _target(level)
