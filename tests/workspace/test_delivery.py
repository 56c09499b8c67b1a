"""Delivering out of a project folder: what is chosen and no more, nobody's file overwritten, the record kept whole."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from audiopost.core.audio import Audio
from audiopost.core.errors import BadValue, UnknownName
from audiopost.core.project import Project
from audiopost.core.speech import Caption, Transcript, Utterance, Word
from audiopost.core.spotting import Cue
from audiopost.io.decode import load
from audiopost.io.encode import Encoding
from audiopost.pipeline import apply
from audiopost.pipeline.target import Target
from audiopost.workspace import Desk, Folder, delivery

DIALOGUE, MUSIC, EFFECTS = 0.5, 0.3, 0.2


@pytest.fixture
def desk(tmp_path: Path, rng: np.random.Generator) -> Desk:
    """Three seconds of noise whose stems, captions and master are there."""
    folder = Folder(tmp_path / "project")
    (folder.root / "media").mkdir()
    sound = 0.1 * rng.standard_normal((2, 3 * 48_000))
    soundfile.write(folder.media / "場 1.wav", sound.T, 48_000, subtype="FLOAT")
    desk = folder.open("場 1")

    def filled(project: Project) -> Project:
        source = project.audio
        whole = source.read(0, source.frames)
        parts = {"dialogue": DIALOGUE, "music": MUSIC, "effects": EFFECTS}
        stems = {name: Audio(whole * share, source.rate) for name, share in parts.items()}
        said = Utterance(0.5, 1.5, "hello there", "en", (Word(0.5, 1.0, "hello", 0.9), Word(1.0, 1.5, "there", 0.9)))
        return replace(
            apply(project, "loudness", spec="ebu-r128"),
            stems=stems,
            transcript=Transcript("en", (said,)),
            captions=(Caption(0.5, 1.5, ("hello there",), None, "en"),),
            caption_issues=(),
        )

    desk.edit("test.filled", filled)
    return desk


def delivered(desk: Desk, *keys: str, **more: object) -> delivery.Outcome:
    return delivery.deliver(desk, "deliver.did_deliver", keys, **more)


def test_what_is_there_and_what_has_to_run_first(desk: Desk) -> None:
    needs = {item.key: item.needs for item in delivery.choices(desk.project)}
    assert needs["audio.dialogue"] == needs["audio.m_and_e"] == needs["subtitles.srt"] == needs["audio.master"] == ""
    assert (needs["audio.clean"], needs["cues.csv"], needs["lists.rttm"]) == ("denoise", "cues", "diarise")
    assert "film.film" not in needs  # no picture, no film
    usual = {item.key for item in delivery.choices(desk.project) if item.usual}
    assert {"subtitles.srt", "cues.pdf", "cues.page"} <= usual
    assert not {"subtitles.stl", "cues.aaf"} & usual


def test_only_what_is_chosen_is_written(desk: Desk) -> None:
    outcome = delivered(desk, "audio.music", "subtitles.srt", "subtitles.stl")
    assert set(outcome.files) == {"music", "srt", "stl", "project", "provenance"}
    listed = {path.name for path in desk.root.iterdir() if path.is_file()}
    assert listed == {f"場 1.{end}" for end in ("music.wav", "srt", "stl", "project.json", "provenance.json")}
    assert load(desk.root / "場 1.music.wav").audio.peak() == pytest.approx(desk.project.audio.peak() * MUSIC, abs=1e-4)


def test_music_and_effects_together_are_their_sum(desk: Desk) -> None:
    delivered(desk, "audio.m_and_e", encoding=Encoding(bit_depth="float"))
    found = load(desk.root / "場 1.m_and_e.wav").audio
    source = desk.project.audio
    assert np.allclose(found.read(0, 4800), source.read(0, 4800) * (MUSIC + EFFECTS), atol=1e-6)


def test_what_is_not_there_is_left_out_and_what_nobody_knows_refused(desk: Desk) -> None:
    assert set(delivered(desk, "subtitles.srt", "cues.csv").files) == {"srt", "project", "provenance"}
    with pytest.raises(UnknownName, match=r"subtitles\.srt"):
        delivered(desk, "subtitles.srx")


def test_an_encoding_that_cannot_be_is_told_before_anything_is_written(desk: Desk) -> None:
    with pytest.raises(BadValue, match="flac"):
        delivered(desk, "audio.music", encoding=Encoding("flac", "16"))
    assert not list(desk.root.glob("*.provenance.json"))


def test_a_second_delivery_replaces_its_own_and_keeps_what_others_edited(desk: Desk) -> None:
    delivered(desk, "subtitles.srt", "subtitles.vtt")
    srt, vtt = desk.root / "場 1.srt", desk.root / "場 1.vtt"
    edited = srt.read_text().replace("hello", "Hullo")
    srt.write_text(edited)
    later = srt.stat().st_mtime + 60

    os.utime(srt, (later, later))
    assert next(each for each in delivery.there(desk) if each.kind == "srt").edited
    desk.edit("test.said", lambda now: replace(now, captions=(Caption(0.5, 1.5, ("goodbye",), None, "en"),)))
    outcome = delivered(desk, "subtitles.srt", "subtitles.vtt")
    assert "goodbye" in srt.read_text()
    assert "goodbye" in vtt.read_text()
    assert (desk.root / "場 1.kept-1.srt").read_text() == edited
    assert not list(desk.root.glob("*.kept-1.vtt"))
    assert any("kept-1.srt" in remark for remark in outcome.remarks)


def test_a_smaller_delivery_keeps_the_earlier_files_in_the_record(desk: Desk) -> None:
    delivered(desk, "audio.music", "subtitles.srt")
    first = (desk.root / "場 1.music.wav").read_bytes()
    delivered(desk, "subtitles.srt")
    found = {each.kind: each for each in delivery.there(desk)}
    assert found["music"].earlier
    assert not found["srt"].earlier
    assert found["music"].disclosure
    record = json.loads((desk.root / "場 1.provenance.json").read_text())
    assert [entry["kind"] for entry in record["deliverables"]].count("music") == 1
    delivered(desk, "audio.music")  # ours still: replaced, not kept beside
    assert not list(desk.root.glob("*kept*"))
    assert (desk.root / "場 1.music.wav").read_bytes() == first


def test_a_record_does_not_lead_out_of_its_folder(desk: Desk) -> None:
    delivered(desk, "subtitles.srt")
    record = desk.root / "場 1.provenance.json"
    outside = desk.root.parent / "outside.txt"
    outside.write_text("not ours")
    (desk.root / "link.txt").symlink_to(outside)
    data = json.loads(record.read_text())
    for name in ("../outside.txt", str(outside), "link.txt"):
        data["deliverables"].append({"kind": name, "file": name})
    record.write_text(json.dumps(data))
    assert {each.kind for each in delivery.there(desk)} == {"srt", "project", "provenance"}


def test_what_was_delivered_grows_old_with_the_next_change(desk: Desk) -> None:
    assert delivery.is_stale(desk)
    delivered(desk, "subtitles.srt")
    assert not delivery.is_stale(desk)
    desk.edit("test.missing", lambda now: replace(now, missing=("something",)))
    assert delivery.is_stale(desk)
    delivered(desk, "subtitles.srt")
    desk.close()
    assert not delivery.is_stale(Folder(desk.root).open(desk.name))


def test_the_delivered_project_reads_the_sound_that_was_not_delivered(desk: Desk) -> None:
    from audiopost.pipeline import state

    delivered(desk, "subtitles.srt")
    known = state.load(desk.root / "場 1.project.json", desk.project.audio)
    assert set(state.kept(known).stems or {}) == {"dialogue", "music", "effects"}


def test_the_journal_of_a_delivery_ends_with_it(desk: Desk) -> None:
    """What a person writes afterwards under such a name is theirs."""
    delivered(desk, "subtitles.srt")
    assert not (desk.work / "delivered.txt").exists()
    target = Target(desk.source, desk.root, desk.work)
    target.path("srt", ".srt")
    assert (desk.work / "delivered.txt").read_text() == "場 1.srt\n"


def test_a_lossy_master_is_judged_by_its_file(desk: Desk) -> None:
    before = desk.project.loudness
    delivered(desk, "audio.master", encoding=Encoding("mp3"))
    assert desk.done[-1].label == "deliver.did_deliver"
    assert desk.project.loudness != before
    assert not delivery.is_stale(desk)
    desk.undo()
    assert desk.project.loudness == before


def test_checks_against_another_spec_come_at_once_and_a_new_master_meets_it(desk: Desk) -> None:
    level = delivery.checks_against(desk.project, "podcast")[0]
    assert (level.verdict, level.limit.split()[0]) == ("FAIL", "-16")
    assert delivery.checks_against(desk.project, "ebu-r128") == desk.project.loudness_checks
    assert delivery.checks_against(desk.project, "netflix")[0].verdict == "not measured"  # nobody looked for speech
    made = delivery.remastered(desk.project, "podcast")
    desk.edit("deliver.did_master", lambda now: delivery.with_master(now, made))
    assert delivery.checks_against(desk.project, "podcast")[0].verdict == "pass"
    assert [step.stage for step in desk.project.steps] == ["loudness"]
    with pytest.raises(UnknownName):
        delivery.remastered(desk.project, "nowhere")


def test_a_stopped_delivery_leaves_no_half_file(desk: Desk) -> None:
    from audiopost.core.errors import Cancelled

    def stop(step: str, done: float, total: float) -> None:
        raise Cancelled("The job was stopped.")

    with pytest.raises(Cancelled):
        delivered(desk, "audio.music", "subtitles.srt", progress=stop)
    assert [path.name for path in desk.root.iterdir() if path.is_file()] == []


def test_keys_keep_their_order(desk: Desk, tone: Callable[..., Audio]) -> None:
    assert list(delivered(desk, "subtitles.vtt", "audio.music", "subtitles.srt").files)[:3] == ["music", "srt", "vtt"]


def test_undo_reads_the_sound_of_before_though_it_was_delivered_anew(desk: Desk) -> None:
    """As when the command line ran, its files were opened, changed and delivered again."""
    delivered(desk, "audio.music", "audio.dialogue", encoding=Encoding(bit_depth="float"))
    folder = Folder(desk.root)
    desk.close()
    shutil.rmtree(desk.work)
    shutil.rmtree(folder.hidden / desk.name)
    again = folder.open(desk.name)
    music = (again.project.stems or {})["music"].read(0, 100)

    def quieter(project: Project) -> Project:
        stems = project.stems or {}
        return replace(project, stems={**stems, "music": Audio(stems["music"].read(0, 144_000) / 2, 48_000)})

    again.edit("test.quieter", quieter)
    delivered(again, "audio.music", encoding=Encoding(bit_depth="16"))
    again.undo()
    again.close()
    found = Folder(desk.root).open(desk.name).project.stems or {}
    assert np.array_equal(found["music"].read(0, 100), music)
    assert set(found) == {"dialogue", "music"}


def test_what_was_filled_in_of_the_programme_stands_in_the_rights_sheet(desk: Desk) -> None:
    cue = Cue(1, 0.5, 2.0, "underscore", "sadness", (60, 70), "minor", ("piano",), "because", 0.7, status="accepted")
    desk.edit("t", lambda project: replace(project, cues=(cue,)))
    desk.note(programme={"broadcaster": "ViuTV", "year": "2026"})
    outcome = delivered(desk, "cues.rights-csv")
    (sheet,) = (desk.root / name for kind, name in outcome.files.items() if "rights" in kind)
    text = sheet.read_text(encoding="utf-8-sig")
    assert "ViuTV" in text
    assert "2026" in text
