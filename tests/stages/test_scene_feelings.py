"""Turns of feeling: found where they are, not where there are none, told with their measurement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from audiopost.analysis.affect import label
from audiopost.core.language import LANGUAGES
from audiopost.core.spotting import EmotionPoint, EmotionUtterance
from audiopost.stages.scenes.feelings import turns
from audiopost.stages.scenes.words import change_words, turn_words

Curve = tuple[list[EmotionPoint], list[EmotionUtterance]]


def talk(
    rng: np.random.Generator, *moods: tuple[int, float, float], noise: float = 0.12, start_s: float = 0.0
) -> Curve:
    """(lines, arousal, valence) one after the other: lines of 1 to 5 s with pauses, each line off by `noise`.

    As in a real curve the points of one line hardly differ, and stand on a grid of half a second.
    """
    points, said, at = [], [], start_s
    for count, arousal, valence in moods:
        for _ in range(count):
            length = float(rng.uniform(1, 5))
            here = np.array([arousal, valence, 0.0]) + rng.normal(0, noise, 3)
            a, v, d = here.tolist()
            said.append(EmotionUtterance(at, at + length, "neutral", a, v, 0.6, dominance=d))
            for k in range(int(np.ceil(at / 0.5)), int((at + length) / 0.5) + 1):
                near = here + rng.normal(0, 0.02, 3)
                points.append(EmotionPoint(0.5 * k, *near.tolist(), 0.6))
            at += length + float(rng.uniform(0.6, 2))
    return points, said


def begins(said: Sequence[EmotionUtterance], line: int) -> float:
    return said[line].start_s


@pytest.mark.parametrize("seed", range(8))
def test_a_turn_is_found_where_its_first_line_begins(seed: int) -> None:
    points, said = talk(np.random.default_rng(seed), (14, -0.1, 0.1), (12, 0.5, -0.3), (15, -0.2, -0.3))
    found = turns(points, said, 0.3)
    assert [t.time_s for t in found] == [begins(said, 14), begins(said, 26)]
    assert found[0].before.arousal == pytest.approx(-0.1, abs=0.12)
    assert found[0].after.arousal == pytest.approx(0.5, abs=0.12)
    assert found[0].size == pytest.approx(np.hypot(0.6, 0.4), abs=0.2)
    assert found[0].before_s == pytest.approx(sum(u.end_s - u.start_s for u in said[:14]), rel=0.2)


def test_where_nothing_turns_nothing_is_found() -> None:
    wrong = [len(turns(*talk(np.random.default_rng(seed), (60, 0.1, 0.0), noise=0.2), 0.05)) for seed in range(30)]
    assert sum(n > 0 for n in wrong) <= 4


def test_noisier_lines_hide_a_small_turn_that_even_ones_show() -> None:
    shape = (15, 0.0, 0.0), (15, 0.3, 0.0)
    assert len(turns(*talk(np.random.default_rng(3), *shape, noise=0.05), 0.2)) == 1
    assert turns(*talk(np.random.default_rng(3), *shape, noise=0.6), 0.2) == ()


def test_speakers_who_differ_are_no_turns() -> None:
    """One lively, one calm, line by line."""
    points, said = talk(np.random.default_rng(1), *[(1, 0.3 * (-1) ** k, 0.0) for k in range(40)], noise=0.05)
    assert turns(points, said, 0.2) == ()


def test_a_long_silence_is_neither_a_turn_nor_in_the_way_of_one() -> None:
    rng = np.random.default_rng(5)
    first, before = talk(rng, (12, 0.0, 0.0))
    for arousal, wanted in ((0.0, 0), (0.6, 1)):
        second, after = talk(np.random.default_rng(6), (12, arousal, 0.0), start_s=600.0)
        found = turns([*first, *second], [*before, *after], 0.3)
        assert [t.time_s for t in found] == [600.0] * wanted


def test_points_nobody_is_sure_of_make_no_turn() -> None:
    points, said = talk(np.random.default_rng(2), (15, 0.0, 0.0), (4, 0.9, -0.9), (15, 0.0, 0.0))
    wild = [p.arousal > 0.5 for p in points]
    unsure = [
        EmotionPoint(p.time_s, p.arousal, p.valence, p.dominance, 0.0 if w else p.confidence)
        for p, w in zip(points, wild, strict=True)
    ]
    assert len(turns(points, said, 0.3)) == 2
    assert turns(unsure, said, 0.3) == ()


def test_without_lines_the_curve_is_enough_and_without_a_curve_the_lines() -> None:
    points, said = talk(np.random.default_rng(4), (14, -0.2, 0.0), (14, 0.5, 0.0))
    assert [t.time_s for t in turns([], said, 0.3)] == [begins(said, 14)]
    (alone,) = turns(points, [], 0.3)
    assert alone.time_s == pytest.approx(begins(said, 14), abs=0.5)


@pytest.mark.parametrize(("length_s", "wanted"), [(1.0, 0), (2.0, 0), (6.0, 2)])
def test_what_does_not_last_is_no_turn(length_s: float, wanted: int) -> None:
    """A word as far away as can be, alone: a sound that the VAD took for speech, a cough."""
    points, said = talk(np.random.default_rng(2), (15, 0.0, 0.0), noise=0.05)
    at = said[-1].end_s + 2
    begun = np.ceil(at / 0.5) * 0.5
    points += [EmotionPoint(begun + 0.5 * k, 0.9, -0.9, 0.9, 0.6) for k in range(int(2 * length_s))]
    after, more = talk(np.random.default_rng(3), (15, 0.0, 0.0), noise=0.05, start_s=at + length_s + 2)
    assert len(turns([*points, *after], [*said, *more], 0.3)) == wanted


def test_what_does_not_last_takes_no_smaller_turn_with_it() -> None:
    points, said = talk(np.random.default_rng(2), (15, 0.0, 0.0), (15, 0.35, 0.0), noise=0.03)
    at = np.ceil(said[-1].end_s / 0.5) * 0.5 + 2
    points += [EmotionPoint(at + 0.5 * k, 0.9, -0.9, 0.9, 0.6) for k in range(2)]
    after, more = talk(np.random.default_rng(3), (15, 0.35, 0.0), noise=0.03, start_s=at + 3)
    (turn,) = turns([*points, *after], [*said, *more], 0.3)
    assert turn.time_s == begins(said, 15)


@pytest.mark.parametrize(("dominance", "wanted"), [(-0.12, 1), (0.12, 0)])
def test_what_axes_do_together_by_chance_is_no_turn_and_what_they_never_do_is(dominance: float, wanted: int) -> None:
    """Excitement is heard as dominance, too, line by line: together they rise by chance, apart they do not."""
    lines = np.random.default_rng(5).normal(0, 0.2, (2, 40))
    lines -= lines.mean(axis=1, keepdims=True)
    chance, turned = lines.ravel(), np.repeat((0.0, 1.0), 40)
    felt = zip((chance + 0.12 * turned).tolist(), (chance + dominance * turned).tolist(), strict=True)
    points = [EmotionPoint(4.0 * k + 0.5 * j, a, 0.0, d, 0.6) for k, (a, d) in enumerate(felt) for j in range(6)]
    assert len(turns(points, [], 0.1)) == wanted


@pytest.mark.parametrize("smallest", [0.1, 0.5, 1.0])
def test_only_turns_of_the_size_asked_for_are_told(smallest: float) -> None:
    points, said = talk(np.random.default_rng(7), (15, 0.0, 0.0), (15, 0.3, 0.0), (15, 0.9, -0.4), noise=0.03)
    assert all(turn.size >= smallest for turn in turns(points, said, smallest))
    assert len(turns(points, said, 0.1)) == 2


def test_two_hours_have_each_of_their_turns() -> None:
    moods = [(100, 0.5 if k % 2 else -0.1, -0.2 if k % 2 else 0.1) for k in range(18)]
    points, said = talk(np.random.default_rng(9), *moods)
    assert said[-1].end_s > 7000
    assert [t.time_s for t in turns(points, said, 0.3)] == [begins(said, 100 * k) for k in range(1, 18)]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_a_curve_of_next_to_nothing_has_no_turn(count: int) -> None:
    points = [EmotionPoint(0.5 * k, 0.1, 0.0, 0.0, 0.5) for k in range(count)]
    said = [EmotionUtterance(0.0, 2.0, "neutral", 0.1, 0.0, 0.5)] * min(count, 1)
    assert turns(points, said, 0.1) == ()
    assert turns([], said, 0.1) == ()


@pytest.mark.filterwarnings("error")
def test_a_curve_without_any_noise_is_cut_where_it_jumps() -> None:
    points = [EmotionPoint(0.5 * k, 0.0 if k < 60 else 1.0, 0.0, 0.0, 1.0) for k in range(120)]
    (turn,) = turns(points, [], 0.3)
    assert turn.time_s == pytest.approx(30.0, abs=1.5)
    flat = [EmotionPoint(0.5 * k, 0.2, 0.2, 0.2, 1.0) for k in range(120)]
    assert turns(flat, [], 0.05) == ()


def test_a_turn_is_told_with_its_measurement_in_each_language() -> None:
    points, said = talk(np.random.default_rng(8), (15, 0.0, 0.0), (15, 0.6, -0.5), noise=0.02)
    said = [replace(u, label="neutral" if k < 15 else "fear" if k < 20 else "anger") for k, u in enumerate(said)]
    (turn,) = turns(points, said, 0.3)
    told = {language: turn_words(turn, language) for language in LANGUAGES}
    assert told["en"].startswith("neutral to anger: arousal rises from 0.0")
    assert f" to {turn.after.arousal:.2f}, valence falls from 0.0" in told["en"]
    assert "dominance" not in told["en"]
    assert "激動程度由" in told["zh-hant"]
    assert "激动程度由" in told["zh-hans"]
    assert len(set(told.values())) == 3
    assert told["zh-hant"].startswith("由平靜轉為憤怒：")
    assert change_words(turn, "en") == "neutral to anger"


def test_where_the_label_stays_the_axes_say_what_turns() -> None:
    points, said = talk(np.random.default_rng(8), (15, 0.0, 0.0), (15, 0.6, -0.5), noise=0.02)
    (turn,) = turns(points, said, 0.3)
    assert turn_words(turn, "en").startswith("still neutral, but arousal rises")
    assert change_words(turn, "en").startswith("arousal rises")
    (alone,) = turns(points, [], 0.3)
    assert turn_words(alone, "en").startswith(f"neutral to {label(alone.after)}: ")
