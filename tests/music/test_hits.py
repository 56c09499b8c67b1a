from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from audiopost.core.errors import BadValue
from audiopost.core.spotting import HitPoint
from audiopost.core.time import PAL, FrameRate
from audiopost.music.hits import fit_tempo

RATES = [PAL, FrameRate.parse("23.976"), FrameRate.parse("29.97df"), FrameRate(Fraction(60))]


def at(*times_s: float, strength: float = 1.0) -> list[HitPoint]:
    return [HitPoint(time_s, "something happens", strength) for time_s in times_s]


def test_a_whole_tempo_that_meets_all_hits_is_found_with_its_beats() -> None:
    # 84 BPM from 10 s: beats 8, 15 and 22 fall 5, 10 and 15 s later.
    fit, hits = fit_tempo(at(15, 20, 25), (80, 92), PAL, start_s=10)
    assert fit.bpm == 84
    assert fit.first_beat_s == pytest.approx(10)
    assert [hit.beat for hit in hits] == [8, 15, 22]
    assert fit.worst_frames < 0.01
    assert all(abs(hit.error_frames or 0) < 0.01 for hit in hits)


def test_errors_are_positive_where_the_beat_comes_late() -> None:
    # At exactly 60 BPM and two hits 1.2 s apart the best grid lies between: 0.1 s late for one, early for the other.
    fit, hits = fit_tempo(at(5.0, 6.2), (60, 60), PAL, start_s=0)
    assert fit.bpm == 60
    assert [hit.error_frames for hit in hits] == [pytest.approx(2.5), pytest.approx(-2.5)]
    assert fit.rms_frames == pytest.approx(2.5)
    assert fit.worst_frames == pytest.approx(2.5)


def test_the_stronger_hit_pulls_the_beat() -> None:
    hits = [HitPoint(5.0, "a door", 0.9), HitPoint(6.2, "a look", 0.1)]
    _, (door, look) = fit_tempo(hits, (60, 60), PAL, start_s=0)
    assert abs(door.error_frames or 0) == pytest.approx(0.5)
    assert abs(look.error_frames or 0) == pytest.approx(4.5)


def test_without_hits_it_is_the_middle_from_the_cues_in() -> None:
    fit, hits = fit_tempo([], (80, 92), PAL, start_s=12.0)
    assert (fit.bpm, fit.first_beat_s, fit.rms_frames, fit.worst_frames, hits) == (86, 12.0, 0, 0, ())


def test_one_hit_is_met_dead_on_from_a_first_beat_at_the_in() -> None:
    fit, (hit,) = fit_tempo(at(20), (80, 92), PAL, start_s=10)
    assert fit.bpm == 84
    assert fit.first_beat_s == pytest.approx(10)
    assert hit.beat == 15
    assert hit.error_frames == pytest.approx(0, abs=0.01)


def test_hits_at_one_time_are_one() -> None:
    fit, hits = fit_tempo(at(20, 20, 20), (80, 92), PAL, start_s=10)
    assert fit.bpm == 84
    assert {hit.beat for hit in hits} == {15}
    assert fit.worst_frames < 0.01


def test_hits_before_the_cue_have_no_beat_and_do_not_count() -> None:
    fit, hits = fit_tempo(at(3, 15, 20, 25), (80, 92), PAL, start_s=10)
    assert (hits[0].beat, hits[0].error_frames) == (None, None)
    assert (fit.bpm, [hit.beat for hit in hits[1:]]) == (84, [8, 15, 22])


def test_a_hit_at_the_in_is_beat_one() -> None:
    fit, hits = fit_tempo(at(10, 15, 20), (80, 92), PAL, start_s=10)
    assert [hit.beat for hit in hits] == [1, 8, 15]
    assert fit.first_beat_s == pytest.approx(10)


@pytest.mark.parametrize("bpm", [(90, 80), (0, 60), (-10, 60), (float("nan"), 60), (60, float("inf"))])
def test_a_range_that_is_none_is_refused(bpm: tuple[float, float]) -> None:
    with pytest.raises(BadValue, match="BPM"):
        fit_tempo(at(1), bpm, PAL, start_s=0)


