"""Rules on the text of captions: dashes, Chinese punctuation, scripts, labels, and what should not be there at all."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence

from ..core.speech import Caption
from .lines import DASH
from .rules import Finding
from .styles import Style
from .text import CHINESE, base, clean
from .variants import foreign_characters

#: Signs that carry a sentence over to the next line or caption.
CARRY_END, CARRY_START = re.compile(r"(?:⋯|…|\.{2,}|[—–─-])+$"), re.compile(r"^(?:⋯|…|\.{2,}|[—–─]|-(?=-))+")

#: Tags and entities of subtitle formats. What a person typed between other angle brackets is text.
MARKUP = re.compile(
    r"</?(?:i|b|u|s|em|strong|font|span|c|v|lang|ruby|rt|br)\b[^<>]*>|\{\\[^{}]*\}"
    r"|&(?:amp|lt|gt|nbsp|quot|apos|#\d{1,7}|#x[0-9a-fA-F]{1,6});|\\[Nnh](?![a-z])",
    re.IGNORECASE,
)
#: Invisible: a soft hyphen, a space without width.
UNSEEN = re.compile("[\u00ad\u200b]")
_UTF8_AS_LATIN = re.compile("[\u00c2-\u00f4][\u0080-\u00bf\u0152-\u0178\u02c6\u02dc\u2013-\u203a\u20ac\u2122]")
STRAY_SPACES = re.compile(r"^\s|\s$|(?<= ) +")

_BRACKETS = {"(": ")", "[": "]", "（": "）", "【": "】", "〔": "〕"}
_QUOTES = {"“": "”", "「": "」", "『": "』", "«": "»"}
#: A caption that is a sound tag from end to end, and a speaker's name before the words.
SOUND = re.compile(r"^[(\[（【]([^()\[\]（）【】]+)[)\]）】]$")
SPEAKER = re.compile(r"^(?P<name>S\d{1,3}|SPEAKER_\d{1,3}|[A-Z][A-Z0-9 .'’-]{0,24}[A-Z0-9.]): +(?=\S)")


def text_issues(
    caption: Caption, following: Caption | None, languages: Sequence[str], style: Style, advice: bool
) -> Iterator[Finding]:
    """What breaks the style in the words and signs of a caption with text."""
    yield from _dashes(caption, style)
    for n, (line, language) in enumerate(zip(caption.lines, languages, strict=True)):
        yield from _unreadable(line)
        if advice and (markup := MARKUP.search(line)):
            yield Finding("markup", f"looks like markup: {line!r}", markup.group(), "")
        yield from _punctuation(line, language, style)
        italic = any(each.kind == "italic" and each.line == n for each in caption.styling)
        if italic and style.chinese_punctuation and base(language) in CHINESE:
            yield Finding("italics", f"italics in Chinese: {line!r}", line, None)
        if style.script and base(language) in CHINESE and (foreign := foreign_characters(line, style.script)):
            yield Finding("script", f"{foreign} in {_SCRIPTS[style.script]} text", foreign, style.script)
        if advice and (found := STRAY_SPACES.search(line)):
            yield Finding("spaces", f"stray spaces: {line!r}", found.group(), None)
    if style.chinese_punctuation and base(languages[-1]) in CHINESE:
        yield from _carried(caption, following)
    if advice:
        yield from _pairs(caption, following)
        yield from _labels(caption, style)


_SCRIPTS = {"hant": "Traditional", "hans": "Simplified"}


def dashes(caption: Caption, style: Style) -> list[str]:
    """The dash that opens each line, '' where none does. What would be a minus is one where two are known to speak."""
    shared = len(set(caption.line_speakers)) > 1
    return [
        found.group() if (found := DASH.match(line)) else style.dash if shared and line.startswith(style.dash) else ""
        for line in caption.lines
    ]


def dashes_wanted(caption: Caption, style: Style) -> list[bool]:
    """Which lines a dash belongs before: each speaker's first, where two share the caption.

    Where speakers are not known, two dashes tell of two; so does one before a lower line. One before the first line
    alone stands for nothing.
    """
    speakers, own = caption.line_speakers, [bool(dash) for dash in dashes(caption, style)]
    if len(speakers) == len(own) and len(set(speakers)) > 1:
        return [n == 0 or speakers[n] != speakers[n - 1] for n in range(len(own))]
    if sum(own) == 0 or own == [True] + [False] * (len(own) - 1) or (sum(own) == 1 and caption.speaker):
        return [False] * len(own)
    return [True, *own[1:]]


def _dashes(caption: Caption, style: Style) -> Iterator[Finding]:
    """Two speakers in one caption: a dash before each, in the style's form; nowhere else."""
    own, wanted = dashes(caption, style), dashes_wanted(caption, style)
    shown = " / ".join(own)
    if any(wanted) and not style.dash:
        yield Finding("dash", "two speakers in one caption, which the style does not have", shown, "")
    elif not any(wanted) and any(own):
        yield Finding(
            "dash", f"a dash with one speaker: {caption.lines[own.index(next(filter(None, own)))]!r}", shown, ""
        )
    elif wanted != [bool(dash) for dash in own]:
        yield Finding("dash", f"two speakers, not a dash before each: {caption.text!r}", shown, style.dash)
    elif any(dash and dash != style.dash for dash in own):
        yield Finding("dash", f"dashes not written {style.dash!r}", shown, style.dash)


