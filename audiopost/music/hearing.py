"""One listening to a track: what every question about it is answered from, decimated, so that two hours fit in memory.

Two passes. The first measures level and loudness; the second, scaled by it so that no feature depends on how loud the
file is, takes spectra. Kept are 2 numbers for each 12 ms and 73 for each 93 ms: about 15 MB an hour.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np

from ..core.audio import Audio, FloatArray
from ..core.stage import Progress, silent
from ..dsp.k_weighting import MIN_RATE
from ..dsp.loudness import Meter
from ..dsp.resample import converted

RATE = 22_050
#: Samples of the spectra in which onsets are looked for, and between two of them.
FRAME, HOP = 2048, 256
FPS = RATE / HOP
#: Spectra of the pitch classes are longer: 2.7 Hz a bin. One for each SLOW hops.
LONG, SLOW = 8192, 8
SLOW_FPS = FPS / SLOW
BANDS, CEPSTRA = 80, 12
#: Pitch classes are kept in steps of 20 cents until the tuning is known.
STEPS = 60
#: Mel bands up to here are the bass (about 200 Hz).
_BASS = 6
#: Frames over which a rise is measured: Böck & Widmer's distance of about 23 ms.
_LAG = 2
#: Pitches are read between these, Hz.
_LOW_HZ, _HIGH_HZ = 65.0, 2100.0
_FLOOR_DB = -120.0


@dataclass(frozen=True)
class Heard:
    """A track's features. n frames of HOP samples at RATE, m of SLOW of them, s seconds (the last may be part of one).

    `novelty` (n,) is the rise of the spectrum (SuperFlux), `bass` (n,) that below 200 Hz; frame i lies at i / FPS.
    `pitches` (m, STEPS) are pitch classes from A in steps of 20 cents, before tuning, `tuning` what the track is off
    A = 440 Hz in semitones (-.5..0.5); `timbre` (m, CEPSTRA) are mel cepstra, `level_db` (m,) relative to the loud
    parts. `energy_db` (s,) is the level of each second in dBFS.
    """

    duration_s: float
    novelty: FloatArray
    bass: FloatArray
    pitches: FloatArray
    tuning: float
    timbre: FloatArray
    level_db: FloatArray
    energy_db: FloatArray
    brightness_hz: float
    loudness_lufs: float | None

    @property
    def silent(self) -> bool:
        """Nothing to hear: no second above -80 dBFS, or too few samples for a spectrum."""
        return not len(self.novelty) or float(self.energy_db.max()) < -80.0


def listen(audio: Audio, progress: Progress = silent) -> Heard:
    """Hears all of `audio`, whose samples must be sound (`core.audio.sound_of`)."""
    energy, loudness = _levels(audio, progress)
    loud = 10 ** (float(np.percentile(energy, 95)) / 20) if len(energy) else 0.0
    spectra = _Spectra(1.0 / max(loud, 1e-6))
    done = 0
    for block in converted(audio, RATE, mono=True):
        spectra.push(block[0])
        done += block.shape[1]
        progress("listen to the music", done / RATE, audio.duration_s)
    return spectra.heard(audio.duration_s, energy, loudness)


def _levels(audio: Audio, progress: Progress) -> tuple[FloatArray, float | None]:
    """Level of each second in dBFS, integrated loudness."""
    meter = Meter(audio.rate, audio.layout, true_peak=False) if audio.rate >= MIN_RATE else None
    powers = []
    for second, block in enumerate(audio.blocks(audio.rate)):
        if meter is not None:
            meter.push(block)
        powers.append(float(np.mean(np.square(block, dtype=np.float64))))
        progress("measure the music", second + 1, audio.duration_s)
    energy = 10 * np.log10(np.maximum(powers, 10 ** (_FLOOR_DB / 10)))
    return energy.astype(np.float32), meter.report().integrated_lufs if meter is not None else None


@functools.cache
def _mel() -> FloatArray:
    from librosa.filters import mel

    bank = mel(sr=RATE, n_fft=FRAME, n_mels=BANDS, fmin=30.0, fmax=RATE / 2)
    return np.asarray(bank, np.float32)


@functools.cache
def _cosines() -> FloatArray:
    """(BANDS, CEPSTRA): the second to thirteenth cosine of a DCT-II; the first is the level."""
    angle = np.pi / BANDS * np.outer(np.arange(BANDS) + 0.5, np.arange(1, CEPSTRA + 1))
    return (np.cos(angle) * math.sqrt(2 / BANDS)).astype(np.float32)


class _Spectra:
    """Takes mono samples at RATE in pieces of any size; `gain` brings the track's loud parts to RMS 1."""

    def __init__(self, gain: float) -> None:
        self._gain = np.float32(gain)
        # Frame i is centred on sample i * HOP: what lies before the track is silence.
        self._held: FloatArray = np.zeros(LONG // 2, np.float32)
        self._window = np.hanning(FRAME + 1)[:-1].astype(np.float32) * (2 / FRAME)
        self._long = np.hanning(LONG + 1)[:-1].astype(np.float32) * (2 / LONG)
        self._log: FloatArray | None = None
        self._novelty: list[FloatArray] = []
        self._bass: list[FloatArray] = []
        self._slow: list[tuple[FloatArray, FloatArray, FloatArray]] = []
        self._off = 0j
        self._weighted = self._weight = 0.0
        self._samples = 0

    def push(self, samples: FloatArray) -> None:
        self._samples += len(samples)
        self._take(samples * self._gain)

    def _take(self, samples: FloatArray) -> None:
        self._held = np.concatenate([self._held, samples])
        step = HOP * SLOW
        # As many groups of SLOW frames as have all their samples, the last long spectrum's among them.
        groups = (len(self._held) - LONG) // step
        for first in range(0, max(groups, 0), 16):
            count = min(16, groups - first)
            self._group(self._held[first * step : (first + count) * step + LONG], count)
        self._held = self._held[max(groups, 0) * step :]

    def _group(self, samples: FloatArray, count: int) -> None:
        edge = (LONG - FRAME) // 2
        frames = np.lib.stride_tricks.sliding_window_view(samples[edge:], FRAME)[::HOP][: count * SLOW]
        magnitude = np.abs(np.fft.rfft(frames * self._window, axis=1)).astype(np.float32)
        power = magnitude**2
        mel = np.log1p(1e5 * (power @ _mel().T))
        self._rises(mel)
        energy = power.sum(axis=1)
        bins = np.arange(magnitude.shape[1], dtype=np.float32) * (RATE / FRAME)
        self._weighted += float(energy @ (magnitude @ bins / (magnitude.sum(axis=1) + 1e-9)))
        self._weight += float(energy.sum())
        long = np.lib.stride_tricks.sliding_window_view(samples, LONG)[:: HOP * SLOW][:count]
        mean = mel.reshape(count, SLOW, BANDS).mean(axis=1)
        level = 10 * np.log10(energy.reshape(count, SLOW).mean(axis=1) + 1e-12)
        pitches = self._pitches(np.abs(np.fft.rfft(long * self._long, axis=1)).astype(np.float32))
        self._slow.append((pitches, mean @ _cosines(), level.astype(np.float32)))

    def _rises(self, mel: FloatArray) -> None:
        """Rise of each band over the largest of it and its neighbours _LAG frames ago: SuperFlux (Böck & Widmer,
        "Maximum filter vibrato suppression for onset detection", DAFx 2013)."""
        if self._log is None:
            self._log = np.zeros((_LAG, mel.shape[1]), np.float32)
        both = np.concatenate([self._log, mel])
        before = both[:-_LAG]
        widest = np.maximum(before, np.maximum(np.roll(before, 1, axis=1), np.roll(before, -1, axis=1)))
        rise = np.maximum(both[_LAG:] - widest, 0)
        self._novelty.append(rise.mean(axis=1))
        self._bass.append(rise[:, :_BASS].mean(axis=1))
        self._log = both[-_LAG:]

    def _pitches(self, magnitude: FloatArray) -> FloatArray:
        """(frames, STEPS): spectral peaks, placed between bins by a parabola, by their pitch class."""
        low, high = int(_LOW_HZ * LONG / RATE), int(_HIGH_HZ * LONG / RATE)
        log = np.log(magnitude[:, low - 1 : high + 1] + 1e-7)
        left, here, right = log[:, :-2], log[:, 1:-1], log[:, 2:]
        # Of each spectrum the peaks within 35 dB of its highest, and 80 dB of the track's loud parts.
        least = np.maximum(here.max(axis=1, keepdims=True) - 4.0, -9.0)
        row, column = np.nonzero((here > left) & (here >= right) & (here > least))
        a, b, c = left[row, column], here[row, column], right[row, column]
        offset = 0.5 * (a - c) / np.minimum(a - 2 * b + c, -1e-6)
        hz = (column + low + np.clip(offset, -0.5, 0.5)) * (RATE / LONG)
        semitones = 12 * np.log2(hz / 440.0)
        # The root of the magnitude, less for high partials: they are overtones more often than notes.
        weight = np.exp(0.5 * b) / (1 + hz / 800.0)
        self._off += complex(np.sum(weight * np.exp(2j * np.pi * semitones)))
        step = np.round(semitones * (STEPS / 12)).astype(int) % STEPS
        flat = np.bincount(row * STEPS + step, weight, minlength=len(magnitude) * STEPS)
        return flat.reshape(len(magnitude), STEPS).astype(np.float32)

    def heard(self, duration_s: float, energy: FloatArray, loudness: float | None) -> Heard:
        self._take(np.zeros(LONG + HOP * SLOW, np.float32))
        frames = -(-self._samples // HOP)
        slow = -(-frames // SLOW)
        empty = (np.zeros((0, STEPS), np.float32), np.zeros((0, CEPSTRA), np.float32), np.zeros(0, np.float32))
        pitches, timbre, level = (np.concatenate(part) for part in zip(empty, *self._slow, strict=True))
        return Heard(
            duration_s,
            _joined(self._novelty)[:frames],
            _joined(self._bass)[:frames],
            pitches[:slow],
            float(np.angle(self._off) / (2 * np.pi)) if self._off else 0.0,
            timbre[:slow],
            level[:slow],
            energy,
            self._weighted / self._weight if self._weight > 0 else 0.0,
            loudness,
        )


def _joined(parts: list[FloatArray]) -> FloatArray:
    return np.concatenate([np.zeros(0, np.float32), *parts])


def chroma(heard: Heard) -> FloatArray:
    """(m, 12) pitch classes from C, after tuning."""
    shift = round(heard.tuning * STEPS / 12)
    width = STEPS // 12
    # Bin 0 is A: moved so that each semitone's bins lie together, the middle one in the middle.
    steps = np.roll(heard.pitches, width // 2 - shift, axis=1).reshape(-1, 12, width).sum(axis=2)
    return np.roll(steps, 9, axis=1)
