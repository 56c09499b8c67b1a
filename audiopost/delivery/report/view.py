"""What the page shows, as plain values for the template: everything that can be decided is decided here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...core.audio import Audio
from ...core.marks import Finding
from ...core.project import Project
from ...core.time import Span, clock, merge_spans
from . import loudness, parts, pictures, spotting
from .charts import Lane, Tick, TimeAxis, envelope, minus, number

_STAGES: Mapping[str, tuple[str, str]] = {
    "diagnose": ("findings", "fault finding"),
    "restore": ("restored", "restoration"),
    "separate": ("stems", "separation into stems"),
    "denoise": ("repaired", "noise reduction"),
    "transcribe": ("transcript", "transcription"),
    "diarise": ("turns", "speaker diarisation"),
    "emotion": ("emotion", "emotion"),
    "scenes": ("scenes", "scene detection"),
    "cues": ("cues", "music cues"),
    "loudness": ("loudness_in", "loudness measurement"),
    "subtitles": ("captions", "subtitles"),
}


@dataclass(frozen=True)
class Chip:
    """A verdict in the head: `state` is ok, bad, warn or plain."""

    state: str
    label: str
    detail: str
    target: str


@dataclass(frozen=True)
class Picture:
    """Waveform and spectrogram of one state of the recording."""

    name: str
    outline: str
    body: str
    level_labels: tuple[str, str]
    spectrogram: str
    peak: str


@dataclass(frozen=True)
class View:
    """Everything on the page. A part that is None was not made and is left out."""

    title: str
    facts: list[tuple[str, str]]
    chips: list[Chip]
    attention: list[str]
    not_run: list[str]
    time_ticks: list[Tick]
    pictures: list[Picture]
    frequency_ticks: list[Tick]
    legend: str
    legend_labels: tuple[str, str]
    finding_lanes: list[Lane] | None = None
    activity_lanes: list[Lane] | None = None
    findings: dict[str, Any] | None = None
    repairs: list[dict[str, str]] | None = None
    loudness: dict[str, Any] | None = None
    speakers: list[Lane] | None = None
    cast: list[dict[str, str]] = field(default_factory=list)
    spotting: dict[str, Any] | None = None
    transcript: dict[str, Any] | None = None
    captions: dict[str, Any] | None = None
    stems: list[dict[str, Any]] | None = None
    disclosures: list[tuple[str, str]] = field(default_factory=list)
    steps: list[dict[str, Any]] = field(default_factory=list)
    cost: str = ""


def build(project: Project, before: Audio | None, after: Audio | None) -> View:
    """The view of a Project; reads each audio once."""
    source = before or project.audio
    result = after or project.master or project.mix
    axis = TimeAxis(source.duration_s)
    tones = _tones(project)
    shown = [("Before: source", source)]
    if result is not source and result is not project.audio:
        shown.append((f"After: {_name_of(result, project)}", result))
    scans = [pictures.scan(audio) for _, audio in shown]
    bottom, top = pictures.level_range(*scans)
    scale = max(*(parts.usual_peak(each) for each in scans), 1e-3)
    return View(
        title=Path(project.media.path).name,
        facts=facts(project),
        chips=_chips(project),
        attention=_attention(project),
        not_run=[words for name, words in _STAGES.values() if not project.has(name)],
        time_ticks=axis.ticks,
        pictures=[
            Picture(
                name if len(shown) > 1 else "The recording",
                envelope(each.low, each.high, scale),
                envelope(-each.rms, each.rms, scale),
                (parts.dbfs(scale), parts.dbfs(scale / 2)),
                pictures.spectrogram_uri(each.level_db, bottom, top),
                parts.dbfs(each.peak),
            )
            for (name, _), each in zip(shown, scans, strict=True)
        ],
        frequency_ticks=[Tick(round(at * 100, 2), label) for at, label in pictures.frequency_ticks(scans[0].edges_hz)],
        legend=pictures.legend_uri(),
        legend_labels=(number(bottom, 0, "dB"), number(top, 0, "dB")),
        finding_lanes=_finding_lanes(project.findings, axis),
        activity_lanes=activity_lanes(project, axis),
        findings=parts.findings(project),
        repairs=parts.repairs(project),
        loudness=loudness.section(project, axis),
        speakers=parts.speakers(project, axis, tones),
        cast=parts.cast(project),
        spotting=spotting.section(project, result),
        transcript=parts.transcript(project, tones),
        captions=parts.captions(project),
        stems=parts.stems(project),
        disclosures=parts.disclosures(project),
        steps=parts.steps(project),
        cost=parts.cost(project),
    )


def _name_of(audio: Audio, project: Project) -> str:
    names = {"master": project.master, "clean mix": project.clean, "restored": project.restored}
    return next((name for name, known in names.items() if known is audio), "result")


def _tones(project: Project) -> dict[str, int]:
    """A colour for each speaker, in order of appearance."""
    names = [turn.speaker for turn in sorted(project.turns or (), key=lambda turn: turn.start_s)]
    names += [u.speaker for u in (project.transcript.utterances if project.transcript else ()) if u.speaker]
    return {name: number % 8 for number, name in enumerate(dict.fromkeys(names))}


def facts(project: Project) -> list[tuple[str, str]]:
    media = project.media
    layout = {1: "mono", 2: "stereo"}.get(media.channels, " ".join(media.layout))
    facts = [
        ("Duration", clock(media.duration_s, 1 if media.duration_s < 3600 else 0)),
        ("Format", f"{media.container} {media.subtype}, {media.rate / 1000:g} kHz, {layout}"),
    ]
    if media.has_video:
        facts.append(("Picture", f"{media.timebase.rate} fps, starts {media.timebase.start_timecode}"))
    if project.preset:
        facts.append(("Preset", project.preset))
    facts.append(("Source SHA-256", media.sha256))
    return facts


def loudness_chips(project: Project) -> list[Chip]:
    found = loudness.verdict(project)
    if found is None:
        return []
    spec = str((step.options.get("spec", "") if (step := project.step("loudness")) else "") or "spec")
    return [Chip(found[0], f"Loudness {Path(spec).stem}", found[1], "loudness")]


def _chips(project: Project) -> list[Chip]:
    chips = loudness_chips(project)
    if project.findings is not None:
        worst = max(project.findings, key=lambda finding: finding.severity, default=None)
        detail = f"worst: {worst.kind} at {clock(worst.start_s)}" if worst else "no fault found"
        state = "ok" if worst is None else "bad" if worst.severity >= 0.7 else "warn"
        chips.append(Chip(state, _count(len(project.findings), "finding"), detail, "findings"))
    if project.caption_issues is not None:
        count = len(project.caption_issues)
        chips.append(
            Chip(
                "warn" if count else "ok", "Subtitles", _count(count, "issue") if count else "keep to style", "captions"
            )
        )
    drafts = [_STAGES.get(step.stage, ("", step.stage))[1] for step in project.steps if step.draft]
    if drafts:
        chips.append(Chip("warn", "Draft", ", ".join(drafts), "attention"))
    if project.missing:
        chips.append(Chip("bad", "Missing", _count(len(project.missing), "item"), "attention"))
    return chips


def _count(number_of: int, noun: str) -> str:
    return f"{number_of} {noun}{'' if number_of == 1 else 's'}"


def _attention(project: Project) -> list[str]:
    """What a person has to look at, in sentences."""
    said = [f"Not made: {sentence}" for sentence in project.missing]
    said += [f"Draft, {step.stage}: {step.draft}" for step in project.steps if step.draft]
    if project.transcript and project.transcript.draft and not any(project.transcript.draft in s for s in said):
        said.append(f"Draft, transcript: {project.transcript.draft}")
    said += [
        f"Loudness: {c.name} is {number(c.value)}, the spec allows {minus(c.limit)}."
        for c in project.loudness_checks or ()
        if c.verdict == "FAIL"
    ]
    said += [f"Source: {warning}" for warning in project.media.warnings]
    said += [f"{step.stage}: {warning}" for step in project.steps for warning in step.warnings]
    return list(dict.fromkeys(sentence.rstrip(".") + "." for sentence in said))


def _finding_lanes(findings: tuple[Finding, ...] | None, axis: TimeAxis) -> list[Lane] | None:
    if findings is None:
        return None
    kinds = sorted({f.kind for f in findings}, key=lambda kind: -max(f.severity for f in findings if f.kind == kind))
    lanes = []
    for kind in kinds:
        worst = sorted((f for f in findings if f.kind == kind), key=lambda f: -f.severity)[: 4 * parts.MOST_ROWS]
        bars = [axis.bar(f.start_s, f.end_s, f"{kind}: {f.detail}", strength=f.severity) for f in worst]
        lanes.append(Lane(kind, tuple(bars)))
    return lanes


def activity_lanes(project: Project, axis: TimeAxis) -> list[Lane] | None:
    if project.activity is None:
        return None
    lanes = []
    for tone, kind in enumerate(("speech", "music", "silence")):
        spans = merge_spans(
            [Span(a.start_s, a.end_s) for a in project.activity if a.kind == kind], axis.duration_s / 2000
        )
        if spans:
            share = sum(span.duration_s for span in spans) / axis.duration_s
            bars = tuple(axis.bar(s.start_s, s.end_s, f"{kind} {clock(s.start_s)} to {clock(s.end_s)}") for s in spans)
            lanes.append(Lane(kind, bars, f"{100 * share:.0f} %", tone))
    return lanes or None
