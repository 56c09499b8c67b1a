"""A stretch of speech in numbers: the functionals of `prosody`'s tracks that feelings are told by.

An eGeMAPS-like set (Eyben et al. 2016, see `prosody`): means, medians and percentile ranges rather than moments,
nothing that depends on the level, nothing that depends on the length of the stretch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..core.time import Span
from .prosody import HOP_S, Prosody, syllables
from .voice_quality import Floats

#: Pitch in semitones above 100 Hz; slopes of pitch in semitones a second while it rises and falls; levels in dB;
#: formants in semitones above 500, 1500 and 2500 Hz; lengths in seconds, their logarithms where they are named log.
FEATURES = (
    "pitch median", "pitch range", "pitch 80 %", "pitch rise", "pitch fall", "pitch movement",
    "jitter", "shimmer", "periodicity", "periodicity range",
    "level range", "level rise", "level fall",
    "alpha ratio", "alpha range", "hammarberg", "slope low", "slope high", "slope range", "h1-h2",
    "f1", "f1 range", "f1 bandwidth", "f2", "f2 range", "f3",
    "mfcc1", "mfcc2", "mfcc3", "mfcc4", "mfcc1 range", "mfcc2 range",
    "syllable rate", "voiced share", "log voiced length", "log unvoiced length", "pause share",
)  # fmt: skip
#: What microphone, distance and room set: the features that a recording has in common whoever speaks.
CHANNEL = (
    "alpha ratio", "hammarberg", "slope low", "slope high", "f1 bandwidth", "mfcc1", "mfcc2", "mfcc3", "mfcc4",
)  # fmt: skip
#: Less voice than this says nothing.
MIN_VOICED_S = 0.2
#: Levels further below the loudest frame count as this far below it.
_DEEPEST_DB = 60.0


@dataclass(frozen=True)
class Features:
    """FEATURES of one stretch, and the seconds voiced."""

    values: NDArray[np.float64]
    voiced_s: float


def mask(spans: Sequence[Span], frames: int) -> NDArray[np.bool_]:
    """True for the prosody frames inside the spans."""
    inside = np.zeros(frames, bool)
    for span in spans:
        inside[round(span.start_s / HOP_S) : round(span.end_s / HOP_S)] = True
    return inside


def syllable_marks(track: Prosody) -> NDArray[np.bool_]:
    """The frames of the syllables' nuclei."""
    return syllables(track.syllabic_db, track.f0_hz > 0)


def features(
    track: Prosody, spoken: NDArray[np.bool_], marks: NDArray[np.bool_], start_s: float, end_s: float
) -> Features | None:
    """FEATURES of the spoken frames of a stretch; None for less than MIN_VOICED_S voiced.

    `spoken` and `marks` are the masks of speech and of syllables over all of `track`.
    """
    at = slice(max(0, round(start_s / HOP_S)), round(end_s / HOP_S))
    inside = spoken[at]
    f0 = track.f0_hz[at]
    voiced = inside & (f0 > 0)
    count = int(np.count_nonzero(voiced))
    if count * HOP_S < MIN_VOICED_S:
        return None
    level = track.level_db[at].astype(float)
    # Digital silence is as far down as one likes.
    level = np.maximum(level, level[inside].max() - _DEEPEST_DB)
    # Loud frames carry the voice; weak ones carry the room.
    loud = 10 ** ((level[voiced] - level[voiced].max()) / 20)
    loud /= loud.sum()

    def mean(name: str) -> float:
        return float(getattr(track, name)[at][voiced] @ loud)

    def spread(name: str) -> float:
        return _range(getattr(track, name)[at][voiced])

    pitch = np.where(voiced, 12 * np.log2(np.where(voiced, f0, 100) / 100), np.nan)
    low, middle, high = np.percentile(pitch[voiced], (20, 50, 80))
    rise, fall, movement = _slopes(pitch)
    level_rise, level_fall, _ = _slopes(np.where(inside, _smooth(level), np.nan))
    formants = [
        _formant(getattr(track, f"f{k}_hz")[at][voiced], loud, hz) for k, hz in ((1, 500), (2, 1500), (3, 2500))
    ]
    width = track.f1_band_hz[at][voiced]
    said = np.count_nonzero(inside)
    first, last = np.flatnonzero(inside)[[0, -1]]
    values = (
        middle, high - low, high, rise, fall, movement,
        mean("jitter"), mean("shimmer_db"), mean("periodicity"), spread("periodicity"),
        _range(level[inside]), level_rise, level_fall,
        mean("tilt_db"), spread("tilt_db"), mean("hammarberg_db"), mean("slope_low"), mean("slope_high"),
        spread("slope_high"), mean("h1_h2_db"),
        formants[0][0], formants[0][1], float(width[width > 0].mean()) if (width > 0).any() else 200.0,
        formants[1][0], formants[1][1], formants[2][0],
        mean("mfcc1"), mean("mfcc2"), mean("mfcc3"), mean("mfcc4"), spread("mfcc1"), spread("mfcc2"),
        np.count_nonzero(marks[at] & inside) / (said * HOP_S), count / said,
        np.log(_run_length(voiced)), np.log(_run_length(inside & ~voiced)), 1 - said / (last - first + 1),
    )  # fmt: skip
    return Features(np.array(values, float), count * HOP_S)


def _range(values: Floats) -> float:
    """From the 20th to the 80th percentile."""
    low, high = np.percentile(values, (20, 80))
    return float(high - low)


def _smooth(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.convolve(np.pad(values, 2, mode="edge"), np.full(5, 0.2), mode="valid")


#: Less a second is no movement: rounding on a plateau, which differs with the level and the processor.
_STILL = 1e-6


def _slopes(values: NDArray[np.float64]) -> tuple[float, float, float]:
    """Mean speed while rising, while falling, and of both, a second; 0 where neither. NaN is a gap."""
    change = np.diff(values)
    change = np.asarray(change[np.isfinite(change)] / HOP_S)
    up, down = change[change > _STILL], change[change < -_STILL]
    return (
        float(up.mean()) if len(up) else 0.0,
        float(-down.mean()) if len(down) else 0.0,
        float(np.abs(change).mean()) if len(change) else 0.0,
    )


def _formant(hz: NDArray[np.float32], weight: NDArray[np.float64], usual_hz: float) -> tuple[float, float]:
    """Weighted mean and percentile range in semitones above `usual_hz`, of the frames where the formant was found."""
    found = hz > 0
    if np.count_nonzero(found) < 3:
        return 0.0, 0.0
    semitones = 12 * np.log2(hz[found] / usual_hz)
    return float(np.average(semitones, weights=weight[found])), _range(semitones)


def _run_length(inside: NDArray[np.bool_]) -> float:
    """Mean length in seconds of the runs of True; a frame's where there are none."""
    begins = np.count_nonzero(inside[1:] & ~inside[:-1]) + int(inside[0])
    return max(int(np.count_nonzero(inside)), 1) / max(int(begins), 1) * HOP_S
