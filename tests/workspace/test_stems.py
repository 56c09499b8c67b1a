"""The stems at their faders: what they sum to, whether they null, and a mix of them in the clean mix's place."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from audiopost.core.audio import Audio
from audiopost.core.errors import BadValue, UnknownName
from audiopost.core.project import Project
from audiopost.core.stage import Step
from audiopost.pipeline import apply, state
from audiopost.pipeline.state import AudioGone
from audiopost.workspace import Desk, Folder, stems
from audiopost.workspace.runs import MIXDOWN
from audiopost.workspace.stems import Fader

RATE = 48_000


def noise(seed: int, level: float = 0.1) -> Audio:
    return Audio(np.random.default_rng(seed).normal(0, level, (2, 2 * RATE)).astype(np.float32), RATE)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Two seconds of three stems, whose dialogue was repaired, and their clean mix."""
    dialogue, music, effects = noise(1), noise(2), noise(3)
    folder = Folder(tmp_path / "project")
    folder.media.mkdir()
    mix = dialogue.samples + music.samples + effects.samples
    soundfile.write(folder.media / "take.wav", mix.T, RATE, subtype="FLOAT")
    desk = folder.open("take")
    repaired = Audio(dialogue.samples * np.float32(0.5), RATE)
    parts = {"dialogue": dialogue, "music": music, "effects": effects}
    clean = Audio(repaired.samples + music.samples + effects.samples, RATE)
    desk.edit("test", lambda p: replace(p, stems=parts, repaired=repaired, clean=clean))
    return desk


def samples(audio: Audio | None) -> np.ndarray:
    assert audio is not None
    return audio.samples


def test_the_repaired_dialogue_is_mixed_in_its_stems_place(desk: Desk) -> None:
    strips = stems.strips(desk.project)
    assert list(strips) == ["dialogue", "music", "effects"]
    assert strips["dialogue"] == desk.project.repaired


def test_faders_are_at_0_db_until_moved_and_are_found_again(desk: Desk) -> None:
    assert set(stems.faders(desk).values()) == {Fader()}
    stems.set_faders(desk, {"music": Fader(-6.0), "effects": Fader(muted=True)})
    desk.close()
    again = Folder(desk.root).open("take")
    assert stems.faders(again) == {"dialogue": Fader(), "music": Fader(-6.0), "effects": Fader(muted=True)}
    assert again.done == desk.done  # where a fader stands is no edit


def test_a_fader_that_does_not_move_changes_nothing(desk: Desk) -> None:
    before = desk.revision
    stems.set_faders(desk, {"music": Fader()})
    assert desk.revision == before


@pytest.mark.parametrize("gain_db", [12.1, -60.1, math.inf, -math.inf, math.nan])
def test_a_fader_has_ends(desk: Desk, gain_db: float) -> None:
    with pytest.raises(BadValue):
        stems.set_faders(desk, {"music": Fader(gain_db)})


def test_a_stem_there_is_not_is_told_with_those_there_are(desk: Desk) -> None:
    with pytest.raises(UnknownName, match="effects"):
        stems.set_faders(desk, {"drums": Fader()})


@pytest.mark.parametrize("bad", [None, {}, {"gain_db": "loud", "muted": False}, {"gain_db": None, "muted": 0}, [1]])
def test_a_fader_out_of_json_is_checked(bad: object) -> None:
    with pytest.raises(BadValue):
        stems.fader_of(bad)
    assert stems.fader_of({"gain_db": -3, "muted": True}) == Fader(-3.0, True)


def test_the_sum_is_each_stem_times_its_gain(desk: Desk) -> None:
    strips = stems.strips(desk.project)
    mix = stems.summed(strips, {"dialogue": Fader(6.0), "music": Fader(muted=True), "effects": Fader(-20.0)})
    expected = strips["dialogue"].samples * 10 ** (6 / 20) + strips["effects"].samples * 0.1
    np.testing.assert_allclose(mix.samples, expected, atol=1e-6)


