"""The sections of the page below its head, each a function of the Project that gives None where nothing was made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np

from ...core.project import Project
from ...core.speech import Transcript, Utterance
from ...core.time import Span, clock, merge_spans
from ...subtitles.rules import RULES
from ...subtitles.timed_words import UNSURE
from ..provenance import disclosure, method, shown_options, stem_title
from ..repairs import amount, chain
from . import pictures
from .charts import Lane, TimeAxis, envelope, number
from .waveform import Outline

#: Rows of a table on the page; the rest stays in the Project's own files.
MOST_ROWS = 150


def usual_peak(each: pictures.Scan | Outline) -> float:
    """Where a waveform's edge lies: a lone click may be cut off, so that the rest can be seen."""
    peaks = np.maximum(each.high, -each.low)
    return min(each.peak, 1.4 * float(np.percentile(peaks, 99)))


def dbfs(value: float) -> str:
    return number(20 * float(np.log10(value)), 1, "dBFS") if value > 0 else "silence"


def stamp(time_s: float, project: Project) -> str:
    """Timecode for a film or where the recording has a start timecode, else minutes and seconds."""
    media = project.media
    if media.has_video or media.timebase.start_timecode != "00:00:00:00":
        return media.timebase.timecode(time_s)
    return clock(time_s, 1)


#: What a person decided on a finding, as the report says it.
DECIDED = {"accepted": "to be mended, by a person", "dismissed": "no fault, by a person"}


def findings(project: Project) -> dict[str, Any] | None:
    if project.findings is None:
        return None
    worst = sorted(project.findings, key=lambda f: -f.severity)[:MOST_ROWS]
    rows = [
        {
            "from": stamp(f.start_s, project),
            "length": f"{f.end_s - f.start_s:.2f} s" if f.end_s - f.start_s < 10 else clock(f.end_s - f.start_s),
            "kind": f.kind,
            "severity": round(100 * f.severity),
            "detail": f.detail,
            "remedy": f.remedy,
            "decision": DECIDED.get(f.status, ""),
        }
        for f in sorted(worst, key=lambda f: (f.start_s, f.kind))
    ]
    return {"rows": rows, "left_out": len(project.findings) - len(rows)}


def repairs(project: Project) -> list[dict[str, str]] | None:
    """The chain of repairs, in order; None where no chain was made."""
    links = chain(project)
    if links is None:
        return None
    return [
        {
            "name": link.name.replace("_", " "),
            "because": link.because,
            "amount": amount(link),
            "done": link.done or "planned only",
            "removed": "" if link.removed_dbfs is None else number(link.removed_dbfs, 1, "dBFS RMS"),
        }
        for link in links
    ]


def speakers(project: Project, axis: TimeAxis, tones: Mapping[str, int]) -> list[Lane] | None:
    if project.turns is None:
        return None
    by_name: dict[str, list[Span]] = {}
    for turn in sorted(project.turns, key=lambda turn: turn.start_s):
        by_name.setdefault(turn.speaker, []).append(Span(turn.start_s, turn.end_s))
    merged = {name: merge_spans(spans, axis.duration_s / 2000) for name, spans in by_name.items()}
    spoken = {name: sum(span.duration_s for span in merge_spans(spans)) for name, spans in by_name.items()}
    total = sum(spoken.values()) or 1.0
    return [
        Lane(
            name,
            tuple(axis.bar(s.start_s, s.end_s, f"{name} {clock(s.start_s, 1)} to {clock(s.end_s, 1)}") for s in spans),
            f"{clock(spoken[name])} · {100 * spoken[name] / total:.0f}\u00a0%",
            tones[name],
        )
        for name, spans in merged.items()
    ]


def cast(project: Project) -> list[dict[str, str]]:
    """Who of the cast file speaks, how that was found out, and under which consent the voice print is kept."""
    return [
        {
            "speaker": role.speaker,
            "person": role.person,
            "known": "new"
            if role.new
            else "known from an earlier run"
            if role.similarity is None
            else f"recognised by voice, similarity {role.similarity:.2f}",
            "consent": "; ".join((role.consent.who, role.consent.scope, role.consent.date))
            if role.consent
            else "none: no voice print is kept",
        }
        for role in project.cast or ()
    ]


def transcript(project: Project, tones: Mapping[str, int]) -> dict[str, Any] | None:
    made = project.transcript
    if made is None:
        return None
    rows = [
        {
            "at": stamp(u.start_s, project),
            "speaker": u.speaker or "",
            "tone": tones.get(u.speaker or "", 0),
            "language": u.language,
            "pieces": _pieces(u),
        }
        for u in made.utterances
    ]
    return {
        "rows": rows,
        "language": made.language,
        "draft": made.draft,
        "words": len(made.words),
        "tall": len(rows) > 40,
        "remarks": _remarks(made, project),
    }


