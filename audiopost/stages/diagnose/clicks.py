"""Clicks: isolated impulses of under a millisecond."""

from __future__ import annotations

import numpy as np

from ...analysis import defects
from ...core.audio import FloatArray
from ...core.marks import Finding
from .detector import Event, counted, grouped, ramp, when

#: A lone click is reported when it stands out this much; weaker ones only in company.
_LONE = 100.0
_COMPANY, _GAP_S = 4, 8.0


class Clicks:
    """Counts the clicks of all channels; a click that several channels share counts once."""

    def __init__(self, rate: int, channels: int) -> None:
        self.rate = rate
        self.events: list[Event] = []
        self._overlap = round(0.03 * rate)
        self._held = np.zeros((channels, 0), np.float32)
        self._until = 0

    def feed(self, block: FloatArray, at: int) -> None:
        # The last 30 ms are judged with the next block, when what follows is known.
        self._listen(np.concatenate([self._held, block], axis=1), at + block.shape[1], self._overlap)

    def _listen(self, joined: FloatArray, stop: int, late: int) -> None:
        """`joined` ends at frame `stop`; clicks in its last `late` frames are left for later."""
        origin = stop - joined.shape[1]
        found: dict[int, float] = {}
        for channel in joined:
            spans, strength = defects.clicks(channel, self.rate)
            for (first, _), value in zip(spans.tolist(), strength.tolist(), strict=True):
                if self._until <= origin + first < stop - late:
                    slot = (origin + first) * 500 // self.rate
                    found[slot] = max(found.get(slot, 0.0), value)
        self._until = stop - late
        self._held = joined[:, -2 * self._overlap :]
        per_second: dict[int, list[tuple[int, float]]] = {}
        for slot, value in found.items():
            per_second.setdefault(slot // 500, []).append((slot, value))
        for hits in per_second.values():
            slots, values = [h[0] for h in hits], [h[1] for h in hits]
            self.events.append(Event(min(slots) / 500, (max(slots) + 1) / 500, len(hits), max(values)))

    def findings(self) -> list[Finding]:
        self._listen(self._held, self._until + self._overlap, 0)
        found = []
        for group in grouped(self.events, _GAP_S):
            if group.count < _COMPANY and group.strength < _LONE:
                continue
            rate = group.count / max(group.end_s - group.start_s, 1.0)
            severity = max(ramp(np.log10(rate), -1.3, 1.3), ramp(np.log10(group.strength), 1.2, 4.0))
            detail = (
                f"{counted(group.count, 'clicks')} {when(group.start_s, group.end_s)}, "
                f"the strongest {min(group.strength, 9999):.0f} times its surroundings"
            )
            remedy = "restore with clicks on interpolates them."
            found.append(Finding("clicks", group.start_s, group.end_s, max(severity, 0.15), detail, remedy))
        return found