def test_what_is_muted_altogether_is_no_mix(desk: Desk) -> None:
    with pytest.raises(BadValue, match="muted"):
        stems.summed(stems.strips(desk.project), dict.fromkeys(("dialogue", "music", "effects"), Fader(muted=True)))


def test_a_recording_without_stems_says_how_to_get_them(desk: Desk) -> None:
    bare = Project(desk.project.media, desk.project.audio)
    with pytest.raises(BadValue, match="film-dialogue"):
        stems.mixed(bare, {})
    assert stems.strips(bare) == {}


def test_stems_and_mix_null(desk: Desk) -> None:
    tests, share = stems.null_tests(desk, patience_s=30)
    assert share == 1.0
    assert [test.of for test in tests] == ["source", "clean"]
    assert all(test.nulls and (test.peak_dbfs is None or test.peak_dbfs < -120) for test in tests)


def test_what_does_not_null_says_by_how_much(desk: Desk) -> None:
    off = samples(desk.project.clean).copy()
    off[:, 0] += 0.25
    desk.edit("test", lambda p: replace(p, clean=Audio(off, RATE)))
    clean = stems.null_tests(desk, patience_s=30)[0][1]
    assert not clean.nulls
    assert clean.peak_dbfs == pytest.approx(20 * math.log10(0.25), abs=0.01)
    assert clean.rms_dbfs == pytest.approx(20 * math.log10(0.25 / math.sqrt(2 * RATE)), abs=0.01)


