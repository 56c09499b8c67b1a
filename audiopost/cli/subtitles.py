"""`audiopost subtitles`: lay out, check and convert."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click

from ..core.errors import BadValue
from ..core.options import build
from ..core.serial import to_json
from ..core.time import FrameRate, Timebase, clock
from ..io.atomic import make_folder
from ..pipeline.choice import SUBTITLE_FORMATS
from ..pipeline.deliver import chosen_formats
from ..pipeline.measure import measured
from ..pipeline.target import Target
from ..stages.subtitles import BACKENDS, Options, subtitles
from . import options
from .console import print_json, quiet_stdout, reporting
from .subtitles_check import check, cuts

_PATH = click.Path(path_type=Path, readable=False)


class _Subtitles(click.Group):
    """Takes `layout` for granted where no subcommand is named: 'audiopost subtitles IN -o DIR'."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in (*self.commands, *ctx.help_option_names):
            args = ["layout", *args]
        return super().parse_args(ctx, args)


@click.group("subtitles", cls=_Subtitles)
def _subtitles() -> None:
    """Lay out, check and convert a transcript or subtitle file.

    'audiopost subtitles IN …' is 'audiopost subtitles layout IN …'.
    """


_subtitles.add_command(check)


@_subtitles.command("layout")
@options.media
@options.out_optional
@options.stage_flags(Options)
@click.option(
    "-f", "--format", "--output-format", "--output_format", "kinds", multiple=True, metavar="FORMAT",
    help=f"What to write: {', '.join(SUBTITLE_FORMATS)} …, or all that can hold the text; may be given more than "
    f"once. Default: {', '.join(SUBTITLE_FORMATS)}.",
)  # fmt: skip
@click.option("--encoding", metavar="NAME", help="Encoding of IN, as cp1252. Default: found out.")
@click.option(
    "--translation", type=_PATH, metavar="FILE",
    help="The same in another language, as JSON or a subtitle file: the other line of a bilingual style.",
)  # fmt: skip
@options.film
@options.fps
@options.start_timecode
@options.as_json
def _layout(
    source: Path,
    out: Path | None,
    kinds: tuple[str, ...],
    encoding: str | None,
    translation: Path | None,
    film: Path | None,
    fps: str | None,
    start_timecode: str | None,
    as_json: bool,
    **values: Any,
) -> None:
    """Lay out IN (a transcript as JSON, or any subtitle file) in a style, check it, and write it to DIR.

    Without -o it only checks. A recording is first transcribed: 'audiopost transcribe'.
    """
    from ..subtitles import read, render, save, suffix_of
    from ..subtitles.formats import counted

    wanted, every = chosen_formats(kinds)
    timebase = _timebase(fps, start_timecode)
    chosen = build(Options, options.given(Options, values), "subtitles.")
    transcript = read(source, encoding=encoding)
    other = read(translation, encoding=encoding) if translation is not None else None
    shots = cuts(film, quiet=as_json)
    _, choice = BACKENDS.choose(chosen)
    with measured() as cost, reporting(quiet=True):
        captions, issues = subtitles(transcript, timebase, chosen, translation=other, shots=shots)
    outputs: dict[str, Path] = {}
    notes: list[str] = []
    if out is not None:
        target = Target(source, make_folder(out))
        with reporting(quiet=True):
            for kind in wanted:
                try:
                    content = render(captions, transcript, kind, timebase=timebase, name=target.base)
                except BadValue as error:
                    if not every:
                        raise
                    notes.append(f"{kind} was left out: {error}")
                    continue
                save(target.path(kind, suffix_of(kind)), content)
            target.settle()
        outputs = target.outputs
    with quiet_stdout() as stdout:
        if as_json:
            print_json(
                {
                    "input": str(source),
                    "duration_s": max((c.end_s for c in captions), default=0.0),
                    "backend": choice.backend,
                    "outputs": {kind: str(path) for kind, path in outputs.items()},
                    "seconds": {"subtitles": cost["seconds"]},
                    "warnings": notes,
                    "captions": to_json(captions),
                    "issues": to_json(issues),
                },
                stdout,
            )
            return
        for issue in issues:
            stdout.write(f"{clock(issue.start_s, 2):>10}  caption {issue.caption}: {issue.rule}, {issue.detail}\n")
        stdout.write(f"{counted(len(captions), 'caption')}, {len(issues)} against the style\n")
        stdout.writelines(f"{kind:<11} {path}\n" for kind, path in outputs.items())
        stdout.writelines(f"note: {note}\n" for note in notes)


