"""The report: one self-contained HTML page on a recording, for a person. It asks for nothing outside itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...core.audio import Audio
from ...core.project import Project
from ...io.atomic import write_text
from .. import templates


def render(project: Project, *, before: Audio | None = None, after: Audio | None = None) -> str:
    """The page as HTML. `before` is the source and `after` the master or the mix unless they are given.

    What no stage has made is left out, and the page says so. Each audio is read once, in pieces.
    """
    from .view import build

    return page("report.html.j2", build(project, before, after))


def page(template: str, view: Any) -> str:
    """A template of this folder filled with `view` (its `v`), everything in it escaped."""
    return templates.page(Path(__file__).parent / template, v=view)


def write_report(path: Path, project: Project, *, before: Audio | None = None, after: Audio | None = None) -> Path:
    """Writes the page. Raises OutputError."""
    return write_text(path, render(project, before=before, after=after))
