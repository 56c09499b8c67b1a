"""`audiopost subtitles`: lay out, check and convert."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ..core.errors import UnknownName
from ..core.serial import to_json
from ..core.time import FrameRate, Timebase, clock
from ..io.atomic import make_folder
from ..pipeline.deliver import SUBTITLE_FORMATS
from ..pipeline.measure import measured
from ..pipeline.target import Target
from ..stages.subtitles import Options, subtitles
from . import options
from .console import print_json, quiet_stdout


@click.command("subtitles")
@options.media
@options.out_optional
@options.stage_flags(Options)
@click.option(
    "-f", "--format", "--output-format", "--output_format", "kinds", multiple=True, metavar="FORMAT",
    help=f"What to write: {', '.join(SUBTITLE_FORMATS)} or all; may be given more than once. Default: all.",
)  # fmt: skip
@click.option("--encoding", metavar="NAME", help="Encoding of IN, as cp1252. Default: found out.")
@options.fps
@options.start_timecode
@options.as_json
def _subtitles(
    source: Path,
    out: Path | None,
    kinds: tuple[str, ...],
    encoding: str | None,
    fps: str | None,
    start_timecode: str | None,
    as_json: bool,
    **values: Any,
) -> None:
    """Lay out IN (a transcript as JSON, or SRT, VTT, ASS, TTML) in a style, check it, and write it to DIR.

    Without -o it only checks. A recording is first transcribed: 'audiopost transcribe'.
    """
    from ..subtitles import FORMATS, read, write

    wanted = tuple(SUBTITLE_FORMATS) if not kinds or "all" in kinds else kinds
    for kind in wanted:
        if kind not in FORMATS:
            raise UnknownName("subtitle format", kind, ("all", *FORMATS))
    rate = FrameRate.parse(fps or "25")
    timebase = Timebase(rate, start_timecode or "00:00:00:00")
    transcript = read(source, encoding=encoding)
    with measured() as cost:
        captions, issues = subtitles(transcript, timebase, **options.given(Options, values))
    outputs = {}
    if out is not None:
        target = Target(source, make_folder(out))
        for kind in wanted:
            write(target.path(kind, f".{kind}"), captions, transcript, kind)
        target.settle()
        outputs = target.outputs
    with quiet_stdout() as stdout:
        if as_json:
            print_json(
                {
                    "input": str(source),
                    "duration_s": max((c.end_s for c in captions), default=0.0),
                    "backend": "layout",
                    "outputs": {kind: str(path) for kind, path in outputs.items()},
                    "seconds": {"subtitles": cost["seconds"]},
                    "warnings": [],
                    "captions": to_json(captions),
                    "issues": to_json(issues),
                },
                stdout,
            )
            return
        for issue in issues:
            stdout.write(f"{clock(issue.start_s, 2):>10}  caption {issue.caption}: {issue.rule}, {issue.detail}\n")
        stdout.write(f"{len(captions)} captions, {len(issues)} against the style\n")
        stdout.writelines(f"{kind:<11} {path}\n" for kind, path in outputs.items())


def command(_: str) -> click.Command:
    return _subtitles
