"""What a search for recordings takes, here and elsewhere: media by their suffix, and nothing of our own."""

from __future__ import annotations

import fnmatch
import json
import re
import unicodedata
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import NamedTuple

from ..core.errors import InputError
from ..music.library.files import SUFFIXES as MUSIC

#: Suffixes of sound, in small letters: those of music, and those that recorders, phones and film sound have.
SOUND = MUSIC | {
    ".3ga", ".amr", ".awb", ".dsf", ".dss", ".dts", ".dtshd", ".eac3", ".ec3", ".gsm", ".mpa", ".mpc", ".oma", ".qcp",
    ".snd", ".spx", ".tak", ".thd", ".tta", ".voc", ".weba",
}  # fmt: skip
#: Suffixes of films.
FILM = frozenset({
    ".3g2", ".3gp", ".asf", ".avi", ".divx", ".dv", ".f4v", ".flv", ".gxf", ".lxf", ".m2t", ".m2ts", ".m4v", ".mkv",
    ".mov", ".mp4", ".mpeg", ".mpg", ".mts", ".mxf", ".nut", ".ogm", ".ogv", ".qt", ".rm", ".rmvb", ".ts", ".vob",
    ".webm", ".wmv", ".wtv",
})  # fmt: skip

#: How the names of our own records end.
RECORD = ".provenance.json"
#: What the pipeline adds to the name of a file that it found in a deliverable's place.
_KEPT = re.compile(r"\.kept-\d+(?=(\.[^.]*)?$)")


@dataclass(frozen=True)
class Found:
    """A recording. `source` is an absolute path or an fsspec URL; `relative` its path below the input it was found
    under, with its suffix ('season 1/ep1.mov'), its name alone where it was named itself."""

    source: str
    relative: PurePosixPath


class Hits(NamedTuple):
    """What an input gives, by what makes each file itself, and how many files of our own were passed over."""

    files: list[tuple[str, Found]]
    delivered: int


@dataclass(frozen=True)
class Search:
    patterns: tuple[str, ...]
    without: set[tuple[int, int]]

    def wants(self, name: str, pattern: str = "") -> bool:
        """Whether a file in a folder is a recording; `pattern` is the last part of a glob that found it."""
        if self.patterns:
            return any(fnmatch.fnmatchcase(same(name).lower(), same(each).lower()) for each in self.patterns)
        # Who writes *.bin means it; who writes * means recordings.
        return bool(PurePosixPath(pattern).suffix.strip(".*?[]!")) or _suffix(name) in SOUND | FILM


def gone(place: str, reason: str) -> InputError:
    return InputError(f"{place} cannot be read: {reason}.", value=place, remedy="Check its name.")


def same(text: str) -> str:
    """Text as it is compared: 'é' is one character on one system and two on another."""
    return unicodedata.normalize("NFC", text)


def _suffix(name: str) -> str:
    return PurePosixPath(name).suffix.lower()


def without_kept(name: str) -> str:
    return _KEPT.sub("", name)


def listed(text: str | bytes) -> list[str]:
    """The files that a record lists, below its folder; none where it cannot be read."""
    try:
        return [str(entry["file"]) for entry in json.loads(text)["deliverables"]]
    except (ValueError, KeyError, TypeError, RecursionError):
        return []
