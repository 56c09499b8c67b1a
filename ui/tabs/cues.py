"""The cues tab."""

from __future__ import annotations

from ..component import component
from ..shell import Shell


def build(shell: Shell) -> None:
    """The tab's widgets and handlers."""
    component("cues.js", "cues")
