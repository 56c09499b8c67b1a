"""How music goes down under lines: the gain each needs, and the curve through all of them.

The rule: during a `Duck` music lies at its `level_lu` relative to the dialogue. The dialogue's loudness is measured
over all ducked stretches of the cue together, since a bed that followed each line would be restless, and gated as in
R 128, since pauses are no dialogue; the music's in each stretch by itself, ungated. Music is only ever lowered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..core.audio import Audio, FloatArray
from ..core.spotting import Duck
from ..core.time import Span
from ..dsp.loudness import Meter

#: Where music lies without ducking, relative to the loudness of the dialogue: to be heard between lines, under none.
IN_THE_CLEAR_LU = -4.0
#: Music is down when a line begins and comes back after its end in these times: gentle, as a mixer's hand.
ATTACK_S, RELEASE_S = 0.4, 1.0
#: Stretches shorter than this are measured with what lies around them: a window of momentary loudness with a margin.
_WINDOW_S, _SETTLING_S = 0.42, 0.5
_BLOCK = 1 << 17


@dataclass(frozen=True)
class DuckCurve:
    """Gain over time: `db` at `times_s`, eased between them; 0 before and after."""

    times_s: tuple[float, ...] = ()
    db: tuple[float, ...] = ()

    def gains(self, start: int, stop: int, rate: int) -> FloatArray:
        """The gains (stop - start,) of frames at a rate."""
        if not self.times_s or stop / rate <= self.times_s[0] or start / rate >= self.times_s[-1]:
            return np.ones(stop - start, np.float32)
        place = np.interp(np.arange(start, stop) / rate, self.times_s, np.arange(len(self.times_s)))
        at = np.minimum(place.astype(int), len(self.times_s) - 2)
        eased = 0.5 - 0.5 * np.cos(np.pi * (place - at))
        db = np.asarray(self.db)
        return np.asarray(10 ** ((db[at] + (db[at + 1] - db[at]) * eased) / 20), np.float32)


def merged(ducks: Sequence[Duck], within: Span) -> list[Duck]:
    """The ducks inside a stretch of the recording in order; of those that overlap one, at the lowest level."""
    found: list[Duck] = []
    for duck in sorted(ducks, key=lambda d: (d.start_s, d.end_s)):
        start, end = max(duck.start_s, within.start_s), min(duck.end_s, within.end_s)
        if end <= start:
            continue
        if found and start <= found[-1].end_s:
            last = found[-1]
            found[-1] = replace(last, end_s=max(end, last.end_s), level_lu=min(last.level_lu, duck.level_lu))
        else:
            found.append(Duck(start, end, duck.level_lu))
    return found


def curve(ducks: Sequence[Duck], music: Audio, dialogue: Audio) -> DuckCurve:
    """The gain curve for `music`, laid on the time line of the recording, under `dialogue`; `ducks` as `merged` gives.

    Where the dialogue is silent in all of them there is nothing to go under. Raises BadValue below 4 kHz.
    """
    lines = _lines(ducks, dialogue)
    if lines is None:
        return DuckCurve()
    heard = [_heard(duck, music) for duck in ducks]
    down = [0.0 if h is None else min(0.0, lines + duck.level_lu - h) for duck, h in zip(ducks, heard, strict=True)]
    return _through(ducks, down)


def _lines(ducks: Sequence[Duck], dialogue: Audio) -> float | None:
    """Gated loudness of the dialogue in all stretches, LUFS."""
    meter = Meter(dialogue.rate, dialogue.layout, true_peak=False)
    for duck in ducks:
        _push(meter, dialogue, *_at_least(duck))
    return meter.report().integrated_lufs


def _heard(duck: Duck, music: Audio) -> float | None:
    """Ungated loudness of the music in one stretch, LUFS; half a second before it lets the filter settle."""
    start_s, end_s = _at_least(duck)
    meter = Meter(music.rate, music.layout, true_peak=False)
    _push(meter, music, start_s - _SETTLING_S, end_s)
    return meter.mean_lufs([Span(_SETTLING_S, _SETTLING_S + end_s - start_s)])


def _at_least(duck: Duck) -> tuple[float, float]:
    more = max(0.0, _WINDOW_S - (duck.end_s - duck.start_s)) / 2
    return duck.start_s - more, duck.end_s + more


def _push(meter: Meter, audio: Audio, start_s: float, end_s: float) -> None:
    last = round(end_s * audio.rate)
    for start in range(round(start_s * audio.rate), last, _BLOCK):
        meter.push(audio.read(start, min(start + _BLOCK, last)))


def _through(ducks: Sequence[Duck], down: Sequence[float]) -> DuckCurve:
    """Down before each line, up after it; it stays down through pauses too short to come back and go down again."""
    points: list[tuple[float, float]] = []
    for n, (duck, db) in enumerate(zip(ducks, down, strict=True)):
        if n == 0 or duck.start_s - ducks[n - 1].end_s >= ATTACK_S + RELEASE_S:
            points.append((duck.start_s - ATTACK_S, 0.0))
        points += [(duck.start_s, db), (duck.end_s, db)]
        if n + 1 == len(ducks) or ducks[n + 1].start_s - duck.end_s >= ATTACK_S + RELEASE_S:
            points.append((duck.end_s + RELEASE_S, 0.0))
    times, db_values = zip(*points, strict=True)
    return DuckCurve(times, db_values)
