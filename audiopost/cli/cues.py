"""`audiopost cues`: where music should enter and leave; sheets for every program, guides, a temp mix; edited sheets."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..core.errors import BadValue, UnknownName
from ..core.options import build
from ..core.project import Project
from ..core.shown import shown as printable
from ..core.spotting import Cue
from ..core.stage import Progress
from ..delivery.cue_sheet import facts
from ..delivery.cue_sheet.words import joined, shown
from ..delivery.figures import notes_on
from ..delivery.spotting_formats import DEFAULTS, FORMATS, chosen
from ..io.atomic import make_folder
from ..io.decode import load
from ..io.encode import Encoding
from ..stages.cues import Options
from . import options, results
from .console import print_json, quiet_stdout, reporting

if TYPE_CHECKING:
    from ..delivery.spotting import Programme

_PATH = click.Path(path_type=Path, readable=False)
_SOURCES = ("tracks", "guides", "tracks-or-guides")


@click.command("cues")
@options.media
@options.out_optional
@click.option(
    "-x", "--export", "kinds", multiple=True, metavar="FORMAT",
    help=f"What to write: {', '.join(FORMATS)}, or all; may be given more than once. Default: {', '.join(DEFAULTS)}.",
)  # fmt: skip
@options.transcript
@click.option(
    "--project", "known", type=_PATH, metavar="FILE",
    help="Use the feelings, scenes, words and speakers in this .project.json of an earlier run.",
)  # fmt: skip
@click.option(
    "--sheet", type=_PATH, metavar="FILE",
    help="Take the cues from this edited sheet (csv, xlsx or json) instead of suggesting them.",
)  # fmt: skip
@click.option("--guides", is_flag=True, help="Render a guide for each cue: MIDI and sound.")
@click.option(
    "--temp-mix", "--temp_mix", "temp_mix", type=click.Choice(_SOURCES), is_flag=False, flag_value="tracks",
    help="Render the mix with the cues' music ducked under it: tracks of --library, guides, or the one or the other.",
)  # fmt: skip
@click.option(
    "--programme", multiple=True, metavar="FIELD=TEXT",
    help="Head of the performing rights cue sheet: title, episode_title, production_company, broadcaster …",
)  # fmt: skip
@options.stage_flags(Options)
@options.fps
@options.start_timecode
@options.encoding
@options.as_json
def _cues(
    source: Path,
    out: Path | None,
    kinds: tuple[str, ...],
    guides: bool,
    temp_mix: str | None,
    programme: tuple[str, ...],
    as_json: bool,
    **values: Any,
) -> None:
    """Where music should enter and leave, in which mood, and why; where silence is stronger."""
    from ..pipeline import spotting
    from ..pipeline.target import Target

    wanted, head = chosen(kinds), _head(programme, source.stem)
    settled = build(Options, options.given(Options, values), "cues.")
    encoding = build(Encoding, options.given(Encoding, values))
    if out is None and (kinds or guides or temp_mix):
        raise BadValue("Nothing can be written without a folder.", value=out, remedy="Add -o FOLDER.")
    with quiet_stdout() as stdout:
        outputs: dict[str, Path] = {}
        remarks: tuple[str, ...] = ()
        with reporting(quiet=as_json) as progress:
            project = load(source, fps=values["fps"], start_timecode=values["start_timecode"])
            if out is not None:  # before the work: what cannot be written is told at once
                make_folder(out)
            project = _spotted(project, settled, values, progress)
            if out is not None:
                target = Target(source, out, encoding=encoding)
                spotting.write_spotting(project, target, wanted, head)
                if guides:
                    spotting.write_guides(project, target, progress)
                if temp_mix:
                    remarks = spotting.write_temp_mix(project, target, temp_mix, progress)
                target.settle()
                outputs = target.outputs
        if as_json:
            print_json(_data(project, outputs, remarks), stdout)
        else:
            notes = [f"note: {warning}" for warning in (*notes_on(project), *remarks)]
            made = results.files(outputs)
            stdout.writelines(f"{line}\n" for line in (*_lines(project, settled.language), *made, *notes))


def _head(fields: tuple[str, ...], title: str) -> Programme:
    """The head of the rights sheet out of 'field=text'. Raises BadValue, UnknownName."""
    from ..delivery.spotting import Programme

    names = [field.name for field in dataclasses.fields(Programme)]
    values = {"title": title}
    for entry in fields:
        name, equals, text = entry.partition("=")
        name = name.strip().replace("-", "_")
        if not equals:
            raise BadValue(f"{entry!r} is not field=text.", value=entry, remedy="For example broadcaster=RTHK.")
        if name not in names:
            raise UnknownName("field of the programme", name, names)
        values[name] = text.strip()
    return Programme(**values)


def _spotted(project: Project, chosen_options: Options, values: dict[str, Any], progress: Progress) -> Project:
    """The Project with cues: suggested, or as a sheet has them."""
    from ..pipeline import apply, spotting
    from ..subtitles import read

    if values["known"] is not None:
        project = spotting.known_of(values["known"], project)
    if values["transcript"] is not None:
        project = dataclasses.replace(project, transcript=read(values["transcript"]))
    sheet = values["sheet"]
    if sheet is None:
        return spotting.suggested(project, chosen_options, progress)
    project = spotting.prepared(project, chosen_options.language, progress)
    if project.cues is None:  # what the sheet was made of; its tracks are looked for once it is read
        project = apply(project, "cues", dataclasses.replace(chosen_options, library=None), progress)
    return spotting.from_sheet(project, sheet, chosen_options)


def _data(project: Project, outputs: dict[str, Path], remarks: tuple[str, ...]) -> dict[str, Any]:
    step = project.step("cues")
    assert step is not None
    seconds = {s.stage: float((s.timing or {}).get("seconds", 0.0)) for s in project.steps}
    base = results.base(project, step.backend, outputs, seconds, [*notes_on(project), *remarks])
    return {**base, **results.cues(project)}


def _lines(project: Project, language: str) -> list[str]:
    said = [line for cue in project.cues or () for line in _cue_lines(cue, project, language)]
    return [printable(line) for line in said] or ["no cues"]


def _cue_lines(cue: Cue, project: Project, language: str) -> Iterator[str]:
    """A cue as one reads it out: when, what for, in which mood and tempo, why; then the tracks that may serve."""
    time = project.media.timebase.timecode
    what = f"{facts.tempo(cue.tempo_bpm)} {shown('mode', cue.mode, language)}".strip()
    names = (shown(kind, getattr(cue, kind), language) for kind in ("function", "emotion"))
    status = "" if cue.status == "suggested" else f" [{shown('status', cue.status, language)}]"
    head = f"{cue.label}  {time(cue.in_s)} to {time(cue.out_s)}  {joined(language, *names, what)}{status}"
    yield joined(language, head, cue.reason, mark=": ")
    for match in cue.tracks:
        fits = f"{100 * match.score:3.0f} %" if match.reasons else "     "  # nothing was measured of one put in by hand
        why = joined(language, *match.reasons, mark="; ")
        yield joined(language, f"       {fits}  {facts.track_name(match.track)}", why, mark=": ")


def command(_: str) -> click.Command:
    return _cues
