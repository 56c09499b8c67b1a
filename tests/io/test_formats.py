"""Coded sound files: as long as the sound, in its place, at its level, with its channels."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiopost.core.audio import LAYOUTS, Audio
from audiopost.core.errors import BadValue, DiskFull
from audiopost.dsp.resample import converted
from audiopost.io.codecs import CODECS
from audiopost.io.decode import decode
from audiopost.io.encode import FORMATS, Encoding, write_sound

#: What one sample of delay leaves at 48 kHz of these tones; every codec does better.
ONE_SAMPLE_DB = 25
LCRS = ("L", "R", "C", "Cs")


def notes(layout: tuple[str, ...], rate: int, frames: int) -> Audio:
    """A wavering tone of its own in each channel, low in the LFE."""
    t = np.arange(frames) / rate
    hz = [40 if name == "LFE" else 520 + 90 * n for n, name in enumerate(layout)]
    return Audio(np.stack([0.3 * np.sin(2 * np.pi * f * t) * (0.6 + 0.4 * np.sin(9 * t)) for f in hz]), rate, layout)


def snr_db(wanted: Audio, got: Audio) -> float:
    x, y = wanted.samples, got.samples
    return float(10 * np.log10(np.sum(x**2) / np.sum((x - y) ** 2)))


def coded(path: Path, audio: Audio, format: str, **kind: object) -> Audio:  # noqa: A002 - the option's name
    write_sound(path.with_suffix(FORMATS[format]), audio, Encoding(format=format, **kind))
    return decode(path.with_suffix(FORMATS[format])).audio


@pytest.mark.parametrize("frames", [47_999, 48_000, 96_333])
@pytest.mark.parametrize("rate", [8000, 22_050, 44_100, 48_000, 192_000])
@pytest.mark.parametrize("format_", ["flac", "aac", "mp3", "opus"])
def test_decoding_gives_the_sound_back_aligned_and_as_long(
    tmp_path: Path, format_: str, rate: int, frames: int
) -> None:
    audio = notes(("L", "R"), rate, frames)
    got = coded(tmp_path / "a", audio, format_)
    assert got.rate == CODECS[format_].rate_for(rate)
    wanted = Audio(np.concatenate(list(converted(audio, got.rate)), axis=1), got.rate)
    assert got.frames == wanted.frames
    assert snr_db(wanted, got) > (115 if format_ == "flac" else ONE_SAMPLE_DB)


@pytest.mark.parametrize("rate", [8000, 24_000, 44_100])
@pytest.mark.parametrize("channels", [1, 2])
def test_an_mp3_says_its_length_where_the_padding_is_longer_than_a_frame(
    tmp_path: Path, channels: int, rate: int
) -> None:
    for frames in (*range(9217, 9217 + 50, 7), 9800):
        audio = notes(LAYOUTS[channels], rate, frames)
        write_sound(tmp_path / "Info.mp3", audio, Encoding("mp3"), tags={"title": "Info"})
        assert decode(tmp_path / "Info.mp3").audio.frames == frames


@pytest.mark.parametrize(
    ("format_", "layout"),
    [
        *[("flac", LAYOUTS[n]) for n in range(1, 9)], ("flac", LCRS),
        *[("aac", LAYOUTS[n]) for n in (1, 2, 3, 4, 5, 6, 8)], ("aac", LCRS),
        *[("opus", LAYOUTS[n]) for n in (1, 2, 3, 4, 6, 8)],
        *[("mp3", LAYOUTS[n]) for n in (1, 2)],
    ],
)  # fmt: skip
def test_channels_keep_their_names_and_places(tmp_path: Path, format_: str, layout: tuple[str, ...]) -> None:
    audio = notes(layout, 48_000, 30_000)
    got = coded(tmp_path / "a", audio, format_)
    assert got.layout == layout
    for one, other in zip(audio.samples, got.samples, strict=True):
        assert np.corrcoef(one[4800:-4800], other[4800:-4800])[0, 1] > 0.98


def test_odd_orders_of_channels_are_sorted(tmp_path: Path) -> None:
    audio = notes(("C", "L", "R"), 48_000, 30_000)
    got = coded(tmp_path / "a", audio, "flac")
    assert got.layout == ("L", "R", "C")
    assert np.abs(got.samples - audio.samples[[1, 2, 0]]).max() < 2**-22


@pytest.mark.parametrize(("format_", "channels"), [("mp3", 6), ("aac", 7), ("opus", 5), ("opus", 7), ("flac", 9)])
def test_layouts_a_codec_lacks_are_refused_with_what_holds_them(tmp_path: Path, format_: str, channels: int) -> None:
    audio = Audio(np.zeros((channels, 100)), 48_000)
    with pytest.raises(BadValue, match=rf"{format_} does not hold {channels} channels.*Choose the format wav"):
        coded(tmp_path / "a", audio, format_)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kbps", [None, 64, 160, 192, 224, 256, 320])
@pytest.mark.parametrize("channels", [1, 2])
def test_mp3_keeps_the_level_at_every_bit_rate(tmp_path: Path, kbps: int | None, channels: int) -> None:
    """LAME alone turns it down by 0.45 dB up to 160 kbit/s."""
    audio = notes(LAYOUTS[channels], 48_000, 48_000)
    got = coded(tmp_path / "a", audio, "mp3", bitrate_kbps=kbps)
    gain = np.sum(got.samples * audio.samples) / np.sum(audio.samples**2)
    assert 20 * np.log10(gain) == pytest.approx(0.0, abs=0.02)


@pytest.mark.parametrize(
    ("format_", "channels", "wanted"), [("aac", 2, 256), ("aac", 6, 768), ("mp3", 2, 256), ("opus", 2, 160)]
)
def test_the_usual_bit_rate_and_one_asked_for(tmp_path: Path, format_: str, channels: int, wanted: int) -> None:
    noise = Audio(np.random.default_rng(0).normal(0, 0.1, (channels, 96_000)), 48_000)
    sizes = {}
    for asked in (None, 96):
        path = tmp_path / f"a{FORMATS[format_]}"
        write_sound(path, noise, Encoding(format=format_, bitrate_kbps=asked))
        sizes[asked] = path.stat().st_size * 8 / 2 / 1000
    assert sizes[None] == pytest.approx(wanted, rel=0.25)
    assert sizes[96] == pytest.approx(96, rel=0.35)


@pytest.mark.parametrize(("format_", "kbps"), [("mp3", 200), ("mp3", 640), ("opus", 4000), ("aac", 2000)])
def test_bit_rates_a_codec_lacks_are_refused(tmp_path: Path, format_: str, kbps: int) -> None:
    with pytest.raises(BadValue, match="kbit/s"):
        coded(tmp_path / "a", notes(("L", "R"), 48_000, 480), format_, bitrate_kbps=kbps)


def test_flac_has_24_bits_and_untouched_audio_is_identical(tmp_path: Path) -> None:
    levels = np.random.default_rng(1).integers(-(1 << 23), 1 << 23, (6, 50_000))
    audio = Audio(levels / (1 << 23), 96_000)
    assert np.array_equal(coded(tmp_path / "a", audio, "flac").samples, audio.samples)
    with pytest.raises(BadValue, match="24 bits, not 16"):
        coded(tmp_path / "b", audio, "flac", bit_depth="16")


def test_titles_go_along_and_two_writings_are_equal(tmp_path: Path) -> None:
    audio = notes(("L", "R"), 48_000, 20_000)
    for format_, suffix in FORMATS.items():
        files = [tmp_path / f"{n}{suffix}" for n in "ab"]
        for file in files:
            write_sound(file, audio, Encoding(format=format_), tags={"title": "夜 1"})
        assert files[0].read_bytes() == files[1].read_bytes()
        if format_ != "wav":
            with av.open(str(files[0])) as container:
                tags = {**container.metadata, **container.streams.audio[0].metadata}
                assert {key.lower(): value for key, value in tags.items()}["title"] == "夜 1"


@given(st.integers(1000, 768_000), st.sampled_from(["aac", "mp3", "opus", "ac3", "eac3"]))
def test_the_rule_of_rates(rate: int, name: str) -> None:
    codec = CODECS[name]
    got = codec.rate_for(rate)
    assert got in codec.rates
    assert got == (rate if rate in codec.rates else got)
    assert got >= rate or got == 48_000
    assert not [other for other in codec.rates if rate <= other < got], "the next higher one"


@pytest.mark.parametrize("format_", sorted(FORMATS))
def test_a_full_disk_is_told_and_nothing_is_left(small_disk: Path, format_: str) -> None:
    noise = Audio(np.random.default_rng(0).normal(0, 0.1, (2, 48_000 * 75)), 48_000)
    with pytest.raises(DiskFull, match="No room"):
        write_sound(small_disk / f"a{FORMATS[format_]}", noise, Encoding(format=format_, bitrate_kbps=320))
    assert not list(small_disk.iterdir())


@pytest.mark.parametrize("format_", ["aac", "mp3", "opus"])
def test_less_than_a_sample_is_an_error_and_no_empty_file(tmp_path, format_):
    path = tmp_path / "scrap"
    with pytest.raises(BadValue, match="would be empty"):
        write_sound(path, Audio(np.ones((1, 1)), 192_000), Encoding(format=format_))
    assert not path.exists()
