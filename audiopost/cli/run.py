"""`audiopost run`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ..delivery.figures import notes_on
from ..io.encode import Encoding
from . import options
from .console import print_json, quiet_stdout, reporting
from .results import base, run_summary


@click.command("run", short_help="The main job.")
@options.media
@click.option(
    "-p", "--preset", required=True, metavar="P", help="A preset's name (see 'audiopost presets'), or a .toml file."
)
@options.out_required
@click.option("--resume", is_flag=True, help="Go on from an earlier run into the same folder.")
@click.option("--set", "settings", multiple=True, metavar="STAGE.OPTION=VALUE", help="Change an option of the preset.")
@options.only
@options.film_encoding
@options.fps
@options.start_timecode
@options.as_json
def _run(
    source: Path,
    preset: str,
    out: Path,
    resume: bool,
    settings: tuple[str, ...],
    only: tuple[str, ...],
    fps: str | None,
    start_timecode: str | None,
    as_json: bool,
    **delivery: Any,
) -> None:
    """The main job: IN is a sound file or film, the results of preset P go to DIR."""
    from ..pipeline import run

    settings += tuple(f"deliver.{name}={value}" for name, value in options.given(Encoding, delivery).items())
    with quiet_stdout() as stdout:
        with reporting(quiet=as_json) as progress:
            result = run(
                source, preset, out, settings=settings, resume=resume, fps=fps, start_timecode=start_timecode,
                only=only, progress=progress,
            )  # fmt: skip
        if as_json:
            backends = {step.stage: step.backend for step in result.project.steps}
            print_json(base(result.project, backends, result.outputs, result.seconds, notes_on(result.project)), stdout)
        else:
            stdout.write(run_summary(result))


def command(_: str) -> click.Command:
    return _run
