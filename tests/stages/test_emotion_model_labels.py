"""What models call feelings, and how sure an answer is."""

from __future__ import annotations

import numpy as np
import pytest

from audiopost.core.errors import BadValue
from audiopost.core.spotting import EMOTIONS
from audiopost.stages.emotion.model_labels import EMOTION_OF, emotions_of, reading

GO_EMOTIONS = (
    "admiration", "amusement", "anger", "annoyance", "approval", "caring", "confusion", "curiosity", "desire",
    "disappointment", "disapproval", "disgust", "embarrassment", "excitement", "fear", "gratitude", "grief", "joy",
    "love", "nervousness", "optimism", "pride", "realization", "relief", "remorse", "sadness", "surprise", "neutral",
)  # fmt: skip


@pytest.mark.parametrize(
    ("labels", "meant"),
    [
        (("neu", "hap", "ang", "sad"), ("neutral", "joy", "anger", "sadness")),
        (("生气/angry", "其他/other", "<unk>", "吃惊/surprised"), ("anger", None, None, "surprise")),
        (("HAPPY", "<|SAD|>", "EMO_UNKNOWN"), ("joy", "sadness", None)),
        (("平淡語氣", "關切語調", "厭惡語調", "unuse_0"), ("neutral", "tenderness", "disgust", None)),
        (("Pleasant surprise", "calm"), ("surprise", "tenderness")),
    ],
)
def test_labels_of_the_models_that_exist(labels, meant):
    assert emotions_of(labels, "a model") == meant


def test_all_of_goemotions_has_a_place():
    meant = emotions_of(GO_EMOTIONS, "a model")
    assert None not in meant
    assert set(meant) == set(EMOTIONS)
    assert set(EMOTION_OF.values()) == set(EMOTIONS)


def test_what_names_no_feeling_is_refused_with_the_choices():
    with pytest.raises(BadValue, match="'LABEL_0'") as caught:
        emotions_of(("LABEL_0", "LABEL_1"), "tiny")
    assert "anger" in caught.value.choices
    assert "id2label" in caught.value.remedy
    with pytest.raises(BadValue, match="'POSITIVE'"):
        emotions_of(("joy", "POSITIVE"), "a sentiment model")
    with pytest.raises(BadValue, match="no two feelings apart"):
        emotions_of(("anger", "rage", "other"), "tiny")


def test_an_even_answer_says_nothing_and_a_sure_one_counts_in_full():
    emotions = ("neutral", "joy", "anger", None)
    even = reading(np.array([1, 1, 1, 0]) / 3, emotions, 0.6)
    sure = reading(np.array([0, 0, 1, 0]), emotions, 0.6)
    assert even.affect.confidence == pytest.approx(0, abs=1e-9)
    assert sure.affect.confidence == pytest.approx(0.6)
    assert sure.likelihood == {"neutral": 0, "joy": 0, "anger": 1}
    # A share that falls to no feeling is doubt, not a feeling.
    half = reading(np.array([0, 0, 0.5, 0.5]), emotions, 0.6)
    assert half.affect.confidence == pytest.approx(0.3)
    assert half.likelihood == sure.likelihood
    assert reading(np.array([0, 0, 0, 1.0]), emotions, 0.6).affect.confidence == 0


def test_labels_of_one_feeling_add_up():
    both = reading(np.array([0.3, 0.3, 0.4]), emotions_of(("joy", "amusement", "fear"), "a model"), 0.6)
    assert both.likelihood == pytest.approx({"joy": 0.6, "fear": 0.4})
