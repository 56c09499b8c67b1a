"""Decoded sound laid on the time line of its film: every sample where the container's timestamps put it."""

from __future__ import annotations

import numpy as np

from ..core.audio import FloatArray, is_sound, sound
from .scratch import Spool

#: A jump in the timestamps longer than this is a hole that is filled with silence.
_GAP_S = 0.05
#: Encoders pad the last frame by less than this many samples.
_PADDING = 4096


class FilmLine:
    """Writes to a Spool: silence where there is no sound, nothing before the film's start, no padding behind.

    `at` is the position of the next sample in frames, `filled` how many were missing, `non_finite` how many samples
    were no sound (NaN, infinite, beyond all measure): they are silence.
    """

    def __init__(self, spool: Spool, rate: int, channels: int) -> None:
        self._spool, self._rate, self._channels = spool, rate, channels
        self._tail: FloatArray = np.zeros((channels, 0), np.float32)
        self._early = 0
        self.at = 0
        self.filled = self.non_finite = 0

    def begin(self, offset: int) -> None:
        """The first sample lies `offset` frames after the film's start; those before it, if negative, are dropped."""
        self._early = max(-offset, 0)
        self._silence(offset)

    def keep_up(self, position: int) -> None:
        """The next sample lies at `position`: a hole becomes silence. Less is what timestamps are rounded by."""
        hole = position - self.at
        if hole > _GAP_S * self._rate:
            self._silence(hole)
            self.filled += hole

    def write(self, samples: FloatArray) -> None:
        dropped = min(self._early, samples.shape[1])
        self._early -= dropped
        samples = samples[:, dropped:]
        self.non_finite += samples.size - int(np.count_nonzero(is_sound(samples)))
        self._put(sound(samples))

    def _silence(self, frames: int) -> None:
        for done in range(0, frames, self._rate):  # a hole of hours does not fit into memory
            self._put(np.zeros((self._channels, min(self._rate, frames - done)), np.float32))

    def _put(self, samples: FloatArray) -> None:
        self.at += samples.shape[1]
        whole = np.concatenate([self._tail, samples], axis=1)
        cut = max(whole.shape[1] - _PADDING, 0)
        if cut:
            self._spool.write(whole[:, :cut])
        self._tail = whole[:, cut:]

    def end(self, frames: int | None) -> None:
        """Writes what was held back: up to `frames` in all, where that cuts no more than an encoder's padding."""
        extra = 0 if frames is None else self.at - frames
        keep = self._tail.shape[1] - (extra if 0 < extra < self._tail.shape[1] else 0)
        self._spool.write(self._tail[:, :keep])
