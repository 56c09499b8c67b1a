"""Recordings and results that lie elsewhere, through fsspec; and what the ledger's hashes leave out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest

from audiopost.batch import places
from audiopost.batch.hashes import content_sha256
from audiopost.core.errors import InputError, MissingExtra, OutputError


@pytest.fixture
def memory() -> Iterator[fsspec.AbstractFileSystem]:
    files = fsspec.filesystem("memory")
    yield files
    for path in files.find("/"):
        files.rm(path)


def test_a_recording_elsewhere_is_a_file_here_as_long_as_it_is_needed(
    tmp_path: Path, memory: fsspec.AbstractFileSystem
) -> None:
    memory.pipe("/in/ep 1.wav", b"sound")
    assert places.stat("memory://in/ep 1.wav")[0] == 5
    with places.fetched("memory://in/ep 1.wav", tmp_path / "copy") as path:
        assert path.name == "ep 1.wav"
        assert path.read_bytes() == b"sound"
    assert list(tmp_path.iterdir()) == []
    own = tmp_path / "own.wav"
    own.write_bytes(b"1")
    with places.fetched(str(own), tmp_path) as path:
        assert path == own
    assert own.exists()


def test_a_changed_object_looks_changed(memory: fsspec.AbstractFileSystem) -> None:
    memory.pipe("/in/a.wav", b"1")
    before = places.stat("memory://in/a.wav")
    assert before == places.stat("memory://in/a.wav")
    memory.pipe("/in/a.wav", b"2")
    assert before != places.stat("memory://in/a.wav")


def test_what_is_not_there_is_said(tmp_path: Path, memory: fsspec.AbstractFileSystem) -> None:
    with pytest.raises(InputError, match=r"memory://in/none\.wav"):
        places.stat("memory://in/none.wav")
    with pytest.raises(InputError, match=r"none\.wav"), places.fetched("memory://in/none.wav", tmp_path / "copy"):
        pass
    with pytest.raises(InputError, match=r"gone\.wav"):
        places.stat(str(tmp_path / "gone.wav"))
    with pytest.raises(MissingExtra, match="pip install"):
        places.system("nosuch://bucket/a")


def test_results_are_put_to_the_same_places_whole(tmp_path: Path, memory: fsspec.AbstractFileSystem) -> None:
    (tmp_path / "season 1").mkdir()
    (tmp_path / "season 1" / "ep.srt").write_text("1")
    (tmp_path / "ep.wav").write_bytes(b"2")
    places.publish(tmp_path, ["season 1/ep.srt", "ep.wav"], "memory://out/show")
    assert memory.cat("/out/show/season 1/ep.srt") == b"1"
    assert sorted(memory.find("/out")) == ["/out/show/ep.wav", "/out/show/season 1/ep.srt"]
    with pytest.raises(OutputError, match=r"gone\.srt"):
        places.publish(tmp_path, ["gone.srt"], "memory://out/show")
    assert len(memory.find("/out")) == 2


def test_a_local_url_is_written_beside_and_moved(tmp_path: Path) -> None:
    (tmp_path / "a.srt").write_text("1")
    places.publish(tmp_path, ["a.srt"], f"file://{tmp_path}/out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.srt"]


def test_places_are_joined_as_their_kind_wants() -> None:
    assert places.below("s3://bucket/out/", "a/b.srt") == "s3://bucket/out/a/b.srt"
    assert places.below("/out", "a/b.srt") == str(Path("/out/a/b.srt"))
    assert places.is_url("s3://x")
    assert not places.is_url(r"C:\films")


def test_hashes_leave_out_what_two_equal_runs_differ_in(tmp_path: Path) -> None:
    def record(seconds: float, sha: str) -> str:
        return json.dumps({
            "steps": [{"stage": "denoise", "timing": {"seconds": seconds}}],
            "deliverables": [
                {"kind": "report", "sha256": sha, "bytes": 7 + len(sha)}, {"kind": "srt", "sha256": "same"},
            ],
        })  # fmt: skip

    path = tmp_path / "a.provenance.json"
    found = set()
    for seconds, sha in ((1.0, "aa"), (2.0, "bbb")):
        path.write_text(record(seconds, sha))
        found.add(content_sha256("provenance", path))
    assert len(found) == 1
    path.write_text(record(1.0, "aa").replace("same", "other"))
    assert content_sha256("provenance", path) not in found
    assert content_sha256("report", path) == ""
