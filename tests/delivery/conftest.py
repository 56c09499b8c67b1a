"""Cues that the delivery tests share."""

from __future__ import annotations

import pytest

from audiopost.core.spotting import Cue


@pytest.fixture
def cues() -> tuple[Cue, ...]:
    return (
        Cue(1, 12.48, 30.0, "bed", "calm", (60, 80), "major", ("strings", "piano"), "+ the scene opens", 0.75),
        Cue(2, 61.04, 90.52, "build", "tense", (100, 130), "minor", ("low brass",), '=the door, "slowly"\n一扇門', 0.5),
        Cue(3, 85.0, 120.04, "release", "sad", (50, 70), "minor", (), "a pause", 1 / 3),
    )  # fmt: skip
