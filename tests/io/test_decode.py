from __future__ import annotations

import struct
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import soundfile

from audiopost.core.audio import Audio
from audiopost.core.errors import AudiopostError, BadValue, EmptyMedia, InputError, NoAudioTrack, UnreadableMedia
from audiopost.io.codecs import CODECS
from audiopost.io.decode import load
from audiopost.io.encode import write_wav
from audiopost.io.riff import Broadcast
from audiopost.io.track import Track

MakeMedia = Callable[..., Path]


def snr_db(reference: np.ndarray, got: np.ndarray) -> float:
    n = min(reference.shape[-1], got.shape[-1])
    error = reference[..., :n] - got[..., :n]
    return float(10 * np.log10(np.sum(reference[..., :n] ** 2) / max(np.sum(error**2), 1e-20)))


def chord(seconds: float = 2.0, rate: int = 48_000, channels: int = 2) -> Audio:
    """A different low note on each channel, so that order and alignment show."""
    t = np.arange(round(seconds * rate)) / rate
    return Audio(np.stack([0.3 * np.sin(2 * np.pi * (200 + 90 * c) * t) for c in range(channels)]), rate)


@pytest.mark.parametrize(("suffix", "format_"), [("wav", "WAV"), ("flac", "FLAC"), ("aiff", "AIFF"), ("wav", "RF64")])
@pytest.mark.parametrize("channels", [1, 2, 6, 8])
@pytest.mark.parametrize("rate", [8000, 48_000, 192_000])
def test_lossless_files_are_exact(tmp_path: Path, suffix: str, format_: str, channels: int, rate: int) -> None:
    audio = chord(0.25, rate, channels)
    path = tmp_path / f"a.{suffix}"
    soundfile.write(path, audio.samples.T, rate, format=format_, subtype="PCM_24")
    project = load(path)
    assert (project.audio.rate, project.audio.channels, project.audio.frames) == (rate, channels, audio.frames)
    if (format_, channels) != ("RF64", 8):  # libsndfile states a 7.1 "wide" mask there, which is believed
        assert project.audio.layout == audio.layout
    assert np.abs(project.audio.samples - audio.samples).max() < 2**-23
    assert not project.media.warnings


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.mp3", "libmp3lame"), ("a.m4a", "aac"), ("a.opus", "libopus"), ("a.mka", "ac3")],
)
def test_compressed_files_come_back_aligned(make_media: MakeMedia, name: str, codec: str) -> None:
    audio = chord()
    got = load(make_media(name, audio, codec)).audio
    assert abs(got.frames - audio.frames) <= 2400, "padding is cut"
    assert snr_db(audio.samples, got.samples) > 20, "start is sample-exact"


def test_ogg_vorbis(tmp_path: Path) -> None:
    audio = chord()
    soundfile.write(tmp_path / "a.ogg", audio.samples.T, audio.rate)
    got = load(tmp_path / "a.ogg").audio
    assert abs(got.frames - audio.frames) <= 2400
    assert snr_db(audio.samples, got.samples) > 20


@pytest.mark.parametrize(
    ("name", "codec"),
    [("f.mp4", "aac"), ("f.mov", "pcm_s24le"), ("f.mkv", "flac"), ("f.webm", "libopus")],
)
def test_films(make_media: MakeMedia, name: str, codec: str) -> None:
    audio = chord()
    project = load(make_media(name, audio, codec, video=True))
    assert project.media.has_video
    assert project.media.timebase.rate.fraction == 25
    assert abs(project.audio.frames - audio.frames) <= 1024
    assert snr_db(audio.samples, project.audio.samples) > 20


@pytest.mark.parametrize("channels", [6, 8])
def test_surround_films_keep_channel_order(make_media: MakeMedia, channels: int) -> None:
    audio = chord(channels=channels)
    got = load(make_media("f.mkv", audio, "flac", video=True)).audio
    assert got.layout == audio.layout
    assert snr_db(audio.samples, got.samples) > 60


