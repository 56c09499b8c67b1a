"""The IMSC 1.1 text profile of TTML2 (W3C): what Netflix takes for Japanese, and broadcasters for all."""

from __future__ import annotations

from . import Document, ttml
from .timed_text import Dialect, parse
from .timed_text import render as _render

__all__ = ["HOLDS", "parse", "render"]

HOLDS = ttml.HOLDS
_DIALECT = Dialect(
    {"ttp:contentProfiles": "http://www.w3.org/ns/ttml/profile/imsc1.1/text", "ttp:cellResolution": "32 15"}
)


def render(document: Document) -> str:
    """The file's text."""
    return _render(document, _DIALECT)
