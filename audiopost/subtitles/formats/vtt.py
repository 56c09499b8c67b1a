"""WebVTT (W3C): speakers as voice spans, the draft note as a NOTE."""

from __future__ import annotations

import html

from . import Document, clock_ms


def render(document: Document) -> str:
    """WebVTT text with LF line ends."""
    blocks = ["WEBVTT\n"]
    if document.draft:
        blocks.append(f"NOTE {escape(document.draft)}\n")
    for start, end, lines, speaker, _ in document.events():
        text = "\n".join(map(escape, lines))
        if speaker:
            text = f"<v {escape(speaker)}>{text}"
        blocks.append(f"{clock_ms(start)} --> {clock_ms(end)}\n{text}\n")
    return "\n".join(blocks)


def escape(text: str) -> str:
    """&, < and > as entities: '-->' and tags in the text stay text."""
    return html.escape(text, quote=False)