def test_the_null_test_is_whole_once_its_last_number_is_there(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    read, goes_on, measured = threading.Event(), threading.Event(), stems.measured

    def slow(residue: Audio, progress: Callable[[str, float, float], None]) -> dict[str, float | None]:
        found = measured(residue, progress)
        read.set()
        assert goes_on.wait(30)
        return found

    monkeypatch.setattr(stems, "measured", slow)
    desk.edit("test", lambda p: replace(p, clean=None))  # one test is left
    stems.null_tests(desk)
    assert read.wait(30)
    tests, share = stems.null_tests(desk)
    assert tests == ()
    assert 0.9 < share < 1
    goes_on.set()
    tests, share = stems.null_tests(desk, patience_s=30)
    assert (len(tests), share) == (1, 1.0)


def test_the_null_test_is_measured_once_for_each_state(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    first = stems.null_tests(desk, patience_s=30)
    monkeypatch.setattr(stems, "measured", lambda *_: pytest.fail("measured again"))
    assert stems.null_tests(desk) == first


def test_silence_has_no_level() -> None:
    assert stems.measured(Audio(np.zeros((2, 100)), RATE)) == {"peak_dbfs": None, "rms_dbfs": None}
    assert stems.measured(Audio(np.zeros((1, 0)), RATE)) == {"peak_dbfs": None, "rms_dbfs": None}


def test_a_mix_down_takes_the_clean_mixs_place_and_can_be_undone(desk: Desk) -> None:
    old, places = desk.project.clean, {"music": Fader(-6.0), "effects": Fader(muted=True)}
    made = stems.mix_down(desk, "stems.did_mix", places)
    strips = stems.strips(desk.project)
    expected = strips["dialogue"].samples + strips["music"].samples * np.float32(10 ** (-6 / 20))
    np.testing.assert_allclose(samples(desk.project.clean), expected, atol=1e-6)
    assert made.report is not None
    assert made.report.integrated_lufs is not None
    assert made.peak_dbfs == pytest.approx(20 * math.log10(float(np.max(np.abs(expected)))), abs=0.001)
    assert desk.done[-1].detail == "music -6 dB, effects muted"
    desk.undo()
    assert desk.project.clean == old
    assert desk.project.step(MIXDOWN) is None


def test_the_record_says_where_the_faders_stood_and_the_null_test_goes_by_it(desk: Desk) -> None:
    stems.mix_down(desk, "stems.did_mix", {"music": Fader(-6.0), "effects": Fader(muted=True)})
    step = desk.project.step(MIXDOWN)
    assert step is not None
    assert step.options == {"dialogue": 0.0, "music": -6.0, "effects": None}
    assert stems.mixed_at(desk.project)["effects"] == Fader(muted=True)
    assert stems.null_tests(desk, patience_s=30)[0][1].nulls
    desk.close()
    again = Folder(desk.root).open("take")
    assert stems.mixed_at(again.project)["music"] == Fader(-6.0)
    again.edit("test", lambda p: replace(p, clean=p.audio))  # a run made another mix: the faders tell nothing of it
    assert set(stems.mixed_at(again.project).values()) == {Fader()}


def test_a_second_mix_down_replaces_the_first_on_record(desk: Desk) -> None:
    stems.mix_down(desk, "stems.did_mix", {"music": Fader(-6.0)})
    stems.mix_down(desk, "stems.did_mix", {})
    assert [step.stage for step in desk.project.steps] == [MIXDOWN]
    assert desk.done[-1].detail == ""


def test_a_mix_over_full_scale_is_kept_whole_and_told(desk: Desk) -> None:
    made = stems.mix_down(desk, "stems.did_mix", {"dialogue": Fader(12.0), "music": Fader(12.0)})
    assert made.peak_dbfs is not None
    assert made.peak_dbfs > 0
    assert np.max(np.abs(samples(desk.project.clean))) > 1.0


def test_a_master_follows_the_new_mix_with_the_options_it_had(desk: Desk) -> None:
    desk.edit("test", lambda p: apply(p, "loudness", spec="podcast", integrated_lufs=-20.0))
    quiet = desk.project.master
    stems.mix_down(desk, "stems.did_mix", {"music": Fader(muted=True), "effects": Fader(muted=True)})
    project = desk.project
    assert project.master is not None
    assert project.master != quiet
    assert project.loudness is not None
    assert project.loudness.integrated_lufs == pytest.approx(-20.0, abs=0.5)
    assert [step.stage for step in project.steps].count("loudness") == 1
    step = project.step("loudness")
    assert step is not None
    assert step.options["spec"] == "podcast"
    desk.undo()
    assert desk.project.master == quiet


def test_stems_that_changed_meanwhile_are_not_mixed_over(desk: Desk) -> None:
    def meanwhile(step: str, done: float, total: float) -> None:
        if desk.project.repaired is not None:
            desk.edit("test", lambda p: replace(p, repaired=None))

    before = desk.project.clean
    with pytest.raises(BadValue, match="changed"):
        stems.mix_down(desk, "stems.did_mix", {}, meanwhile)
    assert desk.project.clean == before


def test_other_edits_meanwhile_are_kept(desk: Desk) -> None:
    step = Step("diagnose", "dsp", "", {})

    def meanwhile(*_: object) -> None:
        if not desk.project.steps:
            desk.edit("test", lambda p: replace(p, steps=(step,)))

    stems.mix_down(desk, "stems.did_mix", {}, meanwhile)
    assert [each.stage for each in desk.project.steps] == ["diagnose", MIXDOWN]


def test_the_dialogue_as_it_was_separated_is_what_the_other_stems_leave(desk: Desk) -> None:
    """What a run delivers holds the repaired dialogue only: the raw one is worked out, under its own hash."""

    class Gone:
        def read(self, start: int, stop: int) -> np.ndarray:
            raise AudioGone("gone")

    project, raw = desk.project, samples(desk.project.stems["dialogue"])

    def without(name: str) -> Project:
        lost = project.stems[name]
        gone = Audio.backed(Gone(), channels=2, frames=lost.frames, rate=RATE, sha256=lost.sha256())
        return state.kept(replace(project, stems={**project.stems, name: gone}))

    again = without("dialogue")
    assert list(again.stems) == ["dialogue", "music", "effects"]
    assert np.abs(samples(again.stems["dialogue"]) - raw).max() < 1e-6
    assert again.stems["dialogue"].sha256() == project.stems["dialogue"].sha256()
    assert list(without("music").stems) == ["dialogue", "effects"]
