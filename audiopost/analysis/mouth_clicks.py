"""Clicks of lips and tongue: 0.3 to 5 ms at 1.5 to 8 kHz, in pauses and vowels of close speech; weak, but many.

Plosives are told from them by what stands around: a burst has its voice or its breath behind it, or a vowel shortly
before its closure. The shortest of what `defects.clicks` hears is no mouth's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import defects
from .bands import FloatArray, Voice
from .defects import Runs

#: Times that it exceeds the loudest half millisecond within 25 ms on either side, 3 ms around it left out.
_RATIO = 4.0
_CELL_S, _CORE_S, _SIDE_S, _LONGEST_S = 0.0005, 0.003, 0.025, 0.005
#: A mouth rings for longer than this.
_ELECTRIC_S = 0.0003
_BAND_HZ = (1500.0, 8000.0)
#: Softest against the vowels, and softest at all, in dB of half a millisecond's RMS.
_LEAST_DB, _LEAST_DBFS = -36.0, -72.0
#: A vowel sounds from here on; a pause is clear of all above this for so long before and after.
_VOWEL_DB, _CLEAR_DB, _BEFORE_S, _AFTER_S = -12.0, -22.0, 0.12, 0.04
#: A finding takes this many within ten seconds on either side.
_COMPANY, _NEAR_S = 4, 10.0
#: What is heard on either side to judge a click by.
CONTEXT_S = 0.06


@dataclass(frozen=True)
class Click:
    """Samples [first, last) of the recording; `level_db` is the RMS of its loudest half millisecond, dBFS."""

    first: int
    last: int
    level_db: float


class Listener:
    """Feed it blocks (n,) of the mean of the channels; after `close`, `clicks` holds what may be one."""

    def __init__(self, rate: int) -> None:
        self.clicks: list[Click] = []
        self._rate, self._context = rate, round(CONTEXT_S * rate)
        self._held = np.zeros(self._context, np.float32)
        self._at = -self._context

    def feed(self, block: FloatArray) -> None:
        joined = np.concatenate([self._held, block])
        self.clicks += impulses(joined, self._rate, self._at, self._context)
        spent = max(len(joined) - 2 * self._context, 0)
        self._held, self._at = joined[spent:], self._at + spent

    def close(self) -> None:
        self.feed(np.zeros(self._context, np.float32))


def impulses(x: FloatArray, rate: int, at: int, context: int) -> list[Click]:
    """What may be one in (n,) samples from sample `at` on, but for `context` samples at both ends."""
    from scipy.ndimage import maximum_filter1d
    from scipy.signal import butter, sosfiltfilt

    cell = max(round(_CELL_S * rate), 4)
    if rate < 16_000 or len(x) < 2 * context + cell:
        return []
    top = min(_BAND_HZ[1], 0.45 * rate)
    band = sosfiltfilt(butter(2, (_BAND_HZ[0], top), "bandpass", fs=rate, output="sos"), x, padlen=0)
    count = len(x) // cell
    rms = np.sqrt(np.mean(band[: count * cell].reshape(count, cell) ** 2, axis=1))
    core, side = round(_CORE_S / _CELL_S), round(_SIDE_S / _CELL_S)
    width = side - core
    # The filter's window is centred: shifted so that it covers [i + core, i + side) and its mirror image.
    padded = maximum_filter1d(np.pad(rms, side), width, mode="constant")
    right = padded[side + core + width // 2 :][:count]
    left = padded[side - core - (width - 1) // 2 - 1 :][:count]
    around = np.maximum(left, right)
    stands = (rms > _RATIO * around) & (rms > 10 ** (_LEAST_DBFS / 20)) & (rms == maximum_filter1d(rms, 2 * core + 1))
    # Each block of a recording claims its own.
    middles = np.arange(count) * cell + cell // 2
    stands &= (middles >= context) & (middles < len(x) - context)
    found: list[Click] = []
    electric: Runs | None = None
    for peak in np.flatnonzero(stands).tolist():
        sounding = rms[max(peak - core, 0) : peak + core + 1] > 1.5 * around[peak]
        cells = np.flatnonzero(sounding) + max(peak - core, 0)
        first, last = int(cells[0]) * cell, int(cells[-1] + 1) * cell
        if electric is None:
            electric = defects.clicks(x, rate)[0]
            electric = electric[electric[:, 1] - electric[:, 0] < _ELECTRIC_S * rate]
        if last - first <= _LONGEST_S * rate and not np.any((electric[:, 0] < last) & (electric[:, 1] > first)):
            found.append(Click(at + first, at + last, float(20 * np.log10(rms[peak]))))
    return found


def judged(clicks: list[Click], voice: Voice, rate: int) -> list[Click]:
    """Those of a Listener's at speech that are heard, lie in a vowel or a clear pause, and have company."""
    body = voice.level(212.0, 4000.0) - voice.level_db
    before, after = round(_BEFORE_S / voice.step_s), round(_AFTER_S / voice.step_s)
    kept = []
    for click in clicks:
        frame = min(round((click.first + click.last) / 2 / rate / voice.step_s), len(body) - 1)
        # A frame hears 20 ms on either side: the neighbours' tell of the vowel, not the click.
        vowel = min(body[max(frame - 4, 0)], body[min(frame + 4, len(body) - 1)]) > _VOWEL_DB
        past, next_ = body[max(frame - before, 0) : max(frame - 2, 0)], body[frame + 3 : frame + 3 + after]
        clear = max(past.max(initial=-np.inf), next_.max(initial=-np.inf)) < _CLEAR_DB
        if click.level_db > voice.level_db[frame] + _LEAST_DB and (vowel or clear):
            kept.append(click)
    at = np.asarray([c.first / rate for c in kept])
    near = np.searchsorted(at, at + _NEAR_S, "right") - np.searchsorted(at, at - _NEAR_S)
    return [c for c, count in zip(kept, near.tolist(), strict=True) if count >= _COMPANY]
