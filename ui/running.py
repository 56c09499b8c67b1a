"""The job that runs a preset over a recording, and what it leaves: one change that can be undone."""

from __future__ import annotations

import shutil
from collections.abc import Collection
from typing import Any

from audiopost.core.stage import Progress
from audiopost.delivery.figures import figures
from audiopost.io.encode import Encoding
from audiopost.pipeline import process
from audiopost.presets import load
from audiopost.workspace import Desk, Folder, delivery
from audiopost.workspace.runs import changed_parts, taken_over, touched

from . import offer
from .jobs import Job, Jobs, kind

#: Seconds a minute of stereo sound takes, measured with what pip installs on two cores: how the bar is shared out.
_SECONDS = {
    "open": 1.0, "diagnose": 5.0, "restore": 9.5, "separate": 9.5, "denoise": 6.5, "transcribe": 8.0, "diarise": 22.5,
    "emotion": 0.5, "scenes": 0.5, "cues": 0.5, "subtitles": 0.2, "loudness": 1.0, "deliver": 4.0,
}  # fmt: skip


def begin(folder: Folder, jobs: Jobs, recording: str, *, keep: Collection[str] = (), deliver: bool = False) -> Job:
    """Queues a run of what is chosen in the folder. Raises UnknownName, BadValue before anything is queued."""
    folder.source(recording)
    chosen = offer.chosen(folder)
    offer.settled(chosen.preset, chosen.language, chosen.changed)
    return jobs.submit(
        folder, "run", recording, preset=chosen.preset, language=chosen.language, options=chosen.changed,
        keep=sorted(keep), deliver=deliver,
    )  # fmt: skip


def _steps(settings: dict[str, Any]) -> dict[str, float]:
    stages = ("open", *load(settings["preset"]).stages, *(["deliver"] if settings.get("deliver") else []))
    return {name: _SECONDS.get(name, 1.0) for name in stages}


def _discard(folder: Folder, settings: dict[str, Any]) -> None:
    """What a stopped run had finished: nothing of it is kept."""
    shutil.rmtree(folder.root / f".{settings['recording']}.audiopost" / "run", ignore_errors=True)


@kind("run", _steps, _discard)
def run(folder: Folder, settings: dict[str, Any], report: Progress) -> dict[str, Any]:
    """Runs the stages, then takes over what they made; captions or cues that people changed meanwhile stay."""
    desk = folder.open(settings["recording"], report)
    preset = offer.settled(settings["preset"], settings["language"], settings["options"])
    before, work = desk.project, desk.work / "run"
    if not settings.get("resume"):
        _discard(folder, settings)
    resume = (work / "project.json").exists()
    made = process(before, preset, work, resume=resume, progress=report)
    _lend(desk)
    now = desk.project
    keep = {*(set(settings["keep"]) & set(touched(now).parts)), *changed_parts(before, now)}
    desk.edit("project.did_run", lambda now: taken_over(now, made, keep), detail=preset.title)
    _return(desk)
    written = _delivered(desk, preset.encoding, report) if settings.get("deliver") else {}
    return {**figures(desk.project), "kept": sorted(keep), **written}


def _lend(desk: Desk) -> None:
    """Gives the sound that a run kept a second name in the recording's own folder: so it need not be copied."""
    for path in (desk.work / "run").glob("*.wav"):
        if not (desk.work / path.name).exists():
            try:
                (desk.work / path.name).hardlink_to(path)
            except OSError:  # a file system without links: the desk will copy it
                return


def _return(desk: Desk) -> None:
    """Removes what a run kept to go on from; what the Project reads from there stays."""
    work = desk.work / "run"
    (work / "project.json").unlink(missing_ok=True)
    for path in work.glob("*.wav"):
        if (desk.work / path.name).exists():
            path.unlink()
    if not any(work.iterdir()):
        work.rmdir()


def _delivered(desk: Desk, encoding: Encoding, report: Progress) -> dict[str, Any]:
    usual = [item.key for item in delivery.choices(desk.project) if item.usual and not item.needs]
    outcome = delivery.deliver(desk, "deliver.did_deliver", usual, encoding, report)
    return {"files": len(outcome.files), "remarks": list(outcome.remarks)}
