"""Timelines exact to the frame, at the rates films have."""

from __future__ import annotations

import opentimelineio as otio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiopost.core.spotting import Cue
from audiopost.core.time import FrameRate, Timebase
from audiopost.delivery.timeline import cue_timeline, write_otio


def cue(number, in_s, out_s):
    return Cue(number, in_s, out_s, "f", "calm", (60, 80), "major", ("piano",), "because", 0.5)


@pytest.mark.parametrize("rate", ["23.976", "25", "29.97df", "59.94"])
def test_round_trip_is_exact_to_the_frame(tmp_path, cues, rate):
    start = "01:00:00;00" if rate.endswith("df") else "01:00:00:00"
    timebase = Timebase(FrameRate.parse(rate), start)
    path = write_otio(tmp_path / "cues.otio", cues, timebase, "FILM", 200.0)
    timeline = otio.adapters.read_from_file(str(path))
    rate_hz = float(timebase.rate.fraction)
    assert timeline.global_start_time.to_timecode(rate_hz, timebase.rate.drop_frame) == start
    assert timeline.global_start_time.value == timebase.start_frame
    assert all(track.kind == otio.schema.TrackKind.Audio for track in timeline.tracks)
    placed = {clip.metadata["audiopost"]["number"]: clip for clip in timeline.find_clips()}
    for cue in cues:
        span = placed[cue.number].transformed_time_range(placed[cue.number].trimmed_range(), timeline.tracks)
        first = timebase.rate.frame_at(cue.in_s)
        assert span.start_time.value == first
        assert span.end_time_exclusive().value == timebase.rate.frame_at(cue.out_s)
        shown = (timeline.global_start_time + span.start_time).to_timecode(rate_hz, timebase.rate.drop_frame)
        assert shown == placed[cue.number].metadata["audiopost"]["in_timecode"] == timebase.timecode(cue.in_s)
    assert [m.marked_range.start_time.value for m in timeline.tracks.markers] == [
        timebase.rate.frame_at(cue.in_s) for cue in cues
    ]


def test_overlapping_cues_take_two_tracks(cues):
    timeline = cue_timeline(cues, Timebase(), "x", 200)
    assert [track.name for track in timeline.tracks] == ["Music", "Music 2"]
    assert [c.metadata["audiopost"]["number"] for c in timeline.tracks[0].find_clips()] == [1, 2]
    assert [track.duration().value for track in timeline.tracks] == [5000, 5000]


def test_no_cues():
    timeline = cue_timeline((), Timebase(), "x", 10)
    assert timeline.global_start_time.value == 0
    assert list(timeline.find_clips()) == []


@given(st.lists(st.tuples(st.floats(0, 10000), st.floats(0, 300)), max_size=8), st.sampled_from(["23.976", "29.97df"]))
def test_any_cues_lie_where_they_should(spans, rate):
    timebase = Timebase(FrameRate.parse(rate))
    cues = [cue(n, start, start + length) for n, (start, length) in enumerate(spans)]
    timeline = cue_timeline(cues, timebase, "x")
    clips = list(timeline.find_clips())
    assert len(clips) == len(cues)
    for clip in clips:
        span = clip.transformed_time_range(clip.trimmed_range(), timeline.tracks)
        wanted = cues[clip.metadata["audiopost"]["number"]]
        assert span.start_time.value == timebase.rate.frame_at(wanted.in_s)
        assert span.duration.value == max(1, timebase.rate.frame_at(wanted.out_s) - timebase.rate.frame_at(wanted.in_s))
