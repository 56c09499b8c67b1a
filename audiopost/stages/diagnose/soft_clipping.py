"""Soft clipping: crests pressed together by an overloaded amplifier, tape or converter, at any level."""

from __future__ import annotations

from ...analysis.saturation import Listener
from ...core.audio import FloatArray
from ...core.marks import Finding
from ...core.time import Span, merge_spans
from .detector import db, full_range, ramp, when

#: Stretches that are judged one by one lie this far apart in one finding.
_GAP_S = 20.0


class SoftClipping:
    """Each channel's curve in each 15 s, and as one finding where stretches follow each other."""

    def __init__(self, rate: int, layout: tuple[str, ...]) -> None:
        self._names = layout
        self._listener = Listener(rate, full_range(layout))

    def feed(self, block: FloatArray, at: int) -> None:
        self._listener.feed(block)

    def findings(self) -> list[Finding]:
        self._listener.close()
        found = []
        for span in merge_spans([Span(s.start_s, s.end_s) for s in self._listener.found], _GAP_S):
            inside = [s for s in self._listener.found if s.start_s in span]
            worst = max(inside, key=lambda s: s.pressed_db)
            channels = sorted({s.channel for s in inside})
            names = ", ".join(self._names[c] for c in channels)
            where = f" in channel {names}" if len(channels) < len(full_range(self._names)) else ""
            detail = (
                f"peaks pressed together above {db(worst.curve.onset()):.1f} dBFS, the highest by "
                f"{worst.pressed_db:.1f} dB, {when(span.start_s, span.end_s)}{where}"
            )
            remedy = (
                "restore with soft_clipping on undoes the curve where it is clear enough to be told exactly; "
                "recording again at a lower gain is better."
            )
            severity = max(ramp(worst.pressed_db, 1.0, 12.0), 0.15)
            found.append(Finding("soft-clipping", span.start_s, span.end_s, severity, detail, remedy))
        return found
