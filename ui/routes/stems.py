"""The stems: faders, the null test, mixing down, and sound as files that are made while they are sent."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from audiopost.core.audio import Audio
from audiopost.core.stage import Progress
from audiopost.io.atomic import guarded
from audiopost.io.encode import Encoding, wav_content, write_sound
from audiopost.workspace import Desk, Folder, stems
from audiopost.workspace.names import safe_name
from audiopost.workspace.runs import MIXDOWN
from audiopost.workspace.stems import Fader, fader_of

from ..jobs import kind
from .base import FROM_US, DeskOf, JobsOf, VisitorOf
from .media import TrackOf

router = APIRouter(prefix="/audiopost", tags=["stems"])

Format = Literal["wav", "wav-float", "flac"]
#: Seconds that a question waits for a null test: short recordings are done by then.
_PATIENCE_S = 0.5
_CHUNK = 1 << 20


class Place(BaseModel):
    gain_db: Annotated[float, Field(ge=stems.LOWEST_DB, le=stems.HIGHEST_DB, allow_inf_nan=False)] = 0.0
    muted: bool = False


class Places(BaseModel):
    faders: dict[Annotated[str, Field(max_length=100)], Place]

    def of_stems(self) -> dict[str, Fader]:
        return {name: Fader(**place.model_dump()) for name, place in self.faders.items()}


@router.get("/stems")
def overview(desk: DeskOf) -> dict[str, Any]:
    """The faders, and how far stems and mix null; `share` below 1 says that the null test still goes on."""
    project = desk.project
    tests, share = stems.null_tests(desk, _PATIENCE_S)
    return {
        "revision": desk.revision,
        "faders": {name: asdict(fader) for name, fader in stems.faders(desk).items()},
        "mixed_at": {name: asdict(fader) for name, fader in stems.mixed_at(project).items()},
        "lowest_db": stems.LOWEST_DB,
        "highest_db": stems.HIGHEST_DB,
        "is_float": project.media.is_float,
        "has_master": project.master is not None,
        "null": [asdict(test) | {"nulls": test.nulls} for test in tests],
        "null_dbfs": stems.NULL_DBFS,
        "share": share,
    }


@router.post("/stems/faders", dependencies=FROM_US)
def move_faders(places: Places, desk: DeskOf) -> dict[str, Any]:
    """Keeps where faders stand."""
    stems.set_faders(desk, places.of_stems())
    return {"revision": desk.revision}


@router.post("/stems/mixdown", dependencies=FROM_US)
def begin_mixdown(places: Places, desk: DeskOf, visitor: VisitorOf, jobs: JobsOf) -> dict[str, Any]:
    """Mixes the stems as the faders stand into the clean mix, as a job."""
    stems.set_faders(desk, places.of_stems())
    now = {name: asdict(fader) for name, fader in stems.faders(desk).items()}
    stems.summed(stems.strips(desk.project), stems.faders(desk))  # told at once where all are muted
    master = desk.project.master is not None
    return jobs.submit(visitor.folder, MIXDOWN, desk.name, faders=now, master=master).shown()


@kind(MIXDOWN, steps=lambda settings: {MIXDOWN: 1.0, **({"loudness": 2.0} if settings.get("master") else {})})
def _mix_down(folder: Folder, settings: dict[str, Any], report: Progress) -> dict[str, Any]:
    desk = folder.open(settings["recording"])
    places = {name: fader_of(place) for name, place in settings["faders"].items()}
    made = stems.mix_down(desk, "stems.did_mix", places, report)
    loud = made.report
    return {
        "lufs": loud.integrated_lufs if loud else None,
        "peak_dbtp": loud.true_peak_dbtp if loud else None,
        "peak_dbfs": made.peak_dbfs,
        "master": desk.project.master is not None,
    }


@router.get("/stems/mix")
def mix_file(desk: DeskOf, form: Format = "wav") -> StreamingResponse:
    """The stems as the faders stand, mixed while they are sent."""
    mix = stems.summed(stems.strips(desk.project), stems.faders(desk))
    return _sent(desk, "mix", mix, form)


@router.get("/stems/file")
def track_file(desk: DeskOf, track: TrackOf, form: Format = "wav") -> StreamingResponse:
    """A track as a file: 24 bits, 32 bit float or FLAC."""
    return _sent(desk, track.key, track.audio, form)


def _sent(desk: Desk, what: str, audio: Audio, form: Format) -> StreamingResponse:
    suffix = "flac" if form == "flac" else "wav"
    depth = "FLOAT" if form == "wav-float" else "PCM_24"
    content = _flac(desk, audio) if form == "flac" else wav_content(audio, depth)
    name = safe_name(f"{desk.name}.{what}.{suffix}")
    headers = {
        "content-disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        "cache-control": "private, no-store",
    }
    return StreamingResponse(content, media_type=f"audio/{suffix}", headers=headers)


def _flac(desk: Desk, audio: Audio) -> Iterator[bytes]:
    """The bytes of a FLAC, which says its length in front and so is made before it is sent; gone when it was."""
    with guarded(desk.work):
        folder = tempfile.TemporaryDirectory(prefix=".sending-", dir=desk.work)
    path = write_sound(Path(folder.name) / "sound.flac", audio, Encoding("flac"))

    def content() -> Iterator[bytes]:
        with folder, path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                yield chunk

    return content()
