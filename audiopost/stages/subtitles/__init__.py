"""Subtitles: a transcript with speakers becomes captions in a style, checked against it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

from ...core.marks import CaptionIssue
from ...core.options import change, option
from ...core.project import Project
from ...core.registry import AUTO, Backends
from ...core.speech import Caption, Transcript
from ...core.stage import BuiltIn, Progress
from ...core.time import TIMEBASE_25, Timebase
from ...subtitles import build
from ...subtitles.text import base, is_traditional


@dataclass(frozen=True)
class Options:
    """How captions are laid out."""

    backend: str = option(AUTO, "layout, auto or embedded")
    style: str = option(AUTO, "a style guide's name, or auto: the one of the transcript's language")


class Layout(BuiltIn[Options]):
    """Captions by the rules of a style guide."""

    name = "layout"
    reason: ClassVar[str] = "rules, always here"


BACKENDS = Backends(
    stage="subtitles",
    table={"layout": "audiopost.stages.subtitles:Layout"},
    embedded="layout",
    auto=("layout",),
)


def subtitles(
    transcript: Transcript, timebase: Timebase = TIMEBASE_25, options: Options | None = None, **changes: Any
) -> tuple[tuple[Caption, ...], tuple[CaptionIssue, ...]]:
    """Captions of a transcript, and what in them breaks the style. Raises UnknownName for a style."""
    chosen = change(options, Options, changes, "subtitles.")
    style = style_for(transcript) if chosen.style == AUTO else chosen.style
    return build(transcript, style, timebase)


def style_for(transcript: Transcript) -> str:
    """The style guide of a transcript's language; Chinese by the characters it is written in."""
    language = base(transcript.language)
    if language == "yue":
        return "yue-hant"
    if language == "zh":
        return "netflix-zh-hant" if is_traditional(transcript.text) else "netflix-zh-hans"
    return "netflix-en"


class Stage:
    """Lays out the Project's transcript."""

    name = "subtitles"
    requires: ClassVar[frozenset[str]] = frozenset({"transcript"})
    assigns: ClassVar[frozenset[str]] = frozenset({"captions", "caption_issues"})
    options_type = Options

    def __call__(self, project: Project, options: Options, progress: Progress) -> Project:
        assert project.transcript is not None
        _, choice = BACKENDS.choose(options)
        captions, issues = subtitles(project.transcript, project.media.timebase, options)
        # A last caption that stays for reading must not make the film longer.
        length = project.media.duration_s
        captions = tuple(replace(c, end_s=min(c.end_s, length)) for c in captions if c.start_s < length)
        return project.after(self.name, choice, options, captions=captions, caption_issues=issues)
