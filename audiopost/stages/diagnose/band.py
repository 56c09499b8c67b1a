"""Band limit: a spectrum that ends like a wall, at a telephone's, a codec's or a lower sample rate's edge."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...core.audio import FloatArray
from ...core.marks import Finding
from ...core.time import Span
from .detector import Framer, full_range, when

Values = NDArray[np.float64]

_FRAME_S, _SLOT_S = 0.085, 10.0
#: Width of the bins that the spectrum is kept in, of the stretch below an edge, and of the edge itself.
_BIN_HZ, _BELOW_HZ, _EDGE_HZ = 100.0, 700.0, 400.0
_LOWEST_HZ = 3000.0
#: Edges above these shares of the sample rate, of slow rates and of fast ones, are the converter's own; none is higher
#: than any codec's.
_OWN_SLOW, _OWN, _HIGHEST_HZ = 0.4, 0.44, 20_700.0
#: How far the spectrum falls at a wall, and how far above the rest what lies below it stays.
_WALL_DB, _FILLED_DB = 22.0, 14.0
#: A spectrum below this (dBFS in a bin) is too weak to be cut off visibly.
_FAINT_DBFS = -112.0
#: Two edges this near are one; codecs move theirs, above this frequency, with what there is to code.
_SAME, _MOVING_HZ, _SAME_CODEC = 0.05, 12_000, 0.35
_SLOWEST_HZ = 12_500

#: Upper ends in Hz, and what ends there.
_CAUSES = (
    (4400, "a telephone line or 8 kHz sampling"),
    (5800, "11.025 kHz sampling"),
    (8200, "a wideband telephone, Bluetooth or 16 kHz sampling"),
    (11_700, "22.05 kHz sampling or a codec, as MP3 at 64 kbit/s and less"),
    (13_000, "24 kHz sampling or a codec at a low bit rate"),
    (16_600, "a codec, as MP3 at 128 kbit/s or AAC at 96, or 32 kHz sampling"),
    (18_300, "a codec, as MP3 at 160 kbit/s, AAC at 128 or Vorbis"),
    (19_700, "a codec, as MP3 at 192 to 256 kbit/s or Vorbis"),
    (22_000, "a codec, as MP3 at 320 kbit/s, AAC or Opus"),
)
_SEVERITIES = ((3.4, 4.0, 8.0, 11.0, 16.0, 19.0, 24.0), (0.8, 0.75, 0.4, 0.3, 0.15, 0.1, 0.1))


class Band:
    """Keeps one mean spectrum of 100 Hz bins for each 10 s, and looks for a wall in each."""

    def __init__(self, rate: int, layout: tuple[str, ...]) -> None:
        self._rate, self._keep = rate, full_range(layout)
        size = 1 << round(np.log2(_FRAME_S * rate))
        self._framer = Framer(len(self._keep), size)
        self._window = np.hanning(size + 1)[:-1].astype(np.float32)
        self._scale = 2 / (0.375 * size**2)
        bins = max(int(_BIN_HZ * size / rate), 1)
        self._bin_hz = bins * rate / size
        self._cuts = np.arange(0, size // 2 + 1 - bins, bins)
        self._sum = np.zeros(len(self._cuts))
        self._count, self._since = 0, 0.0
        self._slots: list[tuple[Span, float | None, float]] = []
        self._frames = 0

    def feed(self, block: FloatArray, at: int) -> None:
        self._frames = at + block.shape[1]
        frames, _ = self._framer.cut(block[self._keep], at)
        if frames.shape[1]:
            power = (np.abs(np.fft.rfft(frames * self._window, axis=2)) ** 2).mean(axis=0)
            self._sum += np.add.reduceat(power, self._cuts, axis=1).sum(axis=0)
            self._count += frames.shape[1]
        if self._frames / self._rate - self._since >= _SLOT_S:
            self._close()

    def _close(self) -> None:
        end = self._frames / self._rate
        level = 10 * np.log10(self._sum * self._scale / max(self._count, 1) + 1e-18)
        self._slots.append((Span(self._since, end), *self._edge(level)))
        self._sum[:], self._count, self._since = 0, 0, end

    def _edge(self, level: Values) -> tuple[float | None, float]:
        """The edge in Hz, None where there is none, and how far the spectrum falls there, or the highest it reaches."""
        below, gap = (round(hz / self._bin_hz) for hz in (_BELOW_HZ, _EDGE_HZ))
        # The last bins belong to the filter of the file's own rate.
        top = int(0.97 * len(level))
        rest = np.maximum.accumulate(level[:top][::-1])[::-1]
        reach = float(np.max(np.flatnonzero(level > _FAINT_DBFS), initial=0)) * self._bin_hz
        best, edge = 0.0, None
        own = _OWN if self._rate > 30_000 else _OWN_SLOW
        highest = min(own * self._rate / self._bin_hz, _HIGHEST_HZ / self._bin_hz, top - gap - 2)
        for at in range(round(_LOWEST_HZ / self._bin_hz), int(highest) + 1):
            under = level[at - below : at]
            drop = float(np.median(under)) - float(rest[at + gap])
            if drop > max(best, _WALL_DB) and np.median(under) > _FAINT_DBFS:
                wide = level[max(at - 3 * below, 0) : at]
                if float(np.percentile(wide, 10)) - float(rest[at + gap]) > _FILLED_DB:
                    best, edge = drop, at
        if edge is None:
            return None, reach
        # Within the window of the fall, the edge is where half of it is done.
        half = float(np.median(level[edge - below : edge])) - best / 2
        fall = np.flatnonzero(level[edge - below : edge + gap + 1] < half)
        edge_hz = (edge - below + float(fall[0])) * self._bin_hz
        return (edge_hz, best) if edge_hz <= _HIGHEST_HZ else (None, reach)

    def findings(self) -> list[Finding]:
        end = self._frames / self._rate
        if end < 0.5 or self._sum.sum() + len(self._slots) == 0:
            return []
        if self._rate <= _SLOWEST_HZ:
            return self._own_rate(end)
        if self._count and (not self._slots or end - self._since > 0.5):
            self._close()
        found = []
        for slots in self._joined():
            span = Span(slots[0][0].start_s, slots[-1][0].end_s)
            found.append(self._finding(span, _edge_of(slots), float(np.median([drop for _, _, drop in slots]))))
        return found

    def _joined(self) -> list[list[tuple[Span, float | None, float]]]:
        """Neighbouring slots with one edge: sound over it ends the stretch, too little sound says nothing."""
        groups: list[list[tuple[Span, float | None, float]]] = []
        usual = 0.0
        for slot in self._slots:
            _, edge, value = slot
            same = _SAME_CODEC if usual > _MOVING_HZ else _SAME
            if edge is None:
                usual = 0.0 if value > usual * (1 + same) else usual
                continue
            if usual and abs(edge / usual - 1) < same:
                groups[-1].append(slot)
            else:
                groups.append([slot])
            usual = _edge_of(groups[-1])
        return groups

    def _own_rate(self, end: float) -> list[Finding]:
        detail = f"sampled at {self._rate} Hz: nothing above {self._rate / 2000:g} kHz, as on a telephone line"
        return [Finding("band-limited", 0.0, end, _severity(self._rate / 2), detail, _REMEDY)]

    def _finding(self, span: Span, edge: float, drop: float) -> Finding:
        cause = next(text for top, text in _CAUSES if edge <= top or top == _CAUSES[-1][0])
        detail = (
            f"nothing above {edge / 1000:.1f} kHz {when(span.start_s, span.end_s)} ({drop:.0f} dB weaker at once), "
            f"though the file has room to {self._rate / 2000:g} kHz: {cause}"
        )
        return Finding("band-limited", span.start_s, span.end_s, _severity(edge), detail, _REMEDY)


_REMEDY = "No stage puts it back: use a source with the whole band. Transcribe works on speech from 4 kHz up."


def _edge_of(slots: list[tuple[Span, float | None, float]]) -> float:
    """The edge that slots share: near their highest, which is the codec's own."""
    return float(np.quantile([edge for _, edge, _ in slots if edge is not None], 0.8))


def _severity(edge_hz: float) -> float:
    edges, values = _SEVERITIES
    return round(float(np.interp(np.log2(edge_hz / 1000), np.log2(edges), values)), 3)
