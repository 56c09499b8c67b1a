"""A short take with faults, and what was found in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from audiopost.core.audio import Audio
from audiopost.core.project import Project
from audiopost.io.decode import load
from audiopost.pipeline import apply


@pytest.fixture(scope="session")
def hummed(tmp_path_factory: pytest.TempPathFactory, speech: Audio) -> Project:
    """Eight seconds of speech with mains hum all through and three clicks in its middle, diagnosed."""
    samples = speech.samples[0].copy()
    time_s = np.arange(samples.size) / speech.rate
    for harmonic, level in ((1, 0.02), (2, 0.012), (3, 0.008), (4, 0.005), (5, 0.004)):
        samples += np.float32(level) * np.sin(2 * np.pi * 50 * harmonic * time_s).astype(np.float32)
    for at_s in (3.11, 3.52, 3.93):
        samples[round(at_s * speech.rate)] += np.float32(0.7)
    path = tmp_path_factory.mktemp("hummed") / "take.wav"
    soundfile.write(path, samples, speech.rate, subtype="FLOAT")
    return apply(load(path), "diagnose")


@pytest.fixture
def statuses() -> Callable[..., Project]:
    """statuses(project, hum="dismissed") -> the Project with a decision on each kind that is named."""

    def decide(project: Project, **kinds: str) -> Project:
        found = tuple(replace(f, status=kinds.get(f.kind.replace("-", "_"), f.status)) for f in project.findings or ())
        return replace(project, findings=found)

    return decide


@pytest.fixture
def work(tmp_path: Path) -> Path:
    return tmp_path / "work"
