"""Prosody of a recording, frame by frame, streamed: pitch, level, spectral balance, voice quality, formants.

The measurements are those of the eGeMAPS (F. Eyben et al., "The Geneva Minimalistic Acoustic Parameter Set (GeMAPS) for
voice research and affective computing", IEEE Transactions on Affective Computing 7, 2016) that a band of 3.5 kHz holds:
everything is measured below it, so that an 8 kHz recording and a 48 kHz one give the same values, and nothing but
`level_db` and `syllabic_db` depends on how loud the recording is.

Pitch is the highest peak of the autocorrelation, divided by the window's own (P. Boersma, "Accurate short-term
analysis of the fundamental frequency and the harmonics-to-noise ratio of a sampled sound", IFA Proceedings 17,
1993), with a small cost for low pitch against octave errors and a median filter in place of his path search.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..core.audio import Audio
from ..core.stage import Progress, silent
from ..dsp.resample import converted, length
from . import voice_quality
from .voice_quality import HIGH_HZ, LOW_HZ, RATE, TOP_HZ, Floats

#: Seconds from one frame to the next.
HOP_S = 0.01
_HOP, _WINDOW = 160, 800
# The window and the longest lag together: no autocorrelation wraps round.
_FFT = 1080
#: Periodicity from which a frame counts as voiced.
VOICED = 0.55
#: Level given to digital silence, dBFS.
FLOOR_DB = -160.0
#: Frames measured at once.
_AT_ONCE = 512


@dataclass(frozen=True)
class Prosody:
    """One float32 value each `HOP_S` seconds, centred on its time. All but the first five are 0 where unvoiced.

    `f0_hz` is 0 where unvoiced; `periodicity` 0..1; `level_db` in dBFS; `tilt_db` is the energy of 1 to 3.5 kHz
    over that of 80 Hz to 1 kHz (the alpha ratio; rises with vocal effort); `syllabic_db` the level of 300 to 2500 Hz.
    `hammarberg_db` is the strongest partial below 2 kHz over that of 2 to 3.5 kHz; `slope_low`, `slope_high` the fall
    of the spectrum in dB/kHz over 0 to 500 Hz and 500 to 1500 Hz; `h1_h2_db` the first harmonic over the second;
    `f1_hz` … `f3_hz` the formants and `f1_band_hz` the first one's bandwidth, 0 where not found; `jitter` the change of
    period from cycle to cycle as a share, `shimmer_db` that of amplitude; `mfcc1` … `mfcc4` the shape of the spectrum.
    """

    f0_hz: NDArray[np.float32]
    periodicity: NDArray[np.float32]
    level_db: NDArray[np.float32]
    tilt_db: NDArray[np.float32]
    syllabic_db: NDArray[np.float32]
    hammarberg_db: NDArray[np.float32]
    slope_low: NDArray[np.float32]
    slope_high: NDArray[np.float32]
    mfcc1: NDArray[np.float32]
    mfcc2: NDArray[np.float32]
    mfcc3: NDArray[np.float32]
    mfcc4: NDArray[np.float32]
    h1_h2_db: NDArray[np.float32]
    f1_hz: NDArray[np.float32]
    f2_hz: NDArray[np.float32]
    f3_hz: NDArray[np.float32]
    f1_band_hz: NDArray[np.float32]
    jitter: NDArray[np.float32]
    shimmer_db: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.f0_hz)

    @property
    def semitones(self) -> NDArray[np.float32]:
        """Pitch in semitones above 100 Hz, NaN where unvoiced."""
        out = np.full(len(self), np.nan, np.float32)
        voiced = self.f0_hz > 0
        out[voiced] = 12 * np.log2(self.f0_hz[voiced] / 100)
        return out


_TRACKS = len(dataclasses.fields(Prosody))


def prosody(audio: Audio, progress: Progress = silent) -> Prosody:
    """The prosody of `audio`, downmixed to mono; one frame each 10 ms, none for empty audio. 76 bytes a frame."""
    values = np.zeros((_TRACKS, -(-length(audio.frames, audio.rate, RATE) // _HOP)), np.float32)
    rest = np.zeros(_WINDOW // 2, np.float32)
    at = done = 0

    def measure(samples: NDArray[np.float32], frames: int) -> None:
        nonlocal at
        windows = np.lib.stride_tricks.sliding_window_view(samples, _WINDOW)[::_HOP][:frames]
        for start in range(0, frames, _AT_ONCE):
            piece = windows[start : start + _AT_ONCE]
            values[:, at : at + len(piece)] = _measured(piece)
            at += len(piece)

    for block in converted(audio, RATE, mono=True):
        rest = np.concatenate([rest, block[0]])
        frames = max(0, (len(rest) - _WINDOW) // _HOP + 1)
        if frames:
            measure(rest, frames)
        rest = rest[frames * _HOP :]
        done += block.shape[1]
        progress("prosody", done / RATE, audio.duration_s)
    if at < values.shape[1]:
        measure(np.pad(rest, (0, _WINDOW)), values.shape[1] - at)
    values[0] = _unspiked(values[0])
    return Prosody(*values)


_HANN = np.hanning(_WINDOW + 2)[1:-1].astype(np.float32)
_HANN_ACF = np.fft.irfft(np.abs(np.fft.rfft(_HANN, 2 * _WINDOW)) ** 2)
_HZ = np.fft.rfftfreq(_FFT, 1 / RATE)
_LAGS = np.arange(int(RATE / HIGH_HZ), int(RATE / LOW_HZ) + 2)
# Weight of the window's autocorrelation, and 0.03 per octave against taking a multiple of the true period.
_LAG_GAIN = (_HANN_ACF[0] / _HANN_ACF[_LAGS]).astype(np.float32)
_LAG_COST = (0.03 * np.log2(_LAGS / _LAGS[0])).astype(np.float32)
_BANDS_HZ = ((60, TOP_HZ), (1000, TOP_HZ), (80, 1000), (300, 2500))
_BAND_GAINS = np.array([np.logical_and(low <= _HZ, high > _HZ) for low, high in _BANDS_HZ], np.float32).T
# As a share of full scale.
_BAND_GAINS *= np.float32(2 / (_FFT * float(np.sum(_HANN**2))))


def _measured(windows: NDArray[np.float32]) -> NDArray[np.float32]:
    """(_TRACKS, n) values of (n, _WINDOW) samples."""
    centred = windows - windows.mean(axis=1, keepdims=True)
    spectrum = np.fft.rfft(centred * _HANN, _FFT)
    power = spectrum.real**2 + spectrum.imag**2
    f0, periodicity = _pitch(power)
    level, high, low, syllabic = 10 * np.log10(power @ _BAND_GAINS + 10 ** (FLOOR_DB / 10)).T
    out = np.zeros((_TRACKS, len(windows)), np.float32)
    out[:5] = f0, periodicity, level, high - low, syllabic
    voiced = f0 > 0
    if voiced.any():
        out[5:12, voiced] = voice_quality.balance(power[voiced], _HZ)
        out[12, voiced] = voice_quality.first_harmonics(power[voiced], _HZ, f0[voiced])
        out[13:17, voiced] = voice_quality.formants(power[voiced], _HZ)
        out[17:, voiced] = voice_quality.perturbation(centred[voiced], RATE / f0[voiced])
    return out


def _pitch(power: Floats) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """F0 in Hz, 0 where unvoiced, and periodicity of (n, bins) power spectra."""
    # Pitch is looked for below 1.5 kHz: breath and hiss above only lower the peaks.
    acf = np.fft.irfft(np.where(_HZ < 1500, power, 0), _FFT)
    energy = acf[:, :1]
    near = acf[:, _LAGS] * _LAG_GAIN / np.maximum(energy, 1e-18)
    best = np.argmax(near - _LAG_COST, axis=1)
    inner = np.clip(best, 1, len(_LAGS) - 2)
    rows = np.arange(len(near))
    left, middle, right = near[rows, inner - 1], near[rows, inner], near[rows, inner + 1]
    curve = left - 2 * middle + right
    shift = np.where(curve < -1e-9, 0.5 * (left - right) / np.where(curve < -1e-9, curve, 1), 0)
    period = _LAGS[inner] + np.clip(shift, -0.5, 0.5)
    periodicity = np.where(energy[:, 0] > 1e-15, np.clip(near[rows, best], 0, 1), 0)
    # A maximum on the border of the range is no peak: rumble or a voice above the range.
    voiced = (periodicity >= VOICED) & (best > 0) & (best < len(_LAGS) - 1)
    return np.where(voiced, RATE / period, 0).astype(np.float32), periodicity.astype(np.float32)


def _unspiked(f0: NDArray[np.float32]) -> NDArray[np.float32]:
    """Pitch without single-frame octave jumps: frames more than 3 semitones off the median of 7 are unvoiced."""
    if len(f0) < 7:
        return f0
    padded = np.pad(np.where(f0 > 0, f0, np.nan), 3, constant_values=np.nan)
    around = np.sort(np.lib.stride_tricks.sliding_window_view(padded, 7), axis=1)
    count = np.isfinite(around).sum(axis=1)
    middle = around[np.arange(len(f0)), np.maximum(count - 1, 0) // 2]
    kept = (f0 > 0) & (count >= 3) & (np.abs(np.log2(np.maximum(f0, 1) / np.nan_to_num(middle, nan=1))) < 0.25)
    return np.where(kept, f0, 0).astype(np.float32)


def syllables(syllabic_db: NDArray[np.float32], voiced: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Marks the frames of syllable nuclei: voiced peaks of the smoothed level at least 2 dB above the dips around.

    After N. de Jong and T. Wempe, "Praat script to detect syllable nuclei and measure speech rate automatically",
    Behavior Research Methods 41, 2009.
    """
    marks = np.zeros(len(syllabic_db), bool)
    if len(syllabic_db) < 9:
        return marks
    kernel = np.hanning(9)[1:-1]
    smooth = np.convolve(np.pad(syllabic_db, 3, mode="edge"), kernel / kernel.sum(), mode="valid").tolist()
    peak, dip = -1, smooth[0]
    for i, level in enumerate(smooth):
        if peak < 0:
            if level < dip:
                dip = level
            elif level - dip >= 2:
                peak = i
        elif level > smooth[peak]:
            peak = i
        elif smooth[peak] - level >= 2:
            marks[peak] = voiced[peak]
            peak, dip = -1, level
    return marks
