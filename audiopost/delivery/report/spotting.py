"""Spotting: where music may enter and leave, against picture, sound and feeling. A part of the report, and a page."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from ...core.audio import Audio
from ...core.language import TAGS, tell
from ...core.project import Project
from ...io.atomic import write_text
from ..cue_sheet.notes import summary
from ..cue_sheet.words import frame_rate
from ..spotting import Spotting, language_of
from . import page, parts
from .emotion_lines import axes_of
from .spotting_cards import card
from .spotting_material import Material, stretches
from .spotting_rows import rows
from .thumbnails import slots, stills
from .waveform import outline

#: The waveform's finest step; a cue's close-up needs no finer one.
_STEP_S = 0.1


def section(project: Project, sound: Audio | None = None) -> dict[str, Any] | None:
    """What the template draws; None where nothing was felt, divided or spotted. Reads `sound` (the mix) once."""
    if project.emotion is None and project.scenes is None and project.cues is None:
        return None
    duration_s = project.media.duration_s
    windows = stretches(duration_s)
    strip = slots(project, windows)
    pictures, lack = stills(project, strip, [cue.in_s for cue in project.cues or () if cue.status != "rejected"])
    drawn = outline(sound or project.mix, min(_STEP_S, windows[0].duration_s / 1200))
    material = Material(project, language_of(project), drawn, max(parts.usual_peak(drawn), 1e-3), pictures)
    timebase = project.media.timebase
    return {
        "w": material.words,
        "lang": TAGS[material.language],
        "timebase": material.say("report.timebase", rate=frame_rate(timebase.rate), start=timebase.timecode(0.0)),
        "lack": material.say(f"report.{lack}_pictures") if lack else "",
        "axes": [(axis, material.say(f"emotion.{axis}")) for axis in axes_of(project.emotion or ())],
        "apart": [of for of in ("voice", "words") if any(getattr(p, of) for p in project.emotion or ())],
        "silent": project.emotion == (),
        "labels": _labels(material),
        "rows": rows(material, windows, strip),
        "cards": None if project.cues is None else [card(material, i, cue) for i, cue in enumerate(project.cues)],
        "scenes": None if project.scenes is None else _scenes(material),
    }


def _labels(material: Material) -> str:
    """How often each feeling was heard, the most frequent ones."""
    counts = Counter(u.label for u in material.project.emotion_utterances or ()).most_common(6)
    labels = material.listed(*(f"{material.feeling(label)} {count}" for label, count in counts))
    return material.say("report.utterances", labels=labels) if labels else ""


def _scenes(material: Material) -> dict[str, Any]:
    every = material.project.scenes or ()
    shown = [
        {
            "number": scene.number,
            "from": material.stamp(scene.start_s),
            "length": material.length(scene.end_s - scene.start_s),
            "reason": scene.reason,
            "mood": material.feeling(scene.mood),
            "speakers": material.listed(*scene.speakers),
        }
        for scene in every[: parts.MOST_ROWS]
    ]
    left = len(every) - len(shown)
    return {"rows": shown, "more": material.say("report.more", count=left) if left else ""}


def render(project: Project) -> str:
    """The page as HTML: the spotting part alone, to be sent to a composer."""
    language, name = language_of(project), Path(project.media.path).name
    return page(
        "spotting.html.j2",
        {
            "title": name,
            "lang": TAGS[language],
            "told": lambda key: tell(key, language),
            "summary": "" if project.cues is None else summary(Spotting.of(project, name)),
            "spotting": section(project),
        },
    )


def write_spotting(path: Path, project: Project) -> Path:
    """Writes the page. Raises OutputError."""
    return write_text(path, render(project))
