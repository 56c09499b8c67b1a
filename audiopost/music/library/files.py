"""The music files below folders, each once, whatever links lead to them."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

#: Names that music has; what else lies in a folder is left alone.
SUFFIXES = frozenset({
    ".wav", ".wave", ".bwf", ".rf64", ".w64", ".aif", ".aiff", ".aifc", ".caf", ".au", ".flac", ".mp3", ".mp2", ".m4a",
    ".m4b", ".aac", ".alac", ".ogg", ".oga", ".opus", ".wma", ".wv", ".ape", ".ac3", ".mka",
})  # fmt: skip


def music_files(folders: Sequence[Path], unreadable: dict[Path, str]) -> Iterator[Path]:
    """Absolute paths of the music files in and below `folders` (a file may stand among them), in order of name.

    A file or folder that several links lead to comes once, under the first name; links that go round end there.
    Folders that cannot be opened are noted in `unreadable` with the reason.
    """
    seen: set[tuple[int, int]] = set()
    for folder in folders:
        yield from _below(Path(os.path.abspath(folder)), seen, unreadable)  # links are kept as named


def _below(place: Path, seen: set[tuple[int, int]], unreadable: dict[Path, str]) -> Iterator[Path]:
    waiting = [place]
    while waiting:
        path = waiting.pop()
        try:
            state = path.stat()
        except OSError as error:  # a link to nowhere or to itself
            if path == place or path.suffix.lower() in SUFFIXES:
                unreadable[path] = error.strerror or str(error)
            continue
        if (state.st_dev, state.st_ino) in seen:
            continue
        seen.add((state.st_dev, state.st_ino))
        if stat.S_ISDIR(state.st_mode):
            try:
                # Names that begin with a dot are a system's own: resource forks, caches, half-written files.
                names = sorted(name for name in os.listdir(path) if not name.startswith("."))
            except OSError as error:
                unreadable[path] = error.strerror or str(error)
                continue
            waiting += [path / name for name in reversed(names)]
        elif stat.S_ISREG(state.st_mode) and path.suffix.lower() in SUFFIXES:
            yield path