def test_timecode_of_a_film(make_media: MakeMedia) -> None:
    path = make_media("f.mov", chord(), "pcm_s16le", video=True, fps=Fraction(30000, 1001), timecode="01:00:00;00")
    timebase = load(path).media.timebase
    assert (str(timebase.rate), timebase.start_timecode) == ("29.97df", "01:00:00;00")
    assert load(path, start_timecode="10:00:00;00").media.timebase.start_timecode == "10:00:00;00"
    assert str(load(path, fps="25").media.timebase.rate) == "25"


def test_timecode_of_a_broadcast_wav(tmp_path: Path) -> None:
    path = tmp_path / "b.wav"
    soundfile.write(path, np.zeros(4800), 48_000, subtype="PCM_24")
    data = path.read_bytes()
    bext = bytes(338) + struct.pack("<Q", 48_000 * 3600 * 10) + bytes(256)
    chunk = b"bext" + struct.pack("<I", len(bext)) + bext
    body = data[8:12] + chunk + data[12:]
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    assert load(path).media.timebase.start_timecode == "10:00:00:00"


def test_late_sound_keeps_its_place(make_media: MakeMedia, tmp_path: Path) -> None:
    import av

    film = make_media("f.mkv", chord(), "flac", video=True)
    late = tmp_path / "late.mkv"
    with av.open(str(film)) as source, av.open(str(late), "w") as target:
        streams = {s.index: target.add_stream_from_template(s) for s in source.streams}
        for packet in source.demux():
            if packet.dts is None:
                continue
            if packet.stream.type == "audio":
                shift = round(Fraction(1, 2) / packet.time_base)
                packet.pts += shift
                packet.dts += shift
            packet.stream = streams[packet.stream.index]
            target.mux(packet)
    got = load(late).audio
    assert np.abs(got.read(0, 23_000)).max() == 0
    assert snr_db(chord().samples, got.samples[:, 24_000:]) > 40


def test_nan_and_infinity_become_silence_and_are_told(tmp_path: Path) -> None:
    samples = np.full((1000, 1), 0.5, np.float32)
    samples[10:20] = np.nan
    samples[30] = np.inf
    path = tmp_path / "n.wav"
    soundfile.write(path, samples, 48_000, subtype="FLOAT")
    project = load(path)
    assert np.isfinite(project.audio.samples).all()
    assert np.all(project.audio.samples[0, 10:20] == 0)
    assert "11 samples" in project.media.warnings[0]


def test_one_frame(tmp_path: Path) -> None:
    path = tmp_path / "one.wav"
    soundfile.write(path, np.array([0.25]), 48_000)
    assert load(path).audio.frames == 1


def test_non_ascii_name(tmp_path: Path) -> None:
    path = tmp_path / "花樣年華 été.flac"
    soundfile.write(path, np.zeros(100), 48_000)
    assert load(path).audio.frames == 100


