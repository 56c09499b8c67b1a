"""Plosives that hit the microphone: the breath of a p or b as a thump of 20 to 150 ms below some 90 Hz, at speech."""

from __future__ import annotations

import numpy as np

from .bands import Event, Voice
from .defects import runs

#: From here on, against the vowels (212 to 4000 Hz), against 87 to 1000 Hz at the same moment, and against the low
#: end around it. No voiced sound does so: its second and third harmonic are at least as strong as its fundamental.
_LOUD_DB, _OVER_VOICE_DB, _RISE_DB = -6.0, 0.0, 15.0
#: A thump stands out of the low end by this much from end to end.
_EDGE_DB = 6.0
_SHORTEST_S, _LONGEST_S, _AROUND_S, _AT_SPEECH_S = 0.02, 0.2, 0.3, 0.1
#: So many thumps in ten seconds are a drum's.
_DRUM, _DRUM_S = 12, 10.0


def thumps(voice: Voice) -> list[Event]:
    """`over_db`: how far the loudest moment stands out of the low end of the 0.6 s around it."""
    from scipy.ndimage import binary_dilation, percentile_filter

    low, middle = voice.level(12.0, 87.0), voice.level(87.0, 1000.0)
    reach = round(_AT_SPEECH_S / voice.step_s)
    there = binary_dilation(voice.speech, iterations=reach) & (low > voice.level_db - 30)
    if not there.any():
        return []
    around = percentile_filter(low, 70, 2 * round(_AROUND_S / voice.step_s) + 1)
    found = []
    for first, last in runs(there & (low > around + _EDGE_DB)).tolist():
        peak = first + int(np.argmax(low[first:last]))
        over = float(low[peak] - around[peak])
        loud = low[peak] > voice.level_db[peak] + _LOUD_DB and low[peak] > middle[peak] + _OVER_VOICE_DB
        if loud and over > _RISE_DB and _SHORTEST_S <= (last - first) * voice.step_s + 1e-6 <= _LONGEST_S:
            found.append(Event(first, last, over))
    return _without_drums(found, _DRUM_S / voice.step_s)


def _without_drums(found: list[Event], reach: float) -> list[Event]:
    at = np.asarray([e.first for e in found], np.float64)
    near = np.searchsorted(at, at + reach / 2, "right") - np.searchsorted(at, at - reach / 2)
    return [e for e, count in zip(found, near.tolist(), strict=True) if count < _DRUM]
