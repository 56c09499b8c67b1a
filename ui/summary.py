"""What the open recording came to, in a glance, as HTML. Whatever comes from a file or a message is escaped here."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from pathlib import Path

from audiopost.core import language as language_texts
from audiopost.core.marks import overall
from audiopost.core.project import Project
from audiopost.core.time import clock
from audiopost.delivery.figures import spec_of
from audiopost.delivery.provenance import caption_counts

from . import offer
from .texts import tell


def nothing_open(language: str) -> str:
    """The panel of a folder in which no recording is open."""
    return _plain("verdict_none_title", "verdict_none", language)


def being_read(name: str, language: str) -> str:
    """The panel while a recording is decoded."""
    return (
        f'<section class="verdict waiting"><h2>{escape(name)}</h2>'
        f"<p>{escape(tell('project.verdict_reading', language))}</p></section>"
    )


def _plain(title: str, text: str, language: str) -> str:
    said = (escape(tell(f"project.{key}", language)) for key in (title, text))
    return '<section class="verdict waiting"><h2>{}</h2><p>{}</p></section>'.format(*said)


def verdict(project: Project, language: str) -> str:
    """Does it meet the spec, the figures, what a person has to look at, who did what."""
    if not project.steps:
        return _plain("verdict_wait_title", "verdict_wait", language)
    state, headline = _headline(project, language)
    spent = sum(float((step.timing or {}).get("seconds", 0.0)) for step in project.steps)
    line = tell(
        "project.verdict_line", language, preset=offer.title(project.preset, language) if project.preset else "–",
        length=clock(project.media.duration_s), spent=clock(spent),
    )  # fmt: skip
    figures = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd><dd>{escape(note)}</dd></div>"
        for name, value, note in _figures(project, language)
    )
    return (
        f'<section class="verdict {state}"><h2>{escape(headline)}</h2>'
        f"<p>{escape(Path(project.media.path).name)} · {escape(line)}</p>"
        f"<dl>{figures}</dl>{_notes(project, language)}{_workers(project, language)}</section>"
    )


def _headline(project: Project, language: str) -> tuple[str, str]:
    """The panel's state and its first line: what fails comes before what is missing."""
    checks, spec = project.loudness_checks or (), Path(spec_of(project)).stem
    found = overall(checks) if checks else ""
    key = {"FAIL": "fails", "not measured": "unmeasured", "pass": "meets"}.get(found, "done")
    said = tell(f"project.verdict_{key}", language, spec=spec)
    if found in ("FAIL", "not measured"):
        return "missed", said
    if project.missing:
        return "missed", f"{said} · {tell('project.verdict_missing', language)}"
    return "done", said


def _figures(project: Project, language: str) -> Iterator[tuple[str, str, str]]:
    """Name, value, and a small line under it."""

    def say(key: str, **values: object) -> str:
        return tell(f"project.{key}", language, **values)

    yield from _levels(project, language)
    if project.findings is not None:
        kinds = ", ".join(dict.fromkeys(finding.kind for finding in project.findings))
        yield say("fig_faults"), str(len(project.findings)), kinds or say("fig_none")
    if project.transcript is not None:
        step = project.step("transcribe")
        note = say("fig_language", language=project.transcript.language)
        words = sum(len(each.words) for each in project.transcript.utterances)
        yield say("fig_words"), str(words), f"{note} · {say('fig_draft')}" if step and step.draft else note
    if project.turns is not None:
        speakers = {turn.speaker for turn in project.turns}
        yield say("fig_speakers"), str(len(speakers)), say("fig_turns", count=len(project.turns))
    if project.captions is not None:
        issues, reviewed = len(project.caption_issues or ()), caption_counts(project.captions)["reviewed_by_a_person"]
        note = say("fig_issues", count=issues) if issues else say("fig_style")
        note = f"{note} · {say('fig_reviewed', count=reviewed)}" if reviewed else note
        yield say("fig_captions"), str(len(project.captions)), note
    if project.cues is not None:
        moods = ", ".join(dict.fromkeys(tell_mood(cue.emotion, language) for cue in project.cues))
        yield say("fig_cues"), str(len(project.cues)), moods or say("fig_nowhere")