def broken(tmp_path: Path, make_media: MakeMedia, kind: str) -> Path:
    path = tmp_path / f"{kind}.wav"
    if kind == "empty":
        path.write_bytes(b"")
    elif kind == "text":
        path.write_text("This is not audio.\n" * 50)
    elif kind == "no-samples":
        soundfile.write(path, np.zeros(0), 48_000)
    elif kind == "no-audio-track":
        return make_media("silent.mp4", None, video=True)
    elif kind == "truncated-mp4":
        film = make_media("f.mp4", chord(), "aac", video=True)
        path = tmp_path / "cut.mp4"
        path.write_bytes(film.read_bytes()[: film.stat().st_size // 2])
    elif kind == "folder":
        path.mkdir()
    elif kind == "random-bytes":
        path.write_bytes(np.random.default_rng(0).bytes(5000))
    return path


@pytest.mark.parametrize(
    ("kind", "error", "words"),
    [
        ("empty", EmptyMedia, "0 bytes"),
        ("text", UnreadableMedia, "not a sound file"),
        ("no-samples", EmptyMedia, "no samples"),
        ("no-audio-track", NoAudioTrack, "no audio track"),
        ("truncated-mp4", UnreadableMedia, "copy it again"),
        ("folder", InputError, "is a folder"),
        ("missing", InputError, "no file"),
        ("random-bytes", UnreadableMedia, "not a sound file"),
    ],
)
def test_bad_files_are_named(
    tmp_path: Path, make_media: MakeMedia, kind: str, error: type[AudiopostError], words: str
) -> None:
    path = broken(tmp_path, make_media, kind)
    with pytest.raises(error) as raised:
        load(path)
    assert words in str(raised.value)
    assert path.name in str(raised.value)
    assert raised.value.exit_code == 1


def test_truncated_wav_gives_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "t.wav"
    soundfile.write(path, chord(1.0).samples.T, 48_000, subtype="PCM_24")
    path.write_bytes(path.read_bytes()[:100_000])
    project = load(path)
    assert 16_000 < project.audio.frames < 17_000
    assert snr_db(chord(1.0).samples[:, : project.audio.frames], project.audio.samples) > 100
    assert "ends" in project.media.warnings[0]


def test_cover_picture_is_no_film(tmp_path: Path) -> None:
    import av

    path = tmp_path / "a.mp3"
    with av.open(str(path), "w") as container:
        sound = container.add_stream("libmp3lame", rate=48_000, layout="stereo")
        cover = container.add_stream("mjpeg")
        cover.width, cover.height, cover.pix_fmt = 64, 48, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        image = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 90, np.uint8), format="rgb24")
        frame = av.AudioFrame.from_ndarray(chord().samples.copy(), format="fltp", layout="stereo")
        frame.sample_rate = 48_000
        for packet in [*cover.encode(image), *cover.encode(None), *sound.encode(frame), *sound.encode(None)]:
            container.mux(packet)
    with av.open(str(path)) as made:
        assert made.streams.video, "the file has a cover"
    project = load(path)
    assert not project.media.has_video
    assert snr_db(chord().samples, project.audio.samples) > 20


def test_float_films_are_float_and_their_broken_numbers_are_silence(make_media: MakeMedia) -> None:
    samples = chord().samples.copy()
    samples[:, 100:110] = np.nan
    project = load(make_media("f.mov", Audio(samples, 48_000), "pcm_f32le", video=True))
    assert project.media.is_float
    assert np.isfinite(project.audio.samples).all()
    assert np.all(project.audio.read(100, 110) == 0)
    assert "20 samples are NaN" in project.media.warnings[0]


def test_sound_that_changes_its_format_on_the_way(make_media: MakeMedia, tmp_path: Path) -> None:
    stereo = make_media("a.mp3", chord(), "libmp3lame")
    mono = make_media("b.mp3", chord(channels=1), "libmp3lame")
    joined = tmp_path / "joined.mp3"
    joined.write_bytes(stereo.read_bytes() + mono.read_bytes())
    project = load(joined)
    assert project.audio.channels == 2
    assert project.audio.duration_s == pytest.approx(4.0, abs=0.1)
    late = project.audio.between(3.0, 3.5).samples
    assert np.abs(late).max() > 0.1
    assert np.array_equal(late[0], late[1])
    assert any("changes format" in warning for warning in project.media.warnings)


def test_a_timecode_that_cannot_be_is_told_and_the_rate_kept(make_media: MakeMedia) -> None:
    path = make_media("f.mkv", chord(), "flac", video=True, fps=Fraction(24), timecode="01:00:00:99")
    media = load(path).media
    assert (str(media.timebase.rate), media.timebase.start_timecode) == ("24", "00:00:00:00")
    assert "01:00:00:99" in media.warnings[0]


def test_sound_shorter_than_its_film_is_told(make_media: MakeMedia) -> None:
    warnings = load(make_media("f.mkv", chord(2.0), "flac", video=True, seconds=6.0)).media.warnings
    assert warnings == ("its sound ends at 2.0 s; the file announces 6.0 s",)


