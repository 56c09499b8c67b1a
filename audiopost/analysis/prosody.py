"""Prosody of a recording: pitch, level, spectral tilt and syllable rhythm, frame by frame, streamed.

Pitch is the highest peak of the autocorrelation, divided by the window's own (P. Boersma, "Accurate short-term
analysis of the fundamental frequency and the harmonics-to-noise ratio of a sampled sound", IFA Proceedings 17,
1993), with a small cost for low pitch against octave errors and a median filter in place of his path search.
Everything is measured below 3.5 kHz, so that an 8 kHz recording and a 48 kHz one give the same values.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..core.audio import Audio
from ..core.stage import Progress, silent
from ..dsp.resample import converted

RATE = 16_000
#: Seconds from one frame to the next.
HOP_S = 0.01
_HOP, _WINDOW, _FFT = 160, 800, 2048
_LOW_HZ, _HIGH_HZ = 60.0, 600.0
#: Periodicity from which a frame counts as voiced.
VOICED = 0.55
#: Level given to digital silence, dBFS.
FLOOR_DB = -100.0


@dataclass(frozen=True)
class Prosody:
    """One float32 value each `HOP_S` seconds, centred on its time.

    `f0_hz` is 0 where unvoiced; `periodicity` 0..1; `level_db` in dBFS; `tilt_db` is the energy of 1 to 3.5 kHz
    over that of 80 Hz to 1 kHz (the alpha ratio; rises with vocal effort); `syllabic_db` the level of 300 to 2500 Hz.
    """

    f0_hz: NDArray[np.float32]
    periodicity: NDArray[np.float32]
    level_db: NDArray[np.float32]
    tilt_db: NDArray[np.float32]
    syllabic_db: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.f0_hz)

    @property
    def semitones(self) -> NDArray[np.float32]:
        """Pitch in semitones above 100 Hz, NaN where unvoiced."""
        out = np.full(len(self), np.nan, np.float32)
        voiced = self.f0_hz > 0
        out[voiced] = 12 * np.log2(self.f0_hz[voiced] / 100)
        return out


def prosody(audio: Audio, progress: Progress = silent) -> Prosody:
    """The prosody of `audio`, downmixed to mono; one frame each 10 ms, none for empty audio."""
    parts: list[NDArray[np.float32]] = []
    rest = np.zeros(_WINDOW // 2, np.float32)
    total = audio.duration_s
    done = 0
    for block in converted(audio, RATE, mono=True):
        rest = np.concatenate([rest, block[0]])
        frames = max(0, (len(rest) - _WINDOW) // _HOP + 1)
        parts += _measured(rest, frames)
        rest = rest[frames * _HOP :]
        done += block.shape[1]
        progress("prosody", done / RATE, total)
    wanted = -(-done // _HOP)
    left = wanted - sum(part.shape[1] for part in parts)
    parts += _measured(np.pad(rest, (0, _WINDOW)), left)
    values = np.concatenate(parts, axis=1) if parts else np.zeros((5, 0), np.float32)
    return Prosody(_unspiked(values[0]), *values[1:])


def _measured(samples: NDArray[np.float32], frames: int, at_once: int = 512) -> list[NDArray[np.float32]]:
    """(5, n) arrays of f0, periodicity, level, tilt, syllabic level for the first `frames` frames."""
    if frames <= 0:
        return []
    windows = np.lib.stride_tricks.sliding_window_view(samples, _WINDOW)[::_HOP][:frames]
    return [_measure(windows[start : start + at_once]) for start in range(0, frames, at_once)]


_HANN = np.hanning(_WINDOW + 2)[1:-1].astype(np.float32)
_HANN_ACF = np.fft.irfft(np.abs(np.fft.rfft(_HANN, _FFT)) ** 2)
_LAGS = np.arange(int(RATE / _HIGH_HZ), int(RATE / _LOW_HZ) + 2)
# Weight of the window's autocorrelation, and 0.03 per octave against taking a multiple of the true period.
_LAG_GAIN = (_HANN_ACF[0] / _HANN_ACF[_LAGS]).astype(np.float32)
_LAG_COST = (0.03 * np.log2(_LAGS / _LAGS[0])).astype(np.float32)


def _measure(windows: NDArray[np.float32]) -> NDArray[np.float32]:
    centred = (windows - windows.mean(axis=1, keepdims=True)) * _HANN
    power = np.abs(np.fft.rfft(centred, _FFT)) ** 2
    hz = np.fft.rfftfreq(_FFT, 1 / RATE)

    def band_db(low: float, high: float) -> NDArray[np.float64]:
        energy = power[:, (hz >= low) & (hz < high)].sum(axis=1) * 2 / (_FFT * float(np.sum(_HANN**2)))
        return np.asarray(10 * np.log10(energy + 10 ** (FLOOR_DB / 10)))

    # Pitch is looked for below 1.5 kHz: breath and hiss above only lower the peaks.
    acf = np.fft.irfft(np.where(hz < 1500, power, 0))
    energy = acf[:, :1]
    near = acf[:, _LAGS] * _LAG_GAIN / np.maximum(energy, 1e-12)
    best = np.argmax(near - _LAG_COST, axis=1)
    inner = np.clip(best, 1, len(_LAGS) - 2)
    rows = np.arange(len(near))
    left, middle, right = near[rows, inner - 1], near[rows, inner], near[rows, inner + 1]
    curve = left - 2 * middle + right
    shift = np.where(curve < -1e-9, 0.5 * (left - right) / np.where(curve < -1e-9, curve, 1), 0)
    period = _LAGS[inner] + np.clip(shift, -0.5, 0.5)
    periodicity = np.where(energy[:, 0] > 1e-9, np.clip(near[rows, best], 0, 1), 0)
    # A maximum on the border of the range is no peak: rumble or a voice above the range.
    voiced = (periodicity >= VOICED) & (best > 0) & (best < len(_LAGS) - 1)
    f0 = np.where(voiced, RATE / period, 0)
    tilt = band_db(1000, 3500) - band_db(80, 1000)
    return np.stack([f0, periodicity, band_db(60, 3500), tilt, band_db(300, 2500)]).astype(np.float32)


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
    smooth = np.convolve(np.pad(syllabic_db, 3, mode="edge"), kernel / kernel.sum(), mode="valid")
    peak, dip = -1, float(smooth[0])
    for i in range(len(smooth)):
        if peak < 0:
            if smooth[i] < dip:
                dip = float(smooth[i])
            elif smooth[i] - dip >= 2:
                peak = i
        elif smooth[i] > smooth[peak]:
            peak = i
        elif smooth[peak] - smooth[i] >= 2:
            marks[peak] = voiced[peak]
            peak, dip = -1, float(smooth[i])
    return marks
