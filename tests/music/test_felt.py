"""The reading of a tempo that its maker states."""

from __future__ import annotations

import pytest

from audiopost.core.music import TrackAnalysis
from audiopost.music.felt import as_stated

#: 65 BPM in four, its first downbeat on the second beat.
BEATS = tuple(round(n * 60 / 65, 4) for n in range(17))
SLOW = TrackAnalysis(20.0, 65.0, 0.9, 130.0, BEATS, 4, BEATS[1::4])


def test_doubled():
    found = as_stated(SLOW, 129.0)
    assert (found.bpm, found.bpm_other, found.metre) == (130.0, 65.0, 4)
    assert len(found.beats_s) == 33
    assert found.beats_s[::2] == BEATS
    assert found.downbeats_s == BEATS[1::2]
    assert set(found.downbeats_s) <= set(found.beats_s)


def test_halved():
    found = as_stated(TrackAnalysis(20.0, 160.0, 0.9, 80.0, BEATS, 4, BEATS[3::4]), 80.0)
    assert (found.bpm, found.bpm_other, found.metre, found.downbeats_s) == (80.0, 160.0, None, ())
    assert found.beats_s == BEATS[1::2]


@pytest.mark.parametrize("bpm", [None, 65.5, 97.0])
def test_no_tag_the_same_or_one_that_is_neither(bpm):
    assert as_stated(SLOW, bpm) == SLOW


def test_without_a_pulse_a_tag_changes_nothing():
    assert as_stated(TrackAnalysis(20.0), 120.0) == TrackAnalysis(20.0)
