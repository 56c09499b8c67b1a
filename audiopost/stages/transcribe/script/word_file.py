"""Scripts in Word: 'NAME: text', a table with a column of names, or a screenplay's styles."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from ....core.errors import MissingExtra, UnreadableMedia
from .fountain import is_screenplay
from .fountain import lines_of as fountain_lines
from .parse import Line, is_name, labelled

#: Names of the paragraph styles that screenplay templates use for speech and its speaker.
_CHARACTER, _DIALOGUE = ("character", "人物", "角色"), ("dialogue", "dialog", "lyrics", "對白", "对白")
#: What the head of a column of speakers says; its row is no line.
_HEADS = frozenset({"character", "speaker", "name", "role", "who", "角色", "人物", "說話者", "说话者"})


def lines_of(data: bytes, name: str) -> list[Line]:
    """Lines of a .docx; the number is that of the paragraph or table row. Raises MissingExtra, UnreadableMedia."""
    try:
        import docx
    except ImportError as error:
        raise MissingExtra("python-docx is not installed.", remedy="pip install python-docx") from error
    try:
        document = docx.Document(io.BytesIO(data))
        blocks = list(_blocks(document))
    except Exception as error:  # zip, XML and package errors of many kinds
        raise UnreadableMedia(
            f"{name} cannot be read as a Word document: {error}.",
            value=name,
            remedy="Save it as .docx (not .doc) or as plain text.",
        ) from error
    if any(style.startswith(_DIALOGUE) for style, *_ in blocks):
        return _by_style(blocks)
    table = [Line(i, cells[-1], cells[-2]) for i, (_, cells) in enumerate(blocks, 1) if _is_speech(cells)]
    rows = [cells[0] if len(cells) == 1 else "" for _, cells in blocks]
    paragraphs = fountain_lines(rows) if is_screenplay(rows) else labelled(enumerate(rows, 1))
    return sorted(table + [line for line in paragraphs if line.text], key=lambda line: line.number)


def _blocks(document: Any) -> Iterator[tuple[str, tuple[str, ...]]]:
    """(style in lower case, (text,)) of a line of a paragraph, ('', (cells …)) of a table row, in reading order."""
    for item in document.iter_inner_content():
        if hasattr(item, "rows"):
            for row in item.rows:
                # A merged cell comes once for each column that it spans.
                cells = dict.fromkeys(cell.text.replace("\n", " ").strip() for cell in row.cells)
                yield "", tuple(cell for cell in cells if cell) or ("",)
        else:
            style = (item.style.name if item.style is not None else "").lower()
            for text in item.text.split("\n"):
                yield style, (text,)


def _is_speech(cells: tuple[str, ...]) -> bool:
    """A table row whose last two cells are a name and what it says (a number or timecode may stand before)."""
    return len(cells) > 1 and is_name(cells[-2]) and cells[-2].lower() not in _HEADS


def _by_style(blocks: list[tuple[str, tuple[str, ...]]]) -> list[Line]:
    lines: list[Line] = []
    speaker: str | None = None
    for number, (style, cells) in enumerate(blocks, 1):
        if style.startswith(_CHARACTER):
            speaker = cells[0].strip() or None
        elif style.startswith(_DIALOGUE):
            lines.append(Line(number, cells[-1], speaker))
    return lines
