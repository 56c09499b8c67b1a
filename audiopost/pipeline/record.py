"""What lies in a folder of an earlier delivery: its record, NAME.provenance.json, held against the files themselves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from .state import EDITED_S


@dataclass(frozen=True)
class Delivered:
    """One file of a delivery: its kind ('master', 'srt' …), what the record says of it, and whether it still holds.

    `edited`: somebody changed it since. `earlier`: it was written before the delivery that the record is about.
    """

    kind: str
    path: Path
    size: int
    encoding: str = ""
    disclosure: str = ""
    edited: bool = False
    earlier: bool = False
    entry: Mapping[str, Any] = field(default_factory=dict, repr=False)


def delivered(out: Path, base: str, source: str) -> tuple[Delivered, ...]:
    """The files in `out` that the record of the recording `base` lists and that are there, the record last.

    `source` is the recording's file name; a record of another recording, or one that cannot be read, lists nothing.
    """
    path = out / f"{base}.provenance.json"
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["source"]["file"] != source:
            return ()
        latest = path.stat().st_mtime + EDITED_S
        found = [_listed(out, entry, latest) for entry in data["deliverables"]]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return ()
    record = Delivered("provenance", path, path.stat().st_size)
    return (*(each for each in found if each is not None), record)


def _listed(out: Path, entry: Mapping[str, Any], latest: float) -> Delivered | None:
    name = PurePosixPath(str(entry["file"]))
    path = out / name
    # A record can be edited: it is not trusted to stay in its folder.
    if name.is_absolute() or ".." in name.parts or path.is_symlink() or not path.is_file():
        return None
    stat = path.stat()
    return Delivered(
        str(entry["kind"]), path, stat.st_size, str(entry.get("encoding", "")), str(entry.get("disclosure", "")),
        stat.st_mtime > latest, bool(entry.get("earlier")), entry,
    )  # fmt: skip


def delivered_names(out: Path, base: str, source: str) -> set[str]:
    """The names, below `out`, of what an earlier delivery wrote there and nobody has edited since."""
    return {each.path.relative_to(out).as_posix() for each in delivered(out, base, source) if not each.edited}
