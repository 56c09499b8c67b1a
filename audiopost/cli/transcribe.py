"""`audiopost transcribe`: recordings to subtitle files; takes the flags that users of whisper and WhisperX know."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from ..core.errors import AudiopostError, BadValue
from ..core.options import build
from ..core.project import Project
from ..core.stage import Progress
from ..core.time import clock
from ..delivery.figures import notes_on
from ..io import scratch
from ..io.atomic import make_folder
from ..io.decode import load
from ..pipeline import apply, deliver
from ..pipeline.choice import SUBTITLE_FORMATS
from ..pipeline.target import Target
from ..stages.diarise import Options as Diarise
from ..stages.subtitles import Options as Subtitles
from ..stages.transcribe import Options as Transcribe
from ..subtitles.formats import FORMATS
from . import options, results
from .console import print_json, quiet_stdout, reporting, say
from .languages import tag_of

_SPEAKERS = ("speakers", "min_speakers", "max_speakers", "cast", "consent")
#: Some of several recordings failed.
_PARTIAL_FAILURE = 3


@click.command("transcribe")
@click.argument("sources", metavar="IN…", nargs=-1, required=True, type=click.Path(path_type=Path, readable=False))
@click.option(
    "-o", "--out", "--output-dir", "--output_dir", "out", type=click.Path(path_type=Path, readable=False),
    metavar="DIR",
    help="Folder for the results. Default: this folder where -f is given, else the text is only printed.",
)  # fmt: skip
@click.option(
    "-f", "--format", "--output-format", "--output_format", "kinds", multiple=True, metavar="FORMAT",
    help=f"What to write: {', '.join(FORMATS)}, or all that can hold the text; may be given more "
    f"than once. Default: {', '.join(SUBTITLE_FORMATS)}.",
)  # fmt: skip
@options.stage_flags(Transcribe, without=("pull",))
@click.option(
    "--pull/--no-pull",
    default=True,
    show_default=True,
    help="Fetch a model that is named and not here, as users of whisper expect.",
)
@click.option(
    "--vad-method", "--vad_method", "vad_method", type=click.Choice(("silero", "pyannote", "none")), default=None,
    help="Speech detector. audiopost has one, Silero: pyannote is taken and answered by it, none is --no-vad.",
)  # fmt: skip
@click.option("--diarize", "--diarise", "diarise", is_flag=True, help="Tell the speakers apart.")
@options.stage_flags(Diarise, only=_SPEAKERS)
@click.option(
    "--diarize-model", "--diarize_model", "diarise_model", metavar="MODEL", default="",
    help="pyannote's pipeline: a folder or hub id. Default: the best one here.",
)  # fmt: skip
@options.stage_flags(Subtitles, without=("backend",))
@click.option(
    "--highlight-words", "--highlight_words", "highlight", type=bool, is_flag=False, flag_value=True, default=False,
    metavar="[BOOL]", help="Underline each word as it is said, in SRT and VTT.",
)  # fmt: skip
@click.option("--hf-token", "--hf_token", metavar="TOKEN", help="Access to gated models. Default: HF_TOKEN.")
@options.fps
@options.start_timecode
@options.as_json
def _transcribe(
    sources: tuple[Path, ...], out: Path | None, kinds: tuple[str, ...], as_json: bool, **values: Any
) -> int:
    """Speech to text with word times: subtitles in every format. Several recordings are taken one after the other."""
    wanted, every = deliver.chosen_formats(kinds)
    if out is None and kinds:
        out = Path()
    plan = _plan(values)
    printed: list[dict[str, Any]] = []
    failed: list[dict[str, str]] = []
    with quiet_stdout() as stdout:
        for source in sources:
            try:
                with reporting(quiet=as_json) as progress:
                    project, outputs = _one(source, out, wanted, every, plan, values, progress)
            except AudiopostError as error:
                if len(sources) == 1 or (error.exit_code == 2 and source is sources[0]):
                    raise  # wrong use is wrong for all; what only a later one refuses is its own
                say(f"error: {source}: {error}")
                failed.append({"input": str(source), "error": str(error)})
                continue
            if as_json:
                printed.append(_data(project, outputs))
            else:
                stdout.writelines(f"{line}\n" for line in _lines(project, outputs))
        if as_json:
            print_json(printed[0] if len(sources) == 1 else {"results": printed, "failures": failed}, stdout)
    if not failed:
        return 0
    return _PARTIAL_FAILURE if len(failed) < len(sources) else 1


def _plan(values: dict[str, Any]) -> list[tuple[str, Any]]:
    """The stages and their Options. Raises UsageError's kinds."""
    if values.get("hf_token"):
        os.environ["HF_TOKEN"] = values["hf_token"]
    if values.get("language"):
        values["language"] = tag_of(values["language"])
    if values["vad_method"] == "none":
        values["vad"] = False
    elif values["vad_method"] == "pyannote":
        say("note: audiopost detects speech with Silero; pyannote's detector is not used")
    plan: list[tuple[str, Any]] = [("transcribe", build(Transcribe, options.given(Transcribe, values), "transcribe."))]
    speakers = {name: values[name] for name in _SPEAKERS if values.get(name) is not None}
    if speakers and not values["diarise"]:
        raise BadValue(
            f"{', '.join('--' + name.replace('_', '-') for name in speakers)} asks for speakers.",
            value=tuple(speakers),
            remedy="Add --diarize.",
        )
    if values["diarise"]:
        named = {"backend": "pyannote", "model": values["diarise_model"]} if values["diarise_model"] else {}
        device = {"device": values["device"]} if values.get("device") else {}
        plan.append(("diarise", build(Diarise, {**speakers, **named, **device}, "diarise.")))
    layout = {name: value for name, value in options.given(Subtitles, values).items() if name != "backend"}
    plan.append(("subtitles", build(Subtitles, layout, "subtitles.")))
    return plan


