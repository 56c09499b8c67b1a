"""Writes the deliverables of a Project: every file whole or not at all, nobody else's file overwritten."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..core.audio import Audio, difference
from ..core.project import Project
from ..core.stage import Progress
from ..delivery import tables, timeline
from ..delivery.provenance import write_provenance
from ..delivery.report import write_report
from ..delivery.rttm import rttm
from ..io import mux
from ..io.atomic import write_text
from ..io.encode import write_wav
from ..subtitles import write as write_subtitles
from . import state
from .target import Target

#: The formats that every job delivers; the suffix is the name.
SUBTITLE_FORMATS = ("srt", "vtt", "ass", "ttml", "json")


def audio_deliverables(project: Project) -> dict[str, Audio]:
    """Stems (the dialogue repaired), clean, removed and master, as far as they were made."""
    found: dict[str, Audio] = dict(project.stems or {})
    voice = next((name for name in ("dialogue", "vocals") if name in found), None)
    if project.repaired is not None and voice:
        found[voice] = project.repaired
    clean = project.clean or project.restored
    if clean is not None:
        found["clean"] = clean
        found["removed"] = difference(project.audio, clean)
    if project.master is not None:
        found["master"] = project.master
    return found


def subtype_for(project: Project, audio: dict[str, Audio]) -> str:
    """24 bit; float for all where the source is float or any would pass full scale."""
    loud = any(a.peak() > 1.0 for a in audio.values())
    return "FLOAT" if project.media.is_float or loud else "PCM_24"


def write_audio(project: Project, target: Target, progress: Progress) -> dict[str, Path]:
    """Writes what `audio_deliverables` gives; returns hash of each audio to its file."""
    audio = audio_deliverables(project)
    subtype = subtype_for(project, audio)
    written = {}
    for done, (name, sound) in enumerate(audio.items()):
        progress("deliver", done, len(audio) + 4)
        path = write_wav(target.path(name, f".{name}.wav"), sound, subtype)
        if name != "removed":
            written[sound.sha256()] = path
    return written


def write_speech(project: Project, target: Target) -> None:
    """Subtitles in every format, the transcript as JSON, the turns as RTTM."""
    if project.transcript is not None and project.captions is not None:
        for kind in SUBTITLE_FORMATS:
            write_subtitles(target.path(kind, f".{kind}"), project.captions, project.transcript, kind)
    if project.turns is not None:
        write_text(target.path("rttm", ".rttm"), rttm(project.turns, target.base))


def write_spotting(project: Project, target: Target) -> None:
    """Scenes and cues as tables, cues as a timeline."""
    timebase = project.media.timebase
    if project.scenes is not None:
        tables.write_scenes_csv(target.path("scenes", ".scenes.csv"), project.scenes, timebase)
    if project.cues is not None:
        tables.write_cues_csv(target.path("cues", ".cues.csv"), project.cues, timebase)
        path, length_s = target.path("cues_otio", ".cues.otio"), project.media.duration_s
        timeline.write_otio(path, project.cues, timebase, target.base, length_s)


def write_film(project: Project, target: Target, progress: Progress) -> None:
    """The film with the master as its sound and the captions as a track; the picture is copied untouched."""
    if not project.media.has_video or project.master is None:
        return
    captions = [(c.start_s, c.end_s, "\n".join(c.lines)) for c in project.captions or ()]
    language = project.transcript.language if project.transcript else "und"
    path = target.path("film", f".master{mux.target_suffix(target.source)}")
    mux.mux(target.source, project.master, path, captions=captions, language=language, progress=progress)


def deliver(project: Project, source: Path, out: Path, work: Path, progress: Progress) -> dict[str, Path]:
    """Everything a Project can deliver, by kind. The report and the record come last: they tell of the others."""
    target = Target(source, out, work)
    held = write_audio(project, target, progress)
    steps: list[Callable[[], object]] = [
        lambda: write_speech(project, target),
        lambda: write_spotting(project, target),
        lambda: write_film(project, target, progress),
        lambda: write_report(target.path("report", ".report.html"), project),
    ]
    for step in steps:
        step()
    state.save(project, target.path("project", ".project.json"), keep_in=None, delivered=held)
    path = target.path("provenance", ".provenance.json")
    write_provenance(path, project, {k: p for k, p in target.outputs.items() if k != "provenance"})
    target.settle()
    progress("deliver", 1, 1)
    return target.outputs