def test_times_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(BadValue, match="not a number"):
        fit_tempo(at(float("nan")), (60, 90), PAL, start_s=0)


@example(50.0, 0.0, 0.984375, [(0, 0.0), (4, 1.0)], 4.0, PAL)
@given(
    st.floats(50, 150),
    st.floats(0, 30),
    st.floats(0, 0.99),
    st.lists(st.tuples(st.integers(0, 200), st.floats(0, 1)), min_size=1, max_size=8),
    st.floats(4, 24),
    st.sampled_from(RATES),
)
def test_hits_made_from_a_tempo_are_met_within_half_a_frame(
    bpm: float, start: float, phase: float, beats: list[tuple[int, float]], width: float, rate: FrameRate
) -> None:
    period = 60 / bpm
    hits = [HitPoint(start + (phase + k) * period, "", strength) for k, strength in beats]
    low, high = max(40.0, bpm - width / 3), bpm + 2 * width / 3
    fit, met = fit_tempo(hits, (low, high), rate, start_s=start)
    assert fit.worst_frames < 0.5
    assert low <= fit.bpm <= high
    assert all(abs(hit.error_frames or 0) < 0.5 for hit in met)


@given(
    st.lists(st.tuples(st.floats(-5, 120), st.floats(0, 1)), max_size=10),
    st.floats(30, 180),
    st.floats(0, 40),
    st.floats(0, 60),
    st.sampled_from(RATES),
)
def test_the_fit_stays_in_range_and_says_of_itself_what_is_true(
    made: list[tuple[float, float]], low: float, width: float, start: float, rate: FrameRate
) -> None:
    hits = [HitPoint(start + at_s, "", strength) for at_s, strength in made]
    fit, met = fit_tempo(hits, (low, low + width), rate, start_s=start)
    period = 60 / fit.bpm
    assert low <= fit.bpm <= low + width
    assert start <= fit.first_beat_s < start + period + 1e-9
    errors = [hit for hit in met if hit.beat is not None]
    assert len(errors) == sum(hit.time_s >= start for hit in hits)
    for hit in errors:
        beat_s = fit.first_beat_s + (hit.beat - 1) * period
        assert hit.beat >= 1
        assert hit.error_frames == pytest.approx((beat_s - hit.time_s) * float(rate.fraction), abs=1e-3)
        # Nearest but for what comes before beat 1; and never farther than a beat.
        assert abs(beat_s - hit.time_s) <= (period / 2 + 1e-6 if hit.time_s >= fit.first_beat_s else period)
    assert fit.worst_frames == pytest.approx(max((abs(h.error_frames) for h in errors), default=0.0), abs=2e-3)


@example([0.0, 1.0], 90.0)
@given(st.lists(st.floats(0, 60), min_size=2, max_size=6), st.floats(60, 120))
def test_no_tempo_of_a_slow_search_is_much_better(times: list[float], low: float) -> None:
    """The reference tries every tempo and offset on a grid; ours is as good but for the price of a handy tempo."""
    hits = at(*times)
    fit, _ = fit_tempo(hits, (low, low + 10), PAL, start_s=0)
    best = np.inf
    for bpm in np.linspace(low, low + 10, 81):
        period = 60 / bpm
        offsets = np.linspace(0, period, 40, endpoint=False)[:, None]
        beats = np.maximum(np.round((np.array(times) - offsets) / period), 0)
        best = min(best, float(np.sqrt(((offsets + beats * period - times) ** 2).mean(axis=1)).min()) * 25)
    assert fit.rms_frames <= best + 0.5


def test_two_runs_are_the_same() -> None:
    hits = at(3.1, 7.7, 9.9, 21.4, 33.3)
    assert fit_tempo(hits, (70, 96), PAL, start_s=1.0) == fit_tempo(hits, (70, 96), PAL, start_s=1.0)
