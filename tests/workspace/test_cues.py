"""Cues as a person works on them: each change fitted and told, undoable, disclosed; guides heard under the dialogue."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from audiopost.core.audio import Audio
from audiopost.core.errors import BadValue, UnknownName
from audiopost.core.marks import Activity
from audiopost.core.music import EditPiece, TrackEdit, TrackInfo, TrackMatch
from audiopost.core.project import MediaInfo, Project
from audiopost.core.spotting import Alternative, Cue, Duck, EmotionPoint, Fades
from audiopost.core.stage import Choice
from audiopost.core.time import Span
from audiopost.delivery.cue_sheet.csv import write
from audiopost.delivery.provenance import disclosure
from audiopost.delivery.spotting import Spotting
from audiopost.io.encode import write_wav
from audiopost.pipeline import spotting
from audiopost.stages.cues import Options
from audiopost.workspace import Folder, auditions
from audiopost.workspace import cues as work

RATE = 16_000
SPEECH = (Activity("speech", 12.0, 16.0), Activity("speech", 40.0, 44.0))


def cue(number: int, in_s: float, out_s: float, **fields: object) -> Cue:
    plain = Cue(
        number, in_s, out_s, "underscore", "sadness", (60, 72), "minor", ("piano",), "Because.", 0.7,
        ducks=(Duck(12.0, 16.0, -14.0),), level_lu=-14.0, fades=Fades(1.0, 2.0, "linear", "linear"),
        alternatives=(Alternative("underscore", "joy", (104, 120), "major", "Or glad."),
                      Alternative("silence", "sadness", (0, 0), "", "Or dry.")),
    )  # fmt: skip
    return replace(plain, **fields)


@pytest.fixture
def project() -> Project:
    """A minute in which two people speak, with two suggested cues and one that was there."""
    media = MediaInfo("x.wav", "0" * 64, "WAV", "PCM_16", RATE, 1, ("C",), 60.0)
    feelings = tuple(EmotionPoint(float(t), -0.5, -0.5, -0.3, 0.8) for t in range(10, 46))
    there = cue(3, 50.0, 58.0, status="existing", ducks=(), alternatives=())
    return Project(
        media, Audio(np.zeros(60 * RATE), RATE), emotion=feelings, activity=SPEECH,
        cues=(cue(1, 10.0, 20.0), cue(2, 36.0, 46.0), there),
    )  # fmt: skip


def test_a_cue_that_moves_lies_on_frames_and_goes_down_under_other_lines(project: Project) -> None:
    made = work.changed(project, "1m01", {"in_s": 30.011, "out_s": 42.0})
    assert [each.label for each in made.project.cues or ()] == ["1m01", "1m02", "1m03"]
    moved = work.cue_of(made.project, "1m01")
    assert (moved.in_s, moved.out_s, moved.edited) == (30.0, 42.0, True)
    assert [(duck.start_s, duck.end_s) for duck in moved.ducks] == [(39.72, 42.0)]
    assert any("has moved" in message for message in made.messages)
    assert any("overlap" in message for message in made.messages)
    # What was told once is not told again by the next change.
    again = work.changed(made.project, "1m02", {"title": "Rain"})
    assert again.messages == ()
    assert work.changed(project, "1m01", {"in_s": 30.0, "out_s": 34.0}, "zh-hant").messages[0].startswith("1m01 已移動")


def test_levels_fades_and_names_are_a_persons_own(project: Project) -> None:
    made = work.changed(project, "1m01", {"level_lu": -20.0, "fade_out_s": 4.0, "title": "=cmd()", "mode": "hijaz"})
    new = work.cue_of(made.project, "1m01")
    assert (new.level_lu, new.ducks[0].level_lu, new.fades.out_s, new.title, new.mode) == (
        -20.0, -20.0, 4.0, "=cmd()", "hijaz",
    )  # fmt: skip
    assert work.cue_of(work.changed(project, "1m01", {"reel": 2}).project, "2m01").in_s == 10.0


def test_what_makes_no_sense_is_refused_and_leaves_all_as_it_was(project: Project) -> None:
    for label, fields, error in (
        ("9m99", {"title": "x"}, UnknownName),
        ("1m01", {"number": 7}, UnknownName),
        ("1m01", {"function": "wallpaper"}, UnknownName),
        ("1m01", {"in_s": 21.0}, BadValue),
        ("1m01", {"status": "existing"}, BadValue),
        ("1m03", {"status": "rejected"}, BadValue),
    ):
        with pytest.raises(error):
            work.changed(project, label, fields)


def test_silence_loses_its_music_and_what_sounds_again_is_dressed(project: Project) -> None:
    silent = work.changed(project, "1m01", {"function": "silence"}).project
    assert (work.cue_of(silent, "1m01").tempo_bpm, work.cue_of(silent, "1m01").ducks) == ((0, 0), ())
    sounding = work.cue_of(work.changed(silent, "1m01", {"function": "underscore"}).project, "1m01")
    assert sounding.tempo_bpm[0] > 0
    assert sounding.instruments
    assert sounding.ducks


def test_an_alternative_is_taken_over_and_can_be_taken_back(project: Project) -> None:
    glad = work.with_alternative(project, "1m01", 0).project
    new = work.cue_of(glad, "1m01")
    assert (new.emotion, new.mode, new.tempo_bpm, new.reason) == ("joy", "major", (104, 120), "Or glad.")
    assert new.instruments != ("piano",)
    back = work.cue_of(work.with_alternative(glad, "1m01", 0).project, "1m01")
    assert (back.emotion, back.mode, back.tempo_bpm, back.reason) == ("sadness", "minor", (60, 72), "Because.")
    with pytest.raises(UnknownName):
        work.with_alternative(project, "1m01", 2)


def test_cues_are_added_split_and_taken_away(project: Project) -> None:
    added = work.added(project, Span(24.0, 30.0), "transition")
    assert added.label == "1m04"
    assert [each.label for each in added.project.cues or ()] == ["1m01", "1m04", "1m02", "1m03"]
    halves = work.split(project, "1m01", 14.0).project
    first, second = work.cue_of(halves, "1m01"), work.cue_of(halves, "1m04")
    assert (first.out_s, second.in_s, second.out_s) == (14.0, 14.0, 20.0)
    assert (first.fades.in_s, first.fades.out_s, second.fades.in_s, second.fades.out_s) == (1.0, 0.0, 0.0, 2.0)
    with pytest.raises(BadValue, match="inside"):
        work.split(project, "1m01", 20.0)
    assert [each.label for each in work.removed(project, "1m01").project.cues or ()] == ["1m02", "1m03"]


def test_the_tempo_is_fitted_to_the_hits_that_a_person_marks(project: Project) -> None:
    hit = work.with_hit(work.with_hit(project, "1m01", 13.0, "door").project, "1m01", 17.51, "slap").project
    fitted = work.cue_of(hit, "1m01")
    assert [(each.time_s, each.what) for each in fitted.hits] == [(13.0, "door"), (17.52, "slap")]
    assert fitted.tempo is not None
    assert 60 <= fitted.tempo.bpm <= 72
    assert all(each.error_frames is not None for each in fitted.hits)
    one = work.cue_of(work.without_hit(hit, "1m01", 0).project, "1m01")
    assert [each.what for each in one.hits] == ["slap"]
    bare = work.cue_of(work.without_hit(work.without_hit(hit, "1m01", 0).project, "1m01", 0).project, "1m01")
    assert (bare.hits, bare.tempo) == ((), None)
    with pytest.raises(BadValue, match="inside"):
        work.with_hit(project, "1m01", 30.0, "far")


def test_an_edited_sheet_comes_back_and_counts_as_a_persons_work(project: Project, tmp_path: Path) -> None:
    sheet = write(tmp_path / "x.csv", Spotting.of(project, "x"))
    text = (
        sheet.read_text(encoding="utf-8-sig").replace("00:00:36:00", "00:00:35:00").replace("suggested", "accepted", 1)
    )
    sheet.write_text(text, encoding="utf-8")
    made = work.from_sheet(project, sheet).project
    assert [(each.status, each.edited) for each in made.cues or ()] == [
        ("accepted", False), ("suggested", True), ("existing", False),
    ]  # fmt: skip
    assert work.cue_of(made, "1m02").in_s == 35.0
    assert disclosure("cues", made).endswith("1 of 2 cues accepted by a person, 1 changed.")


def test_spotting_anew_keeps_what_was_decided_under_its_label(project: Project) -> None:
    judged = work.changed(work.changed(project, "1m02", {"status": "accepted"}).project, "1m01", {"status": "rejected"})
    fresh = (cue(1, 2.0, 12.0), cue(2, 22.0, 30.0), cue(3, 40.0, 44.0), cue(4, 49.0, 58.0, status="existing"))
    before = judged.project
    spotted = before.after("cues", Choice("rules", "rules need no model"), Options(), cues=fresh)
    meanwhile = work.changed(before, "1m02", {"title": "Rain"}).project
    kept = spotting.taken_over(meanwhile, before, spotted, keep=True)
    assert [(each.label, each.in_s, each.status, each.title) for each in kept.cues or ()] == [
        ("1m01", 10.0, "rejected", ""), ("1m03", 22.0, "suggested", ""), ("1m02", 36.0, "accepted", "Rain"),
        ("1m04", 49.0, "existing", ""),
    ]  # fmt: skip
    assert [step.stage for step in kept.steps] == ["cues"]
    assert spotting.taken_over(meanwhile, before, spotted, keep=False).cues == fresh


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A project folder with a minute of quiet noise."""
    (tmp_path / "media").mkdir()
    noise = 0.05 * np.random.default_rng(2).standard_normal((1, 60 * RATE))
    write_wav(tmp_path / "media" / "take.wav", Audio(noise, RATE), "PCM_16")
    return Folder(tmp_path)


