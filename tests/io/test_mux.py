"""Films with new sound: the picture untouched, sound and captions in step."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from audiopost.core.audio import LAYOUTS, Audio
from audiopost.core.errors import AudiopostError, BadValue, UnreadableMedia
from audiopost.io.decode import decode
from audiopost.io.mux import iso_639_2, mux, target_suffix

#: These tones one sample late at 48 kHz have at most 29.5 dB; AAC at our bit rate reaches 37.
ONE_SAMPLE_DB = 33
CAPTIONS = [(0.2, 0.9, "Hello there,\nwelcome. <b> {x}"), (1.0, 1.8, "佢哋琴日喺銅鑼灣")]


def voices(channels: int, rate: int, seconds: float = 2.0) -> Audio:
    """A wavering tone of its own in each channel; low in the LFE, which AAC limits to low frequencies."""
    t = np.arange(round(seconds * rate)) / rate
    hz = [40 if name == "LFE" else 220 + 70 * n for n, name in enumerate(LAYOUTS[channels])]
    return Audio(np.stack([0.3 * np.sin(2 * np.pi * f * t) * (0.6 + 0.4 * np.sin(9 * t)) for f in hz]), rate)


def film(path: Path, codec: str = "libx264", *, frames: int = 50, first: int = 0) -> Path:
    """A picture whose first frame comes `first` frames late, with silent stereo sound from 0."""
    with av.open(str(path), "w") as output:
        picture = output.add_stream(codec, rate=25)
        picture.width, picture.height, picture.pix_fmt = 64, 48, "yuv420p"
        picture.metadata["timecode"] = "01:00:00:00"
        output.metadata["title"] = "Prüfung"
        sound = output.add_stream("libopus" if path.suffix == ".webm" else "aac", rate=48000, layout="stereo")
        sound.metadata["language"] = "fra"
        size = sound.codec_context.frame_size or 960
        for n in range(96000 // size):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, size * 2), np.float32), format="flt", layout="stereo")
            frame.sample_rate, frame.pts, frame.time_base = 48000, n * size, Fraction(1, 48000)
            for ready in av.AudioResampler(sound.codec_context.format.name, "stereo", 48000).resample(frame):
                output.mux(sound.encode(ready))
        output.mux(sound.encode(None))
        for n in range(frames):
            image = np.full((48, 64, 3), n * 5 % 255, np.uint8)
            image[:, :n] = 200
            shot = av.VideoFrame.from_ndarray(image, format="rgb24")
            shot.pts, shot.time_base = n + first, Fraction(1, 25)
            output.mux(picture.encode(shot))
        output.mux(picture.encode(None))
    return path


def pictures(path: Path) -> list[tuple[float, bytes]]:
    """Time since the film's start, and bytes, of each video packet."""
    with av.open(str(path)) as media:
        origin = (media.start_time or 0) / av.time_base
        stream = media.streams.video[0]
        return [(float(p.pts * p.time_base) - origin, bytes(p)) for p in media.demux(stream) if p.size]


def texts(path: Path) -> list[tuple[float, float, str]]:
    with av.open(str(path)) as media:
        (stream,) = media.streams.subtitles
        skip = 2 if stream.codec_context.name == "mov_text" else 0  # a length before the text
        packets = [p for p in media.demux(stream) if p.size > skip]
        return [
            (float(p.pts * p.time_base), float(p.duration * p.time_base), bytes(p)[skip:].decode()) for p in packets
        ]


def snr_db(wanted: Audio, got: Audio) -> float:
    assert got.channels == wanted.channels
    assert abs(got.frames - wanted.frames) <= 1
    frames = min(got.frames, wanted.frames)
    x, y = wanted.samples[:, :frames], got.samples[:, :frames]
    return float(10 * np.log10(np.sum(x**2) / np.sum((x - y) ** 2)))


@pytest.mark.parametrize(
    ("source", "codec", "target", "audio", "sound", "least_db"),
    [
        ("s.mp4", "libx264", "t.mp4", (2, 48000), "aac", ONE_SAMPLE_DB),
        ("s.mp4", "libx264", "t.mp4", (6, 48000), "aac", ONE_SAMPLE_DB),
        ("s.mp4", "mpeg4", "t.mp4", (8, 96000), "aac", 30),
        ("s.mp4", "mpeg4", "t.mp4", (1, 8000), "aac", 20),
        ("s.mov", "mpeg4", "t.mov", (6, 48000), "pcm_s24le", 110),
        ("s.mov", "libx264", "t.mov", (8, 192000), "pcm_s24le", 110),
        ("s.mkv", "libx264", "t.mkv", (2, 44100), "flac", 110),
        ("s.mkv", "libx264", "t.mkv", (6, 192000), "flac", 110),
        ("s.webm", "libvpx-vp9", "t.mkv", (1, 48000), "flac", 110),
    ],
)
def test_picture_untouched_sound_and_text_in_step(tmp_path, source, codec, target, audio, sound, least_db):
    source, wanted = film(tmp_path / source, codec), voices(*audio)
    steps: list[float] = []
    path = mux(source, wanted, tmp_path / target, captions=CAPTIONS, language="yue",
               progress=lambda _, done, total: steps.append(done / total))  # fmt: skip
    before, after = pictures(source), pictures(path)
    assert [data for _, data in after] == [data for _, data in before]
    assert max(abs(a - b) for (a, _), (b, _) in zip(after, before, strict=True)) < 0.002
    decoded = decode(path)
    assert (decoded.subtype, decoded.audio.rate, decoded.audio.layout) == (sound, audio[1], wanted.layout)
    assert snr_db(wanted, decoded.audio) > least_db
    first, second = texts(path)
    assert (first[0], second[0]) == (pytest.approx(0.2, abs=0.002), pytest.approx(1.0, abs=0.002))
    assert (first[1], second[1]) == (pytest.approx(0.7, abs=0.002), pytest.approx(0.8, abs=0.002))
    assert first[2].splitlines() == ["Hello there,", "welcome. <b> ｛x｝"]
    assert second[2] == "佢哋琴日喺銅鑼灣"
    assert steps == sorted(steps)
    assert steps[-1] == 1.0


