"""One subtitle file into another format, retimed where asked; what the new format cannot hold is said."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

from ..core.errors import BadValue
from ..core.speech import Caption, Transcript, Utterance, Word
from ..core.time import TIMEBASE_25, FrameRate, Timebase
from .caption import layout
from .formats import counted, kind_of
from .losses import features, losses
from .reader import parse, transcript_of, with_languages, with_speakers
from .styles import load_style
from .text import base
from .writer import render, save


def convert(source: Path, target: Path, *, kind_to: str = "", **how: Any) -> list[str]:
    """Reads `source`, writes `target` whole or not at all; returns in words what was left behind on the way.

    Formats are told by the suffixes unless named; `how` is as for `converted`. Raises what that raises, and
    OutputError.
    """
    content, notes = converted(source, kind_to or kind_of(target, writing=True), name=target.stem, **how)
    save(target, content)
    return notes


def converted(
    source: Path,
    kind_to: str,
    *,
    name: str = "recording",
    kind_from: str = "",
    style: str | None = None,
    encoding: str | None = None,
    language: str | None = None,
    timebase: Timebase | None = None,
    rate_from: FrameRate | None = None,
    offset_s: float = 0.0,
    speakers: bool = True,
) -> tuple[str | bytes, list[str]]:
    """The file `source` in the format `kind_to`, and in words what was left behind on the way.

    The format of `source` is told by its suffix unless named. Captions stay as they stand; with `style` they are laid
    out anew.
    `rate_from` is the frame rate the file was made for where the film now runs at `timebase.rate`: times are stretched
    by their ratio (25 to 23.976: by 1.0427). `offset_s` then moves everything, later where positive. `speakers` False
    leaves names out; `name` is what RTTM and CTM call the recording. Raises what `load_captions` and `render` raise,
    and BadValue where nothing is left.
    """
    said = with_speakers(parse(source, kind_from, encoding))
    known = with_languages(said, language)
    notes, captions, transcript = list(said.warnings), known.captions, transcript_of(known)
    timebase = timebase or TIMEBASE_25
    stretch = rate_from.fraction / timebase.rate.fraction if rate_from else Fraction(1)
    if stretch != 1 or offset_s:
        captions, transcript = _retimed(captions, stretch, offset_s), _retimed_transcript(transcript, stretch, offset_s)
        if len(captions) < len(known.captions):
            gone = len(known.captions) - len(captions)
            notes.append(f"{counted(gone, 'caption')} would lie before the beginning, and went.")
    if not captions:
        raise BadValue(f"{source.name} has no captions left.", value=offset_s, remedy="Check the offset.")
    # Only what the file itself says can be lost, not a language that was guessed.
    held = said.captions
    if style is not None:
        looks = {kind: number for kind, number in features(held, transcript).items() if kind in _LOOKS}
        notes += [f"Laid out anew, {_LOOKS[kind]} of {counted(n, 'caption')} went." for kind, n in looks.items()]
        both = sum(len(set(map(base, c.line_languages))) > 1 for c in captions) > len(captions) / 2
        if both and language is not None and not load_style(style).bilingual:
            notes.append(f"Laid out anew in {language}, the lines in another language went.")
        captions = _laid_out(transcript, style, timebase, both, language)
        held = captions if said.language else tuple(replace(c, language="", line_languages=()) for c in captions)
    content = render(captions, transcript, kind_to, speakers=speakers, timebase=timebase, name=name)
    notes += losses(held, replace(transcript, language=said.language), kind_to, speakers=speakers, rate=timebase.rate)
    return content, notes


def _laid_out(
    transcript: Transcript, style: str, timebase: Timebase, both: bool, language: str | None
) -> tuple[Caption, ...]:
    """Captions in a style; where most have lines in two languages (`both`), a style for one takes `language` alone."""
    chosen = load_style(style)
    if not chosen.bilingual and not both:
        return layout(transcript, chosen, timebase)
    if not chosen.bilingual and language is None:
        raise BadValue(
            f"Its captions have lines in two languages, and {style} is for one.",
            value=style,
            remedy="Name the language to keep with --language, or take a style for two, like hk-bilingual.",
        )
    main = base(transcript.language)
    own = replace(transcript, utterances=tuple(u for u in transcript.utterances if base(u.language) == main))
    other = tuple(u for u in transcript.utterances if base(u.language) != main)
    if not chosen.bilingual:
        return layout(own, chosen, timebase)
    return layout(own, chosen, timebase, translation=Transcript(other[0].language, other) if other else None)


#: What a new layout loses: it is made of the words alone.
_LOOKS = {
    "italic": "italics",
    "bold": "bold type",
    "underline": "underlining",
    "colour": "colours",
    "position": "the places on the screen",
}
_Timed = TypeVar("_Timed", Caption, Utterance, Word)


def _retimed(items: tuple[_Timed, ...], stretch: Fraction, offset_s: float) -> tuple[_Timed, ...]:
    """The same at other times: stretched, then moved; what would end before 0 is left out, what would begin is cut."""
    moved = (
        replace(
            item,
            start_s=max(float(item.start_s * stretch) + offset_s, 0.0),
            end_s=float(item.end_s * stretch) + offset_s,
        )
        for item in items
    )
    return tuple(item for item in moved if item.end_s > 0)


def _retimed_transcript(transcript: Transcript, stretch: Fraction, offset_s: float) -> Transcript:
    def at(time_s: float | None) -> float | None:
        return None if time_s is None else max(float(time_s * stretch) + offset_s, 0.0)

    utterances = (replace(u, words=_retimed(u.words, stretch, offset_s)) for u in transcript.utterances)
    remarks = (replace(r, start_s=at(r.start_s), end_s=at(r.end_s)) for r in transcript.remarks)
    return replace(transcript, utterances=_retimed(tuple(utterances), stretch, offset_s), remarks=tuple(remarks))
