"""The page of a check: complete, harmless, and asking for nothing."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from audiopost.core.speech import Caption
from audiopost.core.time import FrameRate, Timebase
from audiopost.delivery.subtitle_check import COLUMNS, Checked, render, rows, write_csv, write_page
from audiopost.subtitles.check import check
from audiopost.subtitles.styles import load_style

STYLE = load_style("netflix-en")
AT_24 = Timebase(FrameRate.parse("24"), "10:00:00:00")
HOSTILE = '</style><script>alert(1)</script><img src="http://x.example/a.png" onerror="alert(2)">{{ 7 * 7 }}'


@pytest.fixture
def checked():
    captions = (
        Caption(1, 3, ("x" * 50,), None, "en"),
        Caption(3, 3.5, (HOSTILE, "=cmd()"), None, "en"),
        Caption(5, 7, ("I saw the", "dog that bit the postman on Monday night."), None, "en"),
    )
    return Checked("film <b>.srt", captions, check(captions, STYLE, AT_24, advice=True), STYLE, "en", AT_24)


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.links, self.text = [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in ("src", "href", "onerror", "onclick")]

    def handle_data(self, data):
        self.text += data


def test_rows_have_every_column(checked):
    made = rows(checked)
    assert all(tuple(row) == COLUMNS for row in made)
    assert [row["rule"] for row in made] == [issue.rule for issue in checked.issues]
    first = made[0]
    assert (first["timecode"], first["value"], first["limit"]) == ("10:00:01:00", 50.0, 42.0)
    assert rows(replace(checked, timebase=None))[0]["timecode"] is None


def test_the_page_shows_all_and_runs_nothing(checked, tmp_path):
    text = write_page(tmp_path / "page.html", [checked]).read_text(encoding="utf-8")
    page = Page(text)
    assert "script" not in page.tags
    assert "img" not in page.tags
    assert all(link.startswith("#") for link in page.links)
    assert "http" not in re.sub(r"http-equiv|&#34;http://x\.example[^ ]*|http://x\.example", "", text)
    assert "{{ 7 * 7 }}" in page.text  # not evaluated
    for issue in checked.issues:
        assert issue.detail in page.text
        assert f"r-{issue.rule}" in text
    assert "10:00:01:00" in page.text


def test_many_files_and_none_at_all(checked):
    clean = replace(checked, name="clean.srt", issues=(), mended=checked.issues)
    page = Page(render([checked, clean, replace(checked, name="empty.srt", captions=(), issues=())]))
    for words in ("clean.srt", "Every caption keeps to its style guide", "The file has no captions", "Mended:"):
        assert words in page.text


def test_the_table_defuses_formulas(checked, tmp_path):
    captions = (Caption(1, 1.1, ("=1+1",), None, "en"),)
    each = replace(checked, captions=captions, issues=check(captions, STYLE, AT_24))
    assert ",'=1+1" in write_csv(tmp_path / "a.csv", [each]).read_text(encoding="utf-8-sig")


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1280])
def test_rules_are_filtered_in_the_browser(checked, tmp_path, width, chromium):
    path = write_page(tmp_path / "page.html", [checked])
    page = chromium.new_page(viewport={"width": width, "height": 900})
    said, asked = [], []
    page.on("console", lambda message: said.append(message.text))
    page.on("dialog", lambda dialog: said.append(dialog.message))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    shown = page.locator("ol.issues li:visible")
    assert shown.count() == len(checked.issues)
    page.locator("#r-cpl").uncheck()
    assert shown.count() == sum(issue.rule != "cpl" for issue in checked.issues)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert (said, asked) == ([], [path.as_uri()])
    page.close()
