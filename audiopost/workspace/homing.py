"""Sound that a Project reads from delivered files, given a place of its own: the next delivery replaces those files."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..core.audio import Audio
from ..core.project import Project
from ..io.atomic import guarded, replacing
from ..io.scratch import SoundFileSource


def brought_home(project: Project, work: Path) -> Project:
    """The Project with its sound read from `work`, where files outside it get a second name; a copy where they cannot.

    Raises OutputError.
    """

    def home(audio: Audio | None) -> Audio | None:
        return None if audio is None else _at_home(audio, project.audio, work)

    parts: dict[str, Any] = {
        name: {key: _at_home(sound, project.audio, work) for key, sound in held.items()}
        for name in ("stems", "removed")
        if (held := getattr(project, name)) is not None
    }
    return replace(
        project, restored=home(project.restored), repaired=home(project.repaired), clean=home(project.clean),
        master=home(project.master), **parts,
    )  # fmt: skip


def _at_home(audio: Audio, source: Audio, work: Path) -> Audio:
    held = audio.source
    if not isinstance(held, SoundFileSource) or held.owned or held.path.parent == work:
        return audio
    digest = audio.sha256()
    if digest == source.sha256():
        return source
    own = work / f"{digest[:16]}{held.path.suffix}"
    if not own.exists():
        with guarded(own):
            try:
                own.hardlink_to(held.path)
            except OSError:  # another file system, or one without links
                with replacing(own) as temporary:
                    shutil.copyfile(held.path, temporary)
    return Audio.backed(
        SoundFileSource(own), channels=audio.channels, frames=audio.frames, rate=audio.rate, layout=audio.layout,
        sha256=digest,
    )  # fmt: skip
