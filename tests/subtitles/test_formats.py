"""Formats: golden files, and any text through other people's parsers and our own readers unharmed."""

from __future__ import annotations

import csv
import io
import json
import os
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pysubs2
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from audiopost.core.errors import BadValue, UnknownName
from audiopost.core.speech import Remark, SpeakerTurn, Styling, Transcript, Utterance, Word
from audiopost.core.time import FrameRate, Timebase
from audiopost.subtitles import (
    FORMATS,
    SUFFIXES,
    Caption,
    build,
    highlighted,
    layout,
    load_captions,
    load_style,
    read,
    render,
    write,
)
from audiopost.subtitles.formats import FEATURES, find, holds, kind_of, suffix_of
from audiopost.subtitles.formats.ass import unescape
from audiopost.subtitles.formats.rttm import turns
from audiopost.subtitles.markup import caption_runs, marked
from audiopost.subtitles.text import JOINER, clean
from audiopost.subtitles.timed_words import placed_words

GOLDEN = Path(__file__).parent.parent / "golden" / "subtitles"
NASTY = "a --> b {\\an8} <b>bold</b> & &amp; <v Bob> 1:2"
#: The formats for Latin script alone have tests of their own.
UNIVERSAL = [kind for kind in FORMATS if kind not in ("stl", "scc")]


def compare(path: Path, content: str) -> None:
    if os.environ.get("AUDIOPOST_WRITE_GOLDEN"):
        path.write_text(content, encoding="utf-8", newline="")
    assert content == path.read_bytes().decode("utf-8")


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


@pytest.mark.parametrize("kind", UNIVERSAL)
def test_golden(kind, scene):
    captions, _ = build(scene, "netflix-en")
    compare(GOLDEN / f"scene.{kind}", render(captions, scene, kind))


@pytest.mark.parametrize("kind", ["srt", "vtt", "ass", "ttml", "json"])
def test_films_in_their_styles(kind, film):
    name, style, transcript = film
    captions, _ = build(transcript, style)
    compare(GOLDEN / f"{name}.{kind}", render(captions, transcript, kind))


@pytest.mark.parametrize("kind", ["srt", "vtt", "ass", "ttml", "json"])
def test_two_languages_as_in_hong_kong(kind, translated):
    transcript, translation = translated
    captions = layout(transcript, load_style("hk-bilingual"), translation=translation)
    assert all(len(c.lines) == 2 for c in captions)
    compare(GOLDEN / f"bilingual.{kind}", render(captions, transcript, kind))


def test_highlighted_words(film):
    name, style, transcript = film
    captions, _ = build(transcript, style)
    if name in ("english", "cantonese"):
        compare(GOLDEN / f"{name}.words.vtt", render(highlighted(captions, transcript), transcript, "vtt"))


@pytest.mark.parametrize("kind", FORMATS)
def test_every_entry_keeps_the_contract(kind):
    module = find(kind)
    assert set(FEATURES) >= holds(kind)
    assert callable(module.render)
    assert callable(module.parse)
    assert kind_of(Path(f"film.de{suffix_of(kind)}"), writing=True) == kind


def test_suffixes():
    assert set(SUFFIXES.values()) == set(FORMATS)
    assert kind_of(Path("A.B.SRT")) == "srt"
    assert kind_of(Path("film.xml")) == "ttml"
    with pytest.raises(BadValue, match="several"):
        kind_of(Path("film.xml"), writing=True)
    with pytest.raises(UnknownName, match=r"\.srt"):
        kind_of(Path("film.doc"))
    with pytest.raises(UnknownName, match="srt"):
        find("str")


@pytest.mark.parametrize("kind", ["vtt", "ass", "ssa", "ttml", "json", "txt", "lrc"])
def test_drafts_are_marked(kind, scene, tmp_path):
    captions, _ = build(scene)
    assert "not reviewed" in render(captions, scene, kind)
    assert "raft:" not in render(captions, Transcript("en", scene.utterances), kind)
    if kind != "txt":
        assert read(write(tmp_path / f"x{suffix_of(kind)}", captions, scene)).draft == scene.draft


