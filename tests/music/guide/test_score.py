"""The score: on the grid, in its key, hits met, lines left alone."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from cue_strategies import cues
from hypothesis import given

from audiopost.core.errors import BadValue
from audiopost.core.language import LANGUAGES, tell, texts
from audiopost.core.music import Metre
from audiopost.core.spotting import Cue, CurvePoint, Duck, HitPoint, TempoFit
from audiopost.music.guide import compose
from audiopost.music.guide.grid import LAG_S, LEAD_S, Grid, grid_of
from audiopost.music.guide.score import SHORTEST_S, Score
from audiopost.music.scoring import in_rule_words

#: Nothing else than hits may lie off the grid there.
STRUCK = ("sting", "button")


def off_grid(time_s: float, grid: Grid) -> float:
    """How far a time lies from the nearest division of a beat."""
    step = [grid.beat_s / parts for parts in (4, grid.metre.division)]
    return min(abs((time_s - grid.first_s + s / 2) % s - s / 2) for s in step)


def met(cue: Cue, score: Score) -> list[float]:
    return [score.grid.met(hit.time_s - cue.in_s) for hit in cue.hits]


@given(cues())
def test_notes_lie_inside_the_cue_and_do_not_overlap(cue: Cue) -> None:
    score = compose(cue)
    names = {part.name for part in score.parts}
    assert score.notes
    assert {note.part for note in score.notes} == names
    for note in score.notes:
        assert 0 <= note.start_s < note.end_s <= cue.duration_s + 1e-9
        assert 20 <= note.pitch <= 108
        assert 1 <= note.velocity <= 127
    ordered = sorted(score.notes, key=lambda n: (n.part, n.pitch, n.start_s))
    for a, b in pairwise(ordered):
        if (a.part, a.pitch) == (b.part, b.pitch):
            assert a.end_s <= b.start_s + 1e-9


@given(cues())
def test_notes_are_in_key(cue: Cue) -> None:
    score = compose(cue)
    drums = {part.name for part in score.parts if part.program is None}
    scale = score.mode.classes(score.tonic)
    assert {note.pitch % 12 for note in score.notes if note.part not in drums} <= scale


@given(cues(functions=("underscore", "transition", "montage", "source", "opening", "closing")))
def test_notes_are_on_the_grid_but_for_the_in_and_hits(cue: Cue) -> None:
    score = compose(cue)
    free = [0.0, *met(cue, score)]
    for note in score.notes:
        assert off_grid(note.start_s, score.grid) < 1e-6 or min(abs(note.start_s - time) for time in free) < 1e-6
        if note.part in ("figure", "pulse"):
            assert off_grid(note.start_s, score.grid) < 1e-6


@given(cues())
def test_every_hit_is_struck_where_nobody_notices_a_difference(cue: Cue) -> None:
    score = compose(cue)
    struck = [note.start_s for note in score.notes if note.part == "accent"]
    for hit in cue.hits:
        time = hit.time_s - cue.in_s
        if cue.duration_s - time > LAG_S + SHORTEST_S:
            assert any(-LEAD_S - 1e-6 <= start - time <= LAG_S + 1e-6 for start in struck)


@given(cues(functions=("underscore", "montage", "opening", "closing")))
def test_it_closes_on_the_tonic_and_leaves_it_time(cue: Cue) -> None:
    score = compose(cue)
    last = max(note.start_s for note in score.notes if note.part == "pad")
    chord = {note.pitch % 12 for note in score.notes if note.part == "pad" and note.start_s == last}
    assert chord == {score.mode.pitch(score.tonic, step) % 12 for step in score.mode.chord}
    if cue.duration_s >= 2 * score.grid.bar_s + 2 and not cue.hits:
        assert cue.duration_s - last >= 0.99
        assert cue.duration_s - last <= score.grid.bar_s + max(1.0, score.grid.beat_s) + 1e-6


@given(cues())
def test_the_melody_rests_under_lines(cue: Cue) -> None:
    for note in compose(cue).notes:
        if note.part == "melody":
            assert not any(d.start_s - cue.in_s <= note.start_s < d.end_s - cue.in_s for d in cue.ducks)


@given(cues(longest_s=30))
def test_the_same_cue_gives_the_same_score_whatever_is_thought_of_it(cue: Cue) -> None:
    judged = replace(cue, reason="another", confidence=0.1, status="accepted", title="Theme")
    assert compose(cue) == compose(cue) == compose(judged)


def test_cues_differ(calm: Cue) -> None:
    scores = {compose(replace(calm, number=number)).notes for number in range(1, 9)}
    assert len(scores) > 3


def test_the_guide_follows_the_feeling(calm: Cue) -> None:
    """Gabrielsson and Lindström's directions: joy is higher, denser and louder than sadness."""
    plain = replace(calm, curve=(), dynamics="", texture="", hits=(), ducks=())
    joy, sad = (
        [note for note in compose(replace(plain, emotion=name)).notes if note.part in ("pad", "figure", "melody")]
        for name in ("joy", "sadness")
    )
    assert np.mean([n.pitch for n in joy]) > np.mean([n.pitch for n in sad]) + 3
    assert len(joy) > 1.3 * len(sad)
    assert np.mean([n.velocity for n in joy]) > np.mean([n.velocity for n in sad]) + 5


