"""A Project on disk: JSON, with its audio as float WAVs named by content. Saved after every stage, so a run resumes."""

from __future__ import annotations

import contextlib
import json
import math
import os
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import reduce
from pathlib import Path
from typing import Any

from ..core.audio import Audio, FloatArray, difference
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
#: What a Project holds of sound beside stems and what was removed.
_SOUND = ("restored", "repaired", "clean", "master")
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


class Shelf:
    """Where a Project's audio lies while the Project itself is JSON in the folder `base`.

    What is the `source` is only named. Audio goes to the folder `keep_in` as float WAV, named by its hash; what lies
    in a file below `stays_in` already stays there. Without either, only what `delivered` (hash of the audio to file)
    holds can be read again; the rest is kept as shape and hash.
    """

    def __init__(
        self,
        base: Path,
        source: Audio,
        *,
        keep_in: Path | None = None,
        stays_in: Path | None = None,
        delivered: Mapping[str, Path] | None = None,
    ) -> None:
        self._base, self._source = base, source
        self._keep_in, self._stays_in, self._delivered = keep_in, stays_in, delivered or {}

    def reference(self, audio: Audio, where: str = "") -> dict[str, Any]:
        """The JSON that stands for `audio`; writes it where it is not kept yet."""
        digest = audio.sha256()
        file: str | None = None
        if digest == self._source.sha256():
            file = "source"
        elif digest in self._delivered:
            file = os.path.relpath(self._delivered[digest], self._base)
        elif self._lies(audio) is not None:
            file = os.path.relpath(self._lies(audio) or "", self._base)
        elif self._keep_in is not None and not isinstance(audio.source, _Gone):
            file = os.path.relpath(_keep(audio, self._keep_in / f"{digest[:16]}.wav"), self._base)
        return {
            "file": file,
            "sha256": digest,
            "rate": audio.rate,
            "channels": audio.channels,
            "frames": audio.frames,
            "layout": list(audio.layout),
        }

    def _lies(self, audio: Audio) -> Path | None:
        held = audio.source
        if self._stays_in is None or not isinstance(held, SoundFileSource) or held.owned:
            return None
        return held.path if held.path.is_relative_to(self._stays_in) else None

    def audio(self, reference: Any, latest: float = math.inf) -> Audio:
        """The Audio that a reference stands for; what is gone, or changed after `latest`, says so when it is read."""
        digest, file = reference["sha256"], reference["file"]
        if file == "source":
            return self._source
        held = _unchanged(self._base / file, reference, latest) if file else None
        return Audio.backed(
            held or _Gone(f"Audio {digest[:8]}"),
            channels=reference["channels"],
            frames=reference["frames"],
            rate=reference["rate"],
            layout=tuple(reference["layout"]),
            sha256=digest,
        )


def save(
    project: Project,
    path: Path,
    *,
    keep_in: Path | None,
    stays_in: Path | None = None,
    delivered: Mapping[str, Path] | None = None,
) -> Path:
    """Writes `project` as JSON to `path`; its audio as Shelf says."""
    shelf = Shelf(path.parent, project.audio, keep_in=keep_in, stays_in=stays_in, delivered=delivered)
    data = {"audiopost_project": SCHEMA, **to_json(project, shelf.reference)}
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

    shelf, latest = Shelf(path.parent, source), path.stat().st_mtime + EDITED_S
    try:
        project: Project = from_json(Project, data, lambda reference: shelf.audio(reference, latest))
    except BadValue as error:
        raise BadValue(
            f"{path} is not a project this audiopost reads: {error.problem}",
            value=str(path),
            remedy="Run without --resume.",
        ) from error
    return project


def of_recording(path: Path, bare: Project, remedy: str) -> Project:
    """The Project of a file over the recording of `bare`, without audio that is gone.

    Raises BadValue where it is none, or tells of another recording; `remedy` says what helps then.
    """
    known = load(path, bare.audio)
    if known.media.sha256 != bare.media.sha256:
        raise BadValue(
            f"{path.name} tells of another recording ({Path(known.media.path).name}).", value=str(path), remedy=remedy
        )
    return replace(kept(known), media=bare.media, audio=bare.audio)


def kept(project: Project) -> Project:
    """`project` without the audio that cannot be read any more; `removed` goes as a whole where a part of it went.

    The stem of the voice is delivered as it was repaired; as it was separated it is what the other stems leave.
    """
    parts = project.removed
    gone: dict[str, Any] = {
        name: None for name in _SOUND if (sound := getattr(project, name)) is not None and not _is_there(sound)
    }
    if parts is not None and not all(map(_is_there, parts.values())):
        gone["removed"] = None
    there = replace(project, **gone)
    stems = dict(project.stems or {})
    others = {name: sound for name, sound in stems.items() if name != project.voice and _is_there(sound)}
    alone = project.voice is not None and not _is_there(stems[project.voice]) and len(others) == len(stems) - 1
    if project.voice and alone and (whole := separated_from(there)) is not None:
        stems[project.voice] = _named(reduce(difference, others.values(), whole), stems[project.voice].sha256())
    return replace(there, stems={name: sound for name, sound in stems.items() if _is_there(sound)} or None)


def separated_from(project: Project) -> Audio | None:
    """The programme that the stems were separated from; None where it was not kept and cannot be worked out."""
    if project.restored is not None or not project.repairs:
        return project.programme
    if not project.removed:
        return None
    return reduce(difference, project.removed.values(), project.audio)


def _named(audio: Audio, sha256: str) -> Audio:
    """Sound worked out again, up to the rounding of files, under the hash that it had."""
    return Audio.backed(
        audio, channels=audio.channels, frames=audio.frames, rate=audio.rate, layout=audio.layout, sha256=sha256
    )


def _is_there(sound: Audio) -> bool:
    try:
        sound.read(0, min(1, sound.frames))
    except InputError:
        return False
    return True


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
