"""Emotion from the voice: what `analysis.voice_features` measures, by the small model of `voice_model`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ...analysis.affect import Reading
from ...analysis.prosody import HOP_S, Prosody, prosody
from ...analysis.voice_features import CHANNEL, Features, features, mask, syllable_marks
from ...core.audio import Audio
from ...core.stage import ModelInfo, Progress
from ...core.time import Span
from . import Embedded, voice_model
from .windows import Window

#: Seconds of speech from which the norms of its speaker, or its recording, are used.
NORM_S = 30.0
#: Share of a speaker's distance from the population that is taken as manner; the rest may be a lasting feeling.
_MANNER = 0.5
#: Acted feelings are told apart by such features in most cases, everyday ones less often.
_SUREST = 0.6

Norms = dict[str | None, NDArray[np.float64]]


class ProsodyReader(Embedded):
    """Rates windows by their prosody; weights of a few kB, in the package."""

    name: ClassVar[str] = "prosody"
    reason: ClassVar[str] = "its model of a few kB is in the package"
    asks: ClassVar[str] = "model"

    @property
    def model(self) -> ModelInfo:
        return voice_model.info()

    def rate(
        self, audio: Audio, speech: Sequence[Span], windows: Sequence[Window], progress: Progress
    ) -> list[Reading | None]:
        """One reading for each window, None where it holds less than 0.2 s of voiced speech."""
        if not windows:
            return []
        track = prosody(audio, progress)
        spoken = mask(speech, len(track))
        clear = _clearness(track, spoken)
        marks = syllable_marks(track)
        found = [features(track, spoken, marks, window.start_s, window.end_s) for window in windows]
        norms = _norms(spoken, windows, found)
        return [
            None if each is None else _reading(each, norms.get(window.speaker, norms.get(None)), clear)
            for window, each in zip(windows, found, strict=True)
        ]


def _reading(found: Features, norm: NDArray[np.float64] | None, clear: float) -> Reading:
    model = voice_model.load()
    z = model.scaled(found.values)
    return model.reading(z if norm is None else z - norm, _SUREST * min(1.0, found.voiced_s) * clear)


def _clearness(track: Prosody, spoken: NDArray[np.bool_]) -> float:
    """0..1 by how far speech stands above what is heard between it: 1 from 25 dB, 0.1 at 5 dB and less."""
    if not spoken.any():
        return 0.0
    between = track.level_db[~spoken]
    # Without a second of pause the quietest frames stand for the background.
    floor = float(np.median(between)) if len(between) > 100 else float(np.percentile(track.level_db, 5))
    ratio = float(np.percentile(track.level_db[spoken], 75)) - floor
    return float(np.clip((ratio - 5) / 20, 0.1, 1.0))


def _norms(spoken: NDArray[np.bool_], windows: Sequence[Window], found: Sequence[Features | None]) -> Norms:
    """What is usual, in spreads from the population, for every speaker with `NORM_S` of speech; under None for all.

    What a recording has in common whoever speaks is set by microphone and distance; pitch and manner belong to people.
    """
    model = voice_model.load()
    channel = np.array([name in CHANNEL for name in model.names], float)
    norms: Norms = {}
    for speaker in (None, *dict.fromkeys(w.speaker for w in windows if w.speaker is not None)):
        own = [i for i, w in enumerate(windows) if speaker is None or w.speaker == speaker]
        heard = mask([Span(windows[i].start_s, windows[i].end_s) for i in own], len(spoken)) & spoken
        values = [each.values for i in own if (each := found[i]) is not None]
        if values and np.count_nonzero(heard) * HOP_S >= NORM_S:
            usual = np.median(model.scaled(np.array(values)), axis=0)
            norms[speaker] = usual * _MANNER * (channel if speaker is None else 1.0)
    return norms
