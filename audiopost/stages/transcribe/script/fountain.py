"""Fountain, the plain-text screenplay (fountain.io/syntax, version 1.1): who speaks, and what.

Scene headings, action, transitions, notes, boneyard, sections and synopses are not spoken and are left out.
"""

from __future__ import annotations

import re

from .parse import Line

_HEADING = re.compile(r"^(\.(?!\.)|(int|ext|est|i/e|int\.?/ext)[. ])", re.IGNORECASE)
_TITLE_KEY = re.compile(r"^[A-Za-z][\w ]*:")
_EXTENSION = re.compile(r"\s*(\([^)]*\)|（[^）]*）)")
_REMOVED = re.compile(r"/\*.*?\*/|\[\[.*?\]\]", re.DOTALL)


def lines_of(raw: list[str]) -> list[Line]:
    """The dialogue of a screenplay with its line numbers; parentheticals are left out."""
    rows = _without_notes(raw)
    lines: list[Line] = []
    speaker: str | None = None
    for i, row in enumerate(rows):
        text = row.strip()
        if i < _title_page(rows):
            continue
        # Two spaces keep a speech going over a blank line.
        if not text:
            speaker = speaker if row.startswith("  ") else None
        elif speaker is not None:
            if not (text.startswith("(") and text.endswith(")")):
                lines.append(Line(i + 1, text.removeprefix("~"), speaker))
        elif _is_character(rows, i):
            speaker = _name(text)
    return lines


def is_screenplay(raw: list[str]) -> bool:
    """Whether plain text is laid out as a screenplay: a scene heading, or names alone on at least three lines."""
    rows = _without_notes(raw)
    cues = sum(_is_character(rows, i) for i in range(len(rows)))
    headed = any(_HEADING.match(row.strip()) and row.strip().isupper() for row in rows)
    return cues >= 3 or (headed and cues > 0)


def _without_notes(raw: list[str]) -> list[str]:
    """Lines with notes and boneyard blanked; line numbers stay."""
    return _REMOVED.sub(lambda found: "\n" * found[0].count("\n"), "\n".join(raw)).split("\n")


def _title_page(rows: list[str]) -> int:
    """The number of lines of the title page: 'Key: value' from the first line to the first blank one."""
    keys = ("title", "credit", "author", "authors", "source", "draft date", "contact", "copyright", "notes", "revision")
    if not rows or not _TITLE_KEY.match(rows[0]) or rows[0].partition(":")[0].strip().lower() not in keys:
        return 0
    return next((i for i, row in enumerate(rows) if not row.strip()), len(rows))


def _is_character(rows: list[str], i: int) -> bool:
    """A name: after a blank line, with speech under it, in capitals or forced by '@'."""
    text = rows[i].strip()
    if not text or (i > 0 and rows[i - 1].strip()) or i + 1 >= len(rows) or not rows[i + 1].strip():
        return False
    if text.startswith("@"):
        return len(text) > 1
    if text[0] in "!>.#=~" or _HEADING.match(text) or text.endswith("TO:"):
        return False
    name = _EXTENSION.sub("", text).rstrip("^").strip()
    cased = [char for char in name if char.isupper() or char.islower()]
    return bool(cased) and all(char.isupper() for char in cased) and name[-1] not in ".!?:"


def _name(text: str) -> str:
    """Without the '@' that forces it, extensions (V.O.) and the mark of dual dialogue."""
    return _EXTENSION.sub("", text.removeprefix("@")).rstrip("^").strip()
