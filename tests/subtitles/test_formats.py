"""Formats: golden files, and any text through other people's parsers and our own reader unharmed."""

from __future__ import annotations

import json
import os
import xml.etree.ElementTree as ET
from pathlib import Path

import pysubs2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiopost.core.errors import UnknownName
from audiopost.core.speech import Transcript, Utterance, Word
from audiopost.subtitles import FORMATS, Caption, build, read, render, write
from audiopost.subtitles.formats.ass import unescape
from audiopost.subtitles.text import JOINER, clean

GOLDEN = Path(__file__).parent.parent / "golden" / "subtitles"
NASTY = "a --> b {\\an8} <b>bold</b> & &amp; <v Bob> 1:2"


@pytest.fixture(scope="module")
def scene(spoken) -> Transcript:
    return Transcript(
        "en",
        (
            spoken("Where have you been? I was waiting for you at the station until it closed.", "en", 1, "S1"),
            spoken("佢哋琴日喺銅鑼灣食完飯之後就返咗屋企，我都唔知點解。", "yue", 8, "S2", 5),
            spoken(NASTY, "en", 15, "S1"),
        ),
        "recognised by a small model, not reviewed",
    )


@pytest.mark.parametrize("kind", FORMATS)
def test_golden(kind, scene):
    captions, _ = build(scene, "netflix-en")
    text = render(captions, scene, kind)
    path = GOLDEN / f"scene.{kind}"
    if os.environ.get("AUDIOPOST_WRITE_GOLDEN"):
        path.write_text(text, encoding="utf-8", newline="")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", ["vtt", "ass", "ttml", "json", "txt"])
def test_drafts_are_marked(kind, scene):
    captions, _ = build(scene)
    assert "not reviewed" in render(captions, scene, kind)
    assert "raft:" not in render(captions, Transcript("en", scene.utterances), kind)


def test_speakers_only_where_wanted_and_where_several(scene):
    captions, _ = build(scene)
    for kind in ("srt", "vtt", "ass", "ttml", "txt"):
        assert "S2" in render(captions, scene, kind)
        assert "S2" not in render(captions, scene, kind, speakers=False)
    alone = Transcript("en", scene.utterances[:1])
    assert "S1" not in render(build(alone)[0], alone, "srt")


def test_labels_leave_room_in_the_line(spoken):
    text = "I didn't think that you would come back to the house after everything that happened."
    both = Transcript("en", (spoken(text, "en", 1, "S1"), spoken(text, "en", 12, "S2")))
    shown = render(build(both, "netflix-en")[0], both, "srt")
    assert "S1: " in shown
    assert max(map(len, shown.splitlines())) <= 42


def test_unknown_format(tmp_path):
    with pytest.raises(UnknownName, match="srt"):
        write(tmp_path / "x.stl2", (), Transcript("en"))


def test_write_is_whole_and_utf8(tmp_path, scene):
    captions, _ = build(scene)
    for kind in FORMATS:
        path = write(tmp_path / f"影片.{kind}", captions, scene)
        assert path.read_bytes().decode("utf-8")
    assert len(list(tmp_path.iterdir())) == len(FORMATS)


def test_ttml_is_what_imsc_readers_take(scene):
    import ttconv.imsc.reader

    captions, _ = build(scene)
    root = ET.fromstring(render(captions, scene, "ttml"))
    document = ttconv.imsc.reader.to_model(ET.ElementTree(root))
    assert document.get_lang() == "en"
    names = [name.text for name in root.iter("{http://www.w3.org/ns/ttml#metadata}name")]
    assert names == ["S1", "S2"]
    paragraphs = list(document.get_body().first_child())
    assert len(paragraphs) == len(captions)
    assert float(paragraphs[0].get_begin()) == pytest.approx(captions[0].start_s, abs=0.001)


