"""Dropouts: the sound is gone for some milliseconds in the middle of activity."""

from __future__ import annotations

import numpy as np

from ...analysis import defects
from ...core.audio import FloatArray
from ...core.marks import Finding
from .detector import Event, counted, grouped, ramp, when

_LONGEST_S, _GAP_S = 0.25, 8.0


class Dropouts:
    """Finds digital zero between sound that stops and starts at full strength, in any channel."""

    def __init__(self, rate: int, channels: int) -> None:
        self.rate = rate
        self.events: list[Event] = []
        self._overlap = round((_LONGEST_S + 0.03) * rate)
        self._held = np.zeros((channels, 0), np.float32)
        self._until = 0

    def feed(self, block: FloatArray, at: int) -> None:
        joined = np.concatenate([self._held, block], axis=1)
        origin, stop = at - self._held.shape[1], at + block.shape[1]
        late = round(0.03 * self.rate)
        spans = {(a, b) for channel in joined for a, b in defects.gaps(channel, self.rate, _LONGEST_S).tolist()}
        # A gap belongs to the block in which the 30 ms behind it end.
        for a, b in sorted(spans):
            if self._until <= origin + b < stop - late:
                self.events.append(Event((origin + a) / self.rate, (origin + b) / self.rate, 1, (b - a) / self.rate))
        self._until = stop - late
        self._held = joined[:, -self._overlap - late :]

    def findings(self) -> list[Finding]:
        found = []
        for group in grouped(self.events, _GAP_S):
            detail = (
                f"{counted(group.count, 'gaps')} of digital silence {when(group.start_s, group.end_s)}, "
                f"the longest {1000 * group.strength:.1f} ms"
            )
            mend = group.strength <= 0.04
            remedy = (
                "restore with dropouts on fills them."
                if mend
                else "restore fills gaps up to 40 ms; longer ones need another take."
            )
            severity = max(ramp(np.log10(group.strength), -3.0, -0.8), ramp(group.count, 0, 30))
            found.append(Finding("dropouts", group.start_s, group.end_s, max(severity, 0.2), detail, remedy))
        return found
