"""What every emotion backend owes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from audiopost.core.audio import Audio
from audiopost.core.spotting import EMOTIONS
from audiopost.core.time import Span
from audiopost.stages.emotion import BACKENDS, WORDS, Options, emotion
from audiopost.stages.emotion.windows import Window


@pytest.fixture(params=BACKENDS.names)
def backend(request: pytest.FixtureRequest, tiny_emotion: Callable[..., Path]) -> dict[str, str]:
    """The options that run a backend; one that needs a model gets a tiny one in its makers' format."""
    chosen = {"backend": request.param}
    if request.param in ("transformers", "emotion2vec", "sensevoice"):
        kind = "speech" if request.param == "transformers" else request.param
        chosen["model"] = str(tiny_emotion(kind))
    state = BACKENDS.resolve(request.param).available(Options(**chosen))
    if not state.ready:
        pytest.skip(state.reason)
    return chosen


def test_speech_has_points_on_a_grid_and_utterances(backend: dict[str, str], speech: Audio) -> None:
    points, utterances = emotion(speech, **backend)
    assert len(points) >= 4
    assert utterances
    assert all((2 * point.time_s).is_integer() for point in points)
    assert [p.time_s for p in points] == sorted({p.time_s for p in points})
    for point in points:
        assert 0 <= point.time_s <= speech.duration_s
        assert max(abs(point.arousal), abs(point.valence), abs(point.dominance)) <= 1
        assert 0 <= point.confidence <= 1
    for utterance in utterances:
        assert 0 <= utterance.start_s < utterance.end_s <= speech.duration_s
        assert utterance.label in EMOTIONS
        assert utterance.voice is not None
        assert utterance.words is None


def test_two_runs_agree(backend: dict[str, str], speech: Audio) -> None:
    assert emotion(speech, **backend) == emotion(speech, **backend)


def test_a_louder_or_softer_file_feels_the_same(backend: dict[str, str], speech: Audio) -> None:
    points, utterances = emotion(speech, **backend)
    for gain_db in (-12.0, 12.0):
        gained = Audio(speech.samples * np.float32(10 ** (gain_db / 20)), speech.rate)
        others, said = emotion(gained, **backend)
        assert [p.time_s for p in others] == [p.time_s for p in points]
        assert [(u.start_s, u.end_s, u.label) for u in said] == [(u.start_s, u.end_s, u.label) for u in utterances]
        for axis in ("arousal", "valence", "dominance", "confidence"):
            assert all(abs(getattr(a, axis) - getattr(b, axis)) <= 0.05 for a, b in zip(points, others, strict=True)), (
                axis
            )


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("channels", "frames", "rate", "value"),
    [(1, 0, 48_000, 0), (1, 1, 48_000, 0.5), (6, 48_000, 48_000, 0), (2, 96_000, 192_000, 1), (1, 8_000, 8_000, 0.3)],
)
def test_what_is_no_speech_gives_nothing(
    backend: dict[str, str], channels: int, frames: int, rate: int, value: float
) -> None:
    square = value * np.sign(np.sin(np.arange(frames) * 0.7)) if value == 1 else np.full(frames, value)
    assert emotion(Audio(np.tile(square, (channels, 1)), rate), **backend) == ((), ())


@pytest.mark.filterwarnings("error")
def test_windows_that_hold_no_speech_are_not_rated(backend: dict[str, str]) -> None:
    options = Options(**backend)
    reader = BACKENDS.resolve(backend["backend"])(options)
    silence = Audio(np.zeros((1, 48_000)), 48_000)
    windows = [Window(0, 1), Window(5, 6)]
    assert reader.rate(silence, [Span(0, 1)], windows, lambda *_: None) == [None, None]


@pytest.fixture(params=WORDS.names)
def words(request: pytest.FixtureRequest, tiny_emotion: Callable[..., Path]) -> Options:
    own = str(tiny_emotion("text")) if request.param == "transformers" else ""
    options = Options(backend=request.param, words_model=own)
    state = WORDS.resolve(request.param).available(options)
    if not state.ready:
        pytest.skip(state.reason)
    return options


def test_texts_are_read_in_order(words: Options) -> None:
    reader = WORDS.resolve(words.backend)(words)
    texts = [("I am so happy, I love you!", "en"), ("", "en"), ("I hate you, you make me sad", "en"), ("...", "en")]
    glad, nothing, sad, dots = reader.rate(texts)
    assert nothing is None
    assert dots is None or dots.affect.confidence < 0.5
    assert glad is not None
    assert sad is not None
    assert glad.affect.valence > 0 > sad.affect.valence
    for reading in (glad, sad):
        assert 0 <= reading.affect.confidence <= 1
        if reading.likelihood is not None:
            assert set(reading.likelihood) <= set(EMOTIONS)
            assert sum(reading.likelihood.values()) == pytest.approx(1)
    assert reader.rate([]) == []