def _one(
    source: Path,
    out: Path | None,
    kinds: tuple[str, ...],
    every: bool,
    plan: list[tuple[str, Any]],
    values: dict[str, Any],
    progress: Progress,
) -> tuple[Project, dict[str, Path]]:
    with _work(source, out):
        project = load(source, fps=values["fps"], start_timecode=values["start_timecode"])
        for name, chosen in plan:
            project = apply(project, name, chosen, progress)
        if out is None:
            return project, {}
        target = Target(source, out)
        deliver.write_captions(project, target, kinds, skip_refused=every, highlight=values["highlight"])
        deliver.write_lists(project, target)
        target.settle()
        return project, target.outputs


@contextlib.contextmanager
def _work(source: Path, out: Path | None) -> Iterator[None]:
    """A folder beside the results where half done work waits: the same command goes on from there.

    Where nothing was done yet, nothing stays behind, the folder for the results neither if it was not there before.
    """
    if out is None:
        yield
        return
    new = not out.exists()
    work = out / f".{source.stem}.audiopost"
    make_folder(out)  # before the work: what cannot be written is told at once
    make_folder(work)
    try:
        with scratch.using(work):
            yield
    except BaseException:
        if any(work.glob("*.jsonl")):
            say("what is transcribed so far is kept: the same command goes on from there")
            raise
        shutil.rmtree(work, ignore_errors=True)
        if new:
            with contextlib.suppress(OSError):
                out.rmdir()
        raise
    shutil.rmtree(work, ignore_errors=True)


def _data(project: Project, outputs: dict[str, Path]) -> dict[str, Any]:
    step = project.step("transcribe")
    assert step is not None
    seconds = {s.stage: float((s.timing or {}).get("seconds", 0.0)) for s in project.steps}
    base = results.base(project, step.backend, outputs, seconds, notes_on(project))
    speakers = results.speakers(project) if project.turns is not None else {}
    return {**base, **results.transcript(project), **speakers}


def _lines(project: Project, outputs: dict[str, Path]) -> list[str]:
    """The files, or the captions where none are written; then what a person should know."""
    made = results.files(outputs)
    if not outputs:
        for caption in project.captions or ():
            who = f"{caption.speaker}: " if caption.speaker else ""
            made.append(f"[{clock(caption.start_s, 3)} --> {clock(caption.end_s, 3)}] {who}{' '.join(caption.lines)}")
    remarks = project.transcript.remarks if project.transcript else ()
    for r in remarks:
        told = f"{r.text} ({r.detail})" if r.text and r.detail else r.text or r.detail
        made.append(f"{'' if r.start_s is None else clock(r.start_s, 1):>9}  {r.kind}: {told}")
    return made + [f"note: {warning}" for warning in notes_on(project)]


def command(_: str) -> click.Command:
    return _transcribe
