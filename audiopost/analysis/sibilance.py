"""Sibilants that are as loud as the vowels of the same voice: the difference is independent of level and speaker."""

from __future__ import annotations

import numpy as np

from .bands import Event, FloatArray, Voice, decibels, power
from .defects import runs

#: A sibilant has at least this much against the vowels' band of the same moment, and this much against the vowels.
_SHAPE_DB, _LEAST_DB = -3.0, -30.0
#: A sibilant louder than this is sharp, where it has company; and so are a voice's louder half, where that begins at
#: `_BRIGHT_DB`. In 173 real voices the median sibilant lies 15 dB under the vowels, in 95 % over 7 dB under them.
SHARP_DB, _BRIGHT_DB = 2.0, -4.0
#: What sharp ones are lowered to.
USUAL_DB = -6.0
#: How short and how long a sibilant is, and the stretch around it in which others are asked.
_SHORTEST_S, _LONGEST_S, NEAR_S = 0.04, 0.4, 10.0
_COMPANY, _ENOUGH = 2, 6


def sibilants(voice: Voice) -> list[Event]:
    """All sibilants of the voice; `over_db` is their level (loudest 50 ms, 4 to 10 kHz) against the vowels'."""
    if voice.nyquist_hz < 7900:
        return []
    sharp, body = voice.level(4000.0, 10_000.0), voice.level(212.0, 4000.0)
    hissing = voice.speech & (sharp > body + _SHAPE_DB) & (sharp > voice.level_db + _LEAST_DB)
    found = runs(hissing)
    length = (found[:, 1] - found[:, 0]) * voice.step_s
    found = found[(length >= _SHORTEST_S - 1e-6) & (length <= _LONGEST_S)]
    return [Event(a, b, _loudest(sharp[a:b] - voice.level_db[a:b])) for a, b in found.tolist()]


def sharp(voice: Voice) -> list[Event]:
    """Those that are too loud, judged among all within ten seconds."""
    everything = sibilants(voice)
    over = np.asarray([e.over_db for e in everything])
    found = []
    for event, near in zip(everything, _near(everything, everything, voice), strict=True):
        stands_out = event.over_db > SHARP_DB and np.sum(over[near] > SHARP_DB) >= _COMPANY
        bright = near.stop - near.start >= _ENOUGH and event.over_db >= np.median(over[near]) > _BRIGHT_DB
        if stands_out or bright:
            found.append(event)
    return found


def beside(sharp: list[Event], everything: list[Event], voice: Voice) -> list[Event]:
    """Those of `everything` that are louder than usual, within ten seconds of a sharp one."""
    loud = [e for e in everything if e.over_db > USUAL_DB]
    return [e for e, near in zip(loud, _near(loud, sharp, voice), strict=True) if near.stop > near.start]


def _near(events: list[Event], others: list[Event], voice: Voice) -> list[slice]:
    """Which of `others` begin within ten seconds of each event."""
    reach = NEAR_S / voice.step_s
    at, of = (np.asarray([e.first for e in chosen], np.float64) for chosen in (events, others))
    first, last = np.searchsorted(of, at - reach), np.searchsorted(of, at + reach, "right")
    return [slice(a, b) for a, b in zip(first.tolist(), last.tolist(), strict=True)]


def _loudest(db: FloatArray) -> float:
    width = min(5, len(db))
    return float(decibels(np.convolve(power(db), np.full(width, 1 / width, np.float32), "valid")).max())
