"""TTML1, IMSC 1.1 and EBU-TT-D: what is written is read back, by us and by ttconv; foreign files keep their looks."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace
from fractions import Fraction

import pytest
from ttconv.imsc import reader as imsc_reader

from audiopost.core.errors import UnreadableMedia
from audiopost.core.speech import Caption, Styling, Transcript
from audiopost.subtitles.formats import Document, Loaded, find

KINDS = ("ttml", "imsc", "ebu-tt-d")
CAPTIONS = (
    Caption(
        1.0,
        2.52,
        ("Hello <there>, Zoë", "second & line"),
        "Amy",
        "en",
        styling=(Styling(0, 0, 5, "italic"), Styling(0, 3, 8, "colour", "#ffee00"), Styling(1, 0, 6, "bold")),
    ),
    Caption(2.6, 4.0, ("-Top", "-left"), None, "en", ("Amy", "Bo"), position=7),
    Caption(4.0, 5.0, ("你好", "Hello"), None, "", (), ("zh", "en"), position=6),
    Caption(36000.001, 36001.0, ("under", "lined"), None, "ja", styling=(Styling(1, 1, 5, "underline"),)),
)


def rendered(kind: str) -> str:
    text = find(kind).render(Document(CAPTIONS, Transcript("en", draft="by a small model")))
    assert isinstance(text, str)
    return text


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_written_is_read_back(kind: str) -> None:
    found = find(kind).parse(rendered(kind).encode(), f"x.{kind}")
    silent = [replace(caption, speaker=None, line_speakers=()) for caption in CAPTIONS]
    assert list(found.captions) == (silent if kind == "ebu-tt-d" else list(CAPTIONS))
    assert (found.language, found.draft, found.warnings) == ("en", "by a small model", ())


@pytest.mark.parametrize("kind", KINDS)
def test_another_reader_takes_it(kind: str) -> None:
    document = imsc_reader.to_model(ET.ElementTree(ET.fromstring(rendered(kind))))
    paragraphs = [paragraph for division in document.get_body() for paragraph in division]
    assert [(p.get_begin(), p.get_end()) for p in paragraphs][:2] == [
        (Fraction(1), Fraction("2.52")),
        (Fraction("2.6"), Fraction(4)),
    ]
    assert [p.get_region().get_id() for p in paragraphs] == ["bottom", "top", "middle", "bottom"]


def test_each_dialect_says_what_it_is() -> None:
    assert 'ttp:profile="http://www.w3.org/ns/ttml/profile/imsc1/text"' in rendered("ttml")
    assert 'ttp:contentProfiles="http://www.w3.org/ns/ttml/profile/imsc1.1/text"' in rendered("imsc")
    assert "urn:ebu:tt:distribution:2018-04" in rendered("ebu-tt-d")
    assert "agent" not in rendered("ebu-tt-d")


FOREIGN = """<?xml version="1.0" encoding="{encoding}"?>
<tt xmlns="http://www.w3.org/ns/ttml" xmlns:tts="http://www.w3.org/ns/ttml#styling" xml:lang="zh-Hant"
    xmlns:ttp="http://www.w3.org/ns/ttml#parameter" ttp:frameRate="25">
<head><styling><style xml:id="base" tts:fontStyle="italic"/><style xml:id="loud" style="base" tts:color="yellow"/>
<style xml:id="self" style="self"/></styling>
<layout><region xml:id="r"><style tts:origin="10% 5%"/><style tts:extent="80% 20%"/>
<style tts:displayAlign="before"/></region></layout></head>
<body><div begin="10s"><p begin="00:00:01:05" dur="2s" region="r" style="self"><span style="loud">斜 體</span>
 <span tts:fontStyle="normal">字</span><br/>二</p><image begin="0s" end="1s"/></div></body></tt>"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "big5"])
def test_styles_regions_and_times_are_resolved(encoding: str) -> None:
    found = find("ttml").parse(FOREIGN.format(encoding=encoding).encode(encoding), "x.xml")
    (caption,) = found.captions
    assert (caption.start_s, caption.end_s) == (11.2, 13.2)
    assert (caption.lines, caption.language, caption.position) == (("斜 體 字", "二"), "zh-Hant", 8)
    assert caption.styling == (Styling(0, 0, 3, "colour", "#ffff00"), Styling(0, 0, 3, "italic"))
    assert found.warnings == ("Left behind: 1 picture.",)


def timed(body: str) -> Loaded:
    return find("ttml").parse(f'<tt xmlns="http://www.w3.org/ns/ttml" xml:lang="en">{body}</tt>'.encode(), "x.ttml")


def test_captions_that_nothing_ends_stay_until_they_are_read() -> None:
    found = timed("<body><div><p begin='2s'>one</p><p begin='2.5s'>two two two two two</p><p>three</p></div></body>")
    assert [(c.text, c.start_s, c.end_s) for c in found.captions] == [
        ("three", 0.0, 1.0),
        ("one", 2.0, 2.5),
        ("two two two two two", 2.5, 4.4),
    ]
    assert found.warnings == ("No end is given for 3 captions, shown as long as reading takes.",)


def test_what_stands_in_turn_follows_on() -> None:
    found = timed(
        "<body><div timeContainer='seq'><p dur='2s'>a</p><p begin='1s' dur='3s'>b</p><p dur='1s'>c</p></div></body>"
    )
    assert [(c.text, c.start_s, c.end_s) for c in found.captions] == [("a", 0, 2), ("b", 3, 6), ("c", 6, 7)]


def test_times_of_words_are_said_to_be_lost() -> None:
    found = timed("<body><p begin='1s' end='3s'><span begin='0s'>be</span><span begin='1s'>fore</span> it</p></body>")
    assert [c.text for c in found.captions] == ["before it"]
    assert found.warnings == ("Left behind: 2 word times.",)


@pytest.mark.parametrize("text", ["", "<tt", "plain", '<tt xmlns="x"><body><p begin="soon" end="2s">a</p></body></tt>'])
def test_what_is_no_timed_text_is_said(text: str) -> None:
    with pytest.raises(UnreadableMedia, match=r"x\.xml"):
        find("ttml").parse(text.encode(), "x.xml")
