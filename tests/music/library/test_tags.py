"""Tags by both readers, over files that the tests write in every container."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from audiopost.core.music import TrackInfo
from audiopost.music.library import tags

mutagen = pytest.importorskip("mutagen")

KINDS = {
    "mp3": "libmp3lame", "flac": "flac", "m4a": "aac", "ogg": "", "opus": "libopus", "wav": "pcm_s16le",
}  # fmt: skip


def sound(path: Path, metadata: dict[str, str] | None = None) -> Path:
    if path.suffix == ".ogg":  # PyAV's FFmpeg writes no Vorbis
        soundfile.write(path, np.zeros((9600, 2)), 48_000, format="OGG", subtype="VORBIS")
        return path
    with av.open(str(path), "w") as container:
        container.metadata.update(metadata or {})
        stream = container.add_stream(KINDS[path.suffix[1:]], rate=48_000)
        stream.layout = "stereo"
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 2 * 9600), np.int16), format="s16", layout="stereo")
        frame.sample_rate = 48_000
        resampler = av.AudioResampler(stream.format, "stereo", 48_000, frame_size=stream.frame_size or 0)
        for piece in (*resampler.resample(frame), *resampler.resample(None)):
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))
    return path


def by_mutagen(path: Path) -> Path:
    """Every field that the container has a place for."""
    from mutagen import id3, mp4

    sound(path)
    file = mutagen.File(path)
    if path.suffix == ".m4a":
        file.tags.update({
            "©nam": ["靜夜"], "©ART": ["Artist"], "©wrt": ["Composer"], "©alb": ["Album"], "©gen": ["Drama"],
            "tmpo": [92], "cprt": ["CC BY 4.0"],
            "----:com.apple.iTunes:ISRC": [mp4.MP4FreeForm(b"HKA012600001")],
            "----:com.apple.iTunes:PUBLISHER": [mp4.MP4FreeForm(b"Publisher")],
            "----:com.apple.iTunes:SOCIETY": [mp4.MP4FreeForm(b"CASH")],
            "----:com.apple.iTunes:ISWC": [mp4.MP4FreeForm(b"T-034.524.680-1")],
        })  # fmt: skip
    elif path.suffix in (".mp3", ".wav"):
        if file.tags is None:
            file.add_tags()
        for frame in (
            id3.TIT2(3, "靜夜"), id3.TPE1(3, "Artist"), id3.TCOM(3, "Composer"), id3.TPUB(3, "Publisher"),
            id3.TALB(3, "Album"), id3.TCON(3, "Drama"), id3.TBPM(3, "92"), id3.TSRC(3, "HKA012600001"),
            id3.TCOP(3, "CC BY 4.0"), id3.TXXX(3, "SOCIETY", "CASH"), id3.TXXX(3, "ISWC", "T-034.524.680-1"),
        ):  # fmt: skip
            file.tags.add(frame)
    else:
        file.update({
            "title": "靜夜", "artist": "Artist", "composer": "Composer", "publisher": "Publisher", "album": "Album",
            "genre": "Drama", "bpm": "92", "isrc": "HKA012600001", "license": "CC BY 4.0", "society": "CASH",
            "iswc": "T-034.524.680-1",
        })  # fmt: skip
    file.save()
    return path


def expected(path: Path) -> TrackInfo:
    return TrackInfo(
        str(path), "靜夜", "Artist", "Composer", "Publisher", "CASH", "Album", "Drama", "HKA012600001",
        "T-034.524.680-1", "CC BY 4.0", 92.0,
    )  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_of_every_container(tmp_path, kind):
    path = by_mutagen(tmp_path / f"track.{kind}")
    assert tags.read(path) == expected(path)
    assert tags.info(path, tags.mutagen_fields(path)) == expected(path)


@pytest.mark.parametrize("kind", KINDS)
def test_without_mutagen_the_usual_fields_are_read(tmp_path, kind, monkeypatch):
    path = by_mutagen(tmp_path / f"track.{kind}")
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *a: None if name == "mutagen" else real(name, *a))
    assert tags.mutagen_fields(path) == {}
    found = tags.read(path)
    assert (found.title, found.artist, found.album, found.genre) == ("靜夜", "Artist", "Album", "Drama")
    assert (found.composer, found.licence) == ("Composer", "CC BY 4.0")
    # FFmpeg does not tell an MP4's tempo.
    assert found.tagged_bpm == (None if kind == "m4a" else 92.0)


def test_what_wav_files_of_recorders_say(tmp_path):
    found = tags.read(
        sound(tmp_path / "a.wav", {"title": "Take 3", "artist": "B", "genre": "Sting", "copyright": "ours"})
    )
    assert (found.title, found.artist, found.genre, found.licence) == ("Take 3", "B", "Sting", "ours")


def test_without_tags_and_without_sense(tmp_path):
    path = sound(tmp_path / "plain.flac")
    assert tags.read(path) == TrackInfo(str(path))
    (tmp_path / "no.mp3").write_bytes(b"ID3\x04\x00\x00\x7f\x7f\x7f\x7f" + b"\xff" * 200)
    assert tags.read(tmp_path / "no.mp3") == TrackInfo(str(tmp_path / "no.mp3"))
    assert tags.read(tmp_path / "none.mp3") == TrackInfo(str(tmp_path / "none.mp3"))


@pytest.mark.parametrize(
    ("text", "bpm"), [("92", 92.0), ("92.50", 92.5), ("92,5 BPM", 92.5), ("0", None), ("fast", None), ("9999", None)]
)
def test_tempo_tags(text, bpm):
    assert tags.info(Path("a"), {"tbpm": text}).tagged_bpm == bpm


def test_a_tag_is_one_line_of_text():
    assert tags._clean(["a\x00b\x1b[2J\n c", " d "]) == "a b [2J c; d"
    assert len(tags._clean(["x" * 9999])) == 500
