"""Writes the deliverables of a Project: every file whole or not at all, nobody else's file overwritten."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from ..core.audio import Audio, difference
from ..core.errors import BadValue, UnknownName
from ..core.project import Project
from ..core.stage import Progress
from ..delivery import dialogue_list, tables, timeline
from ..delivery.provenance import style_of, write_provenance
from ..delivery.report import write_report
from ..io import mux
from ..io.atomic import write_text
from ..io.encode import write_wav
from ..stages.subtitles import subtitles
from ..subtitles import FORMATS, Style, highlighted, render, save, suffix_of
from ..subtitles.formats import holds
from ..subtitles.formats.rttm import rttm
from . import state
from .target import Target

log = logging.getLogger("audiopost")

#: The formats that every job delivers.
SUBTITLE_FORMATS = ("srt", "vtt", "ass", "ttml", "json")
#: Formats whose players show what is underlined as it is said.
_HIGHLIGHTED = frozenset({"srt", "vtt"})


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


def chosen_formats(kinds: Sequence[str]) -> tuple[tuple[str, ...], bool]:
    """Formats out of what a person typed (commas, 'all', nothing for the usual ones), and whether all were asked for.

    Raises UnknownName.
    """
    typed = [kind.strip().lower() for entry in kinds for kind in entry.split(",") if kind.strip()]
    if not typed:
        return SUBTITLE_FORMATS, False
    for kind in typed:
        if kind not in FORMATS and kind != "all":
            raise UnknownName("subtitle format", kind, ("all", *FORMATS))
    return (tuple(FORMATS), True) if "all" in typed else (tuple(dict.fromkeys(typed)), False)


def write_captions(
    project: Project,
    target: Target,
    kinds: Sequence[str],
    *,
    skip_refused: bool = False,
    highlight: bool = False,
) -> None:
    """The captions in each of `kinds`; the translation's beside them, 'FILM.en.srt'.

    A format that cannot hold the text (teletext and Chinese) raises BadValue, or is left out with a warning where
    `skip_refused`. `highlight` underlines each word as it is said, in the formats that players show live.
    """
    if project.transcript is None or project.captions is None:
        return
    timebase, style = project.media.timebase, style_of(project)
    texts = [(project.transcript, project.captions, "")]
    if project.translation is not None:
        captions, _ = subtitles(project.translation, timebase, until_s=project.media.duration_s)
        texts.append((project.translation, captions, f".{project.translation.language}"))
    for transcript, captions, tag in texts:
        live = highlighted(captions, transcript) if highlight else captions
        for kind in kinds:
            shown = live if kind in _HIGHLIGHTED else captions
            named = _names_speakers(kind, style)
            try:
                content = render(shown, transcript, kind, speakers=named, timebase=timebase, name=target.base)
            except BadValue as error:
                if not skip_refused:
                    raise
                log.warning("%s was left out: %s", kind, error)
                continue
            save(target.path(kind + tag, tag + suffix_of(kind)), content)


def _names_speakers(kind: str, style: Style | None) -> bool:
    """Whether a file says who speaks: not twice where SDH captions say it themselves, and not before the text itself
    ('S1: ') where a broadcaster's guide was asked for, which has no such labels."""
    if style is None or style.name == "plain" or kind == "json":
        return True
    return not style.sdh and (kind == "txt" or "speaker" in holds(kind))


def write_speech(project: Project, target: Target) -> None:
    """Subtitles in the usual formats, the transcript as JSON, the dialogue list, the turns as RTTM."""
    write_captions(project, target, SUBTITLE_FORMATS)
    write_lists(project, target)


def write_lists(project: Project, target: Target) -> None:
    """The dialogue list for dubbing, and the turns as RTTM."""
    if project.transcript is not None:
        made = dialogue_list.rows(project.transcript, project.media.timebase, project.translation)
        dialogue_list.write_csv(target.path("dialogue_list", ".dialogue-list.csv"), made)
        dialogue_list.write_xlsx(target.path("dialogue_list_xlsx", ".dialogue-list.xlsx"), made)
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