def test_formulas_in_tables_are_defused():
    captions = (Caption(1, 2, ("=1+1",), "@evil"), Caption(2, 3, ("-5",)))
    rows = render(captions, Transcript("en"), "tsv").splitlines()
    assert rows[1].split("\t") == ["1.000", "2.000", "'@evil", "'=1+1"]
    assert rows[2].split("\t")[3] == "-5"


CHARS = st.characters(exclude_categories=["Cs"])
LINE = st.one_of(st.text(CHARS, max_size=30), st.text(st.sampled_from("<>{}\\&-;nNbhiv1/ \n,'\"佢a"), max_size=30))
CAPTIONS = st.lists(
    st.tuples(st.integers(0, 4_000_000), st.integers(1, 9000), st.lists(LINE, min_size=1, max_size=3),
              st.one_of(st.none(), st.text(st.sampled_from("ABc <>&,;'佢\n"), min_size=1, max_size=8))),
    max_size=6,
)  # fmt: skip


def _captions(parts):
    made, at = [], 0
    for gap, length, lines, speaker in parts:
        start = at + gap % 100_000
        at = start + length
        made.append(Caption(start / 1000, at / 1000, tuple(lines), speaker, "en"))
    return tuple(made)


def _expected(captions):
    """(start, end, lines) of what has text at all."""
    cleaned = [(c.start_s, c.end_s, [line for line in map(clean, c.lines) if line]) for c in captions]
    return [part for part in cleaned if part[2]]


@pytest.mark.parametrize("kind", ["srt", "vtt", "ass", "ttml"])
@given(parts=CAPTIONS)
def test_any_caption_comes_back(kind, parts, tmp_path_factory):
    captions = _captions(parts)
    expected = _expected(captions)
    path = tmp_path_factory.getbasetemp() / f"any.{kind}"
    write(path, captions, Transcript("en"), speakers=kind in ("vtt", "ass"))
    if not expected:
        return
    back = read(path, language="en").utterances
    tolerance = 0.0051 if kind == "ass" else 0.0011
    assert [u.text for u in back] == [" ".join(lines) for _, _, lines in expected]
    for utterance, (start, end, _) in zip(back, expected, strict=True):
        assert abs(utterance.start_s - start) <= tolerance
        assert abs(utterance.end_s - end) <= tolerance


@given(parts=CAPTIONS)
def test_other_parsers_see_the_same(parts):
    captions = _captions(parts)
    expected = _expected(captions)
    srt = pysubs2.SSAFile.from_string(render(captions, Transcript("en"), "srt", speakers=False) or "\n", "srt")
    seen = [[line.replace(JOINER, "") for line in e.text.split(r"\N")] for e in srt]
    assert seen == [lines for _, _, lines in expected]
    ass = pysubs2.SSAFile.from_string(render(captions, Transcript("en"), "ass"), "ass")
    assert [unescape(e.plaintext).split("\n") for e in ass] == [lines for _, _, lines in expected]
    root = ET.fromstring(render(captions, Transcript("en"), "ttml"))
    texts = ["\n".join(p.itertext()) for p in root.iter("{http://www.w3.org/ns/ttml}p")]
    assert texts == ["\n".join(lines) for _, _, lines in expected]


def test_json_holds_words_and_captions_and_comes_back(tmp_path):
    words = (Word(1.0004, 1.5, "Hello", 0.987654), Word(1.5, 2, "there.", None))
    transcript = Transcript("en", (Utterance(1, 2, "Hello there.", "en", words, "S1"),), "a draft")
    captions, _ = build(transcript)
    path = write(tmp_path / "x.json", captions, transcript)
    values = json.loads(path.read_text(encoding="utf-8"))
    assert list(values) == ["language", "draft", "utterances", "captions"]
    assert values["utterances"][0]["words"][0] == {"start_s": 1.0, "end_s": 1.5, "text": "Hello", "probability": 0.9877}
    assert values["captions"][0]["lines"] == ["Hello there."]
    back = read(path)
    assert back.draft == "a draft"
    assert [w.text for w in back.words] == ["Hello", "there."]
    assert back.utterances[0].speaker == "S1"
