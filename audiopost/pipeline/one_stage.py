"""One stage on a Project, measured and recorded: what runs are made of, and what single commands call."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..core.errors import AudiopostError, StageError
from ..core.options import change
from ..core.project import Project
from ..core.serial import to_json
from ..core.stage import Progress, Stage, silent
from ..presets import stage
from .measure import measured


def apply(project: Project, name: str, options: Any = None, progress: Progress = silent, **changes: Any) -> Project:
    """One stage on a Project, measured and recorded like in a run: what the single commands use."""
    made = stage(name)
    return applied(project, made, change(options, made.options_type, changes, f"{name}."), progress)


def applied(project: Project, made_stage: Stage, options: Any, progress: Progress) -> Project:
    """What `made_stage` makes of `project`; the last Step says what it cost and what it was made of."""
    before = _fingerprint(project)
    started = datetime.now(UTC).isoformat(timespec="seconds")
    with measured() as cost:
        try:
            after = made_stage(project, options, lambda _, done, total: progress(made_stage.name, done, total))
        except (AudiopostError, MemoryError, KeyboardInterrupt):
            raise
        except Exception as error:
            raise StageError(
                f"{made_stage.name} failed on {Path(project.media.path).name}: {type(error).__name__}: {error}.",
                value=made_stage.name,
                remedy="'--debug' shows where; what was finished is kept for --resume.",
            ) from error
    step = replace(
        after.steps[-1],
        options=to_json(after.steps[-1].options),
        input_sha256=before,
        output_sha256=_fingerprint(after),
        timing={"started": started, **cost},
    )
    progress(made_stage.name, 1, 1)
    return replace(after, steps=(*after.steps[:-1], step))


def _fingerprint(project: Project) -> str:
    """Hash of all that stages have made so far; records of who and when are left out."""
    data = to_json(replace(project, steps=(), missing=()), lambda audio, _: audio.sha256())
    data["media"].pop("path")
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()