def _timebase(fps: str | None, start_timecode: str | None) -> Timebase:
    return Timebase(FrameRate.parse(fps or "25"), start_timecode or "00:00:00:00")


@_subtitles.command("convert")
@click.argument("source", metavar="A", type=_PATH)
@click.argument("target", metavar="B", type=_PATH)
@click.option("--from", "kind_from", default="", metavar="FORMAT", help="Format of A. Default: by its suffix.")
@click.option("--to", "kind_to", default="", metavar="FORMAT", help="Format of B. Default: by its suffix.")
@click.option(
    "--style", metavar="NAME", help="Lay the text out anew in this style. Default: captions stay as they are."
)
@click.option(
    "--fps",
    metavar="RATE",
    help="Frame rate of the film that B is for: what --style, STL and SCC count in. Default: 25.",
)
@click.option(
    "--fps-from", "--fps_from", metavar="RATE",
    help="Frame rate of the film that A was made for, where it now runs at --fps: times are stretched, as with "
    "--fps-from 25 --fps 23.976. Default: times stay.",
)  # fmt: skip
@click.option(
    "--offset", default="0", metavar="TIME",
    help="Moves everything later, or earlier with a minus: seconds as -3600 or 1.5, or a timecode as -01:00:00:00.",
)  # fmt: skip
@click.option("--encoding", metavar="NAME", help="Encoding of A, as cp1252. Default: found out.")
@click.option("--language", metavar="TAG", help="Language of A, as yue. Default: what it says, else found out.")
@click.option("--speakers/--no-speakers", default=True, help="Keep the names of speakers. Default: yes.")
@options.start_timecode
@options.as_json
def _convert(
    source: Path, target: Path, kind_to: str, fps: str | None, fps_from: str | None, start_timecode: str | None,
    offset: str, as_json: bool, **values: Any,
) -> None:  # fmt: skip
    """Write the subtitle file A as B, in another format, at other times or in another style; say what was lost."""
    from ..subtitles import converted, kind_of, save
    from ..subtitles.formats import FRAMED

    timebase = _timebase(fps, start_timecode)
    kind_to = kind_to or kind_of(target, writing=True)
    content, lost = converted(
        source,
        kind_to,
        name=target.stem,
        timebase=timebase,
        rate_from=FrameRate.parse(fps_from) if fps_from else None,
        offset_s=_offset(offset, timebase.rate),
        **values,
    )
    if fps and not fps_from and values["style"] is None and kind_to not in FRAMED:
        lost.append(f"{kind_to} counts no frames, and no time was changed: --fps-from says what rate A was made for.")
    with reporting(quiet=True):
        place = Target(source, target.parent, base=target.stem)
        save(place.path("subtitles", target.suffix), content)
        place.settle()
    with quiet_stdout() as stdout:
        if as_json:
            print_json({"input": str(source), "outputs": {"subtitles": str(target)}, "warnings": lost}, stdout)
            return
        stdout.write(f"{target}\n")
        stdout.writelines(f"note: {note}\n" for note in lost)


def _offset(text: str, rate: FrameRate) -> float:
    """Seconds of '-3600', '1.5' or '-01:00:00:00'. Raises BadValue."""
    clean = text.strip()
    if re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)", clean):
        return float(clean)
    seconds = rate.seconds_at(rate.parse_timecode(clean.lstrip("+-")))
    return -seconds if clean.startswith("-") else seconds


@_subtitles.command("styles")
@click.argument("name", required=False)
@options.as_json
def _styles(name: str | None, as_json: bool) -> None:
    """List the style guides with their numbers, or show one (a name or a .toml file) whole."""
    from ..subtitles import load_style, style_names

    styles = [load_style(each) for each in ((name,) if name else style_names())]
    with quiet_stdout() as stdout:
        if as_json:
            print_json({"styles": to_json(styles)}, stdout)
            return
        if name:
            stdout.writelines(f"{field} = {value!r}\n" for field, value in to_json(styles[0]).items())
            return
        head = ("name", "lines", "duration", "gap", "chain")
        stdout.write("{:<17} {:>5} {:>13} {:>4} {:>7}  characters a line, and a second\n".format(*head))
        for style in styles:
            limits = {"": style.limits, **style.languages}
            each = ", ".join(f"{key} {of.cpl:g} at {of.cps:g}".strip() for key, of in limits.items())
            duration = f"{style.min_duration_s:.2f} to {style.max_duration_s:g} s"
            numbers = f"{style.max_lines:>5} {duration:>13} {style.gap_frames:>4} {style.chain_s:>5.2f} s"
            stdout.write(f"{style.name:<17} {numbers}  {each}\n")


def command(_: str) -> click.Command:
    return _subtitles
