"""What training makes small: the error of each stem against the mixture, in the wave and in shorter spectra."""

from __future__ import annotations

import torch
from torch import Tensor

#: Errors this much below the mixture (power) are as good as none: silent stems would ask for ever more.
FLOOR = 1e-3
#: Windows of the spectra, and how much their error weighs against a decibel.
WINDOWS = (512,)
WEIGHT = 4.0
POWER = 0.5


def loss(estimates: Tensor, stems: Tensor) -> Tensor:
    """One number out of (batch, stems, n) and the truth: mean of dB of the error, and of the spectra."""
    mix = stems.sum(dim=1, keepdim=True)
    return wave_error_db(estimates, stems, mix).mean() + WEIGHT * spectral_error(estimates, stems, mix)


def wave_error_db(estimates: Tensor, stems: Tensor, mix: Tensor) -> Tensor:
    """(batch, stems): energy of the error by the mixture's, in dB; SNR with its sign turned, but for a constant."""
    error = (estimates - stems).square().sum(dim=-1)
    whole = mix.square().sum(dim=-1) + 1e-6
    return 10 * torch.log10(error / whole + FLOOR)


def spectral_error(estimates: Tensor, stems: Tensor, mix: Tensor) -> Tensor:
    """Mean difference of compressed magnitudes, by the mixture's mean."""
    total = torch.zeros((), device=estimates.device)
    for length in WINDOWS:
        scale = _size(mix, length).mean(dim=(-2, -1), keepdim=True) + 1e-4
        total = total + ((_size(estimates, length) - _size(stems, length)).abs() / scale).mean()
    return total / len(WINDOWS)


def _size(wave: Tensor, length: int) -> Tensor:
    batch, stems, n = wave.shape
    window = torch.hann_window(length, device=wave.device)
    spectrum = torch.stft(wave.reshape(-1, n), length, length // 2, window=window, return_complex=True)
    power = spectrum.real.square() + spectrum.imag.square() + 1e-8
    return (power ** (POWER / 2)).reshape(batch, stems, *power.shape[1:])


def si_sdr(estimates: Tensor, stems: Tensor) -> Tensor:
    """(batch, stems) in dB (Le Roux et al., ICASSP 2019); NaN where the stem is silent."""
    dot = (estimates * stems).sum(dim=-1, keepdim=True)
    energy = stems.square().sum(dim=-1, keepdim=True)
    scaled = dot / energy * stems
    return 10 * torch.log10(scaled.square().sum(dim=-1) / (estimates - scaled).square().sum(dim=-1))