def tell_mood(emotion: str, language: str) -> str:
    """A feeling's name in the page's language."""
    known = language_texts.texts("emotion")
    return known[emotion][language] if emotion in known else emotion


def _levels(project: Project, language: str) -> Iterator[tuple[str, str, str]]:
    checks = {check.name: check for check in project.loudness_checks or ()}
    before, after = project.loudness_in, project.loudness
    if not before or not after:
        return
    for key, name, unit, old, new in (
        ("fig_loudness", "integrated loudness", "LUFS", before.integrated_lufs, after.integrated_lufs),
        ("fig_peak", "true peak", "dBTP", before.true_peak_dbtp, after.true_peak_dbtp),
    ):
        check = checks.get(name)
        mark = {"pass": "✓ ", "FAIL": "✗ "}.get(check.verdict if check else "", "")
        note = mark + (_signed(check.limit) if check else unit)
        yield tell(f"project.{key}", language), f"{_number(old)} → {_number(new)} {unit}", note


def _signed(text: str) -> str:
    """'-23 ±0.2 LUFS' with a minus sign in place of each hyphen before a digit."""
    return "".join("−" if c == "-" and text[i + 1 : i + 2].isdigit() else c for i, c in enumerate(text))


def _number(value: float | None) -> str:
    return "—" if value is None else f"{value:.1f}".replace("-", "−")


def _notes(project: Project, language: str) -> str:
    """What a person has to know: what is missing first, then drafts, then warnings."""
    notes = [("missing", "note_missing", text) for text in project.missing]
    notes += [("draft", f"name_{step.stage}", step.draft) for step in project.steps if step.draft]
    notes += [("note", "note_source", text) for text in project.media.warnings]
    notes += [
        ("note", "name_loudness", f"{check.name} is {_number(check.value)}: {check.limit}")
        for check in project.loudness_checks or ()
        if check.verdict == "note"
    ]
    notes += [("note", f"name_{step.stage}", text) for step in project.steps for text in step.warnings]
    if not notes:
        return ""
    items = "".join(
        f'<li class="{kind}"><b>{escape(_named(key, language))}</b><span>{escape(_sentence(text))}</span></li>'
        for kind, key, text in notes
    )
    return f"<h3>{escape(tell('project.notes_title', language))}</h3><ul>{items}</ul>"


def _named(key: str, language: str) -> str:
    """The word before a note: a stage's name, which may be a plug-in's."""
    group = "jobs" if key.startswith("name_") else "project"
    try:
        return tell(f"{group}.{key}", language)
    except KeyError:
        return key.partition("_")[2]


def _sentence(text: str) -> str:
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?", "。")) else ".")


def _workers(project: Project, language: str) -> str:
    heads = "".join(
        f'<th scope="col">{escape(tell(f"project.worker_{key}", language))}</th>'
        for key in ("stage", "backend", "model", "why", "time")
    )
    rows = "".join(
        f'<tr><th scope="row">{escape(_named(f"name_{step.stage}", language))}</th><td>{escape(step.backend)}</td>'
        f"<td>{'<br>'.join(escape(f'{m.name} · {m.licence}') for m in step.model.each) if step.model else '–'}</td>"
        f"<td>{escape(step.reason)}</td><td>{_seconds(step.timing, language)}</td></tr>"
        for step in project.steps
    )
    title = escape(tell("project.workers_title", language))
    return f"<details><summary>{title}</summary><table><thead><tr>{heads}</tr></thead>{rows}</table></details>"


def _seconds(timing: dict[str, float | str] | None, language: str) -> str:
    spent = float((timing or {}).get("seconds", 0.0))
    return escape(tell("project.seconds", language, count=f"{spent:.1f}")) if timing else "–"
