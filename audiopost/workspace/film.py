"""The picture of a recording: what a browser can play of it, and small pictures of its moments."""

from __future__ import annotations

import io
import json
import threading
from pathlib import Path

from ..core.errors import BadValue
from ..core.stage import Progress
from ..io import proxy
from ..io.frames import frames_at
from .cache import VIEWING, cache_of
from .desk import Desk

#: Moments of small pictures are rounded to this, and may be this much earlier, so that most need no decoding between.
GRID_S, _WITHIN_S = 0.5, 1.0
#: Heights are rounded to this.
_HEIGHTS = 12
#: Two at a time: each decodes by all cores.
_turns = threading.Semaphore(2)


def film_version(desk: Desk) -> str:
    """Short name of the recording's file, another one for another file."""
    return desk.project.media.sha256[:16]


def copy_path(desk: Desk) -> Path:
    """Where the viewing copy lies once it is made."""
    return cache_of(desk).path(film_version(desk), VIEWING)


def view(desk: Desk) -> Path | None:
    """The file that a browser plays: the viewing copy where there is one, else the recording where browsers do."""
    copy = copy_path(desk)
    if copy.exists():
        return copy
    return desk.source if desk.project.media.has_video and _plays(desk) else None


def _plays(desk: Desk) -> bool:
    cache, version = cache_of(desk), film_version(desk)
    known = cache.get(version, "plays.json")
    if known is None:
        known = json.dumps(proxy.plays(desk.source)).encode()
        cache.put(version, "plays.json", known)
    return bool(json.loads(known))


def make_viewing_copy(desk: Desk, progress: Progress) -> Path:
    """A small copy of the picture that every browser plays. Raises BadValue without a picture; OutputError."""
    if not desk.project.media.has_video:
        raise BadValue(f"{desk.name} has no picture.", value=desk.name)
    return proxy.viewing_copy(desk.source, copy_path(desk), progress)


def thumbnail(desk: Desk, time_s: float, height: int) -> bytes | None:
    """A JPEG of the picture at a time, or up to a second before it; None where there is none.

    Raises InputError's kinds, OutputError.
    """
    if not desk.project.media.has_video:
        return None
    number, high = round(time_s / GRID_S), max(1, round(height / _HEIGHTS)) * _HEIGHTS
    cache, version, what = cache_of(desk), film_version(desk), f"thumb-{high}-{number}.jpg"
    found = cache.get(version, what)
    if found is not None:
        return found
    with _turns:
        shown = next(frames_at(desk.source, [number * GRID_S], height=high, within_s=_WITHIN_S), None)
    if shown is None:
        return None
    from PIL import Image

    target = io.BytesIO()
    Image.fromarray(shown[1]).save(target, "JPEG", quality=80)
    cache.put(version, what, target.getvalue())
    return target.getvalue()