def test_tags_timecode_and_languages_go_along(tmp_path):
    source = film(tmp_path / "s.mp4")
    for name, chinese in (("t.mp4", "zho"), ("t.mov", "chi"), ("t.mkv", "zho")):
        path = mux(source, voices(2, 48000), tmp_path / name, captions=CAPTIONS, language="yue")
        with av.open(str(path)) as media:
            assert media.metadata["title" if "title" in media.metadata else "TITLE"] == "Prüfung"
            assert media.streams.audio[0].metadata["language"] in ("fra", "fre")
            assert media.streams.subtitles[0].metadata["language"] in (chinese, "chi")
            assert media.duration / av.time_base == pytest.approx(2.0, abs=0.03)
            tags = {k.lower(): v for s in media.streams for k, v in s.metadata.items()}
            assert tags["timecode"] == "01:00:00:00"


def test_a_late_picture_stays_late(tmp_path):
    source = film(tmp_path / "s.mp4", first=3)
    path = mux(source, voices(2, 48000, 2.12), tmp_path / "t.mp4")
    assert pictures(path)[0][0] == pytest.approx(0.12, abs=0.001)
    assert snr_db(voices(2, 48000, 2.12), decode(path).audio) > ONE_SAMPLE_DB


def test_rotation_goes_along(tmp_path):
    source = film(tmp_path / "s.mp4", "mpeg4")
    data = source.read_bytes()
    upright = struct.pack(">9i", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
    turned = struct.pack(">9i", 0, 1 << 16, 0, -(1 << 16), 0, 0, 48 << 16, 0, 1 << 30)
    at = data.index(upright, data.index(b"tkhd"))  # the film's own matrix comes before, in mvhd
    source.write_bytes(data[:at] + turned + data[at + 36 :])
    path = mux(source, voices(1, 48000), tmp_path / "t.mp4")

    def rotation(name: Path) -> int:
        with av.open(str(name)) as media:
            return next(media.decode(video=0)).rotation

    assert rotation(source) != 0
    assert rotation(path) == rotation(source)


def test_long_sound_empty_captions_and_loud_samples(tmp_path):
    source = film(tmp_path / "s.mp4", "mpeg4", frames=10)
    loud = Audio(np.full((2, 96000), 1.7, np.float32), 48000)
    path = mux(source, loud, tmp_path / "t.mkv", captions=[])
    got = decode(path).audio
    assert got.frames == 96000
    assert got.peak() <= 1.0
    with av.open(str(path)) as media:
        assert not media.streams.subtitles
    path = mux(source, loud, tmp_path / "e.mkv", captions=[(0, 1, " \n"), (1, 1.5, "")])
    with av.open(str(path)) as media:
        assert not media.streams.subtitles


def test_rates_aac_lacks_become_48k(tmp_path):
    path = mux(film(tmp_path / "s.mp4", "mpeg4"), voices(2, 192000), tmp_path / "t.mp4")
    assert snr_db(voices(2, 48000), decode(path).audio) > ONE_SAMPLE_DB


def test_captions_that_overlap_or_begin_together(tmp_path):
    captions = [(0.5, 1.5, "one"), (0.5, 1.0, "two"), (1.2, 1.4, "three")]
    path = mux(film(tmp_path / "s.mp4", "mpeg4"), voices(1, 48000), tmp_path / "t.mp4", captions=captions)
    first, second = texts(path)
    assert first[2].splitlines() == ["two", "one"]
    assert first[0] + first[1] == pytest.approx(second[0], abs=0.002)
    assert second[2] == "three"


def test_refusals_leave_nothing_behind(tmp_path):
    source = film(tmp_path / "s.mp4", "mpeg4")
    target = tmp_path / "out"
    target.mkdir()
    with pytest.raises(BadValue, match=r"\.avi"):
        mux(source, voices(1, 48000), target / "t.avi")
    with pytest.raises(BadValue, match="9"):
        mux(source, Audio(np.zeros((9, 100)), 48000), target / "t.mp4")
    sound_only = tmp_path / "a.mp4"
    with av.open(str(sound_only), "w") as output:
        stream = output.add_stream("aac", rate=48000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate, frame.pts = 48000, 0
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    with pytest.raises(UnreadableMedia, match="no picture"):
        mux(sound_only, voices(1, 48000), target / "t.mp4")
    with pytest.raises(AudiopostError):
        mux(tmp_path / "absent.mp4", voices(1, 48000), target / "t.mp4")
    assert list(target.iterdir()) == []


def test_suffixes_and_codes():
    names = ("a.MP4", "a.mov", "a.mkv", "a.webm", "a.avi")
    assert [target_suffix(Path(name)) for name in names] == [".mp4", ".mov", ".mkv", ".mkv", ".mkv"]
    assert [iso_639_2(c) for c in ("en-GB", "yue", "zh-Hant", "fil", "und", "", "xx")] == [
        "eng", "zho", "zho", "fil", "und", "und", "und",
    ]  # fmt: skip
