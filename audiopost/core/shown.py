"""Text of others, as terminals and captions can show it."""

from __future__ import annotations

import unicodedata

_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def printable(text: str) -> bool:
    """No control characters, line ends, changes of writing direction; joiners stay, Persian and Hindi need them."""
    return all(c in "\u200c\u200d" or unicodedata.category(c) not in _UNPRINTABLE for c in text)


def shown(text: str) -> str:
    """Names of files and tags may hold anything: control characters and changes of direction become escapes."""
    return "".join(c if printable(c) else c.encode("unicode_escape").decode() for c in text)
