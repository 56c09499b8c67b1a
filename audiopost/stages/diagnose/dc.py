"""DC: the wave stands off zero."""

from __future__ import annotations

import numpy as np

from ...core.audio import FloatArray
from ...core.marks import Finding
from ...core.time import Span, merge_spans
from .detector import db, ramp, when

_LEAST = 2e-3
#: Seconds over which the mean is taken where it is not there from end to end: speech averages out.
_WINDOW = 5
#: How much larger the mean is than its change from second to second.
_STEADY = 3.0


class Dc:
    """The mean of each channel, second by second."""

    def __init__(self, rate: int, layout: tuple[str, ...]) -> None:
        self._rate, self._layout = rate, layout
        self._sums: list[np.ndarray] = []
        self._lengths: list[int] = []

    def feed(self, block: FloatArray, at: int) -> None:
        self._sums.append(block.sum(axis=1, dtype=np.float64))
        self._lengths.append(block.shape[1])

    def findings(self) -> list[Finding]:
        length = np.asarray(self._lengths, np.float64)
        if length.sum() < 0.25 * self._rate:
            return []
        sums, edges = np.asarray(self._sums), np.concatenate([[0.0], np.cumsum(length)]) / self._rate
        kernel = np.ones(min(_WINDOW, len(length)))
        total = np.convolve(length, kernel, "same")
        means = np.stack([np.convolve(channel, kernel, "same") for channel in sums.T], axis=1) / total[:, None]
        seconds = sums / length[:, None]
        off = np.flatnonzero(np.abs(means).max(axis=1) > _LEAST)
        found = []
        for span in merge_spans([Span(float(edges[i]), float(edges[i + 1])) for i in off], 2.0):
            inside = np.flatnonzero((edges[:-1] >= span.start_s - 1e-9) & (edges[:-1] < span.end_s - 1e-9))
            worst = int(np.argmax(np.abs(np.median(seconds[inside], axis=0))))
            mean = float(np.median(seconds[inside, worst]))
            size = abs(mean)
            # The mean over some seconds reaches beyond the ends.
            own = inside[seconds[inside, worst] * np.sign(mean) > size / 2]
            spread = float(np.median(np.abs(seconds[own, worst] - mean))) if len(own) else np.inf
            # A lopsided wave that is cut somewhere has a mean too: it changes from second to second.
            if size < _LEAST or (size < _STEADY * spread and len(own) > 1):
                continue
            span = Span(float(edges[own[0]]), float(edges[own[-1] + 1]))
            if span.duration_s < min(_WINDOW, 0.8 * float(edges[-1])):
                continue
            detail = f"the wave stands {100 * mean:+.2f} % of full scale ({db(size):.0f} dBFS) off zero"
            detail += f" {when(span.start_s, span.end_s)}"
            if len(self._layout) > 1:
                detail += f", worst in channel {self._layout[worst]}"
            severity = max(ramp(np.log10(size), -3.0, -0.5), 0.12)
            remedy = "restore with dc on takes it away."
            found.append(Finding("dc", span.start_s, span.end_s, severity, detail, remedy))
        return found