def test_speakers_only_where_wanted_and_where_several(scene):
    captions, _ = build(scene)
    for kind in ("srt", "vtt", "ass", "ssa", "ttml", "txt", "csv", "tsv", "lrc", "json"):
        assert "S2" in render(captions, scene, kind), kind
        assert "S2" not in render(captions, scene, kind, speakers=False), kind
    alone = Transcript("en", scene.utterances[:1])
    assert "S1" not in render(build(alone)[0], alone, "srt")


def test_labels_leave_room_in_the_line(spoken):
    text = "I didn't think that you would come back to the house after everything that happened."
    both = Transcript("en", (spoken(text, "en", 1, "S1"), spoken(text, "en", 12, "S2")))
    shown = render(build(both, "netflix-en")[0], both, "srt")
    assert "S1: " in shown
    assert max(map(len, shown.splitlines())) <= 42


def test_lines_with_dashes_need_no_labels():
    captions = (
        Caption(1, 2, ("- Where to?", "- Home."), line_speakers=("S1", "S2")),
        Caption(3, 4, ("Now?", "Yes."), line_speakers=("S1", "S2"), styling=(Styling(1, 0, 3, "italic"),)),
    )
    shown = render(captions, Transcript("en"), "srt")
    assert "- Where to?\n- Home.\n" in shown
    assert "S1: Now?\nS2: <i>Yes</i>.\n" in shown


def test_unknown_format(tmp_path):
    with pytest.raises(UnknownName, match="srt"):
        write(tmp_path / "x.stl2", (), Transcript("en"))
    with pytest.raises(UnknownName, match="srt"):
        render((), Transcript("en"), "stl2")


def test_write_is_whole_and_utf8(tmp_path, scene):
    captions, _ = build(scene)
    for kind in UNIVERSAL:
        path = write(tmp_path / f"影片{suffix_of(kind)}", captions, scene)
        assert path.read_bytes().decode("utf-8")
    assert len(list(tmp_path.iterdir())) == len(UNIVERSAL)


def test_formulas_in_tables_are_defused():
    captions = (Caption(1, 2, ("=1+1",), "@evil"), Caption(2, 3, ("-5",)))
    rows = render(captions, Transcript("en"), "tsv").splitlines()
    assert rows[1].split("\t") == ["1.000", "2.000", "'@evil", "'=1+1"]
    assert rows[2].split("\t")[3] == "-5"
    table = list(csv.reader(io.StringIO(render(captions, Transcript("en"), "csv").lstrip("\ufeff"))))
    assert table[1][2:] == ["1.000", "2.000", "'@evil", "", "'=1+1"]


def test_csv_has_timecode_and_opens_in_excel(tmp_path):
    timebase = Timebase(FrameRate.parse("24"), "01:00:00:00")
    path = tmp_path / "x.csv"
    write(path, (Caption(1.5, 2.25, ("One", "two")),), Transcript("en"), timebase=timebase)
    assert path.read_bytes().startswith(b"\xef\xbb\xbftimecode_in,")
    assert b'01:00:01:12,01:00:02:06,1.500,2.250,,,"One\ntwo"\r\n' in path.read_bytes()


