"""Deliver in a real browser: choose, check, deliver, download one and all, read the report where nothing can run."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from typing import Any

import pytest

expect = pytest.importorskip("playwright.sync_api").expect

Visit = Callable[..., Any]


def box(page: Any, key: str) -> Any:
    return page.locator(f'#deliver input[name="{key}"]')


def test_what_is_chosen_is_delivered_and_comes_home(visit: Visit, edited: Any) -> None:
    page = visit(edited, "deliver")
    expect(box(page, "subtitles.srt")).to_be_checked(timeout=30_000)
    expect(box(page, "subtitles.stl")).not_to_be_checked()
    page.get_by_role("button", name="None of Subtitles").click()
    box(page, "subtitles.imsc").check()
    box(page, "subtitles.scc").check()  # holds 29.97 pictures a second, and the film has 25
    page.get_by_role("button", name="None of Spotting and cues").click()
    page.get_by_role("button", name="None of Sound").click()
    box(page, "audio.m_and_e").check()
    box(page, "film.film").uncheck()
    start = page.locator("#deliver-start")
    expect(start).to_have_text("Deliver 6 items")
    start.click()
    expect(page.locator("#deliver-work")).to_contain_text("8 files were delivered", timeout=60_000)
    expect(page.locator("#deliver-work")).to_contain_text("scc was left out")
    rows = page.locator("#delivered-table tbody tr")
    expect(page.locator('#delivered-table tr[data-kind="imsc"]')).to_contain_text("scene 12.imsc.xml")
    expect(page.locator('#delivered-table tr[data-kind="m_and_e"]')).to_contain_text("48000 Hz")
    expect(page.locator('#delivered-table tr[data-kind="master"]')).to_contain_text("earlier delivery")

    with page.expect_download() as caught:
        page.get_by_role("link", name="Download scene 12.imsc.xml").click()
    assert caught.value.suggested_filename == "scene 12.imsc.xml"
    saved = caught.value.path()
    assert saved.read_bytes() == (edited.project / "scene 12.imsc.xml").read_bytes()
    with page.expect_download() as caught:
        page.click("#delivered-zip")
    assert caught.value.suggested_filename == "scene 12.zip"
    archive = zipfile.ZipFile(caught.value.path())
    assert archive.testzip() is None
    assert len(archive.namelist()) == rows.count()

    page.reload()  # the choice is there again
    expect(start).to_have_text("Deliver 6 items", timeout=30_000)
    expect(box(page, "subtitles.srt")).not_to_be_checked()


def test_the_report_is_read_in_a_frame_that_can_do_nothing(visit: Visit, edited: Any) -> None:
    page = visit(edited, "deliver")
    frame = page.locator("#delivered-page iframe")
    expect(frame).to_be_visible(timeout=30_000)
    assert frame.get_attribute("sandbox") == ""
    report = page.frame_locator("#delivered-page iframe")
    expect(report.locator("h1")).to_have_text("scene 12.mp4")
    page.get_by_role("button", name="Show scene 12.spotting.html").click()
    expect(page.locator("#delivered-page header")).to_contain_text("scene 12.spotting.html")


def test_a_master_for_another_spec_is_made_and_can_be_undone(visit: Visit, edited: Any) -> None:
    page = visit(edited, "deliver")
    checks = page.locator("#deliver-checks")
    expect(checks).to_contain_text("The master was made for EBU R 128", timeout=30_000)
    page.select_option("#deliver-spec", "podcast")
    expect(page.locator("#deliver-loudness")).to_contain_text("fail", timeout=20_000)
    page.click("#remaster")
    expect(checks).to_contain_text("The master was made for Podcast", timeout=60_000)
    expect(page.locator("#deliver-loudness")).to_contain_text("−16 ±")
    expect(page.locator("#delivered-files")).to_contain_text("changed since this was delivered")
    page.click("#undo")
    expect(checks).to_contain_text("The master was made for EBU R 128", timeout=20_000)


def test_it_speaks_chinese(visit: Visit, edited: Any) -> None:
    page = visit(edited, "deliver", locale="zh-HK")
    expect(page.locator("#deliver")).to_contain_text("交付檔案", timeout=30_000)
    expect(page.locator("#deliver")).to_contain_text("M&E（音樂及效果）")
    expect(page.locator("#deliver-checks")).to_contain_text("字幕規格", timeout=30_000)
