"""When shots change, to the frame, for captions to keep to: by PySceneDetect where the extra 'video' is installed."""

from __future__ import annotations

import importlib.util
from collections import deque
from pathlib import Path

import numpy as np

from ..core.stage import Progress, silent
from .shots import find_shots, pictures

#: PySceneDetect works on pictures about this wide, too.
_SIZE = (256, 144)
_EVERY_FRAME = 1000.0
#: The detector tells of a cut this many frames after it, at most.
_BEHIND = 16


def shot_changes(path: Path, progress: Progress = silent) -> tuple[tuple[float, ...], str]:
    """The seconds at which a new shot begins (none for the first), and what found them.

    Times count from the film's first moment. Raises UnreadableMedia.
    """
    if importlib.util.find_spec("scenedetect") is None:
        shots = find_shots(path, progress)
        return tuple(shot.start_s for shot in shots[1:]), "audiopost's own detector (extra 'video' is not installed)"
    return _by_scenedetect(path, progress), "PySceneDetect's AdaptiveDetector"


def _by_scenedetect(path: Path, progress: Progress) -> tuple[float, ...]:
    """PySceneDetect's adaptive detector on our own decoding, which passes over damaged packets."""
    from scenedetect import AdaptiveDetector, FrameTimecode

    detector = AdaptiveDetector(min_scene_len=8)
    recent: deque[tuple[int, float]] = deque(maxlen=_BEHIND)
    cuts: list[float] = []
    for number, (time_s, picture, _) in enumerate(pictures(path, _SIZE, _EVERY_FRAME)):
        recent.append((number, time_s))
        blue_first = np.ascontiguousarray(picture[..., ::-1])
        # The detector counts frames; which rate they are named with is the same to it.
        for found in detector.process_frame(FrameTimecode(number, 25.0), blue_first):
            cuts += [at for n, at in recent if n == found.frame_num]
        progress("shots", time_s, 0.0)
    return tuple(cuts)