def _remarks(made: Transcript, project: Project) -> dict[str, Any] | None:
    """What was left out, put right, or not spoken as the script has it, in order of time."""
    if not made.remarks:
        return None
    rows = [
        {
            "at": "" if r.start_s is None else stamp(r.start_s, project),
            "kind": r.kind,
            "text": r.text,
            "detail": r.detail,
        }
        for r in made.remarks[:MOST_ROWS]
    ]
    kinds = Counter(remark.kind for remark in made.remarks)
    return {"rows": rows, "kinds": kinds.most_common(), "left_out": len(made.remarks) - len(rows)}


def _pieces(utterance: Utterance) -> list[tuple[str, bool]]:
    """The text in pieces, each certain or not by its words' probability."""
    pieces: list[tuple[str, bool]] = []
    said = seen = 0
    for word in utterance.words:
        text = word.text.strip()
        found = utterance.text.find(text, seen) if text else -1
        if found < 0:
            continue
        seen = found + len(text)
        if word.probability is not None and word.probability < UNSURE:
            pieces += [(utterance.text[said:found], False), (text, True)]
            said = seen
    return [*pieces, (utterance.text[said:], False)]


def captions(project: Project) -> dict[str, Any] | None:
    issues = project.caption_issues
    if issues is None:
        return None
    rows = [
        {"caption": i.caption, "at": stamp(i.start_s, project), "rule": _title(i.rule), "detail": i.detail}
        for i in issues[:MOST_ROWS]
    ]
    captions = project.captions
    return {
        "count": None if captions is None else len(captions),
        "rules": Counter(_title(issue.rule) for issue in issues).most_common(),
        "rows": rows,
        "left_out": len(issues) - len(rows),
    }


def _title(rule: str) -> str:
    return RULES[rule].title if rule in RULES else rule


def stems(project: Project) -> list[dict[str, Any]] | None:
    if not project.stems:
        return None
    stems = dict(project.stems)
    if project.voice and project.repaired is not None:
        stems[project.voice] = project.repaired
    scans = {name: pictures.scan(audio, spectrum=False) for name, audio in stems.items()}
    total = sum(each.square_sum for each in scans.values()) or 1.0
    scale = max(*(usual_peak(each) for each in scans.values()), 1e-3)
    return [
        {
            "name": stem_title(name).lower(),
            "note": "repaired" if stems[name] is project.repaired else "",
            "outline": envelope(each.low, each.high, scale),
            "body": envelope(-each.rms, each.rms, scale),
            "peak": dbfs(each.peak),
            "rms": dbfs(float(np.sqrt(each.square_sum / max(stems[name].frames * stems[name].channels, 1)))),
            "share": round(100 * each.square_sum / total),
            "share_text": _share(each.square_sum / total),
        }
        for name, each in scans.items()
    ]


def _share(share: float) -> str:
    return "< 1 %" if 0 < share < 0.005 else f"{100 * share:.0f} %"


def disclosures(project: Project) -> list[tuple[str, str]]:
    separated = project.step("separate")
    beside = ("m_and_e",) if separated and separated.options.get("m_and_e") else ()
    kinds = [(stem_title(name), name) for name in (*(project.stems or ()), *beside)]
    made: list[tuple[str, str, object]] = [
        ("Clean mix", "clean", project.clean or project.restored),
        ("Master", "master", project.master),
        ("Subtitles", "srt", project.transcript),
        *((f"Subtitles, {t.language}", f"srt.{t.language}", t) for t in (project.translation,) if t),
        ("Dialogue list", "dialogue_list", project.transcript),
        ("Speaker turns", "rttm", project.turns),
        ("Scenes", "scenes", project.scenes),
        ("Music cues", "cues", project.cues),
    ]
    kinds += [(words, kind) for words, kind, value in made if value is not None]
    return [(words, disclosure(kind, project)) for words, kind in kinds]


def steps(project: Project) -> list[dict[str, Any]]:
    seconds = {id(step): _seconds(step.timing) for step in project.steps}
    longest = max(seconds.values(), default=0.0) or 1.0
    return [
        {
            "stage": step.stage,
            "backend": step.backend,
            "reason": step.reason,
            "model": method(step) if step.model else "",
            "source": step.model.source if step.model else "",
            "draft": step.draft,
            "warnings": step.warnings,
            "options": ", ".join(_setting(*item) for item in shown_options(step).items() if item[0] != "backend"),
            "seconds": f"{seconds[id(step)]:.1f} s" if step.timing else "",
            "share": round(100 * seconds[id(step)] / longest, 1),
            "memory": f"{float(step.timing['peak_rss_mb']):.0f} MB"
            if step.timing and "peak_rss_mb" in step.timing
            else "",
        }
        for step in project.steps
    ]


def _setting(name: str, value: Any) -> str:
    said = {True: "on", False: "off"}[value] if isinstance(value, bool) else "not set" if value in (None, "") else value
    return f"{name} {said}"


def _seconds(timing: Mapping[str, float | str] | None) -> float:
    return float((timing or {}).get("seconds", 0.0))


def cost(project: Project) -> str:
    total = sum(_seconds(step.timing) for step in project.steps)
    if not total:
        return ""
    factor = total / max(project.media.duration_s, 1e-6)
    return f"{clock(total)} in all, {factor:.2f} times the recording's duration"
