from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiopost.core.errors import BadValue
from audiopost.core.time import FrameRate, Span, Timebase, clock, merge_spans

RATES = ["23.976", "24", "25", "29.97", "29.97df", "30", "48", "50", "59.94", "59.94df", "60"]


@pytest.mark.parametrize(
    ("rate", "frame", "timecode"),
    [
        # SMPTE ST 12-1: numbers 0 and 1 are dropped each minute but every tenth.
        ("29.97df", 1799, "00:00:59;29"),
        ("29.97df", 1800, "00:01:00;02"),
        ("29.97df", 17982, "00:10:00;00"),
        ("29.97df", 107892, "01:00:00;00"),
        ("59.94df", 3600, "00:01:00;04"),
        ("25", 90000, "01:00:00:00"),
        ("23.976", 86400, "01:00:00:00"),
        ("25", 25 * 86400, "00:00:00:00"),
    ],
)
def test_known_timecodes(rate: str, frame: int, timecode: str) -> None:
    assert FrameRate.parse(rate).timecode(frame) == timecode


@given(st.sampled_from(RATES), st.integers(0, 2_000_000))
def test_timecode_round_trip(rate: str, frame: int) -> None:
    frames = FrameRate.parse(rate)
    day = frames.parse_timecode(frames.timecode(frame))
    assert frames.timecode(day) == frames.timecode(frame)
    assert day == frame or day < frame  # wraps after a day


@given(st.sampled_from(RATES), st.integers(0, 500_000))
def test_seconds_round_trip(rate: str, frame: int) -> None:
    frames = FrameRate.parse(rate)
    assert frames.frame_at(frames.seconds_at(frame)) == frame


def test_programme_start_is_added() -> None:
    base = Timebase(FrameRate.parse("29.97df"), "01:00:00;00")
    assert base.timecode(0) == "01:00:00;00"
    assert base.timecode(60.06) == "01:01:00;02"
    assert base.seconds("01:01:00;02") == pytest.approx(60.06, abs=1e-9)


@pytest.mark.parametrize("text", ["0", "fast", "1/0", "25df", "-25", "", "1000"])
def test_bad_rates_are_named(text: str) -> None:
    with pytest.raises(BadValue) as error:
        FrameRate.parse(text)
    assert "rate" in str(error.value) or "29.97" in str(error.value)


@pytest.mark.parametrize("text", ["1:2", "25:00:00:00", "00:61:00:00", "00:00:00:25", "00:00:00:00:00", "x"])
def test_bad_timecodes(text: str) -> None:
    with pytest.raises(BadValue, match="timecode"):
        FrameRate.parse("25").parse_timecode(text)


def test_dropped_number_is_refused() -> None:
    with pytest.raises(BadValue, match="Drop-frame"):
        FrameRate.parse("29.97df").parse_timecode("00:01:00;00")


def test_fraction_is_exact() -> None:
    assert FrameRate.parse("23.976").fraction == Fraction(24000, 1001)
    assert FrameRate.parse("30000/1001") == FrameRate.parse("29.97")


def test_span_operators() -> None:
    a, b = Span(0, 2), Span(1, 3)
    assert a & b == Span(1, 2)
    assert a | b == Span(0, 3)
    assert Span(0, 1) & Span(1, 2) is None
    assert 1.5 in a
    assert 2.0 not in a
    assert merge_spans([Span(5, 6), a, b]) == [Span(0, 3), Span(5, 6)]
    assert merge_spans([Span(0, 1), Span(1.2, 2)], gap_s=0.2) == [Span(0, 2)]


def test_span_refuses_nonsense() -> None:
    for start, end in ((-1, 0), (2, 1), (float("nan"), 1)):
        with pytest.raises(BadValue):
            Span(start, end)


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00"), (59.6, "1:00"), (3599.96, "1:00:00"), (3725, "1:02:05")])
def test_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text


def test_clock_carries_fractions() -> None:
    assert clock(59.996, 2) == "1:00.00"
