"""Waveform and spectrogram of a recording of any length, from one pass in which memory does not grow."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ...core.audio import Audio, FloatArray
from ...dsp.resample import downmix
from ...dsp.spectrogram import SILENCE_DB, Bands, Spectrum

COLUMNS, ROWS = 1200, 200
#: Longest time between two spectra is a column; a column is the mean of at most this many.
_FRAMES_PER_COLUMN = 24
_LOWEST_HZ, _HIGHEST_HZ = 40.0, 20_000.0
#: Shades of a spectrogram; few, because they are what makes the page large.
_SHADES = 48
_ANCHORS = ((6, 7, 20), (40, 18, 84), (106, 28, 110), (178, 45, 89), (231, 92, 50), (250, 166, 40), (252, 246, 190))


@dataclass(frozen=True)
class Scan:
    """A recording in columns: lowest and highest sample of all channels, RMS, and power by frequency.

    `level_db` is (rows, columns), highest frequency first, in dB re a full-scale sine; `square_sum` is of all samples.
    """

    low: FloatArray
    high: FloatArray
    rms: FloatArray
    level_db: FloatArray
    edges_hz: NDArray[np.float64]
    square_sum: float
    peak: float


def scan(audio: Audio, *, spectrum: bool = True) -> Scan:
    """Reads `audio` once, column by column."""
    columns = max(1, min(COLUMNS, audio.frames))
    bounds = np.linspace(0, audio.frames, columns + 1).round().astype(int)
    low, high, rms = (np.zeros(columns, np.float32) for _ in range(3))
    spectra = _Spectra(audio.rate)
    level = np.full((ROWS, columns), SILENCE_DB, np.float32)
    square_sum = 0.0
    for column, (start, stop) in enumerate(pairwise(bounds.tolist())):
        half = spectra.size // 2
        block = audio.read(start - half, stop + half)
        inside = block[:, half : block.shape[1] - half]
        low[column], high[column] = inside.min(initial=0), inside.max(initial=0)
        energy = float(np.sum(np.square(inside, dtype=np.float64)))
        rms[column] = np.sqrt(energy / max(inside.size, 1))
        square_sum += energy
        if spectrum:
            level[:, column] = spectra.level_db(downmix(block, audio.layout)[0])
    peak = float(max(high.max(), -low.min()))
    return Scan(low, high, rms, level, spectra.edges_hz, square_sum, peak)


class _Spectra:
    """Mean power of a stretch in bands that are equally wide on a logarithmic axis."""

    def __init__(self, rate: int) -> None:
        self._spectrum = Spectrum(rate)
        self.size = self._spectrum.size
        highest = min(_HIGHEST_HZ, rate / 2)
        self.edges_hz = np.geomspace(min(_LOWEST_HZ, highest / 4), highest, ROWS + 1)[::-1]
        self._bands = Bands(self._spectrum, self.edges_hz)

    def level_db(self, samples: FloatArray) -> FloatArray:
        spare = samples.size - self.size
        frames = max(1, min(_FRAMES_PER_COLUMN, spare // (self.size // 2)))
        starts = np.linspace(0, spare, frames).round().astype(int) if frames > 1 else [spare // 2]
        power = self._spectrum.power(np.stack([samples[start : start + self.size] for start in starts]))
        return self._bands.level_db(power.mean(axis=0, keepdims=True))[:, 0]


def level_range(*scans: Scan) -> tuple[float, float]:
    """The range in dB that shows all of them: 75 dB down from nearly the loudest, in steps of 5."""
    loudest = max(float(np.percentile(each.level_db, 99.8)) for each in scans)
    top = float(np.clip(np.ceil(loudest / 5) * 5, -60, 0))
    return top - 75, top


def _palette() -> NDArray[np.uint8]:
    at = np.linspace(0, len(_ANCHORS) - 1, _SHADES)
    anchors = np.array(_ANCHORS, float)
    colours = np.stack([np.interp(at, np.arange(len(_ANCHORS)), anchors[:, c]) for c in range(3)], axis=1)
    return colours.round().astype(np.uint8)


def spectrogram_uri(level_db: FloatArray, bottom_db: float, top_db: float) -> str:
    """A PNG of levels (rows, columns) as a data URI."""
    share = (level_db - bottom_db) / (top_db - bottom_db)
    return _png(np.clip(share * (_SHADES - 1) + 0.5, 0, _SHADES - 1).astype(np.uint8))


def legend_uri() -> str:
    """The colours of a spectrogram from quiet to loud, one pixel high."""
    return _png(np.arange(_SHADES, dtype=np.uint8)[np.newaxis])


def _png(shades: NDArray[np.uint8]) -> str:
    from PIL import Image

    image = Image.fromarray(shades, "L")
    image.putpalette(_palette().tobytes())
    target = io.BytesIO()
    image.save(target, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(target.getvalue()).decode("ascii")


def frequency_ticks(edges_hz: NDArray[np.float64]) -> list[tuple[float, str]]:
    """(share of the height from the top, label) of the frequencies a reader looks for."""
    low, high = np.log(edges_hz[-1]), np.log(edges_hz[0])
    wanted = (100, 300, 1000, 3000, 10_000)
    return [
        (float((high - np.log(hz)) / (high - low)), f"{hz // 1000} kHz" if hz >= 1000 else f"{hz} Hz")
        for hz in wanted
        if low <= np.log(hz) <= high + 1e-9
    ]
