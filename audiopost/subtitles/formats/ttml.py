"""TTML1 (W3C Timed Text Markup Language 1), within the IMSC 1.0.1 text profile: what Netflix and most players take."""

from __future__ import annotations

from . import CAPTIONS, Document
from .timed_text import Dialect, parse
from .timed_text import render as _render

__all__ = ["HOLDS", "parse", "render"]

HOLDS = CAPTIONS | {"italic", "bold", "underline", "colour", "position", "speaker", "language", "languages", "draft"}
_DIALECT = Dialect({"ttp:profile": "http://www.w3.org/ns/ttml/profile/imsc1/text", "ttp:cellResolution": "32 15"})


def render(document: Document) -> str:
    """The file's text."""
    return _render(document, _DIALECT)
