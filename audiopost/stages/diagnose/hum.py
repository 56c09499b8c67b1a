"""Hum and rumble, as `analysis.hum` measures them."""

from __future__ import annotations

import numpy as np

from ...analysis.hum import HumTone, LowEnd
from ...core.audio import FloatArray
from ...core.marks import Finding
from .detector import Span, merge_spans, ramp, when

#: Rumble is reported from this level on, and only where it is not far below the voices and instruments above it.
_RUMBLE_DBFS, _ABOVE_DB = -54.0, -8.0


class Hum:
    """Mains hum with its harmonics, and rumble."""

    def __init__(self, rate: int, layout: tuple[str, ...]) -> None:
        self.rate = rate
        self._keep = [i for i, name in enumerate(layout) if name != "LFE"] or [0]
        self._names = tuple(layout[i] for i in self._keep)
        self._low_end = LowEnd(rate, len(self._keep))
        self._frames = 0

    def feed(self, block: FloatArray, at: int) -> None:
        # What lies below 40 Hz in the LFE is meant to.
        self._low_end.feed(block[self._keep])
        self._frames = at + block.shape[1]

    def findings(self) -> list[Finding]:
        self._low_end.close(self._frames / self.rate)
        return [_described(tones, self._names) for tones in joined(self._low_end.hum)] + self._rumble()

    def _rumble(self) -> list[Finding]:
        loud = [r for r in self._low_end.rumble if r.level_dbfs > _RUMBLE_DBFS and r.above_db > _ABOVE_DB]
        found = []
        for span in merge_spans([Span(r.start_s, r.end_s) for r in loud], 1.0):
            inside = [r for r in loud if r.start_s in span]
            level = max(r.level_dbfs for r in inside)
            above = max(r.above_db for r in inside)
            detail = (
                f"steady energy below 40 Hz at {level:.0f} dBFS RMS {when(span.start_s, span.end_s)}, "
                f"{above:+.0f} dB against that at 70 to 400 Hz"
            )
            severity = max(ramp(level, -65, -25), 0.15)
            remedy = "restore with rumble on takes it away with a high-pass filter."
            found.append(Finding("rumble", span.start_s, span.end_s, severity, detail, remedy))
        return found


def joined(tones: list[HumTone]) -> list[list[HumTone]]:
    """The same hum (within 0.4 Hz, or as far as it wanders) in several channels or stretches, 40 s apart at most."""
    groups: list[list[HumTone]] = []
    for tone in sorted(tones, key=lambda t: t.start_s):
        for group in groups:
            near = max(0.4, 3 * tone.wander_hz, 3 * group[-1].wander_hz)
            late = tone.start_s - max(t.end_s for t in group)
            if late < 40 and abs(tone.frequency_hz - group[-1].frequency_hz) < near:
                group.append(tone)
                break
        else:
            groups.append([tone])
    return groups


def _described(tones: list[HumTone], names: tuple[str, ...]) -> Finding:
    start, end = min(t.start_s for t in tones), max(t.end_s for t in tones)
    frequency = float(np.median([t.frequency_hz for t in tones]))
    level = max(t.level_dbfs for t in tones)
    lines = sorted({k for t in tones for k in t.harmonics})
    named = ", ".join(str(k) for k in lines[:8]) + (" …" if len(lines) > 8 else "")
    wander = max(t.wander_hz for t in tones)
    drift = f", wandering by {wander:.2f} Hz" if wander else ""
    channels = sorted({t.channel for t in tones})
    where = f" in channel {', '.join(names[c] for c in channels)}" if len(channels) < len(names) else ""
    detail = (
        f"hum at {frequency:.2f} Hz{drift}, {level:.0f} dBFS RMS {when(start, end)}{where}; "
        f"harmonics that stand out: {named}"
    )
    remedy = "restore with hum on cuts the fundamental and its harmonics, and follows them where they wander."
    return Finding("hum", start, end, max(ramp(level, -80, -30), 0.15), detail, remedy, round(frequency, 2))
