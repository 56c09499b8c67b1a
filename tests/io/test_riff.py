"""Headers: the fields of bext and RF64 where EBU Tech 3285 and 3306 put them, read back by us and by libsndfile."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from audiopost.core.marks import LoudnessReport
from audiopost.io import riff
from audiopost.io.decode import decode
from audiopost.io.riff import Broadcast, header, read_header


def test_fields_of_bext_lie_where_the_standard_puts_them() -> None:
    report = LoudnessReport(-23.04, -15.5, -18.0, 7.25, -1.0)
    body = Broadcast(
        "take 3", "recorder", "REF1", "2026-05-01", "10:11:12", (1 << 33) + 7, "A=PCM\r\n", report
    ).packed()
    assert len(body) == 602 + 7
    assert body[:256].rstrip(b"\0") == b"take 3"
    assert body[256:288].rstrip(b"\0") == b"recorder"
    assert body[288:320].rstrip(b"\0") == b"REF1"
    assert (body[320:330], body[330:338]) == (b"2026-05-01", b"10:11:12")
    assert struct.unpack("<II", body[338:346]) == (7, 2), "low word first"
    assert struct.unpack("<H", body[346:348]) == (2,), "version"
    assert body[348:412] == bytes(64), "UMID"
    # integrated, range, true peak, momentary, short-term, in hundredths
    assert struct.unpack("<5h", body[412:422]) == (-2304, 725, -100, -1550, -1800)
    assert body[422:602] == bytes(180)
    assert body[602:] == b"A=PCM\r\n"
    assert struct.unpack("<5h", Broadcast().packed()[412:422]) == (0x7FFF,) * 5, "not measured"


@given(st.text(max_size=300), st.text(max_size=40), st.integers(0, (1 << 40)), st.text(max_size=60))
def test_bext_survives_writing_and_reading(description: str, originator: str, reference: int, history: str) -> None:
    made = Broadcast(description, originator, time_reference=reference, coding_history=history)
    back = riff._broadcast(made.packed())
    assert back.time_reference == reference
    for wrote, read in ((description, back.description), (originator, back.originator), (history, back.coding_history)):
        assert wrote.partition("\0")[0].startswith(read), "cut at a whole character"
    assert len(back.description.encode()) <= 256


@pytest.mark.parametrize("channels", [1, 2, 4, 6])
def test_past_four_gib_a_reader_finds_the_last_sample(tmp_path: Path, channels: int) -> None:
    """A sparse file of 5 GiB: the header is what a real one would have, and only its last frame is written."""
    layout = {1: ("M",), 2: ("L", "R"), 4: ("L", "R", "C", "Cs"), 6: ("L", "R", "C", "LFE", "Ls", "Rs")}[channels]
    frames = 5 * (1 << 30) // (3 * channels)
    head = header(rate=48_000, layout=layout, frames=frames, sample_bytes=3, broadcast=Broadcast(time_reference=9))
    assert head[:4] == b"RF64"
    assert head[12:16] == b"ds64"
    data = frames * channels * 3
    riff_size, data_size, samples, table = struct.unpack("<QQQI", head[20:48])
    assert (data_size, samples, table) == (data, frames, 0)
    path = tmp_path / "long.wav"
    with path.open("wb") as file:
        file.write(head)
        file.seek(len(head) + data - 3 * channels)
        file.write(bytes([0, 0, 0x40]) * channels)
    assert riff_size == path.stat().st_size + data % 2 - 8
    read = decode(path)
    assert (read.container, read.audio.frames, read.audio.layout) == ("RF64", frames, layout)
    assert read.time_reference == 9
    assert not read.warnings
    assert read.audio.read(frames - 2, frames).tolist() == [[0.0, 0.5]] * channels


def test_up_to_four_gib_it_is_plain_wav() -> None:
    frames = ((1 << 32) - (1 << 17)) // 6
    assert header(rate=48_000, layout=("L", "R"), frames=frames, sample_bytes=3)[:4] == b"RIFF"
    assert header(rate=48_000, layout=("L", "R"), frames=frames + 20_000, sample_bytes=3)[:4] == b"RF64"


@pytest.mark.parametrize(
    ("layout", "mask"),
    [(("L", "R", "C"), 0x7), (("L", "R", "C", "Cs"), 0x107), (("L", "R", "Ls", "Rs"), 0x33),
     (("L", "R", "C", "LFE", "Ls", "Rs"), 0x3F), (("L", "R", "C", "LFE", "Lb", "Rb", "Ls", "Rs"), 0x63F),
     (("L", "R", "C", "LFE", "Cs", "Ls", "Rs"), 0x70F), (("a", "b", "c"), 0)],
)  # fmt: skip
def test_masks_are_those_of_the_speakers(tmp_path: Path, layout: tuple[str, ...], mask: int) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(header(rate=8000, layout=layout, frames=1, sample_bytes=2) + bytes(2 * len(layout)))
    assert read_header(path).channel_mask == mask
    assert read_header(path).layout(len(layout)) == (layout if mask else None)
    assert soundfile.info(path).frames == 1


def test_a_bext_that_is_cut_or_of_the_first_version_is_read(tmp_path: Path) -> None:
    whole = header(rate=8000, layout=("M",), frames=4, sample_bytes=2, broadcast=Broadcast("x", time_reference=5))
    path = tmp_path / "a.wav"
    path.write_bytes(whole + bytes(8))
    assert read_header(path).broadcast == Broadcast("x", time_reference=5)
    old = struct.pack("<256s32s32s10s8sQ", b"caf\xe9", b"", b"", b"", b"", 77)
    body = b"WAVEbext" + struct.pack("<I", len(old)) + old + whole[whole.index(b"fmt ") :] + bytes(8)
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    found = read_header(path).broadcast
    assert found is not None
    assert (found.description, found.time_reference) == ("café", 77)
    assert np.all(decode(path).audio.samples == 0)
