"""What every emotion backend owes."""

from __future__ import annotations

import numpy as np
import pytest

from audiopost.core.audio import Audio
from audiopost.core.spotting import EMOTIONS
from audiopost.core.time import Span
from audiopost.stages.emotion import BACKENDS, WORDS, Options, emotion
from audiopost.stages.emotion.windows import Window


@pytest.fixture(params=BACKENDS.names)
def backend(request: pytest.FixtureRequest) -> str:
    options = Options(backend=request.param)
    state = BACKENDS.resolve(request.param).available(options)
    if not state.ready:
        pytest.skip(state.reason)
    return str(request.param)


def test_speech_has_points_on_a_grid_and_utterances(backend: str, speech: Audio) -> None:
    points, utterances = emotion(speech, backend=backend)
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


def test_two_runs_agree(backend: str, speech: Audio) -> None:
    assert emotion(speech, backend=backend) == emotion(speech, backend=backend)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("channels", "frames", "rate", "value"),
    [(1, 0, 48_000, 0), (1, 1, 48_000, 0.5), (6, 48_000, 48_000, 0), (2, 96_000, 192_000, 1), (1, 8_000, 8_000, 0.3)],
)
def test_what_is_no_speech_gives_nothing(backend: str, channels: int, frames: int, rate: int, value: float) -> None:
    square = value * np.sign(np.sin(np.arange(frames) * 0.7)) if value == 1 else np.full(frames, value)
    assert emotion(Audio(np.tile(square, (channels, 1)), rate), backend=backend) == ((), ())


@pytest.mark.filterwarnings("error")
def test_windows_that_hold_no_speech_are_not_rated(backend: str) -> None:
    options = Options(backend=backend)
    reader = BACKENDS.resolve(backend)(options)
    silence = Audio(np.zeros((1, 48_000)), 48_000)
    windows = [Window(0, 1), Window(5, 6)]
    assert reader.rate(silence, [Span(0, 1)], windows, lambda *_: None) == [None, None]


@pytest.fixture(params=WORDS.names)
def words_backend(request: pytest.FixtureRequest) -> str:
    state = WORDS.resolve(request.param).available(Options(backend=request.param))
    if not state.ready:
        pytest.skip(state.reason)
    return str(request.param)


def test_texts_are_read_in_order(words_backend: str) -> None:
    reader = WORDS.resolve(words_backend)(Options(backend=words_backend))
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
