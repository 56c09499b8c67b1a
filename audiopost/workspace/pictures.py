"""Outlines of sound at any zoom, computed once and kept in the desk's cache.

The outline of a long recording is there at once as a sketch out of samples of it, and becomes exact while a thread of
the background reads on. Only that thread's memory grows with length: by 4 bytes for each 256 frames.
"""

from __future__ import annotations

import numpy as np

from ..core.audio import Audio
from ..core.errors import BadValue
from ..dsp.peaks import BASE, FACTOR, Peaks, bucket_frames, coarser, level_counts, outline
from .background import Background, Work
from .cache import Cache
from .tracks import Track

#: Frames read at once: whole buckets of every level that recordings up to a day have.
_READ = BASE * FACTOR**6
#: Frames of each bucket that a sketch looks at.
_SKETCH = 2048
#: Stretches up to this many frames are outlined while somebody waits: 22 s at 48 kHz.
_AT_ONCE = 1 << 20
#: Seconds that the first question waits: short recordings are done by then.
_PATIENCE_S = 0.4


class _Outlining(Work):
    """Outlines a whole sound; until it ends, `finest` is exact up to `done` buckets and a sketch behind them."""

    def __init__(self, audio: Audio, cache: Cache, version: str) -> None:
        super().__init__()
        self._audio, self._cache, self._version = audio, cache, version
        self.counts = level_counts(audio.frames)
        self.finest: Peaks = np.zeros((self.counts[0], 2), np.int16)

    def run(self) -> None:
        if (kept := _kept(self._cache, self._version, self.counts, 0, 0, self.counts[0])) is not None:
            self.finest = kept  # done between somebody's look and their question
            return
        frames = self._audio.frames
        if frames > 4 * _READ:
            self._sketch()
        for start in range(0, frames, _READ):
            exact = outline(self._audio.read(start, min(start + _READ, frames)))
            self.finest[start // BASE : start // BASE + len(exact)] = exact
            self.done = min((start + _READ) / frames, 1.0)
        levels = [self.finest]
        for _ in self.counts[1:]:
            levels.append(coarser(levels[-1]))
        content = np.concatenate(levels).astype("<i2").tobytes()
        self._cache.put(self._version, "peaks", content)

    def _sketch(self) -> None:
        step = bucket_frames(len(self.counts) - 1)
        for start in range(0, self._audio.frames, step):
            middle = start + step // 2
            seen = outline(self._audio.read(middle, middle + _SKETCH), _SKETCH)
            self.finest[start // BASE : (start + step) // BASE] = seen


_outlining: Background[_Outlining] = Background("audiopost-outlines")


def peaks(cache: Cache, track: Track, level: int, start: int, count: int) -> tuple[Peaks, float]:
    """(count, 2) lowest and highest values of a level's buckets from `start` on, and which share of the sound is exact.

    Where the share is below 1 the values may be a sketch, and are worth asking for again. What lies outside the
    recording is 0. Raises BadValue for a level there is not; InputError's kinds where the sound cannot be read.
    """
    frames = track.audio.frames
    counts = level_counts(frames)
    if not 0 <= level < len(counts):
        raise BadValue(f"There is no level {level}.", value=level, choices=[str(n) for n in range(len(counts))])
    low, high = min(max(start, 0), counts[level]), min(max(start + count, 0), counts[level])
    found, share = _found(cache, track, counts, level, low, high)
    padded = np.zeros((count, 2), np.int16)
    padded[low - start : low - start + len(found)] = found
    return padded, share


def _found(cache: Cache, track: Track, counts: tuple[int, ...], level: int, low: int, high: int) -> tuple[Peaks, float]:
    if low >= high:
        return np.zeros((0, 2), np.int16), 1.0
    if track.span is not None:
        return _of_preview(track, level, low, high), 1.0
    if (kept := _kept(cache, track.version, counts, level, low, high)) is not None:
        return kept, 1.0
    work = _outlining.begin((cache.folder, track.version), lambda: _Outlining(track.audio, cache, track.version))
    work.ended.wait(_PATIENCE_S)
    share = work.share
    if work.error is not None:
        raise work.error
    size = bucket_frames(level)
    if share < 1 and (high - low) * size <= _AT_ONCE:
        return outline(track.audio.read(low * size, min(high * size, track.audio.frames)), size), 1.0
    step = size // BASE
    return coarser(work.finest[low * step : high * step], step), share


def _kept(cache: Cache, version: str, counts: tuple[int, ...], level: int, low: int, high: int) -> Peaks | None:
    path = cache.path(version, "peaks")
    try:
        if path.stat().st_size != 4 * sum(counts):
            return None
        flat = np.fromfile(path, "<i2", 2 * (high - low), offset=4 * (sum(counts[:level]) + low))
    except FileNotFoundError:
        return None
    return flat.reshape(-1, 2)


def _of_preview(track: Track, level: int, low: int, high: int) -> Peaks:
    """A preview is short and soon another one: it is outlined whenever it is asked for."""
    assert track.span is not None
    size, rate = bucket_frames(level), track.audio.rate
    first = min(max(low, int(track.span.start_s * rate) // size), high)
    last = min(max(first, -(-round(track.span.end_s * rate) // size)), high)
    found = np.zeros((high - low, 2), np.int16)
    if last > first:
        found[first - low : last - low] = outline(track.audio.read(first * size, last * size), size)
    return found
