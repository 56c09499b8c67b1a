"""What surrounds the graphs of DeepFilterNet3: spectra, features, gains, deep filter, overlap-add; streamed.

H. Schröter, T. Rosenkranz, A. N. Escalante-B. and A. Maier, "DeepFilterNet: Perceptually Motivated Real-Time Speech
Enhancement", Interspeech 2023, and "Deep Filtering for Speech Enhancement" before it: 32 gains on the ERB scale shape
the envelope of the whole band, then complex filters over five frames mend the periodic parts below 4.8 kHz.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from ...core.audio import FloatArray
from .deepfilternet3_graphs import Graphs, State

RATE = 48_000
HOP = 480
_SIZE = 2 * HOP
#: Widths of the ERB bands in bins.
WIDTHS = (
    *(2,) * 13, 5, 5, 7, 7, 8, 10, 12, 13, 15, 18, 20, 24, 28, 31, 37, 42, 50, 56, 67
)  # fmt: skip
#: Bins that the deep filter makes, its taps, and by how many frames features run ahead of the output.
_LOW, _TAPS, _AHEAD = 96, 5, 2
#: Keep of the running means that features are normalised by: a second.
_KEEP = 0.99
#: Magnitude under which nothing is heard: keeps the mean of digital silence from sinking out of the range of floats.
_SILENT = 1e-10
_POST_FILTER_BETA = 0.02

Spectra = NDArray[np.complex64]


@functools.cache
def _window() -> FloatArray:
    phase = np.pi * (np.arange(_SIZE) + 0.5) / _SIZE
    return np.asarray(np.sin(np.pi / 2 * np.sin(phase) ** 2), np.float32)


class Enhancer:
    """One channel at 48 kHz. The output of `feed` comes later, `finish` gives the rest; together sample-aligned.

    Whatever the lengths that are fed (multiples of HOP), the result is the same.
    """

    def __init__(self, graphs: Graphs, *, post_filter: bool = False) -> None:
        self._graphs, self._post_filter = graphs, post_filter
        self._state = State()
        self._last = np.zeros(HOP, np.float32)
        self._sum = np.zeros(HOP, np.float32)
        self._spectra: Spectra = np.zeros((_TAPS // 2, HOP + 1), np.complex64)
        self._erb_mean = _KEEP * np.linspace(-60, -90, len(WIDTHS))[np.newaxis]
        self._unit_mean = _KEEP * np.linspace(1e-3, 1e-4, _LOW)[np.newaxis]
        self._early_features = _AHEAD
        self._early_samples = HOP

    def feed(self, samples: FloatArray) -> FloatArray:
        """(a multiple of HOP,) in, enhanced samples out, up to 30 ms fewer in all than went in."""
        if not len(samples):
            return samples
        joined = np.concatenate([self._last, samples])
        self._last = joined[-HOP:]
        return self._enhance(*self._features(self._analyse(joined)))

    def finish(self) -> FloatArray:
        """What is still owed."""
        end = self.feed(np.zeros(HOP, np.float32))
        self._spectra = np.concatenate([self._spectra, np.zeros((_AHEAD, HOP + 1), np.complex64)])
        erb, low = np.zeros((1, 1, _AHEAD, len(WIDTHS)), np.float32), np.zeros((1, 2, _AHEAD, _LOW), np.float32)
        return np.concatenate([end, self._enhance(erb, low)])

    def _analyse(self, samples: FloatArray) -> Spectra:
        from scipy.fft import rfft

        frames = np.lib.stride_tricks.sliding_window_view(samples, _SIZE)[::HOP]
        spectra: Spectra = np.asarray(rfft(frames * (_window() / _SIZE), axis=1), np.complex64)
        self._spectra = np.concatenate([self._spectra, spectra])
        return spectra

    def _features(self, spectra: Spectra) -> tuple[FloatArray, FloatArray]:
        """(1, 1, frames, 32) band levels and (1, 2, frames, 96) spectrum, both by their running means."""
        from scipy.signal import lfilter

        smooth = ([1 - _KEEP], [1, -_KEEP])
        power = spectra.real**2 + spectra.imag**2
        starts = np.cumsum((0, *WIDTHS[:-1]))
        level = 10 * np.log10(np.add.reduceat(power, starts, axis=1) / np.array(WIDTHS) + 1e-10)
        mean, self._erb_mean = lfilter(*smooth, level, axis=0, zi=self._erb_mean)
        erb = (level - mean) / 40
        low = spectra[:, :_LOW]
        unit, self._unit_mean = lfilter(*smooth, np.maximum(np.abs(low), _SILENT), axis=0, zi=self._unit_mean)
        normed = low / np.sqrt(unit)
        early = min(self._early_features, len(erb))
        self._early_features -= early
        parts = np.stack([normed.real, normed.imag])[np.newaxis, :, early:]
        return erb[np.newaxis, np.newaxis, early:].astype(np.float32), parts.astype(np.float32)

    def _enhance(self, erb: FloatArray, low: FloatArray) -> FloatArray:
        from scipy.fft import irfft

        frames = erb.shape[2]
        if not frames:
            return np.zeros(0, np.float32)
        gains, taps = self._graphs.run(self._state, erb, low)
        noisy = self._spectra[_TAPS // 2 : _TAPS // 2 + frames]
        out = noisy * np.repeat(gains, WIDTHS, axis=1)
        out[:, :_LOW] = sum(self._spectra[k : k + frames, :_LOW] * taps[:, :, k] for k in range(_TAPS))
        if self._post_filter:
            out *= _post_filter_gain(noisy, out)
        self._spectra = self._spectra[frames:]
        pieces = irfft(out, _SIZE, axis=1) * (_window() * _SIZE)
        # At half overlap a stretch is the second half of one piece and the first of the next.
        halves = np.concatenate([self._sum, pieces[:, HOP:].ravel()])
        self._sum = halves[-HOP:]
        made = pieces[:, :HOP].ravel() + halves[:-HOP]
        early = min(self._early_samples, len(made))
        self._early_samples -= early
        return np.asarray(made[early:], np.float32)


def _post_filter_gain(noisy: Spectra, out: Spectra) -> FloatArray:
    """J.-M. Valin et al., "A Perceptually-Motivated Approach for Low-Complexity, Real-Time Enhancement of Fullband
    Speech", Interspeech 2020: what is weak already gets weaker."""
    gain = np.clip(np.abs(out) / (np.abs(noisy) + 1e-12), 1e-12, 1)
    warped = gain * np.sin(np.pi / 2 * gain)
    return np.asarray((1 + _POST_FILTER_BETA) / (1 + _POST_FILTER_BETA * (gain / warped) ** 2), np.float32)
