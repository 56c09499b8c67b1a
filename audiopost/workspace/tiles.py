"""Spectrograms as tiles, each made when it is first looked at and kept in the desk's cache."""

from __future__ import annotations

import io
import math
import threading

import numpy as np

from ..core.audio import Audio, FloatArray
from ..core.errors import BadValue, UnknownName
from ..dsp import spectrogram
from ..dsp.spectrogram import SCALES, Bands, Spectrum
from ..io.layouts import stereo_of
from .cache import Cache
from .tracks import Track

#: A tile's columns and rows; frames of a column at zoom 0, twice as many at each further zoom.
WIDTH, HEIGHT, COLUMN_FRAMES = 256, 256, 256
#: Levels of the darkest and the brightest grey, dB re a full-scale sine.
FLOOR_DB, TOP_DB = -120.0, 0.0
_HIGHEST_HZ = 24_000.0
#: Two at a time: more would only wait for each other's turn at the disk and the cores.
_turns = threading.Semaphore(2)


def zooms(frames: int) -> int:
    """How many zooms there are; at the last one a single tile shows everything."""
    return 1 + max(0, math.ceil(math.log2(max(frames, 1) / (WIDTH * COLUMN_FRAMES))))


def highest_hz(rate: int) -> float:
    """Where the top of a tile lies; the bottom is 0 Hz."""
    return min(_HIGHEST_HZ, rate / 2)


def tile(cache: Cache, track: Track, scale: str, zoom: int, number: int) -> bytes:
    """A grey PNG, WIDTH x HEIGHT, highest frequency on top: columns `number` * WIDTH and on at a zoom.

    Raises UnknownName for a scale, BadValue for a zoom or tile there is not; InputError's kinds, OutputError.
    """
    frames, step = track.audio.frames, COLUMN_FRAMES << min(max(zoom, 0), 40)
    if scale not in SCALES:
        raise UnknownName("scale of frequency", scale, SCALES)
    if not 0 <= zoom < zooms(frames) or not 0 <= number * WIDTH * step < max(frames, 1):
        raise BadValue(f"There is no tile {number} at zoom {zoom}.", value=(zoom, number))
    what = f"{scale}-{zoom}-{number}.png"
    found = cache.get(track.version, what)
    if found is None:
        with _turns:
            found = cache.get(track.version, what) or _made(cache, track, scale, zoom, number)
    return found


def _made(cache: Cache, track: Track, scale: str, zoom: int, number: int) -> bytes:
    """Both scales are made out of the same spectra; the other one is likely to be asked for."""
    step = COLUMN_FRAMES << zoom
    power = _power(track.audio, number * WIDTH * step, step)
    made = {}
    for name in SCALES:
        bands = Bands(Spectrum(track.audio.rate), spectrogram.even_edges_hz(name, highest_hz(track.audio.rate), HEIGHT))
        made[name] = _png(bands.level_db(power))
        cache.put(track.version, f"{name}-{zoom}-{number}.png", made[name])
    return made[scale]


def _power(audio: Audio, start: int, step: int) -> FloatArray:
    heard = audio if audio.channels <= 2 else stereo_of(audio)
    spectrum = Spectrum(audio.rate)
    inside = min(WIDTH, -(-(audio.frames - start) // step))
    power = spectrogram.columns(heard, spectrum, start, step, inside)
    return np.pad(power, ((0, WIDTH - inside), (0, 0)))


def _png(level_db: FloatArray) -> bytes:
    from PIL import Image

    share = np.clip((level_db - FLOOR_DB) / (TOP_DB - FLOOR_DB), 0, 1)
    target = io.BytesIO()
    Image.fromarray(np.rint(255 * share).astype(np.uint8), "L").save(target, "PNG", compress_level=3)
    return target.getvalue()
