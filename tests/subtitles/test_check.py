"""Each rule found where it is broken, and only there."""

from __future__ import annotations

import pytest

from audiopost.core.time import FrameRate, Timebase
from audiopost.subtitles import Caption, check, load_style

STYLE = load_style("netflix-en")


def rules(*captions, fps="24"):
    return [(i.caption, i.rule) for i in check(captions, STYLE, Timebase(FrameRate.parse(fps)))]


def test_a_clean_pair():
    assert rules(Caption(1, 3, ("Hello there,", "and welcome.")), Caption(3 + 2 / 24, 5, ("Thank you.",))) == []


@pytest.mark.parametrize(
    ("caption", "rule"),
    [
        (Caption(1, 3, ("x" * 43,), language="en"), "cps"),
        (Caption(1, 5, ("x" * 43,), language="en"), "cpl"),
        (Caption(1, 5, ("a", "b", "c")), "lines"),
        (Caption(1, 1.5, ("Hm.",)), "min_duration"),
        (Caption(1, 8.1, ("Hm.",)), "max_duration"),
        (Caption(1, 3, (" ",)), "empty"),
        (Caption(1, 5, ("我們今天要去公園散步因為天氣很好",), language="zh"), None),
        (Caption(1, 5, ("我們今天要去公園散步因為天氣真很好",), language="yue"), "cpl"),
        (Caption(1, 2, ("我們今天要去公園散步",), language="zh"), "cps"),
    ],
)
def test_one_rule(caption, rule):
    found = [name for _, name in rules(caption)]
    assert rule in found if rule else found == []


def test_between_captions():
    assert rules(Caption(1, 3, ("One.",)), Caption(3 + 1 / 24, 5, ("Two.",))) == [(1, "gap")]
    assert rules(Caption(1, 3, ("One.",)), Caption(2.5, 5, ("Two.",))) == [(1, "overlap")]


def test_twenty_frames_at_24_are_enough_and_19_are_not():
    assert rules(Caption(1, 1 + 20 / 24, ("Hm.",))) == []
    assert rules(Caption(1, 1 + 19 / 24, ("Hm.",))) == [(1, "min_duration")]


def test_detail_states_number_and_limit():
    issue = check([Caption(1, 3, ("x" * 50,), language="en")], STYLE)[0]
    assert "50" in issue.detail
    assert "42" in issue.detail
