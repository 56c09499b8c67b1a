"""A zip that is made while it is sent: whole, in order, with names of any script, never as a whole in memory."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from audiopost.io.zipping import zipped


def test_what_was_put_in_comes_out(tmp_path: Path) -> None:
    sound, text = tmp_path / "場 1.wav", tmp_path / "a.srt"
    sound.write_bytes(bytes(range(256)) * 20_000)
    text.write_text("hello\n" * 5_000)
    chunks = list(zipped([("場 1/場 1.wav", sound), ("a.srt", text)]))
    assert max(map(len, chunks)) < 2 << 20
    archive = zipfile.ZipFile(io.BytesIO(b"".join(chunks)))
    assert archive.namelist() == ["場 1/場 1.wav", "a.srt"]
    assert archive.read("場 1/場 1.wav") == sound.read_bytes()
    assert archive.read("a.srt") == text.read_bytes()
    assert archive.testzip() is None
    assert archive.getinfo("場 1/場 1.wav").compress_type == zipfile.ZIP_STORED
    assert archive.getinfo("a.srt").compress_size < 500


def test_nothing_is_a_zip_too() -> None:
    assert zipfile.ZipFile(io.BytesIO(b"".join(zipped([])))).namelist() == []


@pytest.mark.slow
def test_it_passes_four_gibibytes(tmp_path: Path) -> None:
    """A sparse file; the chunks are counted, not kept."""
    long = tmp_path / "film.wav"
    with long.open("wb") as file:
        file.truncate((4 << 30) + 5)
    (tmp_path / "end.txt").write_text("end")
    tail, size = b"", 0
    for chunk in zipped([("film.wav", long), ("end.txt", tmp_path / "end.txt")]):
        size += len(chunk)
        tail = (tail + chunk)[-600:]
    assert size > (4 << 30) + 5
    assert b"PK\x06\x06" in tail  # the ZIP64 end of the directory
