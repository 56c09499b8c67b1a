"""An engine that can be told to die; talk whose feelings are given."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from audiopost.core.audio import Audio
from audiopost.core.spotting import EmotionPoint, EmotionUtterance
from audiopost.stages.transcribe import BACKENDS, Options

Feelings = tuple[list[EmotionPoint], list[EmotionUtterance]]


@pytest.fixture
def decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """Registers fixtures/fake_engine.py as the backend 'fake'; gives what it has decoded: 'start_s batch language'."""
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "fixtures"))
    monkeypatch.setitem(BACKENDS.table, "fake", "fake_engine:Fake")
    log = tmp_path / "decoded.log"
    log.touch()
    monkeypatch.setenv("FAKE_ENGINE_LOG", str(log))
    yield lambda: log.read_text().splitlines()
    sys.modules.pop("fake_engine", None)


@pytest.fixture
def fake(decoded: Callable[[], list[str]]) -> Options:
    """Options for the fake engine: every second of the sound is a window or two."""
    return Options(backend="fake", language="en", vad=False, guard=False)


@pytest.fixture
def hiss(rng: np.random.Generator) -> Audio:
    """8 s at 16 kHz in memory."""
    return Audio(0.1 * rng.standard_normal(8 * 16_000), 16_000)


@pytest.fixture
def talk() -> Callable[..., Feelings]:
    """talk((from_s, to_s, arousal, valence), …): lines of 4 s with a second between, and the curve over them."""

    def make(*stretches: tuple[float, float, float, float]) -> Feelings:
        points, utterances = [], []
        for start, end, arousal, valence in stretches:
            for at in np.arange(start, end - 3.9, 5.0):
                label = "tension" if arousal > 0.3 else "neutral"
                text = f"This is what is said at {at:.0f} seconds of it."
                utterances.append(EmotionUtterance(float(at), float(at) + 4, label, arousal, valence, 0.6, text=text))
                points += [EmotionPoint(float(at) + k, arousal, valence, 0.0, 0.6) for k in range(5)]
        return points, utterances

    return make
