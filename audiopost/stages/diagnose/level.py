"""Wrong level: speech, or a programme without any, that is far too soft or too hot, and peaks over full scale."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...core.audio import FloatArray
from ...core.marks import Finding
from ...core.time import Span, merge_spans
from ...dsp.k_weighting import MIN_RATE
from ...dsp.loudness import Meter
from .detector import counted, ramp, when

#: Loudness (LUFS) outside of which speech, and a programme without speech, is at a wrong level. Production sound
#: lies between -35 and -20, deliveries between -31 and -14.
_SPEECH, _PROGRAMME = (-38.0, -10.0), (-45.0, -7.0)
#: Speech this near together is judged as one; less of it than this says nothing.
_GAP_S, _LEAST_S = 5.0, 2.0
#: True peak from which a converter or an encoder is bound to clip audibly.
_PEAK_DBTP = 1.0


class Level:
    """K-weighted loudness of the speech, stretch by stretch, and the true peak."""

    def __init__(self, rate: int, layout: tuple[str, ...], speech: tuple[Span, ...]) -> None:
        self._rate, self._speech = rate, speech
        self._meter = Meter(rate, layout) if rate >= MIN_RATE else None
        self._frames = 0

    def feed(self, block: FloatArray, at: int) -> None:
        self._frames = at + block.shape[1]
        if self._meter is not None:
            self._meter.push(block)

    def findings(self) -> list[Finding]:
        if self._meter is None or not self._frames:
            return []
        report = self._meter.report()
        found = self._of_speech(self._meter)
        whole = report.integrated_lufs
        if not sum(s.duration_s for s in self._speech) >= _LEAST_S and whole is not None:
            found += _wrong("programme", whole, Span(0.0, self._frames / self._rate), _PROGRAMME)
        peaks = np.asarray([-np.inf if p is None else p for p in report.true_peaks_dbtp])
        if peaks.max(initial=-np.inf) > _PEAK_DBTP:
            found.append(self._peak(peaks))
        return found

    def _of_speech(self, meter: Meter) -> list[Finding]:
        """Neighbouring stretches of speech that are wrong the same way are one finding."""
        groups: list[tuple[int, list[Span]]] = []
        for group in merge_spans(self._speech, _GAP_S):
            inside = [s for s in self._speech if s.start_s in group]
            value = meter.mean_lufs(inside)
            if sum(s.duration_s for s in inside) < _LEAST_S or value is None:
                continue
            side = int(value > _SPEECH[1]) - int(value < _SPEECH[0])
            if groups and groups[-1][0] == side:
                groups[-1][1].extend(inside)
            else:
                groups.append((side, inside))
        found = []
        for side, spans in groups:
            value = meter.mean_lufs(spans) if side else None
            if value is not None:
                found += _wrong("speech", value, Span(spans[0].start_s, spans[-1].end_s), _SPEECH)
        return found

    def _peak(self, peaks: NDArray[np.float64]) -> Finding:
        """`peaks`: dBTP of each second."""
        over = np.flatnonzero(peaks > 0)
        largest = float(peaks.max())
        span = Span(float(over[0]), min(float(over[-1]) + 1, self._frames / self._rate))
        detail = f"peaks up to {largest:+.1f} dBTP, over full scale in {counted(len(over), 'seconds')} "
        remedy = "They clip in a converter or an encoder: loudness with a delivery spec brings them under its limit."
        detail += when(span.start_s, span.end_s)
        return Finding("level", span.start_s, span.end_s, max(ramp(largest, 0, 6), 0.15), detail, remedy)


def _wrong(what: str, lufs: float, span: Span, limits: tuple[float, float]) -> list[Finding]:
    low, high = limits
    if low <= lufs <= high:
        return []
    soft = lufs < low
    detail = f"the {what} is far too {'soft' if soft else 'loud'}: {lufs:.1f} LUFS {when(span.start_s, span.end_s)}"
    remedy = (
        "loudness with a delivery spec raises it, and its noise with it: denoise first."
        if soft
        else "loudness with a delivery spec lowers it; look for clipping."
    )
    severity = max(ramp(-lufs, -low - 3, -low + 22) if soft else ramp(lufs, high - 2, high + 8), 0.12)
    return [Finding("level", span.start_s, span.end_s, severity, detail, remedy)]
