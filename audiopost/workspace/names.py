"""File names that people and browsers give, made harmless."""

from __future__ import annotations

import unicodedata
from pathlib import PurePosixPath, PureWindowsPath

#: Bytes of a name in UTF-8; file systems hold 255, and suffixes of deliverables come to it.
_MOST_BYTES = 160
#: Names that Windows keeps for devices.
_DEVICES = frozenset({"con", "prn", "aux", "nul", *(f"{kind}{n}" for kind in ("com", "lpt") for n in range(1, 10))})


def safe_name(given: str, default: str = "recording") -> str:
    """The last part of `given` as a file name that is one anywhere: letters of all scripts stay, signs become '_'.

    It has no separators, no control or bidirectional characters, no dot in front, and at most 160 bytes.
    """
    last = PurePosixPath(PureWindowsPath(given).as_posix()).name
    kept = "".join(
        c if c.isalnum() or c in " ._-()[]&+,'" or _joins(c) else "_" for c in unicodedata.normalize("NFC", last)
    )
    stem, dot, suffix = kept.strip(" .").rpartition(".")
    if not dot:
        stem, suffix = suffix, ""
    suffix = f".{suffix}"[:12] if dot else ""
    stem = stem.strip(" .") or default
    if stem.split(".")[0].lower() in _DEVICES:
        stem = f"_{stem}"
    while len((stem + suffix).encode()) > _MOST_BYTES:
        stem = stem[:-1]
    return stem + suffix


def _joins(character: str) -> bool:
    """Whether it is a mark of the letter before it."""
    return unicodedata.category(character) in ("Mn", "Mc")
