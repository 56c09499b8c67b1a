"""Subtitles: a transcript with speakers becomes captions in a style, checked against it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from ...analysis.shot_changes import shot_changes
from ...core.errors import BadValue, UnreadableMedia
from ...core.marks import CaptionIssue
from ...core.options import change, option
from ...core.project import Project
from ...core.registry import AUTO, Backends
from ...core.speech import Caption, Transcript
from ...core.stage import BuiltIn, Progress
from ...core.time import TIMEBASE_25, Timebase, clock
from ...subtitles import check, layout
from ...subtitles.sdh import SoundTag, sound_tags, with_tags
from ...subtitles.styles import Limits, Style, load_style
from ...subtitles.text import base, is_traditional
from ...subtitles.timing import Timing
from ...subtitles.variants import convert


@dataclass(frozen=True)
class Options:
    """How captions are laid out."""

    backend: str = option(AUTO, "layout, auto or embedded")
    style: str = option(AUTO, "a style guide's name, or auto: the one of the transcript's language")
    script_variant: str | None = option(
        None, "Chinese characters of a place; none leaves them as they are", choices=("hant", "hans", "hk", "tw")
    )
    max_line_width: int = option(0, "characters a line; 0 takes the style's", low=0, high=120)
    max_line_count: int = option(0, "lines a caption; 0 takes the style's", low=0, high=4)
    max_words_per_line: int = option(0, "words a line; 0 sets no limit", low=0, high=40)
    snap: bool = option(True, "move in- and out-times that nearly meet a shot change onto it, where the style says so")


class Layout(BuiltIn[Options]):
    """Captions by the rules of a style guide."""

    name = "layout"
    reason: ClassVar[str] = "rules, always here"


BACKENDS = Backends(
    stage="subtitles",
    table={"layout": "audiopost.stages.subtitles:Layout"},
    embedded=("layout",),
    auto=("layout",),
)


def subtitles(
    transcript: Transcript,
    timebase: Timebase = TIMEBASE_25,
    options: Options | None = None,
    *,
    translation: Transcript | None = None,
    shots: Sequence[float] = (),
    until_s: float = math.inf,
    **changes: Any,
) -> tuple[tuple[Caption, ...], tuple[CaptionIssue, ...]]:
    """Captions of a transcript, and what in them breaks the style.

    `translation` is the other text of a bilingual style, `shots` the seconds at which shots change, `until_s` the
    recording's length. Raises UnknownName for a style, BadValue for a bilingual one without a translation.
    """
    chosen = change(options, Options, changes, "subtitles.")
    transcript, translation = _in_variant(transcript, chosen), translation and _in_variant(translation, chosen)
    style = chosen_style(transcript, chosen)
    cuts = shots if chosen.snap else ()
    captions = layout(transcript, style, timebase, shots=cuts, translation=translation, until_s=until_s)
    return captions, check(captions, style, timebase, shots=cuts, language=transcript.language)


def _in_variant(transcript: Transcript, options: Options) -> Transcript:
    return convert(transcript, options.script_variant) if options.script_variant else transcript


def chosen_style(transcript: Transcript, options: Options) -> Style:
    """The style guide that options name, or that a transcript's language has, with their limits in place of its own.

    Raises UnknownName, and BadValue for limits that leave no room.
    """
    style = load_style(style_for(transcript) if options.style == AUTO else options.style)
    if 0 < options.max_line_width < 4:
        raise BadValue(
            f"A line of {options.max_line_width} characters holds no subtitles.",
            value=options.max_line_width,
            remedy="Give max_line_width 4 or more, or 0 for the style's.",
        )
    if options.max_line_width:
        narrowed = {name: Limits(options.max_line_width, own.cps) for name, own in style.languages.items()}
        style = replace(style, limits=Limits(options.max_line_width, style.limits.cps), languages=narrowed)
    lines, words = options.max_line_count or style.max_lines, options.max_words_per_line or style.max_words
    return replace(style, max_lines=lines, max_words=words)


def style_for(transcript: Transcript) -> str:
    """The style guide of a transcript's main language, which has limits for the others; Chinese by its characters."""
    language = base(transcript.language)
    if language == "yue":
        return "yue-hant"
    if language == "zh":
        return "netflix-zh-hant" if is_traditional(transcript.text) else "netflix-zh-hans"
    return "netflix-ja" if language == "ja" else "netflix-en"


class Stage:
    """Lays out the Project's transcript; in SDH with what else is heard, on a film with its shot changes."""

    name = "subtitles"
    requires: ClassVar[frozenset[str]] = frozenset({"transcript"})
    # The texts too: a script variant holds for the transcript and the dialogue list as it does for the captions.
    assigns: ClassVar[frozenset[str]] = frozenset({"captions", "caption_issues", "transcript", "translation"})
    options_type = Options

    def __call__(self, project: Project, options: Options, progress: Progress) -> Project:
        assert project.transcript is not None
        _, choice = BACKENDS.choose(options)
        transcript = _in_variant(project.transcript, options)
        translation = project.translation and _in_variant(project.translation, options)
        style, timebase = chosen_style(transcript, options), project.media.timebase
        reason, warnings = f"{choice.reason}; style {style.name}", []
        shots: tuple[float, ...] = ()
        if options.snap and style.snap_s > 0 and project.media.has_video:
            try:
                shots, by = shot_changes(Path(project.media.path), progress)
                reason += f"; {len(shots)} shot changes by {by}"
            except UnreadableMedia as error:
                warnings.append(f"Captions keep to no shot changes: {error}")
        until_s = project.media.duration_s
        captions, issues = subtitles(
            transcript, timebase, options, translation=translation, shots=shots, until_s=until_s
        )
        if style.sdh:
            timing = Timing(style, timebase.rate, shots, until_s)
            tags = sound_tags(project, style, transcript.language)
            captions, left = with_tags(captions, tags, style, timing, transcript.language)
            issues = check(captions, style, timebase, shots=shots, language=transcript.language)
            warnings += [_no_room(tag) for tag in left]
        choice = replace(choice, reason=reason)
        return project.after(
            self.name,
            choice,
            options,
            warnings=tuple(warnings),
            captions=captions,
            caption_issues=issues,
            transcript=transcript,
            translation=translation,
        )


def _no_room(tag: SoundTag) -> str:
    return f"{tag.text} at {clock(tag.start_s, 1)} has no caption: the dialogue leaves no time to read it."
