"""Denoise by short-time spectral gains: steady noise (hiss, hum, air conditioning) under speech, no model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import ClassVar

import numpy as np

from ...core.audio import Audio, FloatArray
from ...core.stage import BuiltIn, Progress
from ...dsp.voices import at_rate
from . import Options, reported
from .estimator import Estimator, power_of, quiet_power
from .spectra import Spectra, by_spectra, hop


class Spectral(BuiltIn[Options]):
    """Streamed at the recording's own rate: each channel by itself, the LFE passed through."""

    name: ClassVar[str] = "spectral"
    reason: ClassVar[str] = "signal processing, needs no model"

    def denoise(self, audio: Audio, progress: Progress) -> Iterator[FloatArray]:
        def work(blocks: Iterable[FloatArray], channels: int) -> Iterator[FloatArray]:
            return by_spectra(blocks, channels, audio.rate, _Gains(hop(audio.rate) / audio.rate))

        return reported(at_rate(audio, audio.rate, work), audio, progress)


class _Gains:
    def __init__(self, hop_s: float) -> None:
        self._hop_s = hop_s
        self._estimator: Estimator | None = None

    def __call__(self, spectra: Spectra) -> Spectra:
        power = power_of(spectra)
        if self._estimator is None:
            self._estimator = Estimator(quiet_power(power), self._hop_s)
        gains = np.stack([self._estimator.next(power[:, i]) for i in range(power.shape[1])], axis=1)
        return np.asarray(spectra * gains)
