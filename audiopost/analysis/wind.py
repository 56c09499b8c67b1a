"""Wind at the microphone: turbulence below 200 Hz, strongest at the very bottom, that comes in gusts.

Rumble is steady; plosives are short and rare; a bass, a drum or an engine has little below 37 Hz. So slope, size and
restlessness of the low end tell wind, as in C. Nelke, P. Vary, "Measurement, analysis and simulation of wind noise
signals for mobile communication devices", IWAENC 2014.
"""

from __future__ import annotations

import numpy as np

from ..core.time import Span, merge_spans
from .bands import Event, FloatArray, Voice, decibels, power
from .defects import runs

#: From this level on below 87 Hz; and below 37 Hz, where no voice is, against the vowels.
_LEAST_DBFS, _AGAINST_VOWELS_DB = -50.0, -22.0
#: The lowest band against the next; and against 87 to 212 Hz wherever no voice sounds there.
_BOTTOM_DB, _SLOPE_DB = -6.0, 0.0
#: What the level's standard deviation is at least, over 0.25 s means; rumble and traffic stay under it.
_GUSTY_DB = 2.5
_SMOOTH_S, _LULL_S, _SHORTEST_S, _NEAR_SPEECH_S = 0.25, 1.0, 2.0, 10.0
#: Share of a stretch in which it blows.
_DUTY = 0.5


def blows(voice: Voice) -> list[Event]:
    """`over_db`: level below 87 Hz in dBFS, exceeded in half of the stretch."""
    if not np.isfinite(voice.level_db).any():
        return []
    bottom, low, slope = (_smooth(voice, *edges) for edges in ((12.0, 37.0), (37.0, 87.0), (87.0, 212.0)))
    all_low = decibels(power(bottom) + power(low))
    blowing = (all_low > _LEAST_DBFS) & (bottom > voice.level_db + _AGAINST_VOWELS_DB)
    blowing &= (bottom > low + _BOTTOM_DB) & ((bottom > slope + _SLOPE_DB) | voice.speech)
    spans = merge_spans([Span(float(a), float(b)) for a, b in runs(blowing).tolist()], _LULL_S / voice.step_s)
    near = round(_NEAR_SPEECH_S / voice.step_s)
    found = []
    for first, last in ((round(s.start_s), round(s.end_s)) for s in spans):
        level = all_low[first:last]
        middle = float(np.median(level))
        if (
            (last - first) * voice.step_s >= _SHORTEST_S
            and float(np.mean(blowing[first:last])) >= _DUTY
            and float(np.std(np.maximum(level, middle - 25))) > _GUSTY_DB
            and voice.speech[max(first - near, 0) : last + near].any()
        ):
            found.append(Event(first, last, middle))
    return found


def _smooth(voice: Voice, low_hz: float, high_hz: float) -> FloatArray:
    from scipy.ndimage import uniform_filter1d

    return decibels(uniform_filter1d(power(voice.level(low_hz, high_hz)), round(_SMOOTH_S / voice.step_s)))