@pytest.mark.parametrize("language", ["zh-hant", "zh-hans"])
def test_a_cue_told_in_chinese_has_the_same_guide(tense: Cue, language: str) -> None:
    told = {word: versions[language] for word, versions in texts("scoring").items()}
    chinese = replace(
        tense,
        instruments=tuple(told[name] for name in tense.instruments),
        texture=tell("cues.texture", language, texture=told[tense.texture], articulation=told["staccato"]),
        dynamics=tell("cues.dynamics_grow", language, soft="mp", loud="f"),
        hits=tuple(replace(hit, what="門") for hit in tense.hits),
    )
    english = replace(
        tense,
        texture=tell("cues.texture", "en", texture=tense.texture, articulation="staccato"),
        dynamics=tell("cues.dynamics_grow", "en", soft="mp", loud="f"),
    )
    assert (compose(chinese).notes, compose(chinese).parts) == (compose(english).notes, compose(english).parts)


def test_every_word_of_the_rule_files_is_put_back() -> None:
    for word, versions in texts("scoring").items():
        for language in LANGUAGES:
            back = in_rule_words(versions[language])
            assert back == word or versions[language] in [v[language] for w, v in texts("scoring").items() if w == back]


@pytest.mark.parametrize("language", LANGUAGES)
def test_chinese_instruments_are_played_by_their_own(calm: Cue, language: str) -> None:
    names = tuple(texts("scoring")[word][language] for word in ("erhu", "guqin"))
    played = {part.name: part.program for part in compose(replace(calm, instruments=names)).parts}
    assert (played["melody"], played["figure"]) == (110, 107)


def test_an_arch_is_loudest_in_its_middle(calm: Cue) -> None:
    flat = replace(calm, curve=(CurvePoint(10.0, 0.0, 0.0),), ducks=(), hits=())
    pads = [
        [note.velocity for note in compose(replace(flat, dynamics=text)).notes if note.part == "pad"]
        for text in (tell("cues.dynamics_arch", "en", soft="pp", loud="mf", time="0:30"), "pp, growing to mf")
    ]
    assert max(pads[0]) > 25 + max(pads[0][0], pads[0][-1])
    assert pads[1][-1] == max(pads[1])


def test_velocity_follows_the_curve_the_dynamics_and_the_lines(calm: Cue) -> None:
    flat = replace(calm, curve=(), dynamics="mf", hits=(), ducks=())

    def level(cue: Cue, start_s: float, end_s: float) -> float:
        inside = [n.velocity for n in compose(cue).notes if n.part == "figure" and start_s <= n.start_s < end_s]
        return float(np.mean(inside))

    assert level(flat, 30, 44) == pytest.approx(level(flat, 2, 15), abs=3)
    rising = replace(flat, curve=(CurvePoint(10, -0.8, 0), CurvePoint(55, 0.8, 0)))
    assert level(rising, 30, 44) > level(rising, 2, 15) + 10
    growing = replace(flat, dynamics="pp to f")
    assert level(growing, 30, 44) > level(growing, 2, 15) + 25
    ducked = replace(flat, ducks=(Duck(20.0, 30.0, -12.0),))
    assert level(ducked, 11, 19) < level(ducked, 1, 9) - 8


