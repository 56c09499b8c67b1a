"""SubRip. It has no escapes: a word joiner, which is invisible, keeps text from being taken for markup."""

from __future__ import annotations

import re

from ..text import JOINER
from . import Document, clock_ms


def render(document: Document) -> str:
    """SRT text with LF line ends. Drafts cannot be marked in this format."""
    blocks = [
        f"{number}\n{clock_ms(start, ',')} --> {clock_ms(end, ',')}\n{chr(10).join(map(escape, lines))}\n"
        for number, (start, end, lines) in enumerate(document.labelled(), 1)
    ]
    return "\n".join(blocks)


def escape(line: str) -> str:
    """'<b>', '{\\an8}' and '-->' shown as they are; a line of digits alone would read as a caption's number."""
    line = re.sub(r"([<{\\])", rf"\1{JOINER}", line).replace("-->", f"--{JOINER}>")
    return line + JOINER if line.isdigit() else line
