"""`audiopost library`: what people and scripts see, and the exit codes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from audiopost.cli.library import command
from audiopost.core.errors import AudiopostError, BadValue, UnknownName
from audiopost.music.library import worker
from audiopost.music.library.store import Seen


@pytest.fixture(autouse=True)
def heard_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """No child processes: tests/music/library has those."""

    def heard(files: Sequence[Seen], workers: int, embedder: str = "") -> Iterator[worker.Heard]:
        for seen in files:
            try:
                yield worker._parsed(seen, worker.hear(seen.path, embedder))
            except AudiopostError as error:
                yield worker.Heard(seen, error.problem)

    monkeypatch.setattr(worker, "heard", heard)


@pytest.fixture
def music(tmp_path: Path) -> Path:
    """Clicks at 100 BPM for 12 s, and a tone."""
    folder = tmp_path / "music"
    folder.mkdir()
    clicks = np.zeros(12 * 22_050)
    for beat in range(19):
        start = round((0.3 + 0.6 * beat) * 22_050)
        t = np.arange(2000) / 22_050
        clicks[start : start + 2000] += 0.5 * np.sin(2 * np.pi * 1000 * t) * np.exp(-t / 0.03)
    soundfile.write(folder / "clicks.wav", clicks, 22_050)
    soundfile.write(folder / "tone\x1b[2J.wav", 0.2 * np.sin(2 * np.pi * 440 * np.arange(22_050) / 22_050), 22_050)
    return folder


def library(*arguments: object, code: int = 0) -> str:
    """What the command prints on stdout; what it raises is raised."""
    result = CliRunner().invoke(
        command("library"), [str(a) for a in arguments], catch_exceptions=False, standalone_mode=False
    )
    if isinstance(result.exception, AudiopostError):
        raise result.exception
    assert (result.return_value or 0) == code, result.output
    return result.stdout


@pytest.fixture
def file(music: Path, tmp_path: Path) -> Path:
    path = tmp_path / "lib.sqlite"
    library("add", music, "--library", path)
    return path


def test_add_says_what_it_did(music, tmp_path):
    path = tmp_path / "lib.sqlite"
    text = library("add", music, "--library", path)
    assert text == f"2 music files: 2 heard\n{path}: 2 tracks\n"
    assert "2 unchanged" in library("add", music, "--library", path)
    (music / "bad.mp3").write_bytes(b"")
    told = json.loads(library("add", music, "--library", path, "--json", code=3))
    assert (told["heard"], told["unchanged"], told["tracks"]["failed"]) == (0, 2, 1)
    assert told["failures"] == [{"path": str(music / "bad.mp3"), "error": "bad.mp3 is empty (0 bytes)."}]
    alone = music / "alone"
    alone.mkdir()
    (alone / "bad.flac").write_bytes(b"")
    library("add", alone, "--library", tmp_path / "other.sqlite", code=1)


def test_list_find_and_show(file, music):
    text = library("list", "--library", file)
    assert "100.0" in text
    assert "tone\\x1b[2J.wav" in text
    assert "\x1b" not in text
    found = json.loads(library("find", "--bpm", "98-102", "--library", file, "--json"))["tracks"]
    assert [Path(track["path"]).name for track in found] == ["clicks.wav"]
    assert library("find", "--bpm", "100", "clicks", "--library", file).count("\n") == 1
    assert library("find", "nothing", "--library", file) == "no tracks\n"
    assert "away" in library("find", "--like", "clicks", "--library", file)
    shown = library("show", "clicks", "--library", file)
    assert "tempo: 100.0" in shown
    assert "loudness: -" in shown
    data = json.loads(library("show", music / "clicks.wav", "--library", file, "--json"))
    assert data["analysis"]["bpm"] == pytest.approx(100.0, abs=0.1)


def test_remove_and_rescan(file, music):
    assert "clicks.wav is forgotten" in library("remove", "clicks", "--library", file)
    assert "1 heard, 1 unchanged" in library("rescan", "--library", file)
    (music / "clicks.wav").unlink()
    assert "1 missing" in library("rescan", "--library", file)
    assert "missing: the file is gone" in library("list", "--all", "--library", file)
    assert library("remove", music, "--library", file) == f"{music}: 2 tracks are forgotten\n"
    assert library("list", "--all", "--library", file) == "no tracks\n"
    assert (music / "tone\x1b[2J.wav").exists()
    assert library("rescan", "--library", file).startswith("0 music files\n")


def test_wrong_use(file, tmp_path):
    none = tmp_path / "none.sqlite"
    for arguments in (["list"], ["find"], ["show", "1"], ["remove", "1"], ["rescan"]):
        with pytest.raises(BadValue, match="no music library"):
            library(*arguments, "--library", none)
    assert not none.exists()
    for wrong in (["--bpm", "fast"], ["--bpm", "90-80"], ["--limit", "0"]):
        with pytest.raises(BadValue):
            library("find", *wrong, "--library", file)
    with pytest.raises(UnknownName):
        library("find", "--mode", "dur", "--library", file)
    with pytest.raises(BadValue, match="library list"):
        library("show", "nothing", "--library", file)
    with pytest.raises(BadValue):
        library("add", tmp_path, "--workers", "-1", "--library", file)
    with pytest.raises(BadValue, match="no folder"):
        library("add", tmp_path / "nowhere", "--library", file)


def test_the_default_library_is_the_users_own(music, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    from audiopost.music.library import default_path

    library("add", music)
    assert default_path().is_file()
    assert "clicks.wav" in library("list")
