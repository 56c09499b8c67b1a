"""How loud tracks are: each is measured once, in the background, and kept in the desk's cache. Gains to match them."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import partial

import numpy as np

from ..core.audio import Audio, FloatArray
from ..dsp.loudness import MIN_RATE, Meter, integrated_loudness
from .background import Background, Work
from .cache import Cache
from .tracks import Track

#: Seconds between two values of a curve.
STEP_S = 0.1
#: Frames read at once.
_READ = 1 << 17
#: A mix this much below the loudest is no match for it, but near silence: the others are not brought down to it.
_COMPARABLE_LU = 20.0
#: Up to here, and by no more than this, a preview that is quieter than the source is raised.
_MOST_DBTP, _MOST_RAISED_DB = -1.0, 12.0


@dataclass(frozen=True)
class Metered:
    """A track by EBU R 128; None for what silence, or less than a window, leaves unmeasured.

    `source_lufs` is the loudness of the source over the stretch of a preview.
    """

    integrated_lufs: float | None = None
    range_lu: float | None = None
    true_peak_dbtp: float | None = None
    momentary_max_lufs: float | None = None
    short_term_max_lufs: float | None = None
    source_lufs: float | None = None


class _Metering(Work):
    """Measures a track; its numbers and its curve are in the cache when it ends."""

    def __init__(self, cache: Cache, track: Track, source: Audio) -> None:
        super().__init__()
        self._cache, self._track, self._source = cache, track, source

    def run(self) -> None:
        if metered(self._cache, self._track) is not None:
            return  # done between somebody's look and their question
        audio = self._track.audio
        if audio.rate < MIN_RATE:  # K-weighting cannot be made there
            self._keep(Metered(), np.full((0, 3), np.nan, np.float32))
            return
        span = self._track.span
        first = round(int(span.start_s / STEP_S) * STEP_S * audio.rate) if span else 0
        last = round(span.end_s * audio.rate) if span else audio.frames
        meter = Meter(audio.rate, audio.layout, fine=True)
        for start in range(first, last, _READ):
            meter.push(audio.read(start, min(start + _READ, last)))
            self.done = (min(start + _READ, last) - first) / (last - first)
        report = meter.report()
        curve = np.stack(meter.curves(), axis=1)
        if span:
            curve = np.pad(curve, ((int(span.start_s / STEP_S), 0), (0, 0)), constant_values=np.nan)
        self._keep(
            Metered(
                report.integrated_lufs,
                report.loudness_range_lu,
                report.true_peak_dbtp,
                report.momentary_max_lufs,
                report.short_term_max_lufs,
                integrated_loudness(self._source.between(span.start_s, span.end_s)) if span else None,
            ),
            curve,
        )

    def _keep(self, found: Metered, curve: FloatArray) -> None:
        self._cache.put(self._track.version, "curve", curve.astype("<f4").tobytes())
        self._cache.put(self._track.version, "meters.json", json.dumps(asdict(found)).encode())


_metering: Background[_Metering] = Background("audiopost-meters")


def metered(cache: Cache, track: Track) -> Metered | None:
    """What a track was measured at, None where that was not done yet."""
    content = cache.get(track.version, "meters.json")
    return Metered(**json.loads(content)) if content else None


def measure(cache: Cache, tracks: Iterable[Track], source: Audio, patience_s: float = 0.0) -> tuple[Work, ...]:
    """Has tracks measured in the background; what of that is not done, or failed, after so many seconds."""
    works = [
        _metering.begin((cache.folder, track.version), partial(_Metering, cache, track, source))
        for track in tracks
        if not cache.path(track.version, "meters.json").exists()
    ]
    until = time.monotonic() + patience_s
    for work in works:
        work.ended.wait(max(0.0, until - time.monotonic()))
    return tuple(work for work in works if work.error or not work.ended.is_set())


def curve(cache: Cache, track: Track) -> bytes | None:
    """Momentary and short-term loudness and true peak in turn, float32 little-endian, for each STEP_S of the recording.

    NaN for nothing; None where the track was not measured yet.
    """
    return cache.get(track.version, "curve") if metered(cache, track) is not None else None


def gains(tracks: Iterable[Track], known: Mapping[str, Metered]) -> dict[str, float]:
    """The gain of each track in dB at which mixes and previews are as loud as each other; `known` by version.

    Mixes come down to the quietest of them, none is raised; until all are measured they stay as they are. Stems and
    what was removed go with the source, so that their level beside it is true. A preview matches the source over its
    own stretch, and may be raised up to -1 dBTP.
    """
    found = tuple(tracks)
    by_mix = {track.key: known.get(track.version) for track in found if track.group == "mix"}
    levels = {key: each.integrated_lufs for key, each in by_mix.items() if each and each.integrated_lufs is not None}
    loudest = max(levels.values(), default=0.0)
    compared = {key: lufs for key, lufs in levels.items() if lufs > loudest - _COMPARABLE_LU}
    if None in by_mix.values():
        compared = {}
    quietest = min(compared.values(), default=0.0)
    mixes = {key: quietest - lufs for key, lufs in compared.items()}
    source = mixes.get("source", 0.0)
    return {
        track.key: mixes.get(track.key, 0.0)
        if track.group == "mix"
        else _of_preview(track, known.get(track.version), source)
        for track in found
    }


def _of_preview(track: Track, found: Metered | None, source_db: float) -> float:
    """The gain of what is no mix, where the source has `source_db`."""
    removed = track.key.endswith("removed")
    if track.group != "preview" or removed or not found or found.integrated_lufs is None or found.source_lufs is None:
        return source_db
    gain = source_db + found.source_lufs - found.integrated_lufs
    return min(gain, max(0.0, min(_MOST_DBTP - (found.true_peak_dbtp or 0.0), _MOST_RAISED_DB)))
