from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiopost.analysis.affect import CIRCUMPLEX, NEUTRAL_RADIUS, Reading, fused, label, mean_affect, named, reading_of
from audiopost.core.spotting import EMOTIONS, Affect

unit = st.floats(-1, 1)
share = st.floats(0, 1)
affects = st.builds(Affect, unit, unit, unit, share)


def test_every_label_has_a_point_of_its_own_that_bears_its_name() -> None:
    assert tuple(CIRCUMPLEX) == EMOTIONS
    for name, place in CIRCUMPLEX.items():
        assert label(Affect(*place, 1.0)) == name
        assert all(math.dist(place, other) > 0.25 for key, other in CIRCUMPLEX.items() if key != name)


@given(affects)
def test_near_the_centre_nothing_is_called_a_feeling(affect: Affect) -> None:
    if math.hypot(affect.arousal, affect.valence, affect.dominance) <= NEUTRAL_RADIUS:
        assert label(affect) == "neutral"
    assert label(affect, ("anger", "joy")) in ("anger", "joy")


@given(affects, affects)
def test_what_is_fused_lies_between_its_sources(voice: Affect, words: Affect) -> None:
    both = fused(voice, words)
    assert both is not None
    if voice.confidence + words.confidence > 0.01:
        for axis in ("arousal", "valence", "dominance"):
            low, high = sorted((getattr(voice, axis), getattr(words, axis)))
            assert low - 1e-9 <= getattr(both, axis) <= high + 1e-9
    assert max(voice.confidence, words.confidence) - 1e-9 <= both.confidence <= 1
    assert fused(voice, None) is voice
    assert fused(None, words) is words
    assert fused(None, None) is None


def test_voice_decides_arousal_and_words_decide_valence() -> None:
    both = fused(Affect(0.8, 0.8, 0, 0.5), Affect(-0.8, -0.8, 0, 0.5))
    assert both is not None
    assert both.arousal > 0.2
    assert both.valence < -0.2


@given(st.lists(st.tuples(affects, share), max_size=5))
def test_a_mean_counts_what_is_sure(pairs: list[tuple[Affect, float]]) -> None:
    mean = mean_affect(pairs)
    counted = [affect for affect, weight in pairs if weight * affect.confidence > 0]
    assert (mean is None) == (sum(weight * affect.confidence for affect, weight in pairs) < 1e-9)
    if mean is not None:
        assert min(a.arousal for a in counted) - 1e-9 <= mean.arousal <= max(a.arousal for a in counted) + 1e-9
        assert 0 <= mean.confidence <= 1


def test_a_mean_by_hand() -> None:
    mean = mean_affect([(Affect(1, 0, 0, 0.9), 1.0), (Affect(0, 1, -1, 0.1), 1.0), (Affect(-1, -1, -1, 1), 0.0)])
    assert mean is not None
    assert (mean.arousal, mean.valence, mean.dominance) == pytest.approx((0.9, 0.1, -0.1))
    assert mean.confidence == pytest.approx(0.5)


def test_names_come_from_likelihoods_where_there_are_any() -> None:
    angry = reading_of({"anger": 0.6, "fear": 0.4}, 0.5)
    assert angry.affect.valence < -0.4
    assert angry.likelihood == {"anger": 0.6, "fear": 0.4}
    assert named(angry, None) == "anger"
    # What the words say tips the balance, the more the surer they are.
    pleasant = Affect(*CIRCUMPLEX["joy"], 0.7)
    undecided = reading_of({"anger": 0.55, "joy": 0.45}, 0.5)
    assert named(undecided, None) == "anger"
    assert named(undecided, Reading(pleasant)) == "joy"
    assert named(None, Reading(pleasant)) == "joy"
    assert named(None, None) == "neutral"
    assert reading_of({"anger": 0.0}, 0.1).likelihood == {"neutral": 1.0}


def test_words_may_name_what_the_voice_does_not_know() -> None:
    voice = reading_of({"neutral": 0.6, "sadness": 0.2, "joy": 0.1, "anger": 0.1}, 0.5)
    assert named(voice, None) == "neutral"
    tender = Reading(Affect(*CIRCUMPLEX["tenderness"], 0.5))
    assert named(voice, tender) == "tenderness"
    excited = reading_of({"neutral": 0.1, "sadness": 0.1, "joy": 0.7, "anger": 0.1}, 0.5)
    assert named(excited, None) == "joy"
    assert named(excited, Reading(Affect(*CIRCUMPLEX["surprise"], 0.5))) == "surprise"


def test_what_is_not_sure_of_a_feeling_is_neutral() -> None:
    shares = {"neutral": 0.3, "joy": 0.7}
    assert named(reading_of(shares, 0.2), None) == "neutral"
    assert named(reading_of(shares, 0.6), None) == "joy"


def test_neutral_is_a_disc_for_sources_that_name_nothing() -> None:
    undecided = reading_of({"neutral": 0.5, "tension": 0.5}, 0.2)
    # Nearer to tension's point than to the centre, and a little outside what is called neutral.
    assert named(undecided, Reading(Affect(0.29, -0.16, -0.08, 0.7))) == "neutral"
    assert named(undecided, Reading(Affect(0.45, -0.25, -0.12, 0.7))) == "tension"
