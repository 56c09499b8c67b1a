"""Spotting notes as one self-contained page for a browser: light and dark, and fit to print."""

from __future__ import annotations

from pathlib import Path

from ...core.language import TAGS, tell
from ...io.atomic import write_text
from ..spotting import Spotting
from ..templates import page
from .notes import Plot, notes

#: The drawing's own units: its width, and half its height.
_WIDTH, _HALF = 1000, 50


def render(spotting: Spotting) -> str:
    """The page as HTML; everything in it escaped."""
    from markupsafe import Markup

    language = spotting.language
    return page(
        Path(__file__).parent / "notes.html.j2",
        v=notes(spotting),
        tag=TAGS[language],
        told=lambda key: tell(key if "." in key else f"sheet.{key}", language),
        line=_line,
        ticks=_ticks,
        css=Markup((Path(__file__).parent / "notes.css").read_text(encoding="utf-8")),  # noqa: S704 (our own file)
    )


def _line(plot: Plot, axis: int) -> str:
    """The points of a polyline: axis 1 is arousal, 2 valence."""
    return " ".join(f"{point[0] * _WIDTH:.1f},{_HALF - point[axis] * _HALF:.1f}" for point in plot.points)


def _ticks(plot: Plot) -> list[tuple[str, str]]:
    """Where hit points stand, and how high they reach."""
    return [(f"{place * _WIDTH:.1f}", f"{2 * _HALF * (1 - max(min(s, 1.0), 0.15)):.1f}") for place, s in plot.hits]


def write(path: Path, spotting: Spotting) -> Path:
    """`render` as a file. Raises OutputError."""
    return write_text(path, render(spotting))
