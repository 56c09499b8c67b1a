"""Flags out of Options: every field of a stage's Options is a flag of its command."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from ..core.options import OptionSpec, describe
from ..io.encode import Encoding

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def flag(spec: OptionSpec) -> Decorator:
    """`--name` (dashes and underscores both) for one option; the value is checked by the stage, not by click."""
    dashed, plain = f"--{spec.name.replace('_', '-')}", f"--{spec.name}"
    limits = f" [{spec.range_text}]" if spec.range_text else ""
    shown = "" if spec.default in (None, "") else f" Default: {spec.default}."
    text = f"{spec.help}{limits}.{shown}"
    if spec.kind is bool:
        return click.option(f"{dashed}/--no-{dashed[2:]}", spec.name, default=None, help=text)
    names = [dashed] if dashed == plain else [dashed, plain]
    return click.option(*names, spec.name, default=None, metavar=spec.kind.__name__.upper(), help=text)


def stage_flags(options_type: type[Any], *, only: Sequence[str] = (), without: Sequence[str] = ()) -> Decorator:
    """The flags of a stage's Options: all, or those named in `only`, or all but `without`."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for spec in reversed(describe(options_type)):
            if spec.name not in without and (not only or spec.name in only):
                function = flag(spec)(function)
        return function

    return decorate


def given(options_type: type[Any], values: dict[str, Any]) -> dict[str, Any]:
    """Of a command's values those that are set and belong to the Options."""
    names = {spec.name for spec in describe(options_type)}
    return {name: value for name, value in values.items() if name in names and value is not None}


#: Whether it can be read is found out on use, with our message and exit code.
_PATH = click.Path(path_type=Path, readable=False)

media = click.argument("source", metavar="IN", type=_PATH)
out_required = click.option(
    "-o", "--out", "--output-dir", "--output_dir", "out", type=_PATH, required=True, metavar="DIR",
    help="Folder for the results; made if need be.",
)  # fmt: skip
out_optional = click.option(
    "-o", "--out", "--output-dir", "--output_dir", "out", type=_PATH, metavar="DIR",
    help="Folder for the results; without it nothing is written.",
)  # fmt: skip
as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout and nothing else.")
only = click.option(
    "--only",
    multiple=True,
    metavar="WHAT",
    help="Deliver only these: audio, film, subtitles, lists, cues, record, or one such as subtitles.srt, audio.master.",
)
fps = click.option("--fps", metavar="RATE", help="Frame rate: 25, 23.976, 29.97df … Default: the file's own, else 25.")
start_timecode = click.option(
    "--start-timecode", "--start_timecode", metavar="HH:MM:SS:FF",
    help="Timecode of the first frame. Default: the file's own tmcd or bext, else 00:00:00:00.",
)  # fmt: skip
transcript = click.option(
    "--transcript", type=_PATH, metavar="FILE",
    help="Use the words of this JSON, SRT, VTT, ASS or TTML file.",
)  # fmt: skip
film = click.option(
    "--film", type=_PATH, metavar="FILM", help="The film, for styles that want times to keep to its shot changes."
)
#: How the sound files are written; a film is delivered by the main job alone.
encoding = stage_flags(Encoding, without=("film_codec",))
film_encoding = stage_flags(Encoding)
