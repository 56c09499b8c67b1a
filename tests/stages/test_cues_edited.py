"""Lists that people edited: put right where that is possible, refused by its place where it is not, nothing lost."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiopost.core.errors import BadValue, UnknownName
from audiopost.core.spotting import Cue, CurvePoint, Duck, Fades, HitPoint
from audiopost.core.time import FrameRate, Span, Timebase
from audiopost.music.hits import fit_tempo
from audiopost.stages.cues.edited import checked

BASE = Timebase()


def cue(number: int, in_s: float, out_s: float, **fields: object) -> Cue:
    plain = Cue(number, in_s, out_s, "underscore", "tension", (80, 96), "minor", ("piano",), "Because.", 0.7)
    return replace(plain, **fields)


def test_a_list_that_is_right_stays_as_it_is() -> None:
    cues = (cue(1, 0, 10), cue(2, 12, 20, status="existing", tempo_bpm=(0, 0)), cue(4, 30, 42.52))
    assert checked(cues, 60, BASE, before=cues) == (cues, ())


def test_what_is_out_of_order_is_sorted_and_told() -> None:
    cues, messages = checked([cue(2, 20, 30), cue(1, 0, 10)], 60, BASE)
    assert [c.label for c in cues] == ["1m01", "1m02"]
    assert messages == ("The cues were put in order of time.",)


def test_a_number_that_is_there_twice_stays_with_the_first() -> None:
    cues, messages = checked([cue(2, 0, 10), cue(2, 20, 30), cue(0, 40, 50), cue(2, 52, 55, reel=2)], 60, BASE)
    assert [c.label for c in cues] == ["1m02", "1m03", "1m04", "2m02"]
    assert messages == (
        "1m02 was there twice: the one at 00:00:20:00 is now 1m03.",
        "The cue at 00:00:40:00 had no number: it is now 1m04.",
    )


def test_overlaps_are_kept_and_told_with_both_names() -> None:
    cues, messages = checked([cue(1, 0, 10), cue(2, 8, 20), cue(3, 9, 12, status="rejected")], 60, BASE)
    assert len(cues) == 3
    assert messages == ("1m01 and 1m02 overlap from 00:00:08:00 to 00:00:10:00; both are kept.",)


def test_what_goes_on_after_the_end_ends_with_it() -> None:
    (one,), messages = checked([cue(1, 50, 70)], 60.01, BASE)
    assert one.out_s == 60.0
    assert "1m01 went on after the end" in messages[0]


def test_a_tempo_range_that_runs_backwards_is_turned_round() -> None:
    (one,), messages = checked([cue(1, 0, 10, tempo_bpm=(96, 80))], 60, BASE)
    assert one.tempo_bpm == (80, 96)
    assert "backwards" in messages[0]


@pytest.mark.parametrize(
    ("wrong", "error", "says"),
    [
        ({"in_s": -1.0}, BadValue, "before the recording begins"),
        ({"in_s": 30.0}, BadValue, "not after its in"),
        ({"in_s": 20.0}, BadValue, "not after its in"),
        ({"in_s": float("nan")}, BadValue, "no numbers"),
        ({"in_s": 60.0, "out_s": 70.0}, BadValue, "after the recording's end"),
        ({"tempo_bpm": (0, 90)}, BadValue, "0 to 90 BPM"),
        ({"tempo_bpm": (-5, -2)}, BadValue, "-5 to -2 BPM"),
        ({"function": "wallpaper"}, UnknownName, "underscore"),
        ({"emotion": "meh"}, UnknownName, "sadness"),
        ({"status": "maybe"}, UnknownName, "accepted"),
        ({"fades": Fades(1, 1, "linear", "wavy")}, UnknownName, "equal-power"),
    ],
)
def test_what_cannot_be_put_right_is_refused_by_its_place(wrong: dict[str, object], error: type, says: str) -> None:
    with pytest.raises(error, match=r"[Cc]ue 2 of the sheet \(1m07\)") as refused:
        checked([cue(1, 0, 5), replace(cue(7, 10, 20), **wrong)], 60, BASE)
    assert says in str(refused.value)


def test_a_cue_that_has_moved_is_fitted_anew() -> None:
    hits = (HitPoint(12.0, "a door", 0.9), HitPoint(17.5, "a look", 0.6), HitPoint(25.0, "a shot", 0.5))
    fit, met = fit_tempo(hits, (80, 96), BASE.rate, start_s=10)
    before = cue(
        1, 10, 30, hits=met, tempo=fit, ducks=(Duck(14, 28, -12.0),), fades=Fades(2, 4, "linear", "linear"),
        curve=(CurvePoint(10, 0, 0), CurvePoint(20, 0.1, 0), CurvePoint(30, 0.2, 0)),
    )  # fmt: skip
    assert checked([before], 60, BASE, before=[before])[0] == (before,)
    moved = replace(before, in_s=11.02, out_s=20.0)
    (one,), messages = checked([moved], 60, BASE, before=[before], speech=[Span(11.5, 13), Span(18, 25)])
    assert [hit.time_s for hit in one.hits] == [12.0, 17.5]
    assert one.tempo is not None
    assert 80 <= one.tempo.bpm <= 96
    assert one.tempo.first_beat_s >= one.in_s
    assert all(hit.beat is not None and hit.beat >= 1 for hit in one.hits)
    assert [duck.level_lu for duck in one.ducks] == [-12.0, -12.0]
    assert [t for duck in one.ducks for t in (duck.start_s, duck.end_s)] == pytest.approx(
        [11.2, 13.4, 17.7, 20], abs=0.03
    )
    assert [point.time_s for point in one.curve] == [20]
    assert messages == ("1m01: hit points outside its new times were left out (1), and the tempo was fitted anew.",)


def test_a_new_tempo_range_is_met_anew() -> None:
    before = cue(1, 10, 30, hits=(HitPoint(15.0, "a door", 0.9, 8, 0.0),))
    (one,), messages = checked([replace(before, tempo_bpm=(100, 110))], 60, BASE, before=[before])
    assert one.tempo is not None
    assert 100 <= one.tempo.bpm <= 110
    assert "1m01 has moved" in messages[0]


def test_fades_shrink_with_their_cue() -> None:
    (one,), _ = checked([cue(1, 10, 13, fades=Fades(2, 4, "linear", "linear"))], 60, BASE)
    assert one.fades == Fades(1, 2, "linear", "linear")


def test_messages_come_in_the_language_asked_for() -> None:
    cues = [cue(2, 20, 30), cue(2, 0, 25)]
    assert all("樂段" in m or "重" in m for m in checked(cues, 60, BASE, language="zh-hant")[1])


@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.integers(1, 2), st.floats(0, 90), st.floats(0.05, 60)), min_size=1, max_size=12
    ),
    st.sampled_from(["25", "23.976", "29.97df"]),
)
def test_nothing_is_lost_and_a_second_look_changes_nothing(
    rows: list[tuple[int, int, float, float]], rate: str
) -> None:
    base = Timebase(FrameRate.parse(rate))
    given_ = [cue(n, at, at + length, reel=reel, title=f"{i}") for i, (n, reel, at, length) in enumerate(rows)]
    cues, _ = checked(given_, 100.0, base)
    assert sorted(c.title for c in cues) == sorted(c.title for c in given_)
    assert len({c.label for c in cues}) == len(cues)
    assert all(0 <= c.in_s < c.out_s <= 100 for c in cues)
    again, messages = checked(cues, 100.0, base, before=cues)
    assert again == cues
    assert all("overlap" in message for message in messages)


def test_what_a_person_changed_is_marked_and_what_was_only_judged_is_not() -> None:
    before = (cue(1, 0, 10), cue(2, 12, 20), cue(3, 30, 40))
    sheet = [replace(before[0], status="accepted"), replace(before[1], title="Theme"), before[2], cue(4, 50, 55)]
    cues, _ = checked(sheet, 60, BASE, before=before)
    assert [each.edited for each in cues] == [False, True, False, True]
    # A sheet has no column for it: what was marked once stays so.
    again, _ = checked([replace(each, edited=False) for each in cues], 60, BASE, before=cues)
    assert [each.edited for each in again] == [False, True, False, True]
