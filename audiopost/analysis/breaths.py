"""Loud breaths: noise without the shape of a sibilant, in a pause before speech, with a gap on both sides."""

from __future__ import annotations

import numpy as np

from .bands import Event, Voice, decibels, power
from .defects import runs

#: Against the vowels: where a breath is looked for, from which median on it is loud, and what it is lowered to.
_LEAST_DB, LOUD_DB, USUAL_DB = -34.0, -25.0, -33.0
#: Breath has no pitch, no more below 500 Hz than above, and less above 4 kHz than below: s, sh and f have more.
_FLAT, _BODY_DB, _TREBLE_DB = 0.25, -3.0, 0.0
_SHORTEST_S, _LONGEST_S = 0.12, 0.7
#: A gap of this depth parts it from the words on both sides within 0.2 s; no consonant at a word's edge has two.
_GAP_DB, _GAP_S = 8.0, 0.2
#: Speech follows within this time; share of the breath that the VAD may take for speech.
_BEFORE_SPEECH_S, _SPEECH = 0.8, 0.3
#: Where the VAD takes it for speech it must be long, with little above 4 kHz and no sh's hill at 2 to 4 kHz.
_SURE_S, _SURE_TREBLE_DB, _SURE_HILL_DB = 0.2, -6.0, 3.0


def loud(voice: Voice) -> list[Event]:
    """`over_db`: median level (500 Hz to 10 kHz) against the vowels'."""
    from scipy.ndimage import uniform_filter1d

    broad = voice.level(500.0, 10_000.0)
    smooth = decibels(uniform_filter1d(power(broad), 5)) if len(broad) else broad
    bassy = voice.level(87.0, 500.0)
    noisy = (smooth > voice.level_db + _LEAST_DB) & (voice.flatness > _FLAT) & (broad > bassy + _BODY_DB)
    treble, middle = voice.level(4000.0, 10_000.0), voice.level(1000.0, 4000.0)
    hill = voice.level(2000.0, 4000.0) - voice.level(1000.0, 2000.0)
    gap, ahead = round(_GAP_S / voice.step_s), round(_BEFORE_SPEECH_S / voice.step_s)
    found = []
    for first, last in runs(noisy).tolist():
        if not _SHORTEST_S <= (last - first) * voice.step_s + 1e-6 <= _LONGEST_S:
            continue
        inside = slice(first, last)
        over = float(np.median(broad[inside] - voice.level_db[inside]))
        peak = float(smooth[inside].max())
        before = float(smooth[max(first - gap, 0) : first + 1].min())
        after = float(smooth[last - 1 : last + gap].min())
        dark = float(np.median(treble[inside] - middle[inside]))
        sure = (last - first) * voice.step_s >= _SURE_S and dark < _SURE_TREBLE_DB
        sure = sure and float(np.median(hill[inside])) < _SURE_HILL_DB
        if (
            over > LOUD_DB
            and peak - max(before, after) > _GAP_DB
            and dark < _TREBLE_DB
            and (sure or float(np.mean(voice.speech[inside])) < _SPEECH)
            and voice.speech[last : last + ahead].any()
        ):
            found.append(Event(first, last, over))
    return found
