"""Small pictures of a film along its time line and at its cues, as data URIs; few enough for one page."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...core.errors import UnreadableMedia
from ...core.project import Project
from ...io.frames import frames_at
from .spotting_material import Stretch

#: Pictures a row of the time line, at most; in the strip and of cues, each; and about the characters of all together.
SLOTS, _MOST, _MOST_CHARS = 10, 120, 1_000_000
_HEIGHT = 90
#: Of WebP; the first that keeps a picture to its share of the characters.
_QUALITIES = (60, 40, 20, 5)
#: A scene's picture is taken this much after its first frame: it may begin in a dissolve.
_INTO_SCENE_S = 0.5


@dataclass(frozen=True)
class Slot:
    """A place in the strip, `width_s` from `start_s` on, and the moment whose picture fills it."""

    start_s: float
    width_s: float
    time_s: float
    begins_scene: bool


def slots(project: Project, rows: Sequence[Stretch]) -> list[Slot]:
    """Equal places; one in whose first half a scene begins shows that scene, the others the moment they begin at."""
    count = max(3, min(SLOTS, _MOST // len(rows)))
    scenes = [scene.start_s for scene in project.scenes or ()]
    end_s = project.media.duration_s
    places = []
    for row in rows:
        width_s = row.duration_s / count
        for number in range(count):
            start_s = row.start_s + number * width_s
            begun = next((at for at in scenes if start_s <= at < start_s + width_s / 2), None)
            if start_s < end_s:
                time_s = start_s if begun is None else min(begun + _INTO_SCENE_S, end_s)
                places.append(Slot(start_s, width_s, time_s, begun is not None))
    return places


def stills(project: Project, strip: Sequence[Slot], cues_s: Sequence[float]) -> tuple[dict[float, str], str]:
    """The pictures of the strip and of cues by time, and a word on what is not there: '', 'few' or 'no'.

    Between scenes a key frame a little earlier will do, and at a scene any of its first; a cue shows its very frame.
    """
    if not project.media.has_video:
        return {}, ""
    within = {slot.time_s: _INTO_SCENE_S if slot.begins_scene else slot.width_s / 4 for slot in strip}
    within |= dict.fromkeys(cues_s[:_MOST], 0.0)
    found: dict[float, str] = {}
    share = min(_MOST_CHARS // max(len(within), 1), _MOST_CHARS // 50)
    try:
        for within_s in sorted(set(within.values()), reverse=True):
            times = sorted(time_s for time_s, its_s in within.items() if its_s == within_s)
            for time_s, picture in frames_at(Path(project.media.path), times, height=_HEIGHT, within_s=within_s):
                found[time_s] = _webp(picture, share)
    except UnreadableMedia:
        pass
    return found, "no" if not found else "few" if len(found) < len(within) else ""


def _webp(picture: NDArray[np.uint8], most_chars: int) -> str:
    from PIL import Image

    image = Image.fromarray(np.ascontiguousarray(picture))
    for quality in _QUALITIES:
        target = io.BytesIO()
        image.save(target, "WEBP", quality=quality)
        uri = "data:image/webp;base64," + base64.b64encode(target.getvalue()).decode("ascii")
        if len(uri) <= most_chars:
            break
    return uri