CHARS = st.characters(exclude_categories=["Cs"])
LINE = st.one_of(
    st.text(CHARS, max_size=30),
    st.text(st.sampled_from("<>{}\\&-;nNbhiv1/ \n,'\"佢a[]:.|"), max_size=30),
    st.sampled_from(
        ["00:00:01,000 00:00:02,000", "<00:01.00>x", "[00:01.00]", "[re:x]", "NOTE x", "7", "NAME\t'=1", "WEBVTT"]
    ),
)
SPEAKER = st.one_of(st.none(), st.text(st.sampled_from("ABc <>&;,'佢\n"), min_size=1, max_size=8))
SPAN = st.tuples(
    st.integers(0, 2), st.integers(0, 9), st.integers(1, 9),
    st.sampled_from([("italic", ""), ("bold", ""), ("underline", ""), ("colour", "#ffff00"), ("colour", "#12ab9f")]),
)  # fmt: skip
CAPTIONS = st.lists(
    st.tuples(
        st.integers(0, 4_000_000), st.integers(100, 9000), st.lists(LINE, min_size=1, max_size=3), SPEAKER,
        st.lists(SPAN, max_size=3), st.integers(1, 9), st.lists(SPEAKER, max_size=3),
    ),
    max_size=6,
)  # fmt: skip


