"""When shots change, to the frame, for captions to keep to, and what found it."""

from __future__ import annotations

from pathlib import Path

from ..core.stage import Progress, silent
from .cuts import cut_finder
from .shots import find_shots


def shot_changes(path: Path, progress: Progress = silent) -> tuple[tuple[float, ...], str]:
    """The seconds at which a new shot begins (none for the first), and what found them.

    Times count from the film's first moment. Raises UnreadableMedia.
    """
    finder = cut_finder()
    return tuple(shot.start_s for shot in find_shots(path, progress, finder)[1:]), finder.name
