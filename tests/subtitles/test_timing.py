"""Frames: in- and out-times, gaps, and shot changes by Netflix's timing guidelines."""

from __future__ import annotations

import numpy as np
import pytest

from audiopost.core.speech import Transcript
from audiopost.core.time import FrameRate, Timebase
from audiopost.subtitles import load_style
from audiopost.subtitles.caption import layout
from audiopost.subtitles.timing import NEVER, Timing

AT_24 = FrameRate.parse("24")
STYLE = load_style("netflix-en")


@pytest.mark.parametrize(
    ("speech", "shown"),
    [(100, 100), (111, 100), (112, 112), (99, 100), (92, 100), (91, 88), (89, 88), (88, 88), (87, 87)],
)
def test_in_times_near_a_shot_change(speech, shown):
    timing = Timing(STYLE, AT_24, shots=[100 / 24])
    assert timing.openings([speech / 24]).tolist() == [shown]


def test_in_times_between_two_shot_changes_go_to_the_nearer():
    timing = Timing(STYLE, AT_24, shots=[100 / 24, 110 / 24])
    assert timing.openings([103 / 24, 107 / 24]).tolist() == [100, 110]


def test_a_style_without_snapping_keeps_to_the_speech():
    assert Timing(load_style("plain"), AT_24, shots=[100 / 24]).openings([98 / 24]).tolist() == [98]


def test_out_times_near_a_shot_change():
    timing = Timing(STYLE, AT_24, shots=[100 / 24])
    leave = lambda end, said, following=NEVER, need=10: timing.leave(50, end, said, following, need)  # noqa: E731
    assert leave(105, 95) == 98  # the pause after the speech does not cross the cut
    assert leave(93, 90) == 98
    assert leave(106, 104) == 112  # speech over the cut: half a second past it
    assert leave(105, 95, need=55) == 105  # rather over the cut than too fast to read
    assert leave(106, 104, following=109) == 106  # no room
    assert leave(130, 120) == 130


def test_small_gaps_close_and_long_captions_leave_a_clear_one():
    timing = Timing(STYLE, AT_24)
    show = lambda *a: tuple(int(x) for x in (timing.show(*a).end, timing.show(*a).following))  # noqa: E731
    assert show(0, 30, 53, 20) == (51, 53)  # 11 frames after the linger: closed to 2
    assert show(0, 30, 54, 20) == (42, 54)
    assert show(0, 30, 60, 50) == (58, 60)  # reading asks for more than the linger
    assert show(0, 2, 10, 5) == (20, 22)  # too short: the next one waits
    assert show(0, 2, 4, 5) == (14, 16)  # as long as half a second
    assert show(0, 168, 173, 20)[0] in (161, 168)


def test_arrays_and_numbers_agree():
    timing = Timing(STYLE, AT_24, until_s=100)
    starts = np.arange(0, 60, 7)
    shown = timing.show(starts, starts + 11, starts + 30, 25)
    for n, start in enumerate(starts.tolist()):
        one = timing.show(start, start + 11, start + 30, 25)
        assert (int(shown.end[n]), int(shown.following[n])) == (int(one.end), int(one.following))


def test_captions_end_with_the_recording(spoken):
    transcript = Transcript("en", (spoken("And that is all there is to say about it.", "en", 8.0),))
    timebase = Timebase(FrameRate.parse("23.976"))
    (caption,) = layout(transcript, STYLE, timebase, until_s=10.0)
    assert caption.end_s <= 10.0
    assert timebase.rate.snap(caption.end_s) == pytest.approx(caption.end_s, abs=1e-9)


def test_captions_meet_the_cut(spoken):
    transcript = Transcript("en", (spoken("Here we are.", "en", 2.1), spoken("Now what do we do?", "en", 6.0)))
    first, second = layout(transcript, STYLE, Timebase(AT_24), shots=[2.0, 3.5, 6.2])
    assert first.start_s == 2.0
    assert first.end_s == pytest.approx(3.5 - 2 / 24)
    assert second.start_s == pytest.approx(6.2, abs=0.5 / 24)