def test_a_chunk_that_is_cut_off_is_no_error(tmp_path: Path) -> None:
    path = tmp_path / "b.wav"
    soundfile.write(path, np.zeros(4800), 48_000, subtype="PCM_24")
    path.write_bytes(path.read_bytes() + b"bext" + struct.pack("<I", 602) + bytes(200))
    assert load(path).audio.frames == 4800


def test_what_cannot_be_opened_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnreadableMedia, match=r"too long.*Check its name"):
        load(tmp_path / f"{'x' * 300}.wav")

    def refuse(path: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "exists", refuse)  # root, who may run the tests, is never refused
    with pytest.raises(UnreadableMedia, match="Permission denied"):
        load(tmp_path / "a.wav")


def test_bad_timecode_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, np.zeros(100), 48_000)
    with pytest.raises(BadValue, match="timecode"):
        load(path, start_timecode="1h")
    with pytest.raises(BadValue, match="frame rate"):
        load(path, fps="many")


@pytest.mark.parametrize(("video_s", "audio_s"), [("0", "0.03"), ("0", "0.2"), ("0.1", "0"), ("-0.2", "-0.1")])
def test_a_film_begins_where_its_earliest_stream_does(
    slate: MakeMedia, clap: Callable[[Audio], float], flash: Callable[[Path], float], video_s: str, audio_s: str
) -> None:
    for name, codec in (("f.mp4", "aac"), ("f.mov", "pcm_s24le"), ("f.mkv", "flac"), ("f.ts", "mp2")):
        film = slate(name, "mpeg4", codec, video_s=video_s, audio_s=audio_s)
        assert clap(load(film).audio) == pytest.approx(flash(film), abs=0.5 / 48_000), name


def test_the_default_track_is_taken_and_the_others_are_told(tmp_path: Path) -> None:
    import av

    path = tmp_path / "f.mkv"
    with av.open(str(path), "w") as container:
        tracks = []
        for hz, language in ((220, "eng"), (440, "fra")):
            tone = Audio(np.tile(0.3 * np.sin(2 * np.pi * hz * np.arange(48_000) / 48_000), (2, 1)), 48_000)
            track = Track(container, tone, CODECS["flac"])
            track.stream.metadata["language"] = language
            track.stream.disposition = av.stream.Disposition.default if language == "fra" else av.stream.Disposition(0)
            tracks.append(track)
        for track in tracks:
            track.write_until(2.0)
    project = load(path)
    spectrum = np.abs(np.fft.rfft(project.audio.samples[0, :48_000]))
    assert int(np.argmax(spectrum)) == 440
    (said,) = project.media.warnings
    assert "2 audio tracks, 1 (eng, flac, stereo), 2 (fra, flac, stereo): track 2 is used" in said
    assert "nor put into a delivered film" in said


def test_non_finite_samples_are_counted(tmp_path: Path, make_media: MakeMedia) -> None:
    samples = np.full((1000, 2), 0.5, np.float32)
    samples[3, 1] = np.inf
    soundfile.write(tmp_path / "a.wav", samples, 48_000, subtype="FLOAT")
    assert load(tmp_path / "a.wav").media.non_finite == 1
    film = make_media("f.mov", Audio(np.where(np.arange(96_000) < 7, np.nan, 0.1)[np.newaxis], 48_000), "pcm_f32le",
                      video=True)  # fmt: skip
    assert load(film).media.non_finite == 7


def test_the_time_reference_is_kept_to_the_sample(tmp_path: Path, make_media: MakeMedia) -> None:
    path = tmp_path / "b.wav"
    write_wav(path, chord(0.1), broadcast=Broadcast("scene 1", time_reference=48_000 * 36_000 + 1234))
    media = load(path).media
    assert media.time_reference == 48_000 * 36_000 + 1234
    assert media.timebase.start_timecode == "10:00:00:01"
    assert load(path, fps="24").media.time_reference == media.time_reference
    asked = load(path, fps="23.976", start_timecode="01:00:00:00").media
    assert asked.time_reference == round(3600 * 1.001 * 48_000), "timecode at 23.976 runs slower than the clock"
    film = make_media("f.mov", chord(), "pcm_s16le", video=True, timecode="10:00:00:12")
    assert load(film).media.time_reference == 48_000 * 36_000 + 48_000 * 12 // 25


