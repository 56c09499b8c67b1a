"""What a detector is, and what detectors share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ...core.audio import FloatArray
from ...core.marks import Finding
from ...core.time import Span, clock, merge_spans


class Detector(Protocol):
    """Listens to a recording once, block by block, and says at the end what it found. Its memory stays small."""

    def feed(self, block: FloatArray, at: int) -> None:
        """float32 (channels, n) that begins at frame `at`; blocks follow each other without gaps."""
        ...

    def findings(self) -> list[Finding]:
        """After the last block."""
        ...


@dataclass(frozen=True)
class Event:
    """Something counted: `count` in [start_s, end_s), the worst of them `strength`."""

    start_s: float
    end_s: float
    count: int
    strength: float


def grouped(events: Sequence[Event], gap_s: float) -> list[Event]:
    """Events at most `gap_s` apart as one, with their counts summed."""
    groups: list[Event] = []
    for event in sorted(events, key=lambda e: e.start_s):
        last = groups[-1] if groups else None
        if last is not None and event.start_s - last.end_s <= gap_s:
            end, count = max(last.end_s, event.end_s), last.count + event.count
            groups[-1] = Event(last.start_s, end, count, max(last.strength, event.strength))
        else:
            groups.append(event)
    return groups


def db(amplitude: float) -> float:
    """Amplitude as dB, not below -150."""
    return float(20 * np.log10(max(amplitude, 3.2e-8)))


def ramp(value: float, low: float, high: float) -> float:
    """0 at `low`, 1 at `high`, straight between: how a measure becomes a severity."""
    return round(float(np.clip((value - low) / (high - low), 0.0, 1.0)), 3)


def counted(number: int, what: str) -> str:
    return f"{number} {what}" if number != 1 else f"1 {what.removesuffix('s')}"


def when(start_s: float, end_s: float) -> str:
    return f"between {clock(start_s)} and {clock(end_s)}" if end_s - start_s >= 1 else f"at {clock(start_s, 1)}"


__all__ = ["Detector", "Event", "Span", "counted", "db", "grouped", "merge_spans", "ramp", "when"]
