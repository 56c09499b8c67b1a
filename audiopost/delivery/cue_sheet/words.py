"""Values of a cue in the reader's language, and back from any language a sheet may have been written in."""

from __future__ import annotations

import functools
from collections.abc import Mapping

from ...core.language import LANGUAGES, texts
from ...core.spotting import EMOTIONS, FADES, FUNCTIONS, STATUSES
from ...core.time import FrameRate

_MODES = (
    "major", "minor", "dorian", "phrygian", "lydian", "mixolydian", "octatonic", "whole-tone", "chromatic", "gong",
    "shang", "jue", "zhi", "yu",
)  # fmt: skip
#: Kinds of values: their ids, and where their names stand: the group of texts and the prefix of its keys.
_KINDS: dict[str, tuple[tuple[str, ...], str, str]] = {
    "function": (FUNCTIONS, "sheet", "function_"),
    "emotion": (EMOTIONS, "emotion", ""),
    "status": (STATUSES, "sheet", "status_"),
    "fade": (FADES, "sheet", "fade_"),
    "mode": (_MODES, "scoring", ""),
}


def ids(kind: str) -> tuple[str, ...]:
    """The values of a kind ('function', 'emotion', 'status', 'fade', 'mode')."""
    return _KINDS[kind][0]


def shown(kind: str, value: str, language: str) -> str:
    """The name of a value; a value without a name, such as a mode of a composer's own, stands as it is."""
    known, group, prefix = _KINDS[kind]
    return texts(group)[prefix + value][language] if value in known else value


def meant(kind: str, text: str) -> str | None:
    """The value whose id or name, in any language, `text` is; None where it is none."""
    return _names(kind).get(text.strip().casefold())


@functools.cache
def _names(kind: str) -> Mapping[str, str]:
    known = ids(kind)
    names = {shown(kind, value, language).casefold(): value for value in known for language in LANGUAGES}
    return names | {value.casefold(): value for value in known}


#: Marks between parts, and how Chinese writes them.
_MARKS = {", ": "、", "; ": "；", ": ": "："}


def joined(language: str, *parts: str, mark: str = ", ") -> str:
    """What there is of the parts, with commas, semicolons (`mark` is '; ') or a colon (': ') between."""
    return (mark if language == "en" else _MARKS[mark]).join(filter(None, parts))


def frame_rate(rate: FrameRate) -> str:
    """'25', '29.97 DF': as editors write it."""
    return str(rate).replace("df", " DF")
