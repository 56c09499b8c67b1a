"""What deliverables are, for the ledger: their content, without what two equal runs differ in."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from ..io.decode import file_sha256

#: Kinds of deliverables that tell of times, and what of them the hash leaves out. What other kinds hold is the same
#: in two equal runs, byte by byte.
_JSON = frozenset({"project", "provenance"})
#: A page for people: what it tells is in the Project and the record.
_TIMED = frozenset({"report"})


def content_sha256(kind: str, path: Path) -> str:
    """The sha256 of a delivered file, equal for two equal runs; '' for a page whose text tells how long it took."""
    if kind in _TIMED:
        return ""
    if kind not in _JSON:
        return file_sha256(path)
    data = json.loads(path.read_text(encoding="utf-8"))
    if kind == "project":
        data["media"].pop("path")  # where the recording lay: a copy of the worker's, if it came from a URL
    return hashlib.sha256(json.dumps(_timeless(data), sort_keys=True).encode()).hexdigest()


def _timeless(value: Any) -> Any:
    if isinstance(value, dict):
        # Of files that hold times themselves the record has a hash too, which is as fleeting as they are.
        fleeting = {"timing"} | ({"sha256", "bytes"} if value.get("kind") in _JSON | _TIMED else set())
        return {key: _timeless(held) for key, held in value.items() if key not in fleeting}
    return [_timeless(held) for held in value] if isinstance(value, list) else value
