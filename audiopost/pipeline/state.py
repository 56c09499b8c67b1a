"""A Project on disk: JSON, with its audio as float WAVs named by content. Saved after every stage, so a run resumes."""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..core.audio import Audio, FloatArray
from ..core.errors import BadValue, InputError
from ..core.project import Project
from ..core.serial import from_json, to_json
from ..io.atomic import native, write_text
from ..io.encode import write_wav
from ..io.scratch import SoundFileSource

#: Version of the JSON's shape; a file of another version is refused.
SCHEMA = 1
#: A file this much newer than the Project that names it was changed since. File systems round times.
EDITED_S = 2.0
#: A list of nothing but numbers, such as a curve: it stands on one line. No string holds a line feed as such.
_NUMBERS = re.compile(r"\[\n[-+.\deE,\snul]*\]")


class AudioGone(InputError):
    """The Project names audio that is not on disk any more: a work file of a run that delivered, or a changed file."""


class _Gone:
    """Stands for audio that was not kept: its shape and hash are known, its samples are not."""

    def __init__(self, what: str) -> None:
        self._what = what

    def read(self, start: int, stop: int) -> FloatArray:
        raise AudioGone(
            f"{self._what} was not kept, or was changed since.", value=self._what, remedy="Run again without --resume."
        )


def save(project: Project, path: Path, *, keep_in: Path | None, delivered: Mapping[str, Path] | None = None) -> Path:
    """Writes `project` as JSON to `path`.

    Audio goes to the folder `keep_in` as float WAV, unless it is the source itself. Without `keep_in` only what
    `delivered` (hash of the audio to file) holds can be read again; the rest is kept as shape and hash.
    """
    source = project.audio.sha256()

    def reference(audio: Audio, where: str) -> dict[str, Any]:
        digest = audio.sha256()
        file: str | None = None
        if digest == source:
            file = "source"
        elif delivered and digest in delivered:
            file = os.path.relpath(delivered[digest], path.parent)
        elif keep_in is not None and not isinstance(audio.source, _Gone):
            file = os.path.relpath(_keep(audio, keep_in / f"{digest[:16]}.wav"), path.parent)
        return {
            "file": file,
            "sha256": digest,
            "rate": audio.rate,
            "channels": audio.channels,
            "frames": audio.frames,
            "layout": list(audio.layout),
        }

    data = {"audiopost_project": SCHEMA, **to_json(project, reference)}
    text = json.dumps(data, ensure_ascii=False, indent=1, allow_nan=False)
    return write_text(path, _NUMBERS.sub(lambda found: f"[{' '.join(found[0][1:-1].split())}]", text) + "\n")


def _keep(audio: Audio, target: Path) -> Path:
    if target.exists():
        return target
    if isinstance(audio.source, SoundFileSource) and audio.source.path.parent == target.parent:
        with contextlib.suppress(OSError):  # a file system without hard links gets a copy
            os.link(audio.source.path, target)
            return target
    return write_wav(target, audio, "FLOAT")


def load(path: Path, source: Audio) -> Project:
    """The Project of a JSON file; `source` is the decoded recording it is about. Raises BadValue."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        schema = data.pop("audiopost_project")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadValue(
            f"{path} is not an audiopost project.", value=str(path), remedy="Run without --resume."
        ) from error
    if schema != SCHEMA:
        raise BadValue(
            f"{path} has project format {schema!r}; this audiopost reads {SCHEMA}.",
            value=schema,
            remedy="Run without --resume.",
        )

    latest = path.stat().st_mtime + EDITED_S

    def audio(reference: Any) -> Audio:
        digest, file = reference["sha256"], reference["file"]
        if file == "source":
            return source
        held = _unchanged(path.parent / file, reference, latest) if file else None
        return Audio.backed(
            held or _Gone(f"Audio {digest[:8]} of {path.name}"),
            channels=reference["channels"],
            frames=reference["frames"],
            rate=reference["rate"],
            layout=tuple(reference["layout"]),
            sha256=digest,
        )

    try:
        project: Project = from_json(Project, data, audio)
    except BadValue as error:
        raise BadValue(
            f"{path} is not a project this audiopost reads: {error.problem}",
            value=str(path),
            remedy="Run without --resume.",
        ) from error
    return project


def _unchanged(file: Path, reference: Mapping[str, Any], latest: float) -> SoundFileSource | None:
    """The samples of `file`, None where it is gone, newer than `latest` or not what `reference` describes."""
    import soundfile

    try:
        if file.stat().st_mtime > latest:
            return None
        info = soundfile.info(native(file))
    except (OSError, soundfile.LibsndfileError):
        return None
    found = {"rate": info.samplerate, "channels": info.channels, "frames": info.frames}
    same = all(reference[name] == value for name, value in found.items())
    return SoundFileSource(file) if same else None
