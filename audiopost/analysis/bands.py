"""Band levels of a recording every 10 ms: the one measurement that the faults of a voice are judged on; streamed.

Power spectra of 40 ms Hann windows; frame k has its middle at sample k * hop.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.audio import Audio, full_range
from ..core.time import Span
from . import vad

FloatArray = NDArray[np.float32]

_HOP_S = 0.01
#: Edges of the bands in Hz; a band that the rate does not hold is silent.
EDGES_HZ = (12.0, 37.0, 87.0, 212.0, 500.0, 1000.0, 2000.0, 4000.0, 7000.0, 10_000.0)
SILENT_DB = -150.0
#: Between these the spectrum's flatness tells noise from voices and notes.
_FLAT_HZ = (300.0, 4000.0)
#: How the vowels' level is found, in frames: least speech, the stretch, what lies around it; and in dB how alone.
_LEAST_SPEECH, _STRETCH, _AROUND, _ALONE_DB = 100, 500, 300, 18.0


def voice_channels(layout: tuple[str, ...]) -> list[int]:
    """The channels that voices are in: the centre where there is one, else all but the LFE."""
    return [layout.index("C")] if "C" in layout else full_range(layout)


def hop(rate: int) -> int:
    """Samples from one frame to the next; a frame is four of them long."""
    return round(_HOP_S * rate)


@dataclass(frozen=True)
class Event:
    """A fault in the frames [first, last): by how many dB it exceeds what is usual."""

    first: int
    last: int
    over_db: float


@dataclass(frozen=True)
class Voice:
    """A recording as its voices' faults see it: n frames, `step_s` apart.

    `db` (bands, n): mean power of the channels in each band, dBFS; `flatness` (n,): 0 a tone, 1 noise; `speech` (n,):
    whether speech is heard; `level_db` (n,): how loud the vowels are nearby, dBFS at 212 to 4000 Hz.
    """

    step_s: float
    nyquist_hz: float
    db: FloatArray
    flatness: FloatArray
    speech: NDArray[np.bool_]
    level_db: FloatArray

    def level(self, low_hz: float, high_hz: float) -> FloatArray:
        """(n,) dBFS of all bands between two of EDGES_HZ."""
        first, last = EDGES_HZ.index(low_hz), EDGES_HZ.index(high_hz)
        return decibels(sum(power(band) for band in self.db[first:last]))

    def span(self, event: Event) -> Span:
        return Span(event.first * self.step_s, event.last * self.step_s)


def power(db: FloatArray) -> FloatArray:
    return np.asarray(10 ** (db / 10), np.float32)


def decibels(power: NDArray[np.floating[Any]] | float) -> FloatArray:
    return np.asarray(10 * np.log10(np.maximum(power, 1e-15)), np.float32)


class Meter:
    """Feed it blocks (channels, n) of the channels that count; `voice` gives what was measured."""

    def __init__(self, rate: int, channels: int) -> None:
        self._rate, self._hop = rate, hop(rate)
        self._size = 4 * self._hop
        self._window = np.hanning(self._size + 1)[:-1].astype(np.float32)
        frequency = np.fft.rfftfreq(self._size, 1 / rate)
        self._cuts = np.searchsorted(frequency, EDGES_HZ)
        self._flat = slice(*np.searchsorted(frequency, _FLAT_HZ))
        self._held = np.zeros((channels, self._size // 2), np.float32)
        self._db: list[FloatArray] = []
        self._flatness: list[FloatArray] = []

    def feed(self, block: FloatArray) -> None:
        joined = np.concatenate([self._held, block], axis=1)
        count = max((joined.shape[1] - self._size) // self._hop + 1, 0)
        self._held = joined[:, count * self._hop :]
        if not count:
            return
        frames = np.lib.stride_tricks.sliding_window_view(joined, self._size, axis=1)[:, :: self._hop][:, :count]
        frames = (frames - frames.mean(axis=2, keepdims=True)) * self._window
        # Two sided to one sided, and the Hann window's mean square.
        spectra = (np.abs(np.fft.rfft(frames, axis=2)) ** 2).mean(axis=0) * (2 / (0.375 * self._size**2))
        sums = np.concatenate([np.zeros((count, 1)), np.cumsum(spectra, axis=1, dtype=np.float64)], axis=1)
        self._db.append(decibels(np.diff(sums[:, np.minimum(self._cuts, spectra.shape[1])], axis=1).T))
        middle = spectra[:, self._flat] + 1e-15
        self._flatness.append((np.exp(np.log(middle).mean(axis=1)) / middle.mean(axis=1)).astype(np.float32))

    def voice(self, speech: Sequence[Span]) -> Voice:
        """Of everything fed; nothing can be fed after it."""
        self.feed(np.zeros((len(self._held), self._size // 2), np.float32))
        nothing = np.zeros((len(EDGES_HZ) - 1, 0), np.float32)
        db = np.concatenate([nothing, *self._db], axis=1)
        self._db = []
        step = self._hop / self._rate
        heard = np.zeros(db.shape[1], np.bool_)
        for span in speech:
            heard[round(span.start_s / step) : round(span.end_s / step) + 1] = True
        voiced = np.concatenate([nothing[0], decibels(power(db[3:7]).sum(axis=0))])
        flatness = np.concatenate([nothing[0], *self._flatness])
        return Voice(step, self._rate / 2, db, flatness, heard, _vowel_level(voiced, heard))


def _vowel_level(db: FloatArray, speech: NDArray[np.bool_]) -> FloatArray:
    """Mean power of the louder half of 5 s of speech around each frame, in dB; infinite where no voice stands alone.

    That is with under a second of speech in all, and where the softest tenth nearby lies less than 18 dB below: in
    songs, or over noise. Only what is loud against this level counts as a voice's fault, so there nothing does.
    """
    at = np.flatnonzero(speech)
    if len(at) < _LEAST_SPEECH:
        return np.full(len(db), np.inf, np.float32)
    middles, levels, alone = [], [], []
    for start in range(0, max(len(at) - _STRETCH + 100, 1), 100):
        here = at[start : start + _STRETCH]
        chosen = power(db[here])
        level = float(decibels(chosen[chosen >= np.median(chosen)].mean()))
        middles.append(float(here[len(here) // 2]))
        levels.append(level)
        around = db[max(here[0] - _AROUND, 0) : here[-1] + _AROUND]
        alone.append(float(np.percentile(around, 10) < level - _ALONE_DB))
    frames = np.arange(len(db))
    level_db = np.interp(frames, middles, levels)
    return np.where(np.interp(frames, middles, alone) > 0.5, level_db, np.inf).astype(np.float32)


def measured(audio: Audio) -> Voice:
    """`audio` measured whole, with its speech found by the VAD."""
    keep = voice_channels(audio.layout)
    meter = Meter(audio.rate, len(keep))
    for block in audio.blocks(audio.rate):
        meter.feed(block[keep])
    return meter.voice(vad.speech_spans(audio))
