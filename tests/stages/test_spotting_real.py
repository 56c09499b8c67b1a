"""Scenes of known changes put together out of real recordings: what was planted is found, no music lies over music."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from audiopost.core.project import Project

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))

import spotting  # noqa: E402
import spotting_scenes as made  # noqa: E402

SCENES = {
    "interview": made.interview,
    "quarrel": made.quarrel,
    "another quarrel": lambda recordings: made.quarrel(recordings, 3, 4),
    "telephone": made.telephone,
    "montage": made.montage,
}

#: Where the embedded reader does not hear what is acted, no turn can be found: actor 01's fear is read as his neutral
#: voice, the sobs of actors 03 and 04 as lively as their anger. A better reader shows here: then these go.
UNHEARD = {
    "quarrel 01 and 02": {"fear and anger rise"},
    "quarrel 03 and 04": {"what is left is sadness"},
}

pytestmark = [pytest.mark.slow, pytest.mark.shared]


@pytest.fixture(scope="module", params=SCENES)
def scene(request: pytest.FixtureRequest, shared: Path) -> tuple[made.Built, Project]:
    built = SCENES[request.param](made.Recordings(shared / "audio"))
    return built, spotting.spotted(built)[0]


def test_what_was_planted_is_found_within_a_second(scene: tuple[made.Built, Project]) -> None:
    built, project = scene
    missed = {
        planted.what
        for planted in built.planted
        if (found := spotting.nearest(planted, project)) is None or abs(found[0] - planted.time_s) > 1.0
    }
    assert missed == UNHEARD.get(built.name, set())


def test_nothing_turns_where_nobody_is_moved(scene: tuple[made.Built, Project]) -> None:
    built, project = scene
    if any(planted.kind == "emotion" for planted in built.planted):
        pytest.skip("feelings turn in this one")
    assert not [beat for beat in project.beats or () if beat.kind == "emotion"]


def test_no_cue_lies_over_music_that_is_there(scene: tuple[made.Built, Project]) -> None:
    built, project = scene
    assert project.cues is not None
    assert spotting.over_music(project, built) == 0
    existing = [cue for cue in project.cues if cue.status == "existing"]
    assert len(existing) == len(built.music)
    for cue, span in zip(existing, built.music, strict=True):
        assert (cue.in_s, cue.out_s) == pytest.approx((span.start_s, span.end_s), abs=2.5)
