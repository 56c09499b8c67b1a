"""Spectrograms of any stretch at any zoom: columns of mean power, gathered into rows on a scale of frequency.

A column is the mean of windows that lie close where it is short; where it is long, of some windows evenly spread over
it, so that the picture of three hours costs no more than that of three minutes.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ..core.audio import Audio, FloatArray
from ..core.errors import UnknownName

#: Scales of frequency, from 0 Hz to the highest: even in mel (O'Shaughnessy 1987), or in Hz.
SCALES = ("mel", "linear")
#: A window is the power of two nearest to this: it resolves 23 Hz at 48 kHz.
_WINDOW_S = 0.043
#: Windows of a long column: so many stretches of so many windows that overlap by half.
_STRETCHES, _RUN = 4, 4
#: Frames read at once.
_READ = 1 << 18
#: Nothing is told below.
SILENCE_DB = -140.0
_MEL_BREAK_HZ = 700.0


class Spectrum:
    """Power spectra of Hann windows, 1.0 for a sine of full scale."""

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self.size: int = 1 << max(6, round(np.log2(rate * _WINDOW_S)))
        self._window = np.hanning(self.size + 1)[:-1].astype(np.float32)
        self._full_scale = np.float32(np.square(self._window.sum() / 2))

    def power(self, frames: FloatArray) -> FloatArray:
        """(…, size / 2 + 1) of (…, size)."""
        import scipy.fft

        found = scipy.fft.rfft(frames * self._window, axis=-1)
        return np.asarray((np.square(found.real) + np.square(found.imag)) / self._full_scale, np.float32)


class Bands:
    """Bins gathered into bands between `edges_hz`, which rise or fall."""

    def __init__(self, spectrum: Spectrum, edges_hz: NDArray[np.float64]) -> None:
        self.edges_hz = edges_hz
        self._edges = edges_hz * spectrum.size / spectrum.rate + 0.5  # bin k lies from k - 0.5 to k + 0.5

    def level_db(self, power: FloatArray) -> FloatArray:
        """(bands, n): the mean level of each band of spectra (n, bins), in dB re a full-scale sine."""
        # The integral over a band is the difference of the running sum at its edges, however narrow the band is.
        running = np.pad(np.cumsum(power, axis=1, dtype=np.float64), ((0, 0), (1, 0)))
        whole = np.minimum(self._edges.astype(int), running.shape[1] - 2)
        part = self._edges - whole
        at_edges = running[:, whole] * (1 - part) + running[:, whole + 1] * part
        mean = np.diff(at_edges, axis=1) / np.diff(self._edges)
        return np.asarray(10 * np.log10(np.maximum(mean, 10 ** (SILENCE_DB / 10))), np.float32).T


def even_edges_hz(scale: str, highest_hz: float, bands: int) -> NDArray[np.float64]:
    """(bands + 1,): edges from `highest_hz` down to 0, even on a scale. Raises UnknownName.

    mel is proportional to log(1 + hz / 700).
    """
    share = np.linspace(1, 0, bands + 1)
    if scale == "linear":
        return np.asarray(share * highest_hz)
    if scale == "mel":
        return np.asarray(_MEL_BREAK_HZ * np.expm1(share * np.log1p(highest_hz / _MEL_BREAK_HZ)))
    raise UnknownName("scale of frequency", scale, SCALES)


def columns(audio: Audio, spectrum: Spectrum, start: int, step: int, count: int) -> FloatArray:
    """(count, bins): mean power of all channels in columns of `step` frames each, the first one at frame `start`."""
    hop = spectrum.size // 2
    dense = max(1, step // hop)
    if dense > _STRETCHES * _RUN:
        parts = [_sampled(audio, spectrum, start + n * step, step) for n in range(count)]
        return np.concatenate(parts) if parts else np.zeros((0, hop + 1), np.float32)
    at_once = max(1, _READ // step)
    return np.concatenate(
        [
            _close(audio, spectrum, start + first * step, step, min(at_once, count - first), dense)
            for first in range(0, count, at_once)
        ]
    )


def _close(audio: Audio, spectrum: Spectrum, start: int, step: int, count: int, windows: int) -> FloatArray:
    """Columns of `windows` windows each, evenly spread."""
    size, apart = spectrum.size, step // windows
    low = start + apart // 2 - size // 2
    samples = audio.read(low, low + (count * windows - 1) * apart + size)
    power = np.mean(list(_powers(samples, spectrum, apart)), axis=0)
    return np.asarray(power.reshape(count, windows, -1).mean(axis=1), np.float32)


def _sampled(audio: Audio, spectrum: Spectrum, start: int, step: int) -> FloatArray:
    """One long column out of stretches of it: (1, bins)."""
    size, hop = spectrum.size, spectrum.size // 2
    length = size + (_RUN - 1) * hop
    total = np.zeros(hop + 1, np.float32)
    for number in range(_STRETCHES):
        low = start + (2 * number + 1) * step // (2 * _STRETCHES) - length // 2
        for power in _powers(audio.read(low, low + length), spectrum, hop):
            total += power.mean(axis=0)
    return total[np.newaxis] / np.float32(_STRETCHES * audio.channels)


def _powers(samples: FloatArray, spectrum: Spectrum, hop: int) -> Iterator[FloatArray]:
    """(windows, bins) of each channel."""
    for channel in samples:
        yield spectrum.power(np.lib.stride_tricks.sliding_window_view(channel, spectrum.size)[::hop])