def made_of(parts, step=1):
    """Captions one after the other, cleaned as any file would hold them; times on a grid of `step` ms."""
    made, at = [], 0
    for gap, length, lines, speaker, spans, position, speakers in parts:
        start = at + gap % 100_000 // step * step
        at = start + max(length // step, 1) * step
        styling = tuple(Styling(line, a, a + n, *mark) for line, a, n, mark in spans)
        several = tuple(speakers) if len(speakers) == len(lines) else ()
        rough = Caption(start / 1000, at / 1000, tuple(lines), speaker, "en", several, (), styling, position)
        shown = marked(caption_runs(rough))
        if shown.lines:
            made.append(shown.caption(rough.start_s, rough.end_s, position))
    return tuple(made)


def kept(caption: Caption, features: frozenset[str]) -> Caption:
    """What of a caption a format with these features holds."""
    styling = tuple(span for span in caption.styling if span.kind in features)
    caption = replace(caption, styling=styling, position=caption.position if "position" in features else 2)
    if "speaker" not in features:
        caption = replace(caption, speaker=None, line_speakers=())
    if "lines" not in features:
        return replace(caption, lines=(" ".join(caption.lines),), line_speakers=())
    return caption


@pytest.mark.parametrize("kind", ["srt", "vtt", "ass", "ssa", "ttml", "imsc", "ebu-tt-d", "json", "csv"])
@given(parts=CAPTIONS)
@example(parts=[(0, 500, ["1984", "2001"], None, [], 2, []), (0, 500, ["1984"], None, [], 2, [])])
def test_any_caption_comes_back(kind, parts, tmp_path_factory):
    step = 1 if "milliseconds" in holds(kind) else 10
    captions = made_of(parts, step)
    if not captions:
        return
    path = tmp_path_factory.getbasetemp() / f"any{suffix_of(kind)}"
    write(path, captions, Transcript("en"), speakers="speaker" in holds(kind))
    loaded = load_captions(path, language="en", labels=False)
    back = [replace(c, start_s=round(c.start_s, 6), end_s=round(c.end_s, 6)) for c in loaded.captions]
    assert back == [kept(c, holds(kind)) for c in captions]
    assert loaded.warnings == ()


@pytest.mark.parametrize("kind", ["tsv", "lrc", "elrc"])
@given(parts=CAPTIONS)
def test_any_line_comes_back(kind, parts, tmp_path_factory):
    captions = made_of(parts, 10)
    if not captions:
        return
    path = tmp_path_factory.getbasetemp() / f"any{suffix_of(kind)}"
    write(path, captions, Transcript("en"), speakers=False)
    back = load_captions(path, language="en", labels=False).captions
    assert [(c.start_s, c.lines) for c in back] == [(c.start_s, (" ".join(c.lines),)) for c in captions]
    assert [c.end_s for c in back] == [c.end_s for c in captions]


@given(parts=CAPTIONS)
def test_other_parsers_see_the_same(parts):
    captions = made_of(parts)
    plain = tuple(Caption(c.start_s, c.end_s, c.lines) for c in captions)
    srt = pysubs2.SSAFile.from_string(render(plain, Transcript("en"), "srt") or "\n", "srt")
    assert [[line.replace(JOINER, "") for line in e.text.split(r"\N")] for e in srt] == [list(c.lines) for c in plain]
    for kind in ("ass", "ssa"):
        file = pysubs2.SSAFile.from_string(render(captions, Transcript("en"), kind), kind)
        assert [unescape(e.plaintext).split("\n") for e in file] == [list(c.lines) for c in captions]
    root = ET.fromstring(render(captions, Transcript("en"), "ttml"))
    texts = [["".join(p.itertext())] for p in root.iter("{http://www.w3.org/ns/ttml}p")]
    assert texts == [["".join(c.lines)] for c in captions]


@pytest.mark.parametrize("kind", ["ass", "ssa"])
def test_pysubs2_sees_italics_and_places(kind):
    captions = (Caption(1, 2, ("so good",), position=8, styling=(Styling(0, 0, 2, "italic"),)),)
    file = pysubs2.SSAFile.from_string(render(captions, Transcript("en"), kind), kind)
    parts = pysubs2.formats.substation.parse_tags(file[0].text)
    assert [(text, look.italic) for text, look in parts if text] == [("so", True), (" good", False)]
    assert (r"\an8" if kind == "ass" else r"\a6") in file[0].text


TIME = st.floats(0, 50_000, allow_nan=False)
WORDS = st.lists(
    st.builds(Word, TIME, TIME, st.text(CHARS, max_size=9), st.one_of(st.none(), st.floats(0, 1)), SPEAKER), max_size=3
).map(tuple)
UTTERANCES = st.lists(
    st.builds(Utterance, TIME, TIME, st.text(CHARS), st.sampled_from(["en", "yue", "zh-Hant"]), WORDS, SPEAKER),
    max_size=3,
).map(tuple)
REMARKS = st.lists(
    st.builds(Remark, st.just("dropped"), st.one_of(st.none(), TIME), st.none(), st.text(CHARS), st.text(CHARS)),
    max_size=2,
).map(tuple)


@given(parts=CAPTIONS, utterances=UTTERANCES, remarks=REMARKS, draft=st.text(CHARS, max_size=9))
def test_json_gives_back_equal_objects(parts, utterances, remarks, draft):
    captions = made_of(parts)
    transcript = Transcript("yue", utterances, draft, remarks)
    loaded = find("json").parse(render(captions, transcript, "json").encode(), "x.json")
    assert loaded.transcript == transcript
    if captions:
        assert loaded.captions == captions


def test_json_has_no_nan():
    transcript = Transcript("en", (Utterance(0, 1, "x", "en", (Word(0, 1, "x", float("nan")),)),))
    loaded = find("json").parse(render((), transcript, "json").encode(), "x.json")
    assert loaded.transcript.words[0].probability is None


def test_words_find_their_place_in_captions(film):
    _, style, transcript = film
    captions, _ = build(transcript, style)
    placed = placed_words(captions, transcript)
    for caption, places in zip(captions, placed, strict=True):
        for place in places:
            assert clean(caption.lines[place.line][place.start : place.end]).strip(".,?!。？，") in place.word.text
    spoken = [word for word in transcript.words if any(map(str.isalnum, word.text))]
    assert [place.word for places in placed for place in places] == spoken


def test_highlighting_keeps_times_and_text(film):
    _, style, transcript = film
    captions, _ = build(transcript, style)
    shown = highlighted(captions, transcript)
    assert {c.lines for c in shown} == {c.lines for c in captions}
    assert sum(c.end_s - c.start_s for c in shown) == pytest.approx(sum(c.end_s - c.start_s for c in captions))
    assert all(len([s for s in c.styling if s.kind == "underline"]) <= 1 for c in shown)
    assert sum(bool(c.styling) for c in shown) >= 0.9 * len(
        [w for w in transcript.words if any(map(str.isalnum, w.text))]
    )
    assert highlighted(captions, Transcript("en")) == captions


def test_elrc_holds_word_times(film, tmp_path):
    _, style, transcript = film
    captions, _ = build(transcript, style)
    back = read(write(tmp_path / "x.elrc", captions, transcript, speakers=False))
    spoken = [word for word in transcript.words if any(map(str.isalnum, word.text))]
    assert [round(w.start_s, 2) for w in back.words] == [pytest.approx(w.start_s, abs=0.0051) for w in spoken]
    assert [w.end_s for w in back.words] == [pytest.approx(w.end_s, abs=0.011) for w in spoken]
    plain = render(captions, replace(transcript, utterances=()), "elrc", speakers=False)
    assert plain == render(captions, replace(transcript, utterances=()), "lrc", speakers=False)


def test_ctm_holds_words_and_probabilities(tmp_path):
    words = (Word(0.5, 0.75, "Hello", 0.9), Word(0.8, 1.25, "New York.", None), Word(3, 3.5, "Bye", 0.25))
    transcript = Transcript("en", (Utterance(0.5, 3.5, "Hello New York. Bye", "en", words),))
    path = write(tmp_path / "the film.ctm", (), transcript)
    assert path.read_text().splitlines() == [
        "the_film 1 0.500 0.250 Hello 0.9000",
        "the_film 1 0.800 0.450 New_York.",
        "the_film 1 3.000 0.500 Bye 0.2500",
    ]
    back = read(path)
    assert [(w.start_s, w.end_s, w.probability) for w in back.words] == [
        (w.start_s, w.end_s, w.probability) for w in words
    ]
    assert [u.text for u in back.utterances] == ["Hello New_York.", "Bye"]
    with pytest.raises(BadValue, match="transcribe"):
        render((Caption(1, 2, ("x",)),), Transcript("en"), "ctm")


def test_rttm_from_words_or_captions():
    words = (Word(0, 1, "a", None, "Ann"), Word(1, 2, "b", None, "Bob"), Word(2, 3, "c", None, "Bob"))
    transcript = Transcript(
        "en", (Utterance(0, 3, "a b c", "en", words, "Ann"), Utterance(4, 5, "d", "en", (), "Ann Lee"))
    )
    text = render((), transcript, "rttm", name="my film")
    assert turns(text.encode(), "x.rttm") == (
        SpeakerTurn(0, 1, "Ann"), SpeakerTurn(1, 3, "Bob"), SpeakerTurn(4, 5, "Ann_Lee"),
    )  # fmt: skip
    assert text.startswith("SPEAKER my_film 1 0.000 1.000 <NA> <NA> Ann")
    captions = (Caption(1, 2, ("x", "y"), line_speakers=("Ann", "Bob")),)
    assert len(turns(render(captions, Transcript("en"), "rttm").encode(), "x")) == 2
    with pytest.raises(BadValue, match="none is named"):
        render((Caption(1, 2, ("x",)),), Transcript("en"), "rttm")
    with pytest.raises(BadValue, match="line 1"):
        turns(b"SPEAKER x 1 a b", "x.rttm")


def test_json_is_what_programs_take(tmp_path):
    words = (Word(1.0004, 1.5, "Hello", 0.987654), Word(1.5, 2, "there.", None))
    transcript = Transcript("en", (Utterance(1, 2, "Hello there.", "en", words, "S1"),), "a draft")
    captions, _ = build(transcript)
    values = json.loads(write(tmp_path / "x.json", captions, transcript).read_text(encoding="utf-8"))
    assert list(values) == ["language", "draft", "utterances", "remarks", "captions"]
    word = {"start_s": 1.0004, "end_s": 1.5, "text": "Hello", "probability": 0.987654, "speaker": None}
    assert values["utterances"][0]["words"][0] == word
    assert values["captions"][0]["lines"] == ["Hello there."]
