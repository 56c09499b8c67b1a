"""Films with new sound: the picture untouched, sound and captions in step."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from audiopost.core.audio import LAYOUTS, Audio
from audiopost.core.errors import AudiopostError, BadValue, DiskFull, UnreadableMedia
from audiopost.core.time import FrameRate, Timebase
from audiopost.io.codecs import CODECS
from audiopost.io.decode import decode
from audiopost.io.mux import CONTAINERS, check, film_codec, iso_639_2, mux, target_suffix

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


STARTS = [("0", "0"), ("0.2", "0"), ("0", "0.2"), ("0", "0.03"), ("-0.2", "0"), ("0", "-0.1"), ("0.12", "0.5")]


def digests(path: Path) -> list[str]:
    with av.open(str(path)) as media:
        return [hashlib.sha256(bytes(p)).hexdigest() for p in media.demux(media.streams.video[0]) if p.size]


@pytest.mark.parametrize(("video_s", "audio_s"), STARTS)
@pytest.mark.parametrize(
    ("source", "picture", "sound", "target", "codec"),
    [
        ("s.mp4", "libx264", "aac", "t.mp4", "auto"),
        ("s.mp4", "mpeg4", "aac", "t.mp4", "mp3"),
        ("s.mov", "mpeg4", "pcm_s24le", "t.mov", "auto"),
        ("s.mkv", "libx264", "flac", "t.mkv", "auto"),
        ("s.mkv", "mpeg4", "flac", "t.mkv", "opus"),
    ],
)
def test_clap_and_flash_stay_together(
    slate, clap, flash, tmp_path, source, picture, sound, target, codec, video_s, audio_s
):
    """Starts of their own, edit lists and priming in the source: in step when decoded, and in step when delivered."""
    film = slate(source, picture, sound, video_s=video_s, audio_s=audio_s)
    audio = decode(film).audio
    assert clap(audio) == pytest.approx(flash(film), abs=0.5 / 48_000)
    made = mux(film, audio, tmp_path / target, codec=codec)
    assert digests(made) == digests(film)
    assert flash(made) == pytest.approx(flash(film), abs=1e-6)
    assert clap(decode(made).audio) == pytest.approx(flash(made), abs=0.5 / 48_000)


def _boxes(data: bytes, start: int, end: int) -> Iterator[tuple[int, int, bytes]]:
    while start + 8 <= end:
        size, kind = struct.unpack(">I4s", data[start : start + 8])
        yield start, size, kind
        start += size


def _box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(body), kind) + body


def with_edits(film: Path, edits: dict[bytes, list[tuple[int, int]]]) -> Path:
    """A copy of a mov whose tracks (b'vmhd', b'smhd') show these (duration, start in the media) and nothing else."""
    data = film.read_bytes()
    start, size = next((a, n) for a, n, kind in _boxes(data, 0, len(data)) if kind == b"moov")
    moov = b""
    for a, n, kind in _boxes(data, start + 8, start + size):
        box = data[a : a + n]
        track = next((t for t in edits if t in box), b"")
        if kind == b"trak" and track:
            parts = [(box[b : b + m], k) for b, m, k in _boxes(box, 8, len(box)) if k != b"edts"]
            rows = b"".join(struct.pack(">IiHH", length, at, 1, 0) for length, at in edits[track])
            elst = _box(b"edts", _box(b"elst", struct.pack(">II", 0, len(edits[track])) + rows))
            box = _box(b"trak", b"".join(part + (elst if k == b"tkhd" else b"") for part, k in parts))
        moov += box
    made = film.with_name("edited.mov")
    made.write_bytes(data[:start] + _box(b"moov", moov))
    return made


@pytest.mark.parametrize(
    "edits",
    [
        {b"smhd": [(12_000, -1), (132_000, 0)]},  # the sound comes a quarter of a second later
        {b"smhd": [(120_000, 24_000)]},  # half a second of the sound is cut off
        {b"vmhd": [(96_000, 12_800 * 48 // 100)], b"smhd": [(96_000, 23_040)]},  # both begin at the twelfth frame
    ],
)
def test_edit_lists_are_honoured(slate, clap, flash, tmp_path, edits):
    film = with_edits(slate("s.mov", "mpeg4", "pcm_s24le"), edits)
    audio = decode(film).audio
    lead, begun = edits[b"smhd"][0]
    expected = 1 + (lead if begun < 0 else -begun) / 48_000
    assert clap(audio) == pytest.approx(expected, abs=0.5 / 48_000)
    made = mux(film, audio, tmp_path / "t.mov")
    assert flash(made) == pytest.approx(flash(film), abs=1e-6)
    assert clap(decode(made).audio) == pytest.approx(expected, abs=0.5 / 48_000)


def test_a_picture_cut_in_pieces_is_refused_before_the_work(slate, tmp_path):
    cut = with_edits(slate("s.mov", "mpeg4", "pcm_s24le"), {b"vmhd": [(24_000, 0), (96_000, 10_240)]})
    with pytest.raises(BadValue, match=r"edit list.*flattened"):
        check(cut, ("L", "R"), 48_000)
    assert check(slate("w.mov", "mpeg4", "pcm_s24le", video_s="-0.2"), ("L", "R"), 48_000) == "pcm"


@pytest.mark.parametrize("target", ["t.mp4", "t.mov", "t.mkv"])
@pytest.mark.parametrize("layout", [LAYOUTS[3], LAYOUTS[4], ("L", "R", "C", "Cs"), LAYOUTS[5], LAYOUTS[7]])
def test_film_sound_is_labelled(tmp_path, target, layout):
    """L C R, L C R S, quad: told apart by every container; 6.1 in mp4 is FLAC, since AAC would lose the names."""
    wanted = Audio(voices(len(layout), 48_000).samples, 48_000, layout)
    got = decode(mux(film(tmp_path / "s.mp4", "mpeg4"), wanted, tmp_path / target)).audio
    assert got.layout == layout
    assert snr_db(wanted, got) > 30


@pytest.mark.parametrize(
    ("suffix", "codecs"), [(s, [c for c in box.codecs if c not in ("mp3", "opus")]) for s, box in CONTAINERS.items()]
)
def test_every_codec_of_a_container(tmp_path, suffix, codecs):
    source, wanted = film(tmp_path / "s.mp4", "mpeg4"), voices(6, 48_000)
    for codec in codecs:
        made = decode(mux(source, wanted, tmp_path / f"t{suffix}", codec=codec))
        assert made.subtype == CODECS[codec].encoder
        assert made.audio.layout == wanted.layout
        assert 0 <= made.audio.frames - wanted.frames < 2048
        same = Audio(made.audio.read(0, wanted.frames), 48_000, wanted.layout)
        assert snr_db(wanted, same) > ONE_SAMPLE_DB - 5


@pytest.mark.parametrize(
    ("suffix", "layout", "codec", "words"),
    [
        (".mp4", LAYOUTS[2], "pcm", "has no pcm.*aac, flac"),
        (".mov", LAYOUTS[6], "mp3", "mp3 does not hold 6.*pcm or aac"),
        (".mkv", tuple(f"ch{n}" for n in range(16)), "auto", "1 to 8 channels, not 16.*wav"),
    ],
)
def test_codecs_and_layouts_that_do_not_go_are_told(suffix, layout, codec, words):
    with pytest.raises(BadValue, match=words):
        film_codec(suffix, layout, codec)


@pytest.mark.parametrize("target", ["t.mp4", "t.mov", "t.mkv"])
@pytest.mark.parametrize(
    ("timebase", "wanted"),
    [
        (Timebase(FrameRate.parse("25"), "10:00:00:12"), "10:00:00:12"),
        (Timebase(FrameRate.parse("25"), "00:00:00:00"), "00:00:00:00"),
        (Timebase(FrameRate.parse("50"), "10:00:00:24"), "10:00:00:12"),  # counted at the picture's 25
        (None, "01:00:00:00"),
    ],
)
def test_the_timecode_asked_for_reaches_the_film(tmp_path, target, timebase, wanted):
    made = mux(film(tmp_path / "s.mp4", "mpeg4"), voices(2, 48_000), tmp_path / target, timebase=timebase)
    assert decode(made).timebase.start_timecode == wanted
    with av.open(str(made)) as media:
        assert [s.type for s in media.streams if s.type == "data"] == ([] if target == "t.mkv" else ["data"]), "tmcd"


def test_no_timecode_where_nobody_gave_one(slate, tmp_path):
    made = mux(slate("s.mov", "mpeg4", "pcm_s24le"), voices(2, 48_000), tmp_path / "t.mov", timebase=Timebase())
    with av.open(str(made)) as media:
        assert [s.type for s in media.streams] == ["video", "audio"]


def test_a_full_disk_is_told_and_nothing_is_left(tmp_path, small_disk):
    source = film(tmp_path / "s.mp4", "mpeg4")
    noise = Audio(np.random.default_rng(0).normal(0, 0.1, (2, 48_000 * 75)), 48_000)
    for name in ("t.mp4", "t.mov", "t.mkv"):
        with pytest.raises(DiskFull, match="No room"):
            mux(source, noise, small_disk / name)
        assert not list(small_disk.iterdir())