@pytest.mark.parametrize(
    ("name", "codec", "layout"),
    [
        ("f.mkv", "flac", "4.0"), ("f.mkv", "flac", "quad"), ("f.mkv", "flac", "3.0"), ("f.mov", "pcm_s24le", "4.0"),
        ("f.mkv", "ac3", "5.1(side)"), ("a.flac", "flac", "4.0"), ("a.flac", "flac", "5.1(side)"),
        ("a.opus", "libopus", "5.1"), ("a.opus", "libopus", "7.1"), ("a.m4a", "aac", "5.1"), ("a.m4a", "aac", "7.1"),
    ],
)  # fmt: skip
def test_channels_have_their_names_in_whatever_order_the_codec_keeps_them(
    tmp_path: Path, name: str, codec: str, layout: str
) -> None:
    import av

    names = {"FL": "L", "FR": "R", "FC": "C", "BC": "Cs", "BL": "Ls", "BR": "Rs", "SL": "Ls", "SR": "Rs"}
    speakers = [channel.name for channel in av.AudioLayout(layout).channels]
    if layout == "7.1":
        names |= {"BL": "Lb", "BR": "Rb"}
    hz = {n: 40 if n == "LFE" else 400 + 150 * i for i, n in enumerate(speakers)}
    t = np.arange(48_000) / 48_000
    samples = np.stack([0.3 * np.sin(2 * np.pi * hz[n] * t) for n in speakers]).astype(np.float32)
    with av.open(str(tmp_path / name), "w") as container:
        stream = container.add_stream(codec, rate=48_000, layout=layout)
        stream.codec_context.bit_rate = 80_000 * len(speakers)
        stream.codec_context.open()
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples.T).reshape(1, -1), "flt", layout)
        frame.sample_rate, frame.pts, frame.time_base = 48_000, 0, Fraction(1, 48_000)
        context = stream.codec_context
        sized = av.AudioResampler(context.format.name, layout, 48_000, frame_size=context.frame_size or 4096)
        for ready in [*sized.resample(frame), *sized.resample(None)]:
            container.mux(stream.encode(ready))
        container.mux(stream.encode(None))
    audio = load(tmp_path / name).audio
    assert audio.layout == tuple(names.get(n, n) for n in speakers)
    for got, speaker in zip(audio.samples, speakers, strict=True):
        assert int(np.argmax(np.abs(np.fft.rfft(got[:48_000])))) == hz[speaker]


@pytest.mark.parametrize(("wrong", "right"), [("a.wav", "mp3"), ("a.mp3", "flac"), ("a.mp4", "wav"), ("a.txt", "m4a")])
def test_a_wrong_extension_does_not_matter(make_media: MakeMedia, wrong: str, right: str) -> None:
    codec = {"mp3": "libmp3lame", "flac": "flac", "wav": "pcm_s24le", "m4a": "aac"}[right]
    path = make_media(f"b.{right}", chord(), codec)
    path = path.rename(path.with_name(wrong))
    assert snr_db(chord().samples, load(path).audio.samples) > 20


@pytest.mark.parametrize(
    ("name", "codec"), [("a.flac", "flac"), ("a.mp3", "libmp3lame"), ("a.opus", "libopus"), ("f.mkv", "flac")]
)
def test_what_is_left_of_a_cut_file_is_used_and_said(make_media: MakeMedia, name: str, codec: str) -> None:
    noise = Audio(np.random.default_rng(0).normal(0, 0.1, (2, 48_000 * 5)), 48_000)
    path = make_media(name, noise, codec)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    project = load(path)
    assert 1.0 < project.audio.duration_s < 4.0
    assert project.media.warnings, "a person is told"
