"""Pairs of channels (left and right, of the front and behind) that fight, differ, repeat each other or are missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...analysis import polarity
from ...analysis.polarity import HEARD_DBFS, PAIRS
from ...core.audio import FloatArray
from ...core.marks import Finding
from ...core.time import Span, merge_spans
from .detector import db, ramp, when

Values = NDArray[np.float64]

_NAMES = {
    "L": "left",
    "R": "right",
    "Ls": "left surround",
    "Rs": "right surround",
    "Lb": "left back",
    "Rb": "right back",
}
_LEAST_S = 3.0
#: The most RMS (dBFS) that a second of a dead channel has.
_DEAD_DBFS = -110.0
#: Largest offset between the channels that is looked for, and the smallest that combs audibly (first notch at 6 kHz).
_FARTHEST_S, _NEAREST_S = 0.025, 8e-5
#: Correlation at that offset from which the channels are one signal: microphones apart stay below it.
_SAME_SIGNAL = 0.85
#: What is left of one channel less the other (dB) where both hold the same.
_DUAL_DB = -40.0


@dataclass(frozen=True)
class _Second:
    """Energies of the two channels, their product, and where the cross-correlation is strongest, with its sign."""

    left: float
    right: float
    cross: float
    lag: int
    peak: float
    frames: int


class Phase:
    """Looks at each pair of channels second by second; a few numbers of each second are kept."""

    def __init__(self, rate: int, layout: tuple[str, ...]) -> None:
        self._rate = rate
        self._pairs = {
            (a, b): (layout.index(a), layout.index(b), list[_Second]()) for a, b in PAIRS if {a, b} <= set(layout)
        }
        self._frames = 0

    def feed(self, block: FloatArray, at: int) -> None:
        self._frames = at + block.shape[1]
        for i, j, seconds in self._pairs.values():
            left, right = (block[k] - block[k].mean() for k in (i, j))
            seconds.append(_second(left, right, round(_FARTHEST_S * self._rate)))

    def findings(self) -> list[Finding]:
        if self._frames < 0.2 * self._rate:
            return []
        return [
            f for names, (_, _, seconds) in self._pairs.items() for f in _Pair(names, seconds, self._rate).findings()
        ]


def _second(left: FloatArray, right: FloatArray, farthest: int) -> _Second:
    a, b, c = float(left @ left), float(right @ right), float(left @ right)
    n = len(left)
    least = n * 10 ** (HEARD_DBFS / 10)
    if a < least or b < least or n <= farthest:
        return _Second(a, b, c, 0, 0.0, n)
    if abs(c) > 0.98 * np.sqrt(a * b):  # no lag can be clearly better
        return _Second(a, b, c, 0, c / float(np.sqrt(a * b)), n)
    size = 1 << (n + farthest - 1).bit_length()
    product = np.fft.rfft(left, size) * np.conj(np.fft.rfft(right, size))
    whole = np.fft.irfft(product, size)
    around = np.concatenate([whole[-farthest:], whole[: farthest + 1]]) / np.sqrt(a * b)
    best = int(np.argmax(np.abs(around)))
    # Positive: the left channel is late.
    return _Second(a, b, c, best - farthest, float(around[best]), n)


class _Pair:
    """The judgement over one pair, over the whole recording and over stretches of it."""

    def __init__(self, names: tuple[str, str], seconds: list[_Second], rate: int) -> None:
        self._names, self._rate = (_NAMES[names[0]], _NAMES[names[1]]), rate
        self._left, self._right, self._cross, self._lag, self._peak, frames = (
            np.asarray([getattr(s, name) for s in seconds], np.float64)
            for name in ("left", "right", "cross", "lag", "peak", "frames")
        )
        self._frames = frames
        self._edges = np.concatenate([[0.0], np.cumsum(frames)]) / rate
        self._end = float(self._edges[-1])
        self._dbfs = [10 * np.log10(p / frames + 1e-15) for p in (self._left, self._right)]
        self._levels = [db(float(np.sqrt(p.sum() / frames.sum()))) for p in (self._left, self._right)]
        self._heard = polarity.heard(self._left, self._right, frames)
        geometric = np.sqrt(np.maximum(self._left * self._right, 1e-30))
        self._correlation = np.where(self._heard, self._cross / geometric, 0.0)

    def findings(self) -> list[Finding]:
        if max(self._levels) < -65:
            return []
        dead = list(self._dead())
        if any(f.end_s - f.start_s > 0.98 * self._end for f in dead) or not self._heard.any():
            return dead
        return [*dead, *self._balance(), *(self._offset() or [*self._inverted(), *self._cancelling()])]

    def _dead(self) -> Iterator[Finding]:
        """A channel without any sound while the other has some: all through, or digitally silent for a while."""
        difference = self._levels[0] - self._levels[1]
        if abs(difference) > 30:
            side, other = self._names[:: -1 if difference > 0 else 1]
            low, high = min(self._levels), max(self._levels)
            detail = f"the {side} channel is dead: {low:.0f} dBFS RMS against {high:.0f} on the {other}"
            yield Finding("dead-channel", 0.0, self._end, 0.8, detail, f"Use the {other} channel alone, as mono.")
            return
        for k, side in enumerate(self._names):
            other = self._names[1 - k]
            missing = (self._dbfs[k] < _DEAD_DBFS) & (self._dbfs[1 - k] > HEARD_DBFS + 10)
            for span in self._spans(missing, 0.0):
                if span.duration_s < _LEAST_S:
                    continue
                detail = (
                    f"the {side} channel is digitally silent {when(span.start_s, span.end_s)} while the {other} plays"
                )
                remedy = f"Check whether that is meant; else copy the {other} channel there."
                severity = max(ramp(span.duration_s / self._end, 0, 0.5), 0.3)
                yield Finding("dead-channel", span.start_s, span.end_s, severity, detail, remedy)

    def _balance(self) -> Iterator[Finding]:
        """Two channels with one signal, and one that is softer than the other."""
        energy = float(np.sqrt(self._left.sum() * self._right.sum()))
        whole = float(self._cross.sum()) / energy
        rest_db = 10 * np.log10(max(1 - whole**2, 1e-12))
        difference = self._levels[0] - self._levels[1]
        softer, louder = self._names[:: -1 if difference > 0 else 1]
        if whole > 0 and rest_db < _DUAL_DB:
            beside = f", the {softer} {abs(difference):.1f} dB softer" if abs(difference) >= 0.1 else ""
            detail = (
                f"{' and '.join(self._names)} hold the same signal{beside} (what differs lies {-rest_db:.0f} dB below)"
            )
            remedy = "It is mono in two channels: one of them holds all there is, and may be delivered as mono."
            yield Finding("dual-mono", 0.0, self._end, 0.15, detail, remedy)
        # One signal in both stands in the middle; a wide image may lean to one side.
        if abs(difference) > (3.0 if whole > 0.95 else 8.0):
            detail = (
                f"the {softer} channel is {abs(difference):.1f} dB softer than the {louder} over the whole recording"
            )
            severity = max(ramp(abs(difference), 2, 24), 0.15)
            yield Finding("imbalance", 0.0, self._end, severity, detail, "Balance the channels before the mix.")

    def _offset(self) -> list[Finding]:
        """One signal in both channels, one of them late by the same time in the whole recording."""
        sure = self._heard & (np.abs(self._peak) > _SAME_SIGNAL)
        if sure.sum() < max(0.6 * self._heard.sum(), min(2, len(sure))):
            return []
        lag = float(np.median(self._lag[sure]))
        steady = np.mean(np.abs(self._lag[sure] - lag) <= 1)
        if abs(lag) < max(_NEAREST_S * self._rate, 2) or steady < 0.8:
            return []
        late, early = self._names[:: 1 if lag > 0 else -1]
        peak, now = float(np.median(self._peak[sure])), float(np.median(self._correlation[sure]))
        turned = ", and turned round" if peak < 0 else ""
        detail = (
            f"the {late} channel is {1000 * abs(lag) / self._rate:.2f} ms ({abs(lag):.0f} samples) behind the {early}"
            f"{turned} in the whole recording: correlation {now:.2f} as it is, {peak:.2f} with them aligned"
        )
        remedy = f"Move the {late} channel forward by that much{' and invert it' if turned else ''}; in mono they comb."
        return [Finding("phase", 0.0, self._end, round(0.4 + 0.4 * (1 - max(now, 0.0)), 3), detail, remedy)]

    def _inverted(self) -> Iterator[Finding]:
        """A whole channel turned round."""
        whole = polarity.inverted(self._left, self._right, self._cross, self._frames)
        if whole is not None:
            detail = f"the {self._names[1]} channel is the {self._names[0]} one turned round: correlation {whole:.2f}"
            remedy = "restore with polarity on turns it round."
            yield Finding("polarity", 0.0, self._end, ramp(-whole, 0.2, 0.95), detail, remedy)

    def _cancelling(self) -> Iterator[Finding]:
        """Stretches where the sum is much weaker than its parts, while the whole channel is not inverted."""
        if any(True for _ in self._inverted()):
            return
        for span in self._spans(self._correlation < -0.5, 2.0):
            inside = (self._edges[:-1] >= span.start_s - 1e-9) & (self._edges[:-1] < span.end_s - 1e-9)
            if span.duration_s < min(_LEAST_S, 0.8 * self._end) or np.mean(self._correlation[inside] < -0.3) < 0.6:
                continue
            energy = self._left[inside].sum(), self._right[inside].sum()
            mean = float(self._cross[inside].sum() / np.sqrt(energy[0] * energy[1]))
            loss = 10 * np.log10((sum(energy) + 2 * self._cross[inside].sum()) / sum(energy) + 1e-9)
            detail = (
                f"{' and '.join(self._names)} cancel each other in mono {when(span.start_s, span.end_s)}: "
                f"correlation {mean:.2f}, the sum {-loss:.0f} dB weaker"
            )
            remedy = "Invert one channel there if the part was spliced in; a widener or an effect can be the cause too."
            yield Finding("phase", span.start_s, span.end_s, ramp(-mean, 0.2, 0.95), detail, remedy)

    def _spans(self, wanted: NDArray[np.bool_], gap_s: float) -> list[Span]:
        spans = [Span(float(self._edges[i]), float(self._edges[i + 1])) for i in np.flatnonzero(wanted)]
        return merge_spans(spans, gap_s + 1e-9)