def _punctuation(line: str, language: str, style: Style) -> Iterator[Finding]:
    """Netflix: a pause is one sign; Chinese has full-width punctuation, and no line ends in a full stop."""
    written = style.written(line, language)
    if written != line:
        at = next((n for n, (a, b) in enumerate(zip(line, written, strict=False)) if a != b), len(written))
        detail = f"{line[at]!r} should be {written[at : at + 1]!r}: {line!r}, better {written!r}"
        yield Finding("punctuation", detail, line[at], written[at : at + 1])
    if style.drops_stop(written, language):
        yield Finding("punctuation", f"full stop at the end of a line: {line!r}", line[-1], "")


def _carried(caption: Caption, following: Caption | None) -> Iterator[Finding]:
    """Netflix, Chinese: no dash or ellipsis continues a sentence over a break. A pause that only ends or only opens
    a caption is a pause."""
    lines = [*caption.lines, *(following.lines[:1] if following is not None else ())]
    for upper, lower in itertools.pairwise(lines):
        if carries(upper, lower):
            yield Finding("continuation", f"{upper!r} carried over to {lower!r}", upper[-1:], "")


def carries(upper: str, lower: str) -> bool:
    """Whether a sign at the end of one line is taken up by one that opens the next."""
    return bool(CARRY_END.search(upper) and CARRY_START.search(lower)) and not DASH.match(lower)


def _unreadable(line: str) -> Iterator[Finding]:
    spaced = " ".join(line.split())
    if clean(spaced) != spaced or UNSEEN.search(line):
        odd = dict.fromkeys(char for char in spaced if (not clean(char) and char != " ") or UNSEEN.match(char))
        names = " ".join(f"U+{ord(char):04X}" for char in odd)
        yield Finding("characters", f"characters that cannot be read: {names}", names, "")
    if "\ufffd" in line:
        yield Finding("mojibake", f"lost characters: {line!r}", "\ufffd", "")
    elif _UTF8_AS_LATIN.search(line) and (meant := _meant(line)):
        yield Finding("mojibake", f"{line!r} was meant to be {meant!r}", line, meant)


def _meant(line: str) -> str:
    """UTF-8 that was read as Windows-1252 or Latin-1, as it should have been; '' where it is not that."""
    for codec in ("cp1252", "latin-1"):
        try:
            return line.encode(codec).decode("utf-8")
        except UnicodeError:
            continue
    return ""


def _pairs(caption: Caption, following: Caption | None) -> Iterator[Finding]:
    """Brackets and notes close in their caption; quotations may run on into the next."""
    text = caption.text
    for opening, closing in _BRACKETS.items():
        if text.count(opening) != text.count(closing) and not _is_list_or_face(text, opening, closing):
            yield Finding("pairs", f"{opening} and {closing} do not pair", opening + closing, None)
    for sign in "♪♫":
        if text.count(sign) % 2 and text.strip() != sign:
            yield Finding("pairs", f"{sign} on one side only", sign, f"{sign} … {sign}")
    for opening, closing in _QUOTES.items():
        more = text.count(closing) - text.count(opening)
        if more < 0 and following is not None and not (set(following.text) & {opening, closing}):
            yield Finding("pairs", f"{opening} is not closed", opening, closing)
    if text.count('"') % 2 and following is not None and not following.text.count('"') % 2:
        yield Finding("pairs", 'the number of " is odd', '"', None)


def _is_list_or_face(text: str, opening: str, closing: str) -> bool:
    """'1) this' and ':(' have a bracket alone."""
    return bool(re.search(r"(?:^|\s)\w{1,2}\)|[:;]-?[()\[\]]", text)) and opening in "(["


def _labels(caption: Caption, style: Style) -> Iterator[Finding]:
    """SDH names speakers and sounds in its own brackets; other styles do not have them (assumption)."""
    text = caption.text
    for line in caption.lines:
        if (named := SPEAKER.match(line)) and not style.sdh:
            yield Finding("sdh", f"a speaker's label outside SDH: {line!r}", named.group().strip(), "")
        elif named and style.speaker_label and not named.group().startswith(style.speaker_label.split("{")[0] or "\0"):
            yield Finding("sdh", f"speaker labels are {style.speaker_label}: {line!r}", named.group().strip(), "")
    if SOUND.match(text) and not style.sdh:
        yield Finding("sdh", f"a sound tag outside SDH: {text!r}", text, "")
    elif SOUND.match(text) and text[0] != style.sound_tag[:1]:
        yield Finding("sdh", f"sound tags are {style.sound_tag}: {text!r}", text, style.sound_tag)
