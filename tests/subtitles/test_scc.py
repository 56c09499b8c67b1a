"""SCC: loaded before it shows, cleared when it ends, nothing lost; read back by ttconv."""

from __future__ import annotations

import logging

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audiopost.core.errors import BadValue, UnreadableMedia
from audiopost.core.speech import Caption, Transcript
from audiopost.core.time import FrameRate, Timebase
from audiopost.subtitles.formats import Document, find

SCC = find("scc")
RATE = FrameRate.parse("29.97df")
HOUR = Timebase(RATE, "01:00:00;00")
HOUR_S = RATE.seconds_at(HOUR.start_frame)
FRAME_S = 1001 / 30000


def rendered(captions: tuple[Caption, ...], timebase: Timebase = HOUR) -> str:
    text = SCC.render(Document(captions, Transcript("en"), timebase=timebase))
    assert isinstance(text, str)
    return text


def test_the_bytes_of_one_caption() -> None:
    """RCL, ENM, row 15 with its indent, the text, EOC, each command twice; then the screen is cleared (EDM)."""
    text = rendered((Caption(2.002, 3.003, ("Hi!",)),), Timebase(RATE))
    assert text.splitlines() == [
        "Scenarist_SCC V1.0", "",
        "00:00:01;21\t9420 9420 94ae 94ae 9476 9476 2020 c8e9 a180 942f 942f", "",
        "00:00:03;00\t942c 942c",
    ]  # fmt: skip


def test_text_place_and_time_come_back() -> None:
    captions = (
        Caption(1.0, 2.5, ("Zoë — it's", "¿À la façade? ♪"), position=2),
        Caption(2.6, 4.0, ("Top",), position=7),
        Caption(4.0, 5.0, ("Directly after",)),
    )
    found = SCC.parse(rendered(captions).encode(), "x.scc").captions
    assert [c.lines for c in found] == [c.lines for c in captions]
    assert [c.position for c in found] == [2, 7, 2]
    for one, other in zip(found, captions, strict=True):
        assert one.start_s - HOUR_S == pytest.approx(other.start_s, abs=3 * FRAME_S)
        assert one.end_s - HOUR_S == pytest.approx(other.end_s, abs=3 * FRAME_S)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(0.2, 3), st.floats(0, 1), st.text("abcdefgh éÀü", min_size=1, max_size=64)), max_size=12
    )
)
def test_no_caption_is_lost_however_close(parts: list[tuple[float, float, str]]) -> None:
    captions, at = [], 5.0
    for length, gap, text in parts:
        if text := " ".join(text.split()):
            captions.append(Caption(at, at + length, (text,)))
            at += length + gap
    found = SCC.parse(rendered(tuple(captions)).encode(), "x.scc").captions if captions else ()
    assert [" ".join(c.lines).split() for c in found] == [c.text.split() for c in captions] or [
        "".join(c.lines).replace(" ", "") for c in found
    ] == [c.text.replace(" ", "") for c in captions]


def test_a_busy_line_is_said(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "audiopost"):
        rendered(tuple(Caption(1 + n / 2, 1.5 + n / 2, ("a line of thirty-two characters",) * 2) for n in range(4)))
    assert "show late" in caplog.text


def test_what_it_cannot_hold_is_refused() -> None:
    with pytest.raises(BadValue, match="cannot spell '你'"):
        rendered((Caption(1.0, 2.0, ("你好",)),))
    with pytest.raises(BadValue, match=r"29\.97 frames a second, not at 25"):
        rendered((Caption(1.0, 2.0, ("Hi",)),), Timebase())
    with pytest.raises(BadValue, match="5 rows"):
        rendered((Caption(1.0, 2.0, tuple("abcde")),))


@pytest.mark.parametrize("data", [b"", b"1\n00:00:01,000 --> 2"])
def test_what_is_no_scc_is_said(data: bytes) -> None:
    with pytest.raises(UnreadableMedia, match=r"x\.scc"):
        SCC.parse(data, "x.scc")


def test_damaged_lines_hold_no_captions() -> None:
    assert SCC.parse(b"Scenarist_SCC V1.0\n\n00:00:xx\t9420", "x.scc").captions == ()
