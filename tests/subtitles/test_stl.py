"""EBU STL: block by block against Tech 3264, and read back by ttconv."""

from __future__ import annotations

import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ttconv.stl import iso6937, reader

from audiopost.core.errors import BadValue, UnreadableMedia
from audiopost.core.speech import Caption, Styling, Transcript
from audiopost.core.time import FrameRate, Timebase
from audiopost.subtitles.formats import Document, find
from audiopost.subtitles.formats.stl import encode

TIMEBASE = Timebase(FrameRate.parse("25"), "10:00:00:00")
CAPTIONS = (
    Caption(1.0, 2.52, ("Hello there, Zoë — it’s", "a façade costing $5"), language="fr"),
    Caption(3.0, 4.0, ("Top left",), position=7, styling=(Styling(0, 0, 8, "colour", "#ffee00"),)),
)
STL = find("stl")


def rendered(captions: tuple[Caption, ...] = CAPTIONS, timebase: Timebase = TIMEBASE) -> bytes:
    data = STL.render(Document(captions, Transcript("fr"), timebase=timebase))
    assert isinstance(data, bytes)
    return data


def test_the_general_block() -> None:
    head = rendered()[:1024]
    assert head[:16] == b"850STL25.011000F"
    titled = STL.render(Document(CAPTIONS, Transcript("fr"), timebase=TIMEBASE, name="Été à 春 " + 40 * "x"))
    assert titled[16:48] == "Été à ? ".encode("cp850") + 24 * b"x"
    assert len(titled) == len(rendered())
    assert (head[238:243], head[243:248], head[248:255]) == (b"00002", b"00002", b"0014023")
    assert (head[255:256], head[256:264], head[264:272]) == (b"1", b"10000000", b"10000100")
    assert rendered((), Timebase(FrameRate.parse("29.97df"), "01:00:00;00"))[3:11] == b"STL30.01"


def test_the_text_blocks() -> None:
    blocks = rendered()[1024:]
    assert len(blocks) == 256
    group, number, extension, cumulative, begin, end, row, justified, comment = struct.unpack(
        "<BHBB4s4sBBB", blocks[128:144]
    )
    assert (group, number, extension, cumulative, comment) == (0, 1, 0xFF, 0, 0)
    assert (begin, end, row, justified) == (bytes((10, 0, 3, 0)), bytes((10, 0, 4, 0)), 2, 1)
    assert blocks[144:].rstrip(b"\x8f") == b"\x0d\x03\x0b\x0bTop left\x0a\x0a"
    assert blocks[13] == 20  # two double-height rows end on row 23


def test_ttconv_and_we_read_it_back() -> None:
    document = reader.to_model(io.BytesIO(rendered()))
    texts = ["".join(t.get_text() for span in p for t in span) for d in document.get_body() for p in d]
    assert texts == ["Hello there, Zoë — it’sa façade costing ¤5", "Top left"]
    found = STL.parse(rendered(), "x.stl")
    assert [(c.start_s, c.end_s, c.lines, c.position) for c in found.captions] == [
        (1.0, 2.52, CAPTIONS[0].lines, 2),
        (3.0, 4.0, ("Top left",), 7),
    ]
    assert found.captions[1].styling == (Styling(0, 0, 8, "colour", "#ffff00"),)
    assert found.language == "fr"


@given(st.text(st.characters(codec="latin-1", exclude_categories=("C", "Z")), max_size=60))
def test_western_text_survives_the_latin_table(text: str) -> None:
    assert iso6937.decode(encode(text).replace(b"\xa4", b"$"))[0] == text


@given(st.lists(st.text("aéèü çÅñ", min_size=1, max_size=37), min_size=1, max_size=4))
def test_long_texts_run_over_several_blocks(lines: list[str]) -> None:
    lines = [" ".join(line.split()) for line in lines]
    data = rendered((Caption(1.0, 5.0, tuple(lines)),))
    found = STL.parse(data, "x.stl").captions
    shown = tuple(line for line in lines if line)
    assert [c.lines for c in found] == ([shown] if shown else [])


def test_a_line_longer_than_a_row_is_wrapped() -> None:
    (found,) = STL.parse(rendered((Caption(1.0, 5.0, ("forty two characters do not fit in one row",)),)), "x").captions
    assert found.lines == ("forty two characters do not fit in", "one row")


def test_what_it_cannot_hold_is_refused() -> None:
    with pytest.raises(BadValue, match=r"no '你'.*CJK"):
        rendered((Caption(1.0, 2.0, ("你好",)),))
    with pytest.raises(BadValue, match=r"25 and 30 frames.*23\.976"):
        rendered(CAPTIONS, Timebase(FrameRate.parse("23.976")))
    with pytest.raises(BadValue, match="6 teletext rows"):
        rendered((Caption(1.0, 5.0, ("a", "b", "c", "d", "e", "f")),))


@pytest.mark.parametrize("data", [b"", b"x" * 2000, b"850STL2", b"850STLxx.01" + b" " * 1100])
def test_what_is_no_stl_is_said(data: bytes) -> None:
    with pytest.raises(UnreadableMedia, match=r"x\.stl"):
        STL.parse(data, "x.stl")


def test_a_file_cut_short_keeps_its_whole_blocks() -> None:
    found = STL.parse(rendered()[:-5], "x.stl")
    assert len(found.captions) == 1
    assert any("cut short" in warning for warning in found.warnings)
