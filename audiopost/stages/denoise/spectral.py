"""Denoise by short-time spectral gains: steady noise (hiss, hum, air conditioning) under speech, no model.

For each bin of a 32 ms spectrum:
- noise power by the MMSE tracker of Gerkmann and Hendriks, "Unbiased MMSE-Based Noise Power Estimation With Low
  Complexity and Low Tracking Delay", IEEE TASLP 20(4), 2012;
- a-priori SNR by the decision-directed rule and the log-spectral amplitude gain of Ephraim and Malah, IEEE TASSP
  32(6), 1984 and 33(2), 1985;
- weighted by the probability that speech is there, towards a floor, as in OM-LSA (Cohen and Berdugo, Signal
  Processing 81, 2001): a steady floor is what keeps musical noise away.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ...core.audio import Audio, FloatArray
from ...core.stage import BuiltIn, Progress
from . import Options

Array = NDArray[np.float64]

WINDOW_S = 0.032
#: The most that is taken away, 18 dB.
FLOOR = 10 ** (-18 / 20)
#: Weight of the last frame in the decision-directed SNR, for a hop of 8 ms.
_DIRECTED = 0.98
_SNR_MIN = 10 ** (-25 / 10)
#: The SNR that speech has where it is present (15 dB), which the tracker takes as known.
_PRESENT_SNR = 10 ** (15 / 10)
#: Time constants of the tracker, in seconds: noise power and presence probability.
_NOISE_S, _PRESENCE_S = 0.072, 0.152
#: The first noise estimate is the quiet part of this much of the beginning.
_START_S = 1.0
_TINY = 1e-12


class Gains:
    """The gain of every bin, frame after frame; the state is a few arrays of (channels, bins)."""

    def __init__(self, noise: Array, hop_s: float) -> None:
        self.noise = noise
        self._presence = np.full_like(noise, 0.5)
        self._directed = np.zeros_like(noise)
        self._keep_noise = np.exp(-hop_s / _NOISE_S)
        self._keep_presence = np.exp(-hop_s / _PRESENCE_S)

    def next(self, power: Array) -> Array:
        """Gain 0..1 for the power spectrum (channels, bins) of the next frame."""
        from scipy.special import exp1

        # Probability of speech at the fixed SNR, then the expected noise power under it.
        exponent = np.minimum(power / self.noise * _PRESENT_SNR / (1 + _PRESENT_SNR), 200.0)
        present = 1 / (1 + (1 + _PRESENT_SNR) * np.exp(-exponent))
        self._presence = self._keep_presence * self._presence + (1 - self._keep_presence) * present
        # Where speech has seemed present for long the noise has risen: let the tracker follow it.
        present = np.where(self._presence > 0.99, np.minimum(present, 0.99), present)
        expected = present * self.noise + (1 - present) * power
        self.noise = np.maximum(self._keep_noise * self.noise + (1 - self._keep_noise) * expected, _TINY)

        posterior = np.minimum(power / self.noise, 1e4)
        prior = np.maximum(_DIRECTED * self._directed + (1 - _DIRECTED) * np.maximum(posterior - 1, 0), _SNR_MIN)
        wiener = prior / (1 + prior)
        v = np.clip(wiener * posterior, 1e-6, 500.0)
        gain = np.minimum(wiener * np.exp(0.5 * exp1(v)), 1.0)
        self._directed = gain**2 * posterior
        return np.asarray(gain**present * FLOOR ** (1 - present))


class Spectral(BuiltIn[Options]):
    """Streamed: each channel by itself, the LFE passed through, memory of a second of sound."""

    name: ClassVar[str] = "spectral"
    reason: ClassVar[str] = "signal processing, needs no model"

    def denoise(self, audio: Audio, progress: Progress) -> Iterator[FloatArray]:
        voices = [i for i, name in enumerate(audio.layout) if name != "LFE"]
        hop = max(round(WINDOW_S * audio.rate / 4), 4)
        size = 4 * hop
        # Root-Hann analysis and synthesis at 75 % overlap sum to 2.
        window = np.sqrt(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size))
        start_frames = min(round(_START_S * audio.rate), audio.frames)
        noise = _quiet_power(audio.read(0, start_frames)[voices], window, hop)
        gains = Gains(noise, hop / audio.rate)
        sums = np.zeros((len(voices), size))
        frames_per_block = max(round(audio.rate / hop), 1)
        block = frames_per_block * hop
        lead = size - hop
        for start in range(-lead, audio.frames, block):
            raw = audio.read(start, start + block + lead)
            samples = raw[voices].astype(np.float64)
            spectra = _spectra(samples, window, hop)
            for i in range(spectra.shape[1]):
                spectra[:, i] *= gains.next(np.abs(spectra[:, i]) ** 2)
            pieces = np.fft.irfft(spectra, size, axis=-1) * (window / 2)
            done = np.empty((len(voices), block))
            for i in range(frames_per_block):
                sums += pieces[:, i]
                done[:, i * hop : (i + 1) * hop] = sums[:, :hop]
                sums = np.concatenate([sums[:, hop:], np.zeros((len(voices), hop))], axis=1)
            low, high = max(-start, 0), min(block, audio.frames - start)
            if high > low:
                out = raw[:, low:high].copy()
                out[voices] = done[:, low:high]
                yield out
                progress("denoise", start + high, audio.frames)


def _spectra(samples: Array, window: Array, hop: int) -> NDArray[np.complex128]:
    """(channels, frames, bins) of all whole windows."""
    views = np.lib.stride_tricks.sliding_window_view(samples, len(window), axis=-1)[:, ::hop]
    return np.fft.rfft(views * window, axis=-1)


def _quiet_power(start: FloatArray, window: Array, hop: int) -> Array:
    """Noise power (channels, bins) at the beginning: what 20 % of the frames stay under, with its bias removed.

    The power of noise in one bin is exponentially distributed: its 20 % quantile is 0.223 of its mean.
    Digital silence says nothing about the noise and is left out.
    """
    if start.shape[1] < len(window):
        start = np.pad(start, ((0, 0), (0, len(window) - start.shape[1])))
    power = np.abs(_spectra(start.astype(np.float64), window, hop)) ** 2
    heard = power.sum(axis=(0, 2)) > _TINY
    quiet = np.quantile(power[:, heard], 0.2, axis=1) if heard.any() else np.zeros_like(power[:, 0])
    return np.asarray(np.maximum(quiet / 0.223, _TINY))
