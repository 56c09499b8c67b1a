"""What tells cuts, frame by frame: PySceneDetect where the extra 'video' is installed, else a detector of our own.

Ours calls it a cut where the colour histogram and the small grey picture both change much more than around it (the
adaptive threshold of PySceneDetect's AdaptiveDetector: the change over the mean change of the frames around).
"""

from __future__ import annotations

import importlib.util
from collections import deque
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

#: Width and height of the pictures that are looked at: PySceneDetect works on pictures about this wide, too.
SIZE = (256, 144)
#: A cut is told at most this many frames after it.
BEHIND = 16
#: Our detector looks at pictures this many times smaller, and at this many frames on each side.
_SMALLER, _AROUND = 4, 8
#: A cut changes at least this share of the picture (0..1), and this many times what is usual around it.
_LEAST, _TIMES = 0.08, 3.0
_SHORTEST_S = 0.3
_SHADES = 8
#: Bins of a colour histogram.
BINS = _SHADES**3


@dataclass(frozen=True)
class Frame:
    """A picture, (144, 256, 3) RGB, and when it begins to show."""

    time_s: float
    picture: NDArray[np.uint8]

    @cached_property
    def small(self) -> NDArray[np.float32]:
        """(36, 64, 3), each pixel the mean of those it stands for."""
        height, width, _ = self.picture.shape
        blocks = self.picture.reshape(height // _SMALLER, _SMALLER, width // _SMALLER, _SMALLER, 3)
        return np.asarray(blocks.mean(axis=(1, 3)), np.float32)

    @cached_property
    def look(self) -> NDArray[np.float32]:
        """The colour histogram, (512,), summing to 1."""
        index = self.small.astype(np.int32) >> 5
        flat = (index[..., 0] * _SHADES + index[..., 1]) * _SHADES + index[..., 2]
        return np.asarray(np.bincount(flat.ravel(), minlength=BINS) / flat.size, np.float32)


class CutFinder(Protocol):
    """Tells cuts while it is fed; `name` says who it is."""

    name: str

    def feed(self, frame: Frame) -> list[float]:
        """The cuts (the first moment of the new shot, in seconds) that are sure by now, each told once."""
        ...

    def rest(self) -> list[float]:
        """The cuts among the last frames, when no more come."""
        ...


def cut_finder() -> CutFinder:
    """The best that is installed."""
    return PySceneDetect() if importlib.util.find_spec("scenedetect") is not None else Histograms()


class PySceneDetect:
    """PySceneDetect's adaptive detector on our own decoding, which passes over damaged packets."""

    name = "PySceneDetect's AdaptiveDetector"

    def __init__(self) -> None:
        from scenedetect import AdaptiveDetector

        self._detector = AdaptiveDetector(min_scene_len=8)
        self._number = 0
        self._recent: deque[tuple[int, float]] = deque(maxlen=BEHIND)

    def feed(self, frame: Frame) -> list[float]:
        from scenedetect import FrameTimecode

        self._recent.append((self._number, frame.time_s))
        blue_first = np.ascontiguousarray(frame.picture[..., ::-1])
        # The detector counts frames; which rate they are named with is the same to it.
        found = self._detector.process_frame(FrameTimecode(self._number, 25.0), blue_first)
        self._number += 1
        return [at for cut in found for number, at in self._recent if number == cut.frame_num]

    def rest(self) -> list[float]:
        return []


class Histograms:
    """Our own: the share of colours and of pixels that change from one frame to the next."""

    name = "audiopost's own detector (extra 'video' is not installed)"

    def __init__(self) -> None:
        self._before: Frame | None = None
        self._cut_s = 0.0
        self._changes: deque[tuple[float, float]] = deque(maxlen=2 * _AROUND + 1)

    def feed(self, frame: Frame) -> list[float]:
        before, self._before = self._before, frame
        if before is None:
            return []
        # Both must change: a moving camera changes pixels and hardly the colours' shares.
        colours = max(0.0, 1 - float(np.minimum(frame.look, before.look).sum()))
        pixels = float(np.abs(frame.small.mean(axis=2) - before.small.mean(axis=2)).mean()) / 255
        self._changes.append((frame.time_s, float(np.sqrt(colours * min(1.0, 4 * pixels)))))
        if len(self._changes) == self._changes.maxlen:
            return self._decided(_AROUND)
        return self._decided(len(self._changes) - 1 - _AROUND) if len(self._changes) > _AROUND else []

    def rest(self) -> list[float]:
        # The last frames have fewer behind them.
        last = range(max(0, len(self._changes) - _AROUND), len(self._changes))
        return [at for centre in last for at in self._decided(centre)]

    def _decided(self, centre: int) -> list[float]:
        """The time of a change where it is a cut."""
        time_s, change = self._changes[centre]
        usual = [c for i, (_, c) in enumerate(self._changes) if i != centre]
        peak = change >= max(_LEAST, max(usual, default=0.0), _TIMES * sum(usual) / max(len(usual), 1))
        if not peak or time_s - self._cut_s < _SHORTEST_S:
            return []
        self._cut_s = time_s
        return [time_s]
