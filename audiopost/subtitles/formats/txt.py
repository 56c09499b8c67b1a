"""Plain text to read: one paragraph for each time a speaker talks."""

from __future__ import annotations

from itertools import groupby

from ...core.speech import joined
from ..caption import label
from ..text import clean
from . import Document


def render(document: Document) -> str:
    paragraphs = [f"[{document.draft}]"] if document.draft else []
    spoken = [u for u in document.transcript.utterances if clean(u.text)]
    several = len({u.speaker for u in spoken if u.speaker}) > 1
    for (speaker, language), group in groupby(spoken, key=lambda u: (u.speaker, u.language)):
        text = joined((clean(u.text) for u in group), language)
        named = document.speakers and several and speaker
        paragraphs.append(f"{label(clean(speaker or '')) if named else ''}{text}")
    return "\n\n".join(paragraphs) + "\n" if paragraphs else ""
