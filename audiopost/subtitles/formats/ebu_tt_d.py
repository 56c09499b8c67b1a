"""EBU-TT-D (Tech 3380): subtitles of European broadcasters' streams. It names no speakers."""

from __future__ import annotations

from . import Document, ttml
from .timed_text import Dialect, parse
from .timed_text import render as _render

__all__ = ["HOLDS", "parse", "render"]

HOLDS = ttml.HOLDS - {"speaker"}
_DIALECT = Dialect(
    {"ttp:cellResolution": "50 30"},
    ("urn:ebu:tt:distribution:2018-04", "http://www.w3.org/ns/ttml/profile/imsc1/text"),
    agents=False,
)


def render(document: Document) -> str:
    """The file's text."""
    return _render(document, _DIALECT)
