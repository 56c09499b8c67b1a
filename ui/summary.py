"""What a run came to, in a glance, as HTML. Whatever comes from a file or a message is escaped here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from pathlib import Path

from audiopost.core.errors import AudiopostError, Cancelled
from audiopost.core.marks import overall
from audiopost.core.project import Project
from audiopost.core.time import clock
from audiopost.pipeline import RunResult
from audiopost.presets import Preset

WAITING = (
    '<section class="verdict waiting"><h2>Nothing has run yet</h2>'
    "<p>Choose a recording or a film and a preset, then press Run. Nothing leaves this machine.</p></section>"
)
#: What the progress bar is drawn over.
RUNNING = '<section class="verdict running"></section>'


def failure(error: AudiopostError) -> str:
    """The panel of a job that did not finish: problem, choices, remedy."""
    if isinstance(error, Cancelled):
        return '<section class="verdict waiting"><h2>Stopped</h2><p>Nothing of this run was kept.</p></section>'
    rest = str(error)[len(error.problem) :].strip()
    return (
        '<section class="verdict failed" role="alert"><h2>This did not work</h2>'
        f"<p>{escape(error.problem)}</p>{f'<p>{escape(rest)}</p>' if rest else ''}</section>"
    )


def success(result: RunResult, preset: Preset) -> str:
    """The panel of a job that finished: does it meet the spec, the figures, what a person has to look at."""
    project = result.project
    state, headline = _headline(project)
    spent = sum(result.seconds.values())
    figures = "".join(
        f"<div><dt>{name}</dt><dd>{escape(value)}</dd><dd>{escape(note)}</dd></div>"
        for name, value, note in _figures(project)
    )
    return (
        f'<section class="verdict {state}"><h2>{escape(headline)}</h2>'
        f"<p>{escape(Path(project.media.path).name)} · {escape(preset.title)} · "
        f"{clock(project.media.duration_s)} of sound, done in {clock(spent)}</p>"
        f"<dl>{figures}</dl>{_notes(project)}{_workers(result)}</section>"
    )


def _headline(project: Project) -> tuple[str, str]:
    """The panel's state and its first line: what fails comes before what is missing."""
    checks, step = project.loudness_checks or (), project.step("loudness")
    spec = Path(str(step.options.get("spec", ""))).stem if step else ""
    found = overall(checks)
    if found == "FAIL":
        return "missed", f"Done, but {spec} is not met"
    if found == "not measured":
        return "missed", f"Done; {spec} could not be measured"
    meets = f"Done: meets {spec}" if checks else "Done"
    return ("missed", f"{meets}, but parts are missing") if project.missing else ("done", meets)


def _figures(project: Project) -> Iterator[tuple[str, str, str]]:
    """Name, value, and a small line under it."""
    checks = {check.name: check for check in project.loudness_checks or ()}
    before, after = project.loudness_in, project.loudness
    if before and after:
        for name, unit, old, new in (
            ("integrated loudness", "LUFS", before.integrated_lufs, after.integrated_lufs),
            ("true peak", "dBTP", before.true_peak_dbtp, after.true_peak_dbtp),
        ):
            check = checks.get(name)
            mark = {"pass": "✓ ", "FAIL": "✗ "}.get(check.verdict if check else "", "")
            note = mark + (re.sub(r"-(?=\d)", "−", check.limit) if check else unit)
            yield name.capitalize(), f"{_number(old)} → {_number(new)} {unit}", note
    if project.findings is not None:
        kinds = ", ".join(dict.fromkeys(finding.kind for finding in project.findings))
        yield "Faults found", str(len(project.findings)), kinds or "none worth mending"
    if project.turns is not None:
        speakers = {turn.speaker for turn in project.turns}
        yield "Speakers", str(len(speakers)), _count(len(project.turns), "turn")
    if project.captions is not None:
        issues = len(project.caption_issues or ())
        yield (
            "Captions",
            str(len(project.captions)),
            f"{_count(issues, 'issue')} by the style guide" if issues else "style guide met",
        )
    if project.cues is not None:
        moods = ", ".join(dict.fromkeys(cue.emotion for cue in project.cues))
        yield "Music cues", str(len(project.cues)), moods or "no place asks for music"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _number(value: float | None) -> str:
    return "—" if value is None else f"{value:.1f}".replace("-", "−")


def _notes(project: Project) -> str:
    """What a person has to know: what is missing first, then drafts, then warnings."""
    notes = [("missing", "", text) for text in project.missing]
    notes += [("draft", step.stage, step.draft) for step in project.steps if step.draft]
    notes += [("note", "", text) for text in project.media.warnings]
    notes += [
        ("note", "loudness", f"{check.name} is {_number(check.value)}: {check.limit}")
        for check in project.loudness_checks or ()
        if check.verdict == "note"
    ]
    notes += [("note", step.stage, text) for step in project.steps for text in step.warnings]
    if not notes:
        return ""
    items = "".join(
        f'<li class="{kind}"><b>{escape(stage or kind)}</b><span>{escape(_sentence(text))}</span></li>'
        for kind, stage, text in notes
    )
    return f"<h3>Before you deliver</h3><ul>{items}</ul>"


def _sentence(text: str) -> str:
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def _workers(result: RunResult) -> str:
    rows = "".join(
        f"<tr><th>{escape(step.stage)}</th><td>{escape(step.backend)}</td><td>{escape(step.reason)}</td>"
        f"<td>{result.seconds.get(step.stage, 0.0):.1f} s</td></tr>"
        for step in result.project.steps
    )
    return f"<details><summary>Who did the work</summary><table>{rows}</table></details>"
