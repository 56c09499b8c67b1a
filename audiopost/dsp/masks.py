"""Soft masks that take a short-time spectrum apart by how its energy lies in time and frequency.

Harmonic/percussive median filtering: D. FitzGerald, DAFx 2010. Vocals by two window lengths: D. FitzGerald and
M. Gainza, "Single Channel Vocal Separation using Median Filtering and Factorisation Techniques", 2010.
All functions take float32 (channels, n) and return the same shape; one mask serves all channels, so that a
sound's place between them stays.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..core.audio import FloatArray

Mask = NDArray[np.float32]
Spectrum = NDArray[np.complex64]

#: Window for music: resolves 12 Hz.
LONG_S = 0.085
#: Median lengths of the harmonic (seconds) and percussive (Hz) filters, and by how much a tone must stand out.
HARMONIC_S, PERCUSSIVE_HZ, MARGIN = 0.45, 120.0, 1.4
#: Music is looked for between the rumble below and the hiss above; soft edges.
MUSIC_LOW_HZ, MUSIC_HIGH_HZ = 50.0, 4000.0
#: The quiet level over this stretch, at this percentile, is taken for that of the music bed.
STEADY_S, STEADY_PERCENTILE = 6.0, 50
#: The power that music's mask is raised to where music is as likely as not, how it falls with the log odds, its range.
ODDS_EVEN, ODDS_SLOPE, ODDS_RANGE = 1.2, 0.6, (0.6, 4.0)
#: The power of magnitudes by which a rough estimate of speech is held against what it left.
REFINING = 1.3
_TINY = np.float32(1e-12)


class Stft:
    """Periodic Hann windows at 75 % overlap over one stretch of sound, and back."""

    def __init__(self, rate: int, window_s: float) -> None:
        self.hop = max(round(window_s * rate / 4), 1)
        self.size = 4 * self.hop
        self.window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(self.size) / self.size)).astype(np.float32)
        self.frame_s, self.bin_hz = self.hop / rate, rate / self.size

    def forward(self, samples: FloatArray) -> Spectrum:
        """(channels, bins, frames)"""
        import scipy.fft

        padded = np.pad(samples, ((0, 0), (self.size, self.size + -samples.shape[1] % self.hop)))
        frames = np.lib.stride_tricks.sliding_window_view(padded, self.size, axis=-1)[:, :: self.hop]
        spectrum: Spectrum = scipy.fft.rfft(frames * self.window, axis=-1)
        return spectrum.swapaxes(1, 2)

    def inverse(self, spectrum: Spectrum, frames: int) -> FloatArray:
        """(channels, frames); the squared windows of four neighbours sum to 1.5."""
        import scipy.fft

        pieces = scipy.fft.irfft(spectrum, self.size, axis=1) * (self.window / 1.5)[:, None]
        channels, _, count = pieces.shape
        quarters = pieces.reshape(channels, 4, self.hop, count).swapaxes(2, 3)
        sums = np.zeros((channels, count + 3, self.hop), np.float32)
        for i in range(4):
            sums[:, i : i + count] += quarters[:, i]
        return sums.reshape(channels, -1)[:, self.size : self.size + frames]


def magnitude(spectrum: Spectrum) -> Mask:
    """(bins, frames): root of the summed power of all channels."""
    return np.asarray(np.sqrt(np.sum(spectrum.real**2 + spectrum.imag**2, axis=0)), np.float32)


def harmonic_mask(
    size: Mask, stft: Stft, harmonic_s: float, percussive_hz: float, *, power: float = 2.0, margin: float = 1.0
) -> Mask:
    """1 where energy goes on in time (tones), 0 where it spreads in frequency (strokes, noise bursts).

    `margin` is how much more must go on than spreads for a share of one half (J. Driedger et al., ISMIR 2014).
    """
    steps, bins = round(harmonic_s / stft.frame_s) | 1, round(percussive_hz / stft.bin_hz) | 1
    tonal, struck = _medians(size, steps) ** power, (margin * _medians(size.T, bins).T) ** power
    return np.asarray(tonal / (tonal + struck + _TINY), np.float32)


def _medians(rows: Mask, length: int) -> Mask:
    """Running medians along each row: one by one, for which SciPy has a way five times as fast as for a table."""
    from scipy.ndimage import median_filter

    out = np.empty(rows.shape, np.float32)
    for i, row in enumerate(np.ascontiguousarray(rows)):
        median_filter(row, length, output=out[i])
    return out


def band_mask(stft: Stft, bins: int, low_hz: float, high_hz: float) -> Mask:
    """(bins, 1): 12 dB an octave down below `low_hz` and 6 above `high_hz`, as power."""
    hz = np.arange(bins) * stft.bin_hz
    rise = (hz / low_hz) ** 4
    return np.asarray(rise / (1 + rise) / (1 + (hz / high_hz) ** 2), np.float32)[:, None]


def steady_mask(size: Mask, stft: Stft) -> Mask:
    """(1, frames): 1 where the level is that of the quiet stretches around, less where something stands out."""
    from scipy.ndimage import percentile_filter, uniform_filter1d

    level = uniform_filter1d(np.sum(size**2, axis=0), max(1, round(0.1 / stft.frame_s)))
    mask = np.ones((1, len(level)), np.float32)
    heard = np.flatnonzero(level > _TINY)
    if len(heard):
        # The silence before and after a recording says nothing about the bed.
        inside = level[heard[0] : heard[-1] + 1]
        bed = percentile_filter(inside, STEADY_PERCENTILE, size=round(STEADY_S / stft.frame_s) | 1)
        mask[0, heard[0] : heard[-1] + 1] = np.sqrt(np.minimum(1, (bed + _TINY) / (inside + _TINY)))
    return mask


def refined(mix: FloatArray, speech: FloatArray, rate: int) -> FloatArray:
    """A rough estimate of speech made finer: each bin of the mix keeps the share that speech has of it.

    The estimate's gains belong to wide bands; held against what it left over, tones between the partials of a voice
    fall out of it, and partials that it cut come back. (channels, n), each channel by itself.
    """
    stft, n = Stft(rate, LONG_S), mix.shape[1]
    out = np.zeros_like(mix)
    for i in np.flatnonzero(speech.any(axis=1)):
        spectrum, voice = stft.forward(mix[i : i + 1]), stft.forward(speech[i : i + 1])
        kept = np.abs(voice) ** REFINING
        share = kept / (kept + np.abs(spectrum - voice) ** REFINING + _TINY)
        out[i] = stft.inverse(spectrum * share, n)[0]
    return out


def music_of(samples: FloatArray, rate: int, log_odds: FloatArray) -> FloatArray:
    """The music in what remains without dialogue: sustained tones, in the range of music, at the level of a bed.

    `log_odds` (n,) says how likely there is music at all: the mask is raised to a power that falls with it, so that
    sounds which only look like music for a moment stay effects, and clear music gets more.
    """
    stft = Stft(rate, LONG_S)
    heard, out = np.flatnonzero(samples.any(axis=1)), np.zeros_like(samples)
    if not len(heard):
        return out
    # Spectra are worked out twice: kept, those of eight channels would fill the memory.
    size = np.sqrt(sum(np.square(magnitude(stft.forward(samples[i : i + 1]))) for i in heard))
    mask = harmonic_mask(size, stft, HARMONIC_S, PERCUSSIVE_HZ, power=1.0, margin=MARGIN)
    mask *= band_mask(stft, len(size), MUSIC_LOW_HZ, MUSIC_HIGH_HZ) * steady_mask(size, stft)
    centres = np.clip(np.arange(mask.shape[1]) * stft.hop - stft.size // 2, 0, len(log_odds) - 1)
    mask **= np.clip(ODDS_EVEN - ODDS_SLOPE * log_odds[centres], *ODDS_RANGE)
    for i in heard:
        out[i] = stft.inverse(stft.forward(samples[i : i + 1]) * mask, samples.shape[1])[0]
    return out
