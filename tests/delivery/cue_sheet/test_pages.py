"""Spotting notes to print and to browse: all there, escaped, the same bytes each time, Chinese visible."""

from __future__ import annotations

import gc
import re
import shutil
import subprocess
import warnings
from html.parser import HTMLParser
from pathlib import Path

import pytest

from audiopost.core.spotting import Cue, TempoFit
from audiopost.delivery.cue_sheet import fonts, html, pages, pdf
from audiopost.delivery.cue_sheet.notes import notes


def text_of(path: Path, *options: str) -> str:
    if not shutil.which("pdftotext"):
        pytest.skip("pdftotext (poppler) is not on this machine")
    command = ["pdftotext", *options, str(path), "-"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_the_print_holds_every_cue_and_escapes_markup(tmp_path, spotting, timebase):
    path = pdf.write(tmp_path / "x.pdf", spotting)
    text = text_of(path)
    assert path.read_bytes().startswith(b"%PDF")
    for cue in spotting.cues:
        assert cue.label in text
        assert timebase.timecode(cue.in_s) in text
        assert timebase.timecode(cue.out_s) in text
    flat = " ".join(text.split())
    assert "FILM 電影 <1> · starts" in flat
    assert "and <b>dark</b>; 門" in flat
    assert "84.35 meets the hits (0.5 frames off, 0.8 at most)" in flat
    assert "Winter | Light (=Ana), 82 % [taken]: tempo 84 of 80–92; minor" in flat
    assert "14.5 LU below the dialogue; ducks: 2, down to –18 LU" in flat
    assert re.search(r"page 1 of \d", flat)


def test_two_runs_give_the_same_bytes_and_no_date(tmp_path, make_spotting, bases):
    first, second = (pdf.write(tmp_path / f"{n}.pdf", make_spotting(bases["25"], "zh-hant")).read_bytes() for n in "ab")
    assert first == second
    assert b"/CreationDate (D:2000" in first


@pytest.mark.parametrize(
    ("language", "words"),
    [("zh-hant", ("配樂點位表", "襯底 · 緊張", "對點")), ("zh-hans", ("配乐点位表", "衬底 · 紧张"))],
)
def test_chinese_is_embedded(tmp_path, make_spotting, bases, language, words):
    path = pdf.write(tmp_path / "x.pdf", make_spotting(bases["25"], language))
    flat = " ".join(text_of(path).split())
    assert all(word in flat for word in words)
    if not list(fonts._installed()):
        pytest.skip("no Chinese font on this machine: one of Adobe's CID fonts is named instead")
    assert b"/FontFile2" in path.read_bytes()


def test_the_font_s_file_is_closed():
    file = next(fonts._installed(), None)
    if file is None:
        pytest.skip("no Chinese font on this machine")
    fonts._subset.cache_clear()  # so that it is read here
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", ResourceWarning)
        fonts.fonts_for("門關上", "zh-hant")
        gc.collect()  # finds what other tests left open as well
    assert [str(each.message) for each in said if str(file.parent) in str(each.message)] == []


def test_pages_made_one_after_another_have_their_own_characters(tmp_path, make_spotting, bases):
    for number, word in enumerate(("龍鳳呈祥", "雨過天青")):
        cue = Cue(1, 0.0, 4.0, "sting", "fear", (60, 80), "", (), word, 0.5)
        path = pdf.write(tmp_path / f"{number}.pdf", make_spotting(bases["25"], "zh-hant", (cue,)))
        assert word in text_of(path)


def test_chinese_glyphs_leave_ink(tmp_path, make_spotting, bases):
    """Rendered: a page in Chinese has as much ink as its text says, which missing glyphs would not."""
    if not shutil.which("pdftoppm") or not list(fonts._installed()):
        pytest.skip("needs pdftoppm (poppler) and a Chinese font")
    import numpy as np
    from PIL import Image

    cue = Cue(1, 0.0, 4.0, "sting", "fear", (60, 80), "", (), "雨" * 60, 0.5)
    path = pdf.write(tmp_path / "x.pdf", make_spotting(bases["25"], "zh-hant", (cue,)))
    subprocess.run(["pdftoppm", "-r", "60", "-l", "1", "-gray", "-png", str(path), str(tmp_path / "p")], check=True)
    picture = np.asarray(Image.open(next(tmp_path.glob("p*.png"))).convert("L"))
    bare = pdf.write(tmp_path / "y.pdf", make_spotting(bases["25"], "zh-hant", (Cue(**(vars(cue) | {"reason": ""})),)))
    subprocess.run(["pdftoppm", "-r", "60", "-l", "1", "-gray", "-png", str(bare), str(tmp_path / "q")], check=True)
    empty = np.asarray(Image.open(next(tmp_path.glob("q*.png"))).convert("L"))
    assert (empty.astype(float) - picture).sum() / 255 > 50 * 10  # a glyph of 8 points has some 15 dots of ink


def test_without_a_chinese_font_one_is_named(tmp_path, monkeypatch, make_spotting, bases):
    monkeypatch.setattr(fonts, "_installed", lambda: iter(()))
    data = pdf.write(tmp_path / "x.pdf", make_spotting(bases["25"], "zh-hant")).read_bytes()
    assert b"/MSung-Light" in data
    assert b"/FontFile2" not in data


def test_western_pages_need_no_font_of_the_system(tmp_path, monkeypatch, make_spotting, bases):
    def none():
        raise AssertionError("asked for the system's fonts")

    monkeypatch.setattr(fonts, "_installed", none)
    assert fonts.fonts_for("Café – “quoted” … 5 €", "en") == fonts.WESTERN


@pytest.mark.parametrize("language", ["en", "zh-hant", "zh-hans"])
def test_no_cues_are_said(tmp_path, make_spotting, bases, language):
    empty = make_spotting(bases["25"], language, ())
    said = notes(empty).empty
    assert said
    assert said in " ".join(text_of(pdf.write(tmp_path / "x.pdf", empty)).split())
    assert said in html.render(empty)


def test_a_long_list_repeats_its_head(tmp_path, make_spotting, bases):
    cues = tuple(
        Cue(n, n * 10.0, n * 10.0 + 5, "sting", "fear", (60, 80), "", (), "a reason " * 30, 0.5) for n in range(1, 60)
    )
    path = pdf.write(tmp_path / "x.pdf", make_spotting(bases["25"], "en", cues))
    text = text_of(path).split("\f")
    heads = [page for page in text if "Function and emotion" in page]
    assert len(heads) >= 3
    assert "1m59" in text_of(path)
    total = len(text) - 1
    assert f"page {total} of {total}" in text[total - 1]


def test_one_endless_cue_still_prints(tmp_path, make_spotting, bases):
    spotting = make_spotting(bases["25"])
    cue = spotting.cues[0]
    many = Cue(**(vars(cue) | {"hits": cue.hits * 150, "tracks": cue.tracks * 40, "reason": "word " * 2000}))
    text = text_of(pdf.write(tmp_path / "x.pdf", make_spotting(bases["25"], "en", (many,))))
    assert text.count("the door | slams") == 150


class Page(HTMLParser):
    """What a browser would make of it: text, tags, and attributes that reach outside."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.outside: list[str] = []
        self.text = ""

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.outside += [value for name, value in attrs if name in ("src", "href") and not value.startswith("#")]

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize("language", ["en", "zh-hant"])
def test_the_page_is_whole_and_escaped(make_spotting, bases, language):
    spotting = make_spotting(bases["29.97df"], language)
    page = Page()
    page.feed(html.render(spotting))
    assert not {"script", "b dark"} & set(page.tags)
    assert page.outside == []
    assert "FILM 電影 <1>" in page.text
    assert 'Quieter, "slower"\nand <b>dark</b>; 門' in page.text
    assert page.text.count("the door | slams\n門") == 1
    for cue in spotting.cues:
        assert f"{bases['29.97df'].timecode(cue.in_s)} – {bases['29.97df'].timecode(cue.out_s)}" in page.text
    assert page.tags.count("article") == 5
    assert page.tags.count("polyline") == 2
    assert ("襯底 · 緊張" if language == "zh-hant" else "underscore · tension") in page.text


def test_existing_music_has_its_tempo_and_no_level(make_spotting, bases):
    fit = TempoFit(71.89, 0.02, 0.0, 0.0)
    there = Cue(1, 0.0, 5.0, "opening", "joy", (72, 72), "major", (), "", 0.9, status="existing", metre="", tempo=fit)
    free = Cue(2, 6.0, 9.0, "source", "joy", (0, 0), "", (), "", 0.9, status="existing", metre="")
    page = notes(make_spotting(bases["25"], "en", (there, free)))
    assert page.cards[0].facts == (("Tempo", "72 BPM"), ("Mode", "major"))
    assert page.cards[1].facts == ()
    assert [row[5] for row in page.overview] == ["72", ""]


def test_status_colours_cover_every_status():
    from audiopost.core.spotting import STATUSES

    assert set(pages.STATUS) == set(STATUSES)
