"""Plain text to read: one paragraph for each time a speaker talks."""

from __future__ import annotations

from itertools import groupby

from ...core.errors import BadValue
from ...core.speech import joined
from ..caption import label
from ..text import clean
from . import Document, Loaded

HOLDS = frozenset({"text", "draft"})


def render(document: Document) -> str:
    """Text with LF line ends, the note on a draft at the top."""
    paragraphs = [f"[{document.draft}]"] if document.draft else []
    spoken = [u for u in document.transcript.utterances if clean(u.text)]
    several = len({u.speaker for u in spoken if u.speaker}) > 1
    for (speaker, language), group in groupby(spoken, key=lambda u: (u.speaker, u.language)):
        text = joined((clean(u.text) for u in group), language)
        named = document.speakers and several and speaker
        paragraphs.append(f"{label(clean(speaker or '')) if named else ''}{text}")
    return "\n\n".join(paragraphs) + "\n" if paragraphs else ""


def parse(data: bytes, name: str, encoding: str | None = None) -> Loaded:
    """Refuses: plain text has no times. Raises BadValue that says where it is of use."""
    raise BadValue(
        f"{name} is plain text, which has no times.",
        value=name,
        remedy="To put times on words that are known, use 'audiopost transcribe RECORDING --script'.",
    )
