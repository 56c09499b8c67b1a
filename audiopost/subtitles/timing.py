"""When captions come and go, in whole frames: speech, style guide and shot changes agreed.

Everything takes numbers or arrays of them, so that the layout weighs the very times that it then gives.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.time import FrameRate
from .styles import Style

#: An in-time may slip this far behind the speech so that the caption before can be read; more would be out of step.
_SLIP_S = 0.5
#: After the last caption.
NEVER = 1 << 40

Frames = NDArray[np.int64]


@dataclass(frozen=True)
class Shown:
    """Frames: when a caption goes, and when the next one comes."""

    end: Any
    following: Any


class Timing:
    """The times of one programme. `shots`: frames that open a shot; `last`: where the recording ends."""

    def __init__(self, style: Style, rate: FrameRate, shots: Sequence[float] = (), until_s: float = math.inf) -> None:
        self.rate, self.fps = rate, float(rate.fraction)
        self.frames = style.frames(rate)
        self.slip = round(_SLIP_S * self.fps)
        self.last = NEVER if math.isinf(until_s) else max(math.floor(until_s * self.fps + 1e-6), 1)
        near = self.frames.snap > 0
        self.shots: Frames = np.unique(self.at([s for s in shots if s > 0])) if near else np.zeros(0, np.int64)

    def at(self, times_s: Sequence[float] | NDArray[np.float64]) -> Frames:
        """The frames nearest to times."""
        return np.rint(np.asarray(times_s, np.float64) * self.fps).astype(np.int64)

    def openings(self, starts_s: Sequence[float]) -> Frames:
        """In-times for speech that starts at `starts_s`: its first frame, or the shot change near it.

        Netflix, Subtitle Timing Guidelines 2 (at 24 a second): up to 12 frames after a shot change, or 8 before it,
        move to it; 9 to 11 frames before it move to 12 frames before it.
        """
        begins = np.minimum(np.maximum(self.at(starts_s), 0), max(self.last - 1, 0))
        if len(self.shots) and len(begins):
            snap = self.frames.snap
            right = np.searchsorted(self.shots, begins, side="right")
            before = np.where(right > 0, self.shots[np.maximum(right - 1, 0)], -NEVER)
            after = np.where(right < len(self.shots), self.shots[np.minimum(right, len(self.shots) - 1)], NEVER)
            since, until = begins - before, after - begins
            moved = np.where(until < round(0.75 * snap), after, np.where(until < snap, after - snap, begins))
            begins = np.where((since < snap) & (since <= until), before, moved)
        return np.maximum(begins, 0)

    def show(self, start: Any, speech_end: Any, following: Any, need: Any) -> Shown:
        """How long a caption stays that comes at `start` and takes `need` frames to read.

        Until past the speech, longer where reading asks for it; never over the next one, whose speech is at
        `following` and which slips behind it where this one were too short. Small gaps are closed.
        """
        f = self.frames
        room = start + f.shortest + f.gap
        pressed = np.maximum(np.minimum(room, following + self.slip), start + max(f.shortest // 2, 1) + f.gap)
        following = np.where(following >= room, following, np.maximum(pressed, following))
        until = np.minimum(following - f.gap, self.last)
        limit = np.minimum(start + f.longest, until)
        wished = np.maximum(np.maximum(speech_end + f.linger, start + f.shortest),
                            np.minimum(start + need, speech_end + f.hold))  # fmt: skip
        end = np.minimum(wished, limit)
        small = following - end <= f.chain
        least = np.minimum(np.maximum(np.maximum(speech_end, start + f.shortest), start + need), end)
        apart = np.maximum(following - f.chain - 1, least)  # too long to be closed: rather a clear gap
        end = np.where(small, np.where(limit == until, until, np.minimum(end, apart)), end)
        return Shown(np.maximum(end, start + 1), following)

    def leave(self, start: int, end: int, speech_end: int, following: int, need: int) -> int:
        """An out-time near a shot change moved to `gap` frames before it, or half a second past it.

        Only where that breaks no other rule: nothing that was read in time comes short, no gap is left that
        ought to be closed.
        """
        f = self.frames
        if not len(self.shots):
            return end
        n = int(np.searchsorted(self.shots, end))
        near = [int(c) for c in self.shots[max(n - 1, 0) : n + 1] if abs(end - int(c)) < f.snap]
        if not near:
            return end
        cut = min(near, key=lambda c: abs(end - c))
        before, after = cut - f.gap, cut + f.snap
        read = min(end - start, max(f.shortest, need))

        def allowed(at: int) -> bool:
            gap = following - at
            return read <= at - start <= f.longest and at <= self.last and (gap == f.gap or gap > f.chain)

        wished = [before, after] if speech_end <= cut else [after]
        if after > speech_end + max(f.linger, need + start - speech_end):
            wished = wished[:1] if speech_end <= cut else []
        return next((at for at in wished if allowed(at)), end)
