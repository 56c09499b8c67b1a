"""SHA-256 of weights, computed once: a gigabyte is not read again while path, size and time stay the same."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
from collections.abc import Mapping
from pathlib import Path

from ..core.errors import OutputError
from ..io.atomic import write_text

log = logging.getLogger("audiopost")

#: Lies in the store's root.
REMEMBERED = "hashes.json"


def compute(path: Path) -> str:
    """SHA-256 of a file's bytes, read now."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def of(path: Path, store: Path) -> str:
    """SHA-256 of a file, from `store`'s memory where the file has not changed since."""
    real = path.resolve()
    # The hub's cache names a large file's blob by its sha256.
    if len(real.name) == 64 and set(real.name) <= set("0123456789abcdef"):
        return real.name
    state = real.stat()
    key = f"{real} {state.st_size} {state.st_mtime_ns}"
    known = _load(store)
    if key not in known:
        known[key] = compute(real)
        # A store on a read-only share cannot remember; the hash is then computed each time.
        with contextlib.suppress(OutputError):
            if store.is_dir():
                write_text(store / REMEMBERED, json.dumps(known, indent=1, sort_keys=True) + "\n")
    return known[key]


def _load(store: Path) -> dict[str, str]:
    try:
        known: dict[str, str] = json.loads((store / REMEMBERED).read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        log.debug("%s: %s", store / REMEMBERED, error)
        return {}
    return known


def digest(hashes: Mapping[str, str]) -> str:
    """One hash for a model: its file's own, or for several the SHA-256 of their sorted `sha256sum` listing."""
    if len(hashes) == 1:
        return next(iter(hashes.values()))
    listing = "".join(f"{value}  {name}\n" for name, value in sorted(hashes.items()))
    return hashlib.sha256(listing.encode()).hexdigest()