def test_a_guide_is_heard_with_the_mix_under_it_and_loud_as_the_temp_mix_has_it(
    folder: Folder, project: Project
) -> None:
    from audiopost.music.temp_mix import temp_mix

    desk = folder.open("take")
    desk.edit("cuespage.did_spot", lambda p: replace(p, cues=project.cues, activity=SPEECH))
    preview = auditions.guide_of(desk, "1m01", 0.0)
    assert (preview.start_s, preview.audio.duration_s) == (7.0, 16.0)
    whole = temp_mix(desk.project.mix, [work.cue_of(desk.project, "1m01")], source="guides")
    start = 7 * RATE
    np.testing.assert_allclose(preview.audio.samples, whole.audio.read(start, start + 16 * RATE), atol=1e-5)
    assert np.abs(whole.music.read(10 * RATE, 20 * RATE)).max() > 0.01
    silent = work.changed(desk.project, "1m01", {"function": "silence"}).project
    desk.edit("cuespage.did_changed", lambda _: silent)
    with pytest.raises(BadValue, match="no music"):
        auditions.guide_of(desk, "1m01", 0.0)
    folder.close()


def test_a_long_cue_is_heard_around_the_cursor() -> None:
    long = cue(1, 10.0, 300.0)
    assert auditions.stretch(long, 0.0, 400.0) == Span(7.0, 67.0)
    assert auditions.stretch(long, 100.0, 400.0) == Span(97.0, 157.0)
    assert auditions.stretch(long, 390.0, 400.0) == Span(243.0, 303.0)
    assert auditions.stretch(cue(1, 1.0, 20.0), 15.0, 21.0) == Span(0.0, 21.0)


