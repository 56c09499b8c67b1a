"""Everything a spotting session can be written as: one literal table, and the function that writes.

To add a format: write a module with `write(path, spotting) -> Path`, add its line to FORMATS, run
tests/delivery/test_spotting_formats.py, which takes every entry.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from ..core.errors import UnknownName
from ..core.project import Project
from ..core.registry import load
from .spotting import Programme, Spotting


@dataclass(frozen=True)
class Format:
    """`needs` names what of a Project it tells: 'cues', 'scenes' or 'emotion'; `writer` is 'module:function'."""

    suffix: str
    writer: str
    help: str
    needs: str = "cues"


_SHEET, _LINE = "audiopost.delivery.cue_sheet", "audiopost.delivery.timelines"

FORMATS: dict[str, Format] = {
    "csv": Format(".cues.csv", f"{_SHEET}.csv:write", "the cue sheet as a table, to edit and read back"),
    "xlsx": Format(".cues.xlsx", f"{_SHEET}.xlsx:write", "the cue sheet as a spreadsheet, to edit and read back"),
    "pdf": Format(".cues.pdf", f"{_SHEET}.pdf:write", "spotting notes to print: an overview, then cue by cue"),
    "html": Format(".cues.html", f"{_SHEET}.html:write", "spotting notes as one page for a browser"),
    "json": Format(".cues.json", f"{_SHEET}.json:write", "every field of the cues, for programs"),
    "rights-csv": Format(".rights.csv", f"{_SHEET}.rights:write_csv", "performing rights cue sheet as a table"),
    "rights-xlsx": Format(".rights.xlsx", f"{_SHEET}.rights:write_xlsx", "performing rights cue sheet, spreadsheet"),
    "rights-pdf": Format(".rights.pdf", f"{_SHEET}.rights_pdf:write", "performing rights cue sheet to print and sign"),
    "otio": Format(".cues.otio", f"{_LINE}.otio:write", "OpenTimelineIO: clips, accepted tracks, markers"),
    "edl": Format(".cues.edl", f"{_LINE}.edl:write", "CMX 3600 list with LOC markers, for Avid"),
    "resolve": Format(".resolve.edl", f"{_LINE}.edl:write_resolve", "timeline markers for DaVinci Resolve"),
    "avid": Format(".avid-markers.txt", f"{_LINE}.avid:write", "marker list for Avid Media Composer"),
    "pro-tools": Format(".pro-tools.txt", f"{_LINE}.pro_tools:write", "text as Pro Tools exports session information"),
    "midi": Format(".cues.mid", f"{_LINE}.midi:write", "tempo map and markers for Pro Tools, Logic, Cubase"),
    "aaf": Format(".cues.aaf", f"{_LINE}.aaf:write", "AAF for Pro Tools and Avid: offline clips, markers"),
    "reaper": Format(".reaper.csv", f"{_LINE}.seconds:write_reaper", "regions and markers for Reaper"),
    "premiere": Format(".premiere.xml", f"{_LINE}.xml:write_final_cut_7", "Final Cut 7 XML for Premiere and Resolve"),
    "fcpxml": Format(".cues.fcpxml", f"{_LINE}.xml:write_fcpxml", "FCPXML for Final Cut Pro and Logic"),
    "audition": Format(".audition.csv", f"{_LINE}.seconds:write_audition", "markers for Adobe Audition"),
    "scenes-csv": Format(".scenes.csv", "audiopost.delivery.scene_list:write", "scenes as a table", "scenes"),
    "scenes-otio": Format(".scenes.otio", f"{_LINE}.otio:write_scenes", "scenes and cuts as a timeline", "scenes"),
    "emotion-csv": Format(
        ".emotion.csv", "audiopost.delivery.emotion_curve:write_csv", "the emotion curve as a table", "emotion"
    ),
    "emotion-json": Format(
        ".emotion-curve.json", "audiopost.delivery.emotion_curve:write_json", "the emotion curve as lanes", "emotion"
    ),
}
#: What a whole run delivers.
DEFAULTS = ("csv", "xlsx", "pdf", "otio", "scenes-csv", "scenes-otio", "emotion-csv")
#: Kinds under which outputs are listed that are not the format's own name.
_KINDS = {"csv": "cues", "otio": "cues_otio", "scenes-csv": "scenes"}


def chosen(typed: Iterable[str]) -> tuple[str, ...]:
    """Formats out of what a person typed (commas, 'all', nothing for DEFAULTS). Raises UnknownName."""
    names = [name.strip().lower() for entry in typed for name in entry.split(",") if name.strip()]
    for name in names:
        if name != "all" and name not in FORMATS:
            raise UnknownName("spotting format", name, ("all", *FORMATS))
    return tuple(FORMATS) if "all" in names else tuple(dict.fromkeys(names)) or DEFAULTS


def kind_of(name: str) -> str:
    """The kind that a format's file is listed as among a run's outputs: 'cues', 'cues_otio', 'scenes', 'cues_pdf' …"""
    fixed = _KINDS.get(name)
    return fixed or ("cues_" if FORMATS[name].needs == "cues" else "") + name.replace("-", "_")


def write_spotting_formats(
    target_path: Callable[[str, str], Path],
    project: Project,
    name: str,
    kinds: Iterable[str] = DEFAULTS,
    *,
    programme: Programme | None = None,
) -> dict[str, Path]:
    """Writes the formats `kinds` of what the Project has, to `target_path(kind, suffix)`; returns them by kind.

    `name` is the recording's. What no stage has made (None) is left out; what was made and is empty gives a file that
    says so. Raises UnknownName, OutputError.
    """
    spotting = Spotting.of(project, name, programme=programme)
    written: dict[str, Path] = {}
    for each in chosen(kinds):
        format_ = FORMATS[each]
        if project.has(format_.needs):
            kind = kind_of(each)
            written[kind] = load(format_.writer)(target_path(kind, format_.suffix), spotting)
    return written
