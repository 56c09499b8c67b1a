"""What a detector is, and what detectors share.

A detector is a class that listens to the recording once. It is made, in the list in `dsp.py`, out of what it needs of

- `rate` (Hz) and `layout` (names of the channels, as in `core.audio.LAYOUTS`; leave out "LFE" where it does not count),
- `speech`: tuple of Spans, in seconds, in order and without overlap, where the VAD hears speech. The VAD has run before
  the first block, once for all detectors and for the activity, so that `feed` may sort what it hears into speech and
  the rest (`Speech(spans).share(start_s, end_s)` says how much of each stretch is) and need keep nothing for later.

To add one: a file of its own here, and its line in the list in `dsp.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ...core.audio import FloatArray
from ...core.marks import Finding, counted
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


class Framer:
    """Cuts blocks into whole frames of `size` samples, without overlap; what is left waits for the next block."""

    def __init__(self, channels: int, size: int) -> None:
        self._size = size
        self._held = np.zeros((channels, 0), np.float32)

    def cut(self, block: FloatArray, at: int) -> tuple[FloatArray, int]:
        """(channels, n, size) and the number of its first sample."""
        joined = np.concatenate([self._held, block], axis=1)
        start = at - self._held.shape[1]
        whole = joined.shape[1] // self._size
        self._held = joined[:, whole * self._size :]
        return joined[:, : whole * self._size].reshape(len(joined), whole, self._size), start


class Speech:
    """Asks the spans of speech by time: by bisection, so that a detector may ask for every frame of a film."""

    def __init__(self, spans: Sequence[Span]) -> None:
        edges = [(s.start_s, s.end_s) for s in spans]
        self._edges = np.asarray(edges, np.float64).ravel()
        self._sums = np.concatenate([[0.0], np.cumsum([end - start for start, end in edges])])

    def seconds_until(self, time_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Seconds of speech before each time."""
        at = np.searchsorted(self._edges, time_s, side="right")
        begun = np.where(at % 2 == 1, time_s - self._edges[np.maximum(at - 1, 0)], 0.0) if len(self._edges) else 0.0
        return np.asarray(self._sums[at // 2] + begun, np.float64)

    def share(self, start_s: NDArray[np.float64], end_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """How much of each [start_s, end_s) is speech, 0 to 1."""
        within = self.seconds_until(end_s) - self.seconds_until(start_s)
        return np.asarray(np.clip(within / np.maximum(end_s - start_s, 1e-9), 0.0, 1.0))


def db(amplitude: float) -> float:
    """Amplitude as dB, not below -150."""
    return float(20 * np.log10(max(amplitude, 3.2e-8)))


def ramp(value: float, low: float, high: float) -> float:
    """0 at `low`, 1 at `high`, straight between: how a measure becomes a severity."""
    return round(float(np.clip((value - low) / (high - low), 0.0, 1.0)), 3)


def when(start_s: float, end_s: float) -> str:
    return f"between {clock(start_s)} and {clock(end_s)}" if end_s - start_s >= 1 else f"at {clock(start_s, 1)}"


def full_range(layout: Sequence[str]) -> list[int]:
    """The channels that carry the whole spectrum: all but the LFE."""
    return [i for i, name in enumerate(layout) if name != "LFE"] or [0]


__all__ = [
    "Detector",
    "Event",
    "Framer",
    "Span",
    "Speech",
    "counted",
    "db",
    "full_range",
    "grouped",
    "merge_spans",
    "ramp",
    "when",
]
