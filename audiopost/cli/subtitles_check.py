"""`audiopost subtitles check`: files held against a style guide, and mended."""

from __future__ import annotations

import glob
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from ..core.errors import AudiopostError, BadValue, InputError, OutputError, UsageError
from ..core.marks import CaptionIssue
from ..core.registry import AUTO
from ..core.serial import to_json
from ..core.speech import Caption, Transcript
from ..core.time import TIMEBASE_25, FrameRate, Timebase
from ..delivery.subtitle_check import Checked, rows, write_csv, write_page
from ..io.atomic import make_folder
from ..pipeline.measure import measured
from ..pipeline.target import Target
from ..stages.subtitles import style_for
from . import options
from .console import print_json, quiet_stdout, reporting, say

_PATH = click.Path(path_type=Path, readable=False)
#: What a format's files count in where nobody says.
_USUAL = {"scc": Timebase(FrameRate.parse("29.97df"))}
#: Characters of a caption's text in the table.
_TEXT = 56


@click.command("check")
@click.argument("sources", metavar="FILE…", nargs=-1, required=True, type=_PATH)
@click.option(
    "--style", default=AUTO, metavar="NAME", help="Style guide, or auto: the one of the language. Default: auto."
)
@click.option(
    "--fps", metavar="RATE", help="Frame rate: 25, 23.976, 29.97df … Default: the one all times lie on, if any."
)
@options.start_timecode
@click.option("--language", metavar="TAG", help="Language, as yue. Default: what the file says, else found out.")
@click.option("--encoding", metavar="NAME", help="Encoding, as cp1252. Default: found out.")
@options.film
@click.option("--csv", "csv_out", type=_PATH, metavar="OUT", help="Write the issues as a table.")
@click.option("--html", "html_out", type=_PATH, metavar="OUT", help="Write a page for the browser.")
@click.option("--fix", "mend", is_flag=True, help="Mend what can be mended without changing words; list the rest.")
@click.option(
    "-o", "--out", "out", type=_PATH, metavar="OUT",
    help="With --fix: the mended file, or a folder. Default: beside the file, as NAME.fixed.srt.",
)  # fmt: skip
@click.option("--in-place", "--in_place", "in_place", is_flag=True, help="With --fix: replace the file itself.")
@click.option("--strict", is_flag=True, help="Exit with 1 for advice too.")
@options.as_json
def check(
    sources: tuple[Path, ...], csv_out: Path | None, html_out: Path | None, strict: bool, as_json: bool, **values: Any
) -> int:
    """Hold subtitle FILEs of any format, ours or anyone's, against a style guide.

    Every violation is listed with time, rule, value and limit, and what the guide only advises as well. Exit code: 0
    where nothing breaks the style (advice is no violation), 1 where something does, after --fix where something is
    left, or a file of several cannot be read; 2 for wrong use.
    """
    if not values["mend"] and (values["out"] or values["in_place"]):
        raise BadValue("-o and --in-place are for mended files.", value=values["out"], remedy="Add --fix.")
    if values["out"] and values["in_place"]:
        raise BadValue("-o and --in-place exclude each other.", value=values["out"])
    paths = list(_expanded(sources))
    if len(paths) > 1 and values["out"] is not None and values["out"].suffix and not values["out"].is_dir():
        raise BadValue(f"{values['out']} cannot be {len(paths)} files.", value=values["out"], remedy="Give a folder.")
    shots = cuts(values["film"], quiet=as_json)
    outputs: dict[str, Path] = {}
    checked: list[Checked] = []
    unread: list[str] = []
    with measured() as cost, reporting(quiet=True):
        for path in paths:
            try:
                checked.append(_one(path, shots, values, outputs))
            except AudiopostError as error:
                if len(paths) == 1 or isinstance(error, UsageError):
                    raise
                unread.append(f"{path}: {error}")
                say(f"error: {unread[-1]}")
    if csv_out is not None:
        outputs["csv"] = write_csv(csv_out, checked)
    if html_out is not None and checked:
        outputs["html"] = write_page(html_out, checked)
    with quiet_stdout() as stdout:
        if as_json:
            print_json(_data(checked, outputs, float(cost["seconds"]), unread), stdout)
        else:
            for each in checked:
                stdout.writelines(f"{line}\n" for line in _lines(each))
            stdout.writelines(f"{path}\n" for path in outputs.values())
    return int(bool(unread) or any(each.violations or (strict and each.advice) for each in checked))


def _expanded(sources: Sequence[Path]) -> Iterator[Path]:
    """The files; patterns that no shell has expanded are ours to expand. Raises InputError."""
    for source in sources:
        if source.exists() or not glob.has_magic(str(source)):
            yield source
            continue
        found = sorted(glob.glob(str(source), recursive=True))
        if not found:
            raise InputError(f"No file is called {source}.", value=str(source))
        yield from map(Path, found)


def cuts(film: Path | None, *, quiet: bool) -> tuple[float, ...]:
    """The shot changes of a film in seconds; none without one. Raises UnreadableMedia."""
    if film is None:
        return ()
    from ..analysis.shot_changes import shot_changes

    with reporting(quiet=quiet) as progress:
        return tuple(shot_changes(film, progress)[0])


