"""Projects as the JSON that scripts rely on, and as the lines that people read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.marks import Finding, LoudnessReport
from ..core.project import Project
from ..core.serial import to_json
from ..core.time import clock
from ..delivery.figures import notes_on
from ..delivery.repairs import chain, sentence

if TYPE_CHECKING:
    from ..pipeline import RunResult


def base(
    project: Project,
    backend: str | Mapping[str, str],
    outputs: Mapping[str, Path],
    seconds: Mapping[str, float],
    warnings: Sequence[str],
) -> dict[str, Any]:
    """The keys that every command's JSON has."""
    return {
        "input": project.media.path,
        "duration_s": project.media.duration_s,
        "backend": backend if isinstance(backend, str) else dict(backend),
        "outputs": {kind: str(path) for kind, path in outputs.items()},
        "seconds": dict(seconds),
        "warnings": list(warnings),
    }


def findings(project: Project) -> dict[str, Any]:
    return {"findings": to_json(project.findings or ()), "activity": to_json(project.activity or ())}


def repairs(project: Project) -> dict[str, Any]:
    return {**findings(project), "repairs": to_json(project.repairs or ()), "left": to_json(unmended(project))}


def unmended(project: Project) -> tuple[Finding, ...]:
    """The findings that the chain of repairs does nothing about."""
    from ..stages.restore import chain as repairs_of

    return () if project.repairs is None else repairs_of.unmended(project.findings or (), project.repairs)


def speakers(project: Project) -> dict[str, Any]:
    turns = project.turns or ()
    cast = {} if project.cast is None else {"cast": to_json(project.cast)}
    return {"speakers": sorted({turn.speaker for turn in turns}), "turns": to_json(turns), **cast}


def transcript(project: Project) -> dict[str, Any]:
    if project.transcript is None:
        return {}
    data = to_json(project.transcript)
    return {"language": data["language"], "draft": data["draft"], "utterances": data["utterances"]}


def emotion(project: Project) -> dict[str, Any]:
    return {"points": to_json(project.emotion or ()), "utterances": to_json(project.emotion_utterances or ())}


def cues(project: Project) -> dict[str, Any]:
    from ..delivery.cue_sheet.columns import cue_rows

    return {"cues": cue_rows(project.cues or (), project.media.timebase)}


def loudness(report: LoudnessReport | None) -> dict[str, Any]:
    if report is None:
        return {}
    names = ("integrated_lufs", "momentary_max_lufs", "short_term_max_lufs", "loudness_range_lu", "true_peak_dbtp")
    return {name: getattr(report, name) for name in names}


def loudness_lines(values: Mapping[str, Any]) -> list[str]:
    units = {"lufs": "LUFS", "lu": "LU", "dbtp": "dBTP"}
    lines = []
    for name, value in values.items():
        words = name.split("_")
        shown = "not measured" if value is None else f"{value:.1f} {units[words[-1]]}"
        lines.append(f"{' '.join(words[:-1]):<20} {shown}")
    return lines


def files(outputs: Mapping[str, Path]) -> list[str]:
    """What was written: kind and path, in two columns."""
    width = max(map(len, outputs), default=0)
    return [f"{kind:<{width}}  {path}" for kind, path in outputs.items()]


def run_summary(result: RunResult) -> str:
    """What a person wants to know at the end of a run."""
    lines = files(result.outputs)
    lines += [f"repair {number}: {sentence(link)}" for number, link in enumerate(chain(result.project) or (), 1)]
    total = sum(result.seconds.values())
    duration = result.project.media.duration_s
    lines.append(f"\n{clock(duration)} of sound in {clock(total)} ({total / max(duration, 1e-9):.2f} times its length)")
    lines += [f"note: {warning}" for warning in notes_on(result.project)]
    if "report" in result.outputs:
        lines.append(f"Report: {result.outputs['report']}")
    return "\n".join(lines) + "\n"
