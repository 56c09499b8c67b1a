"""An engine that can be told to die."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from audiopost.core.audio import Audio
from audiopost.stages.transcribe import BACKENDS, Options


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
