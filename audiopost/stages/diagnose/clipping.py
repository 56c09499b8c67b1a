"""Clipping: wave crests cut off flat at one level, also where the level was lowered afterwards."""

from __future__ import annotations

import numpy as np

from ...analysis import defects
from ...core.audio import FloatArray
from ...core.marks import Finding
from .detector import Event, counted, db, grouped, ramp, when

_GAP_S = 3.0


class Clipping:
    """Looks for a common ceiling in each second of each channel; both polarities alike."""

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self.events: list[Event] = []
        self._levels: list[float] = []

    def feed(self, block: FloatArray, at: int) -> None:
        for channel in block:
            spans = defects.flat_tops(channel)
            cuts = [cut for cut in defects.ceilings(channel, spans) if cut is not None]
            if not cuts:
                continue
            length = int((spans[:, 1] - spans[:, 0]).sum())
            start, end = (at + int(spans[0, 0])) / self.rate, (at + int(spans[-1, 1])) / self.rate
            self.events.append(Event(start, end, len(spans), length / channel.shape[0]))
            self._levels.append(max(cuts))

    def findings(self) -> list[Finding]:
        if not self.events:
            return []
        top = db(float(np.median(self._levels)))
        found = []
        for group in grouped(self.events, _GAP_S):
            detail = (
                f"{counted(group.count, 'crests')} cut off flat at {top:.1f} dBFS {when(group.start_s, group.end_s)}, "
                f"up to {100 * group.strength:.2g} % of a second's samples"
            )
            severity = max(ramp(np.log10(group.strength), -4.5, -0.7), 0.15)
            remedy = "restore with clipping on rebuilds the crests; recording again at a lower gain is better."
            found.append(Finding("clipping", group.start_s, group.end_s, severity, detail, remedy))
        return found