def _one(path: Path, shots: tuple[float, ...], values: dict[str, Any], outputs: dict[str, Path]) -> Checked:
    """One file checked, and mended where asked; the mended file joins `outputs`."""
    from ..subtitles import check as issues_of
    from ..subtitles import kind_of, load_captions, load_style, losses
    from ..subtitles.check import guess_rate
    from ..subtitles.fix import fix
    from ..subtitles.reader import transcript_of

    loaded = load_captions(path, encoding=values["encoding"], language=values["language"], labels=False)
    rate = FrameRate.parse(values["fps"]) if values["fps"] else guess_rate(loaded.captions)
    if rate is None and values["start_timecode"]:
        raise BadValue("A start timecode counts frames.", value=values["start_timecode"], remedy="Add --fps.")
    timebase = None if rate is None else Timebase(rate, values["start_timecode"] or "00:00:00:00")
    transcript = transcript_of(loaded)
    style = load_style(style_for(transcript) if values["style"] == AUTO else values["style"])
    notes = list(loaded.warnings)
    if rate is not None and not values["fps"]:
        notes.append(f"All times lie on the frames of {rate} a second, which was taken.")
    if shots and not style.snap_s:
        notes.append(f"{style.name} has no rule on shot changes.")
    checked = Checked(path.name, loaded.captions, (), style, loaded.language, timebase, None, tuple(notes))
    if not values["mend"]:
        issues = issues_of(loaded.captions, style, timebase, shots=shots, language=loaded.language, advice=True)
        return replace(checked, issues=issues)
    fixed = fix(loaded.captions, style, timebase, shots=shots, language=loaded.language)
    written, kind = _save(path, values, fixed.captions, transcript, timebase)
    outputs[f"fixed {path.name}"] = written
    if kind != kind_of(path):
        notes += losses(fixed.captions, transcript, kind)
    return replace(checked, captions=fixed.captions, issues=fixed.left, mended=fixed.mended, notes=tuple(notes))


def _save(
    path: Path, values: dict[str, Any], captions: tuple[Caption, ...], transcript: Transcript, timebase: Timebase | None
) -> tuple[Path, str]:
    """The mended file in the format of its source, or in that which -o names; and the format. Raises OutputError."""
    from ..subtitles import kind_of, render, save, write

    kind = kind_of(path)
    timebase = timebase or _USUAL.get(kind, TIMEBASE_25)
    out: Path | None = values["out"]
    if values["in_place"]:
        return write(path, captions, transcript, kind, timebase=timebase), kind
    if out is not None and out.suffix and not out.is_dir():
        if out.exists() and out.samefile(path):
            raise OutputError(f"{out} is the file itself.", value=str(out), remedy="Say so with --in-place.")
        kind = kind if out.suffix.lower() == path.suffix.lower() else kind_of(out, writing=True)
        target, suffix = Target(path, out.parent, base=out.stem), out.suffix
    else:
        target = Target(path, make_folder(out) if out is not None else path.parent)
        suffix = path.suffix if out is not None else f".fixed{path.suffix}"
    content = render(captions, transcript, kind, timebase=timebase, name=target.base)
    written = save(target.path("fixed", suffix), content)
    target.settle()
    return written, kind


def _lines(checked: Checked) -> Iterator[str]:
    """The table of one file and its sums."""
    yield f"{checked.name}: {_count(len(checked.captions), 'caption')}, style {checked.style.name}"
    yield from (f"note: {note}" for note in checked.notes)
    cells = [
        (
            checked.at(issue.start_s),
            str(issue.caption),
            issue.rule + ("" if issue.severity == "error" else " (advice)"),
            _short(issue.value),
            _short(issue.limit),
            checked.text(issue)[:_TEXT],
        )
        for issue in checked.issues
    ]
    if cells:
        table = [("time", "caption", "rule", "value", "limit", "text"), *cells]
        wide = [max(len(row[n]) for row in table) for n in range(5)]
        for row in table:
            aligned = (f"{cell:{'<' if n == 2 else '>'}{wide[n]}}" for n, cell in enumerate(row[:5]))
            yield f"{'  '.join(aligned)}  {row[5]}".rstrip()
    if checked.mended is not None:
        yield f"{_count(len(checked.mended), 'issue')} mended{_by_rule(checked.mended)}"
    errors = [issue for issue in checked.issues if issue.severity == "error"]
    advice = [issue for issue in checked.issues if issue.severity != "error"]
    yield f"{_count(len(errors), 'violation')}{_by_rule(errors)}, {len(advice)} to think about{_by_rule(advice)}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _by_rule(issues: Sequence[CaptionIssue]) -> str:
    counts = Counter(issue.rule for issue in issues)
    return f" ({', '.join(f'{rule} {n}' for rule, n in counts.most_common())})" if counts else ""


def _short(value: float | str | None) -> str:
    """A cell of the table: numbers as they are, text cut to what tells it apart."""
    if value is None:
        return ""
    return f"{value:g}" if isinstance(value, float) else repr(value[:12])


def _data(files: Sequence[Checked], outputs: dict[str, Path], seconds: float, unread: Sequence[str]) -> dict[str, Any]:
    return {
        "input": [each.name for each in files],
        "duration_s": max((c.end_s for each in files for c in each.captions), default=0.0),
        "backend": "check",
        "outputs": {kind: str(path) for kind, path in outputs.items()},
        "seconds": {"check": seconds},
        "warnings": [*unread, *(f"{each.name}: {note}" for each in files for note in each.notes)],
        "files": [
            {
                "file": each.name,
                "style": each.style.name,
                "language": each.language,
                "fps": str(each.timebase.rate) if each.timebase else None,
                "captions": len(each.captions),
                "violations": each.violations,
                "advice": each.advice,
                "issues": rows(each),
                "mended": None if each.mended is None else to_json(each.mended),
            }
            for each in files
        ],
    }
