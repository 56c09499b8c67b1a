"""Emotion from the voice: pitch, its movement, spectral tilt, speaking rate and periodicity, by a linear model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ...analysis.affect import Reading
from ...analysis.prosody import HOP_S, Prosody, prosody, syllables
from ...core.audio import Audio
from ...core.spotting import Affect
from ...core.stage import BuiltIn, Progress
from ...core.time import Span
from . import Options
from .windows import Window

#: What is measured in a window: median pitch (semitones above 100 Hz), mean pitch change from frame to frame
#: (semitones), spectral tilt (dB, see analysis.prosody), syllables a second, mean periodicity.
FEATURES = ("pitch", "pitch movement", "tilt", "rate", "periodicity")
# Norms: mean and standard deviation of FEATURES in 264 stretches of 4 s of 141 LibriSpeech readers (76 male voices,
# 65 female). Weights: ridge regression (lambda 10) onto arousal, valence and dominance of 161 acted sentences of
# 8 EMO-DB speakers, all feelings weighing alike, with LibriSpeech, VCTK and Kerstin as neutral speech (weight 0.3),
# so that 0 is neutral whatever the pitch. `python benchmarks/emotion.py fit` reproduces both; the recordings they
# are evaluated on had no part in them.
MEAN = np.array([7.05, 0.36, -14.43, 3.87, 0.75])
SPREAD = np.array([5.107, 0.106, 5.815, 0.672, 0.063])
# Rows: arousal, valence, dominance. No constant: the readers' mean is 0 by definition. Valence is weak: its
# leave-one-speaker-out correlation is about 0, as such features are known to tell arousal and hardly valence.
WEIGHTS = np.array(
    [
        [0.064, 0.138, 0.126, 0.032, -0.055],
        [-0.013, -0.059, 0.049, 0.012, 0.002],
        [0.008, 0.042, 0.131, -0.004, 0.028],
    ]
)
#: Arousal for each dB above the usual level. Set by hand: EMO-DB's levels do not follow the feeling.
PER_DB = 0.01
#: Seconds of speech from which the norms of its speaker, or its recording, are used.
NORM_S = 30.0
#: Share of a speaker's distance from the population that is taken as manner; the rest may be a lasting feeling.
_MANNER = 0.5
# Spreads below and above the norm that count: a dull microphone or a monotonous reader is no sign of calm.
_LOWEST, _HIGHEST = -0.8, 4.0
_MIN_VOICED_S = 0.2


@dataclass(frozen=True)
class _Measured:
    """FEATURES of one window, its median level in dBFS and the seconds voiced."""

    values: NDArray[np.float64]
    level_db: float
    voiced_s: float


@dataclass(frozen=True)
class _Norm:
    """What is usual in a recording or for a speaker: `offset` in spreads of FEATURES, and the level."""

    offset: NDArray[np.float64]
    level_db: float


class ProsodyReader(BuiltIn[Options]):
    """Rates windows by their prosody; no model weights."""

    name: ClassVar[str] = "prosody"
    reason: ClassVar[str] = "signal processing needs no model"

    def rate(
        self, audio: Audio, speech: Sequence[Span], windows: Sequence[Window], progress: Progress
    ) -> list[Reading | None]:
        """One rating for each window, None where it holds less than 0.2 s of voiced speech."""
        if not windows:
            return []
        track = prosody(audio, progress)
        spoken = mask(speech, len(track))
        clear = _clearness(track, spoken)
        marks = syllables(track.syllabic_db, track.f0_hz > 0)
        measured = [features(track, spoken, marks, _frames(window)) for window in windows]
        norms = _norms(spoken, windows, measured)
        return [
            None if m is None else _rating(m, norms.get(w.speaker, norms.get(None)), clear)
            for w, m in zip(windows, measured, strict=True)
        ]


def _frames(window: Window) -> slice:
    return slice(round(window.start_s / HOP_S), round(window.end_s / HOP_S))


def _rating(measured: _Measured, norm: _Norm | None, clear: float) -> Reading:
    scaled = (measured.values - MEAN) / SPREAD
    louder = 0.0
    if norm is not None:
        scaled = scaled - norm.offset
        louder = float(np.clip(measured.level_db - norm.level_db, -15, 15))
    arousal, valence, dominance = WEIGHTS @ np.clip(scaled, _LOWEST, _HIGHEST)
    arousal, valence, dominance = (float(np.clip(x, -1, 1)) for x in (arousal + PER_DB * louder, valence, dominance))
    # At most 0.6: acted feelings are told apart by such features in most cases, everyday ones less often.
    return Reading(Affect(arousal, valence, dominance, 0.6 * min(1.0, measured.voiced_s) * clear))


def mask(spans: Sequence[Span], frames: int) -> NDArray[np.bool_]:
    """True for the prosody frames inside the spans."""
    inside = np.zeros(frames, bool)
    for span in spans:
        inside[round(span.start_s / HOP_S) : round(span.end_s / HOP_S)] = True
    return inside


def features(track: Prosody, spoken: NDArray[np.bool_], marks: NDArray[np.bool_], frames: slice) -> _Measured | None:
    """FEATURES of the spoken frames in a window; None for less than 0.2 s voiced."""
    inside = spoken[frames]
    voiced = inside & (track.f0_hz[frames] > 0)
    count = int(np.count_nonzero(voiced))
    if count * HOP_S < _MIN_VOICED_S:
        return None
    semitones = 12 * np.log2(track.f0_hz[frames][voiced] / 100)
    level = track.level_db[frames][voiced]
    neighbours = voiced[1:] & voiced[:-1]
    f0 = np.where(voiced, track.f0_hz[frames], 1.0)
    change = np.abs(12 * np.log2(f0[1:] / f0[:-1]))[neighbours]
    values = [
        float(np.median(semitones)),
        float(change.mean()) if len(change) else float(MEAN[1]),
        # Loud frames carry the voice; weak ones carry the room.
        float(np.average(track.tilt_db[frames][voiced], weights=10 ** ((level - level.max()) / 20))),
        float(np.count_nonzero(marks[frames] & inside)) / (np.count_nonzero(inside) * HOP_S),
        float(track.periodicity[frames][inside].mean()),
    ]
    return _Measured(np.array(values), float(np.median(level)), count * HOP_S)


def _clearness(track: Prosody, spoken: NDArray[np.bool_]) -> float:
    """0..1 by how far speech stands above what is heard between it: 1 from 25 dB, 0.1 at 5 dB and less."""
    if not spoken.any():
        return 0.0
    between = track.level_db[~spoken]
    # Without a second of pause the quietest frames stand for the background.
    floor = float(np.median(between)) if len(between) > 100 else float(np.percentile(track.level_db, 5))
    ratio = float(np.percentile(track.level_db[spoken], 75)) - floor
    return float(np.clip((ratio - 5) / 20, 0.1, 1.0))


def _norms(
    spoken: NDArray[np.bool_], windows: Sequence[Window], measured: Sequence[_Measured | None]
) -> dict[str | None, _Norm]:
    """Norms of every speaker with `NORM_S` of speech; under None those of the whole recording.

    A recording's norm is its level and its tilt, which microphone and distance set; pitch and manner belong to people.
    """
    norms: dict[str | None, _Norm] = {}
    tilt_only = np.array([name == "tilt" for name in FEATURES], float)
    for speaker in (None, *dict.fromkeys(w.speaker for w in windows if w.speaker is not None)):
        own = [i for i, w in enumerate(windows) if speaker is None or w.speaker == speaker]
        heard = mask([Span(windows[i].start_s, windows[i].end_s) for i in own], len(spoken)) & spoken
        found = [m for i in own if (m := measured[i]) is not None]
        if np.count_nonzero(heard) * HOP_S < NORM_S or not found:
            continue
        usual = (np.median([m.values for m in found], axis=0) - MEAN) / SPREAD
        share = _MANNER * (tilt_only if speaker is None else np.ones(len(FEATURES)))
        norms[speaker] = _Norm(usual * share, float(np.median([m.level_db for m in found])))
    return norms
