"""The recording itself, opened at once the second time: what was decoded and hashed is kept."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..core.audio import Audio
from ..core.errors import BadValue
from ..core.project import MediaInfo, Project
from ..core.serial import from_json, to_json
from ..core.stage import Progress
from ..io import decode, scratch
from ..io.atomic import make_folder, write_text
from ..io.encode import write_wav
from ..io.scratch import SoundFileSource

log = logging.getLogger("audiopost")


def opened_source(source: Path, hidden: Path, progress: Progress) -> Project:
    """A bare Project of `source`. Compressed sound is kept decoded in `hidden`, with what the file says of itself.

    Raises InputError's kinds.
    """
    make_folder(hidden)
    noted, decoded = hidden / "source.json", hidden / "source.wav"
    stat = source.stat()
    stamp = [stat.st_size, stat.st_mtime_ns]
    if (known := _known(noted, stamp)) is not None:
        media, sha256, frames = known
        held = SoundFileSource(decoded if decoded.exists() else source)
        audio = Audio.backed(
            held, channels=media.channels, frames=frames, rate=media.rate, layout=media.layout, sha256=sha256
        )
        return Project(replace(media, path=str(source)), audio)
    progress("open", 0, 1)
    with scratch.using(hidden):
        project = decode.load(source)
    audio, media = project.audio, project.media
    # Where it lies in the file as samples it is read from there; else, and where samples were mended, from our copy.
    direct = isinstance(audio.source, SoundFileSource) and audio.source.path == source
    decoded.unlink(missing_ok=True)
    if not direct:
        write_wav(decoded, audio, "FLOAT")
        held = SoundFileSource(decoded)
        audio = Audio.backed(
            held, channels=audio.channels, frames=audio.frames, rate=audio.rate, layout=audio.layout,
            sha256=audio.sha256(),
        )  # fmt: skip
    note = {"stamp": stamp, "media": to_json(media), "sha256": audio.sha256(), "frames": audio.frames}
    write_text(noted, json.dumps(note, ensure_ascii=False) + "\n")
    progress("open", 1, 1)
    return replace(project, audio=audio)


def _known(noted: Path, stamp: list[int]) -> tuple[MediaInfo, str, int] | None:
    try:
        note: dict[str, Any] = json.loads(noted.read_text(encoding="utf-8"))
        if note["stamp"] != stamp:
            return None
        return from_json(MediaInfo, note["media"]), str(note["sha256"]), int(note["frames"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, BadValue):
        log.warning("%s cannot be read; the recording is opened anew", noted)
        return None
