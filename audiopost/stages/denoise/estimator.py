"""Gains that take steady and slowly changing noise out of short-time spectra.

For each bin of a 32 ms spectrum:
- noise power by the MMSE tracker of Gerkmann and Hendriks, "Unbiased MMSE-Based Noise Power Estimation With Low
  Complexity and Low Tracking Delay", IEEE TASLP 20(4), 2012;
- a-priori SNR by the decision-directed rule and the log-spectral amplitude gain of Ephraim and Malah, IEEE TASSP
  32(6), 1984 and 33(2), 1985;
- weighted by the probability that speech is there, towards a floor, as in OM-LSA (Cohen and Berdugo, Signal
  Processing 81, 2001): a steady floor is what keeps musical noise away.
"""

from __future__ import annotations

import numpy as np

from ...core.audio import FloatArray
from .spectra import Spectra

#: The most that is taken away, 18 dB.
FLOOR = 10 ** (-18 / 20)
# The next four were chosen on 30 mixtures of the training recordings, for STOI and PESQ.
#: Weight of the last frame in the decision-directed SNR, for a hop of 8 ms.
_DIRECTED = 0.96
_SNR_MIN = 10 ** (-25 / 10)
#: The SNR that speech has where it is present, which the tracker takes as known.
_PRESENT_SNR = 10 ** (12 / 10)
#: Time constants of the tracker, in seconds: noise power and presence probability.
_NOISE_S, _PRESENCE_S = 0.15, 0.152
_TINY = 1e-12


class Estimator:
    """The gain of every bin, frame after frame; the state is a few arrays of (channels, bins)."""

    def __init__(self, noise: FloatArray, hop_s: float) -> None:
        self.noise = noise
        self._presence = np.full_like(noise, 0.5)
        self._directed = np.zeros_like(noise)
        self._keep_noise = np.exp(-hop_s / _NOISE_S)
        self._keep_presence = np.exp(-hop_s / _PRESENCE_S)

    def next(self, power: FloatArray, speech: FloatArray | float = 0.5) -> FloatArray:
        """Gain 0..1 for the power spectrum (channels, bins) of the next frame.

        `speech` is the probability that speech is in a bin as far as is known without its power.
        """
        from scipy.special import exp1

        # Probability of speech at the fixed SNR, then the expected noise power under it.
        exponent = np.minimum(power / self.noise * (_PRESENT_SNR / (1 + _PRESENT_SNR)), 60.0)
        present = 1 / (1 + (1 - speech) / speech * (1 + _PRESENT_SNR) * np.exp(-exponent))
        self._presence = self._keep_presence * self._presence + (1 - self._keep_presence) * present
        # Where speech has seemed present for long the noise has risen: let the tracker follow it.
        present = np.where(self._presence > 0.99, np.minimum(present, 0.99), present)
        expected = present * self.noise + (1 - present) * power
        self.noise = np.maximum(self._keep_noise * self.noise + (1 - self._keep_noise) * expected, _TINY)

        posterior = np.minimum(power / self.noise, 1e4)
        prior = np.maximum(_DIRECTED * self._directed + (1 - _DIRECTED) * np.maximum(posterior - 1, 0), _SNR_MIN)
        wiener = prior / (1 + prior)
        gain = np.minimum(wiener * np.exp(0.5 * exp1(np.maximum(wiener * posterior, 1e-6))), 1.0)
        self._directed = gain**2 * posterior
        return np.asarray(gain**present * FLOOR ** (1 - present), np.float32)


def power_of(spectra: Spectra) -> FloatArray:
    """Squared magnitudes."""
    return np.asarray(spectra.real**2 + spectra.imag**2, np.float32)


def quiet_power(power: FloatArray) -> FloatArray:
    """Noise power (channels, bins) of (channels, frames, bins): what 20 % of the frames stay under, bias removed.

    The power of noise in one bin is exponentially distributed: its 20 % quantile is 0.223 of its mean.
    Digital silence says nothing about the noise and is left out.
    """
    heard = power.sum(axis=(0, 2)) > _TINY
    quiet = np.quantile(power[:, heard], 0.2, axis=1) if heard.any() else np.zeros_like(power[:, 0])
    return np.asarray(np.maximum(quiet / 0.223, _TINY), np.float32)
