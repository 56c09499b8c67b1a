"""What a run came to, in figures and in sentences: for lists of many recordings."""

from __future__ import annotations

from typing import Any

from ..core.marks import overall
from ..core.project import Project
from ..subtitles.timed_words import UNSURE


def notes_on(project: Project) -> list[str]:
    """Everything a person should know: of the file, of each stage, drafts, and what is missing."""
    steps = [
        f"{s.stage}: {w}" for s in project.steps for w in (*((f"a draft, {s.draft}",) if s.draft else ()), *s.warnings)
    ]
    return [*project.media.warnings, *steps, *project.missing]


def figures(project: Project) -> dict[str, Any]:
    """What a run came to, as JSON: counts of faults, captions, their issues, cues and words that are not sure; the
    loudness and its verdict. What was not made is absent.
    """
    found: dict[str, Any] = {"missing": len(project.missing)}
    for name, key in (
        ("findings", "findings"),
        ("captions", "captions"),
        ("caption_issues", "issues"),
        ("cues", "cues"),
    ):
        if (values := getattr(project, name)) is not None:
            found[key] = len(values)
    if project.transcript is not None:
        words = project.transcript.words
        found["unsure"] = sum(word.probability is not None and word.probability < UNSURE for word in words)
    if project.loudness is not None:
        found["lufs"] = project.loudness.integrated_lufs
        found["peak_dbtp"] = project.loudness.true_peak_dbtp
    if project.loudness_checks:
        found["verdict"] = overall(project.loudness_checks)
        found["spec"] = spec_of(project)
    return found


def spec_of(project: Project) -> str:
    """The name of the delivery spec that the loudness was made for, '' for none."""
    step = project.step("loudness")
    return str(step.options.get("spec", "")) if step else ""
