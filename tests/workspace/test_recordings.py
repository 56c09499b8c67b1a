"""The recordings of a folder at a glance, and one that is taken out: nothing is destroyed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from audiopost.core.errors import UnknownName
from audiopost.core.stage import Step
from audiopost.workspace import Folder, delivery
from audiopost.workspace.recordings import TRASH, recordings, take_out


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    folder = Folder(tmp_path / "project")
    folder.media.mkdir()
    soundfile.write(folder.media / "take 1.flac", np.zeros((48_000, 2)), 48_000)
    return folder


def test_an_unopened_recording_is_described_by_its_head(folder: Folder) -> None:
    (found,) = recordings(folder)
    assert (found.name, found.file, found.container) == ("take 1", "take 1.flac", "flac")
    assert (found.rate, found.channels, found.duration_s, found.has_video) == (48_000, 2, 1.0, False)
    assert (found.stages, found.captions, found.problem) == ((), None, "")
    assert not folder.is_open("take 1")


def test_what_was_done_is_told_open_or_not(folder: Folder) -> None:
    desk = folder.open("take 1")
    steps = (Step("diagnose", "embedded", "auto", {}),)
    desk.edit("test.ran", lambda now: replace(now, steps=steps, captions=(), preset="podcast"))
    for _ in range(2):
        (found,) = recordings(folder)
        assert (found.stages, found.preset, found.captions, found.cues) == (("diagnose",), "podcast", 0, None)
        folder.close()


def test_a_broken_file_says_so_and_hides_no_other(folder: Folder) -> None:
    (folder.media / "notes.wav").write_text("words, not sound")
    broken, good = recordings(folder)
    assert "notes.wav" in broken.problem
    assert good.problem == ""


def test_what_is_taken_out_lies_in_the_trash_with_its_work(folder: Folder) -> None:
    desk = folder.open("take 1")
    desk.edit("test.said", lambda now: replace(now, missing=("something",)))
    delivery.deliver(desk, "deliver.did_deliver", ("record.report",))
    (folder.root / "take 1.notes.txt").write_text("not ours")
    trash = take_out(folder, "take 1")
    assert folder.names() == ()
    assert sorted(path.name for path in folder.root.iterdir()) == [".audiopost", "media", "take 1.notes.txt"]
    assert trash.parent == folder.hidden / TRASH
    assert (trash / "media" / "take 1.flac").exists()
    assert (trash / "take 1.report.html").exists()
    assert (trash / ".take 1.audiopost" / "project.json").exists()
    assert (trash / "workspace" / "take 1" / "journal.jsonl").exists()
    soundfile.write(folder.media / "take 1.flac", np.zeros((4_800, 1)), 48_000)
    assert folder.open("take 1").project.missing == ()  # a new one of that name starts afresh


def test_a_recording_elsewhere_stays_where_it_is(folder: Folder, tmp_path: Path) -> None:
    from audiopost.pipeline import run

    source = tmp_path / "elsewhere.wav"
    soundfile.write(source, np.random.default_rng(1).normal(0, 0.1, 48_000), 48_000)
    own = tmp_path / "own.toml"
    own.write_text('stages = ["loudness"]\n')
    run(source, own, folder.root)
    assert "elsewhere" in folder.names()
    take_out(folder, "elsewhere")
    assert source.exists()
    assert folder.names() == ("take 1",)
    assert not list(folder.root.glob("elsewhere*"))


def test_only_what_is_listed_can_be_taken_out(folder: Folder) -> None:
    with pytest.raises(UnknownName):
        take_out(folder, "../project")
