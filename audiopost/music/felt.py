"""Which reading of a tempo is felt, where somebody who should know has said so."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..core.music import TrackAnalysis

#: A stated tempo this near to a reading, as a share, means that reading.
_SAME = 0.04


def as_stated(track: TrackAnalysis, bpm: float | None) -> TrackAnalysis:
    """The track in its other reading, where that is the tempo that its maker states (the BPM tag); else as it is.

    Beats are halved or doubled with it. Bars of four at half the tempo are two bars each at the whole; other metres are
    left open.
    """
    other, told = track.bpm_other, track.bpm
    if bpm is None or other is None or told is None or _near(told, bpm) or not _near(other, bpm):
        return track
    doubled = other > told
    beats = np.asarray(track.beats_s)
    if doubled:
        felt = np.sort(np.concatenate([beats, (beats[1:] + beats[:-1]) / 2]))
        downbeats = track.beats_s[_first(track) :: 2] if track.metre == 4 else ()
    else:
        felt, downbeats = beats[_first(track) :: 2], ()
    return replace(
        track,
        bpm=other,
        bpm_other=told,
        beats_s=tuple(felt.round(4).tolist()),
        metre=4 if downbeats else None,
        downbeats_s=downbeats,
    )


def _near(reading: float, bpm: float) -> bool:
    return abs(reading / bpm - 1) <= _SAME


def _first(track: TrackAnalysis) -> int:
    """0 or 1: whether every second beat from the first, or from the second, holds the first downbeat."""
    return track.beats_s.index(track.downbeats_s[0]) % 2 if track.downbeats_s else 0