def test_a_hard_hit_changes_the_chord(calm: Cue) -> None:
    score = compose(calm)
    time = score.grid.met(26.1)
    assert time in {note.start_s for note in score.notes if note.part == "pad"}
    soft = compose(replace(calm, hits=(HitPoint(36.1, "a glance", 0.2),)))
    assert time not in {note.start_s for note in soft.notes if note.part == "pad"}


def test_a_sting_is_its_hit_and_what_leads_to_it(sting: Cue) -> None:
    score = compose(sting)
    loudest = max(score.notes, key=lambda note: note.velocity)
    assert loudest.start_s == pytest.approx(0.9)
    assert {note.part for note in score.notes if note.start_s < 0.89} == {"figure"}
    led_up = [note.velocity for note in score.notes if note.start_s < 0.89]
    assert led_up == sorted(led_up)
    assert len(led_up) >= 4
    early = compose(replace(sting, hits=(HitPoint(110.2, "the face", 0.9),)))
    assert min(note.start_s for note in early.notes) == pytest.approx(0.2)


@pytest.mark.parametrize("function", ["sting", "button", "underscore", "transition"])
@pytest.mark.parametrize("seconds", [0.5, 0.8, 2.0, 600.0])
def test_every_length_has_a_guide(calm: Cue, function: str, seconds: float) -> None:
    score = compose(replace(calm, function=function, out_s=calm.in_s + seconds, tempo=None, hits=()))
    assert score.duration_s == pytest.approx(seconds)
    assert len(score.notes) >= 4


def test_silence_and_cues_without_length_have_none(calm: Cue) -> None:
    with pytest.raises(BadValue, match=r"silence on purpose.*other cues"):
        compose(replace(calm, function="silence"))
    for out_s in (calm.in_s, calm.in_s - 1, float("nan"), float("inf")):
        with pytest.raises(BadValue, match="1m01 has no length"):
            compose(replace(calm, out_s=out_s))


def test_numbers_that_are_none_are_refused(calm: Cue) -> None:
    for broken in ({"curve": (CurvePoint(12.0, float("nan"), 0.0),)}, {"hits": (HitPoint(12.0, "x", float("inf")),)}):
        with pytest.raises(BadValue, match="no number"):
            compose(replace(calm, **broken))


def test_tempo_is_the_fitted_one_else_the_middle_of_the_range(calm: Cue) -> None:
    assert grid_of(calm).bpm == 72.0
    assert grid_of(calm).first_s == pytest.approx(0.3)
    assert grid_of(replace(calm, tempo=None)).bpm == 71.0
    assert grid_of(replace(calm, tempo=None)).first_s == 0.0
    late = replace(calm, tempo=TempoFit(60.0, 21.5, 0, 0))  # a moved in: bars go on backwards from the first beat
    assert grid_of(late).first_s == pytest.approx(3.5)
    before = replace(calm, tempo=TempoFit(60.0, 9.0, 0, 0))
    assert grid_of(before).first_s == pytest.approx(3.0)
    assert 40 < grid_of(replace(calm, tempo=None, tempo_bpm=(0, 0))).bpm < 120


@pytest.mark.parametrize(
    ("text", "beats", "quarters", "division", "pulses"),
    [
        ("4/4", 4, 1, 2, 4), ("3/4", 3, 1, 2, 3), ("6/8", 2, 1.5, 3, 2), ("12/8 or 4/4", 4, 1.5, 3, 4),
        ("7/8", 3.5, 1, 2, 3), ("2/2", 2, 2, 2, 2), ("3/8", 1, 1.5, 3, 1), ("free", 4, 1, 2, 4), ("4/0", 4, 1, 2, 4),
    ],
)  # fmt: skip
def test_metres(text: str, beats: float, quarters: float, division: int, pulses: int) -> None:
    metre = Metre.parse(text)
    assert (metre.beats, float(metre.quarters), metre.division, len(metre.pulses)) == (
        beats,
        quarters,
        division,
        pulses,
    )
