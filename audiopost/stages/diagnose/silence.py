"""Long silence: digital zeros (nothing was recorded, or a file is missing) told from room tone."""

from __future__ import annotations

import numpy as np

from ...core.audio import FloatArray
from ...core.marks import Finding
from .detector import Framer, Span, db, ramp, when

_FRAME_S = 0.04
#: Above this share of frames that hold nothing but zeros a silence is a digital one.
_DIGITAL = 0.98


class Silence:
    """Stretches of at least `least_s` in which every 40 ms stay below an RMS of `below_dbfs`, all channels together."""

    def __init__(self, rate: int, channels: int, below_dbfs: float, least_s: float) -> None:
        self._rate, self._least_s, self._below_dbfs = rate, least_s, below_dbfs
        self._size = max(round(_FRAME_S * rate), 1)
        self._framer = Framer(channels, self._size)
        self._limit = 10 ** (below_dbfs / 10)
        # Of each stretch: first frame, frame behind the last, sum of the frames' powers, frames of zeros.
        self._stretches: list[tuple[int, int, float, int]] = []
        self._frames = 0

    def feed(self, block: FloatArray, at: int) -> None:
        self._frames = at + block.shape[1]
        frames, start = self._framer.cut(block, at)
        power = np.mean(frames.astype(np.float64) ** 2, axis=(0, 2))
        for i in np.flatnonzero(power < self._limit).tolist():
            number, last = start // self._size + i, self._stretches[-1] if self._stretches else None
            zero = int(power[i] == 0)
            if last and last[1] == number:
                self._stretches[-1] = (last[0], number + 1, last[2] + float(power[i]), last[3] + zero)
                continue
            if last and not self._long(last):
                self._stretches.pop()
            self._stretches.append((number, number + 1, float(power[i]), zero))

    def _long(self, stretch: tuple[int, int, float, int]) -> bool:
        """Whether it is long enough, or all that there is."""
        least = min(self._least_s, 0.98 * self._frames / self._rate)
        return (stretch[1] - stretch[0]) * self._size >= least * self._rate

    def findings(self) -> list[Finding]:
        duration = self._frames / self._rate
        return [self._finding(stretch, duration) for stretch in self._stretches if self._long(stretch)]

    def _finding(self, stretch: tuple[int, int, float, int], duration: float) -> Finding:
        first, stop, power, zeros = stretch
        step = self._size / self._rate
        # What is left behind the last whole frame belongs to it.
        end = duration if duration - stop * step < step else stop * step
        span = Span(first * step, end)
        digital = zeros > _DIGITAL * (stop - first)
        level = db(float(np.sqrt(power / (stop - first))))
        whole = span.duration_s > 0.98 * duration
        where = "the whole recording" if whole else when(span.start_s, span.end_s)
        what = "nothing but digital zeros" if digital else f"room tone or noise at {level:.0f} dBFS RMS"
        detail = f"silence {where}: {span.duration_s:.1f} s of {what} (below {self._below_dbfs:.0f} dBFS)"
        if whole:
            remedy = "Check the recording and the channel."
        elif digital:
            remedy = "Check whether a clip is missing here; lay room tone under a pause that is meant."
        else:
            remedy = "Check whether the pause is meant."
        severity = 1.0 if whole else (0.3 if digital else 0.2) + ramp(span.duration_s, 30, 600) * 0.3
        return Finding("silence", span.start_s, span.end_s, round(severity, 3), detail, remedy)
