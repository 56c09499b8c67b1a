"""The project folder: what is a recording in it and what is not, how one comes in, what it remembers."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from audiopost.core.errors import AudiopostError, OutputError, UnknownName
from audiopost.core.project import Project
from audiopost.io.decode import load
from audiopost.pipeline import state
from audiopost.workspace import Folder


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "project")


@pytest.fixture
def sound(tmp_path: Path) -> Callable[[Path], Path]:
    def write(path: Path) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, np.linspace(-0.5, 0.5, 800), 8000)
        return path

    return write


def receive(folder: Folder, filename: str, content: bytes = b"RIFF") -> str:
    with folder.receiving(filename) as (temporary, name):
        temporary.write_bytes(content)
    return name


def test_what_comes_in_has_a_name_of_its_own(folder: Folder) -> None:
    assert [receive(folder, name) for name in ("take.wav", "take.wav", "TAKE.mp4", "take-2.wav")] == [
        "take", "take-2", "TAKE-3", "take-2-2",
    ]  # fmt: skip
    assert sorted(path.name for path in folder.media.iterdir()) == [
        "TAKE-3.mp4",
        "take-2-2.wav",
        "take-2.wav",
        "take.wav",
    ]


@pytest.mark.parametrize(
    "name",
    [
        "../../evil.wav", "/etc/evil.wav", "..\\..\\evil.wav", "C:\\evil.wav", "evil\x00.wav", ".hidden.wav", "..", ".",
        "/", "state.json.wav", "jobs.json.wav", "con.wav",
        "a" * 400 + ".wav", "\u202egpj.wav", "",
        "media/../../x.wav",
    ],
)  # fmt: skip
def test_no_name_leads_out_of_the_folder_or_over_what_is_ours(folder: Folder, name: str) -> None:
    folder.remember(recording="x")
    receive(folder, name)
    inside = [path for path in folder.root.parent.rglob("*") if path.is_file()]
    assert all(path.is_relative_to(folder.root) for path in inside)
    assert [path.parent for path in inside if path.name != "state.json"] == [folder.media]
    recording = folder.names()[0]
    assert (folder.hidden / recording).parent == folder.hidden
    assert not (folder.hidden / recording).exists()


def test_an_error_on_the_way_in_leaves_nothing(folder: Folder) -> None:
    with pytest.raises(KeyError), folder.receiving("take.wav") as (temporary, _):
        temporary.write_bytes(b"half")
        raise KeyError
    assert list(folder.media.iterdir()) == []
    assert folder.names() == ()


def test_links_are_no_recordings(folder: Folder, sound: Callable[[Path], Path], tmp_path: Path) -> None:
    outside = sound(tmp_path / "anna" / "secret.wav")
    folder.media.mkdir()
    (folder.media / "link.wav").symlink_to(outside)
    (folder.media / "passwd.wav").symlink_to("/etc/passwd")
    (folder.media / "gone.wav").symlink_to(tmp_path / "nothing")
    state.save(load(outside), tmp_path / "anna" / "secret.project.json", keep_in=None)
    (folder.root / "secret.project.json").symlink_to(tmp_path / "anna" / "secret.project.json")
    assert folder.names() == ()
    for name in ("link", "passwd", "gone", "secret"):
        with pytest.raises(UnknownName):
            folder.open(name)


def test_a_media_folder_that_is_a_link_is_neither_read_nor_written(
    folder: Folder, sound: Callable[[Path], Path], tmp_path: Path
) -> None:
    sound(tmp_path / "elsewhere" / "secret.wav")
    folder.media.symlink_to(tmp_path / "elsewhere")
    assert folder.names() == ()
    with pytest.raises(OutputError, match="link"):
        receive(folder, "take.wav")
    assert [path.name for path in (tmp_path / "elsewhere").iterdir()] == ["secret.wav"]


@pytest.mark.parametrize(
    "name", ["../anna/secret", "/etc/passwd", "..", ".", "", "take/../take", "take.wav", "TAKE\x00"]
)
def test_only_names_of_the_list_open(folder: Folder, sound: Callable[[Path], Path], name: str) -> None:
    sound(folder.media / "take.wav")
    with pytest.raises(UnknownName):
        folder.open(name)


def test_what_the_command_line_ran_on_is_a_recording_while_it_is_there(
    folder: Folder, sound: Callable[[Path], Path], tmp_path: Path
) -> None:
    film = sound(tmp_path / "disk" / "film.wav")
    project: Project = load(film)
    state.save(project, folder.root / "film.project.json", keep_in=None)
    assert folder.names() == ("film",)
    assert folder.open("film").source == film
    folder.close()
    film.unlink()
    assert folder.names() == ()


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"media": 5}', '{"media": {"path": 5}}', '{"media": {"path": "/nothing"}}', "\x00"]
)
def test_a_project_file_that_tells_nothing_is_no_recording(folder: Folder, text: str) -> None:
    (folder.root / "x.project.json").write_text(text)
    assert folder.names() == ()


def test_everybody_gets_the_same_desk_and_the_second_time_at_once(
    folder: Folder, sound: Callable[[Path], Path]
) -> None:
    sound(folder.media / "take.wav")
    assert not folder.was_open("take")
    desk = folder.open("take")
    assert folder.open("take") is desk
    assert folder.is_open("take")
    folder.put_away("take")
    assert not folder.is_open("take")
    assert folder.was_open("take")
    assert folder.open("take") is not desk


def test_what_is_remembered_is_there_after_a_new_start_and_torn_notes_are_no_harm(folder: Folder) -> None:
    folder.remember(recording="夜", language="en")
    folder.remember(language="zh-hant")
    again = Folder(folder.root)
    assert [again.remembered(key) for key in ("recording", "language", "else")] == ["夜", "zh-hant", ""]
    (folder.hidden / "state.json").write_text('{"recording": ')
    assert again.remembered("recording") == ""
    again.remember(recording="x")
    assert again.remembered("recording") == "x"


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="everything may be written here")
def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    root = tmp_path / "locked"
    root.mkdir(mode=0o500)
    with pytest.raises(AudiopostError, match="Cannot write"):
        Folder(root)


def test_a_file_in_the_folders_place_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="Cannot write"):
        Folder(tmp_path / "file")
