"""Rows of the time line, and where their ticks stand."""

from itertools import pairwise

import pytest

from audiopost.core.time import FrameRate, Timebase
from audiopost.delivery.report.spotting_material import Stretch, stretches


@pytest.mark.parametrize(
    ("duration_s", "rows", "last"),
    [(0.0, 1, 0), (180, 1, 180), (181, 2, 240), (720, 6, 720), (721, 3, 900), (7200, 12, 7200)],
)
def test_long_recordings_break_into_rows_of_round_length(duration_s, rows, last):
    windows = stretches(duration_s)
    assert len(windows) == rows
    assert windows[-1].end_s == pytest.approx(last, abs=1e-5)
    assert all(a.end_s == b.start_s for a, b in pairwise(windows))


@pytest.mark.parametrize("rate", ["23.976", "24", "25", "29.97", "29.97df", "59.94df"])
@pytest.mark.parametrize("start", ["00:00:00:00", "09:59:50:00", "23:50:00:00"])
def test_ticks_stand_where_timecode_is_round(rate, start):
    timebase = Timebase(FrameRate.parse(rate), start)
    window = Stretch(600.0, 1200.0)
    ticks = window.timecodes(timebase, 1100.0)
    assert 3 <= len(ticks) <= 11
    for tick in ticks:
        time_s = 600 + tick.at * 6
        assert 599.9 < time_s < 1100.1
        shown = timebase.timecode(time_s + 0.1 / float(timebase.rate.fraction))
        dropped = timebase.rate.nominal // 15 if timebase.rate.drop_frame else 0
        assert shown[:8] == tick.label
        assert int(shown[9:]) in (0, dropped)