def test_a_candidate_is_heard_taken_and_given_up(folder: Folder, project: Project, tmp_path: Path) -> None:
    tone = 0.2 * np.sin(2 * np.pi * 440 * np.arange(12 * RATE) / RATE)
    write_wav(tmp_path / "tone.wav", Audio(tone, RATE), "PCM_16")
    info = TrackInfo(str(tmp_path / "tone.wav"), title="Tone")
    edit = TrackEdit((EditPiece(36.0, 0.0, 10.0),), gain_db=-6.0)
    matches = (TrackMatch(info, 0.8, ("fits",), edit), TrackMatch(replace(info, title="Other"), 0.5, (), edit))
    cues = tuple(replace(each, tracks=matches, ducks=()) if each.number == 2 else each for each in project.cues or ())
    desk = folder.open("take")
    desk.edit("cuespage.did_spot", lambda p: replace(p, cues=cues))
    preview = auditions.track_of(desk, "1m02", 0, 0.0)
    added = preview.audio.samples - desk.project.mix.read(round(preview.start_s * RATE), round(49.0 * RATE))
    middle = added[0, 5 * RATE : 6 * RATE]
    assert np.sqrt(np.mean(middle**2)) == pytest.approx(0.2 / np.sqrt(2) * 10 ** (-6 / 20), rel=0.5)
    with pytest.raises(BadValue, match="no track"):
        auditions.track_of(desk, "1m02", 2, 0.0)
    taken = work.with_track(desk.project, "1m02", 1).project
    assert [match.accepted for match in work.cue_of(taken, "1m02").tracks] == [False, True]
    given_up = work.with_track(taken, "1m02", None).project
    assert work.cue_of(given_up, "1m02").track is None
    folder.close()


def test_without_a_library_it_is_said_how_one_is_made(project: Project, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert work.library_size(project) is None
    with pytest.raises(BadValue, match="audiopost library add"):
        work.with_candidates(project, "1m01", None)
