"""The spotting desk in a browser: cues dragged, judged, named, heard, taken out and brought back."""

from __future__ import annotations

import csv
import io
import time
from typing import Any

import pytest

TITLE = '=cmd()<img src=x onerror=alert("t")>'


def cues_of(page: Any) -> Any:
    return page.evaluate("fetch('audiopost/cues').then(r => r.json())")["cues"]


def x_of(page: Any, time_s: float) -> float:
    """Where a time lies on the deck, in pixels of the page."""
    return page.evaluate(
        "t => document.querySelector('.deck-canvas').getBoundingClientRect().left + audiopost.view.x(t)", time_s
    )


def y_of_cues(page: Any) -> float:
    """The middle of the lane of cues, the lowest of the deck."""
    box = page.locator(".deck-canvas").bounding_box()
    return box["y"] + box["height"] - 27


def exported(page: Any) -> list[dict[str, str]]:
    page.click("#cues-export")
    with page.expect_download() as download:
        page.click("#cue-export-csv")
    page.keyboard.press("Escape")
    text = download.value.path().read_text(encoding="utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


@pytest.fixture
def page(edited: Any, visit: Any) -> Any:
    """The Cues tab with one cue of ours from 2 to 5 s, selected."""
    page = visit(edited, tab="cues")
    page.wait_for_selector("#cues-export")
    page.wait_for_function("audiopost?.player.manifest && audiopost.view.end_s > 5")
    page.evaluate("audiopost.player.loop(2, 5)")
    before = [cue["label"] for cue in cues_of(page)]
    page.click("#cues-add")
    page.wait_for_function("n => document.querySelectorAll('.cue-list tbody tr').length === n", arg=len(before) + 1)
    page.evaluate("audiopost.player.loop(null)")
    (label,) = {cue["label"] for cue in cues_of(page)} - set(before)
    page.label = label
    return page


def own(page: Any) -> Any:
    return next(cue for cue in cues_of(page) if cue["label"] == page.label)


def until(page: Any, question: str, argument: Any = None, seconds: float = 20) -> None:
    """Asks a question that takes a promise until it is answered with yes; wait_for_function takes a promise for one."""
    end = time.monotonic() + seconds
    while not page.evaluate(question, argument):
        assert time.monotonic() < end, question
        page.wait_for_timeout(50)


def settled(page: Any, condition: str) -> None:
    """Waits until the cue of the test meets a condition on `cue`, as the server has it."""
    until(
        page,
        "async label => { const all = await (await fetch('audiopost/cues')).json();"
        f"const cue = all.cues.find(c => c.label === label); return {condition}; }}",
        page.label,
    )


def test_a_cue_that_was_dragged_is_elsewhere_in_the_csv(page: Any) -> None:
    y = y_of_cues(page)
    page.mouse.move(x_of(page, 3.5), y)
    page.mouse.down()
    page.mouse.move(x_of(page, 3.8), y)
    page.keyboard.down("Alt")  # no magnet: to the frame under the pointer
    page.mouse.move(x_of(page, 4.3), y)
    assert page.label in page.locator(".cue-readout").inner_text()
    page.mouse.up()
    page.keyboard.up("Alt")
    settled(page, "cue.in_s > 2.5")
    moved = own(page)
    assert moved["in_s"] == pytest.approx(2.8, abs=0.045)
    assert moved["out_s"] - moved["in_s"] == pytest.approx(3.0, abs=1e-6)
    assert moved["in_s"] * 25 == pytest.approx(round(moved["in_s"] * 25), abs=1e-6)
    assert page.label in page.locator(".cue-notes").inner_text()
    row = next(row for row in exported(page) if row["label"] == page.label)
    assert float(row["in_s"]) == pytest.approx(moved["in_s"], abs=0.001)
    # By an edge, and back with one undo.
    page.mouse.move(x_of(page, moved["out_s"]) - 2, y)
    page.mouse.down()
    page.keyboard.down("Alt")
    page.mouse.move(x_of(page, 7.0), y, steps=4)
    page.mouse.up()
    page.keyboard.up("Alt")
    settled(page, "cue.out_s > 6.5")
    assert own(page)["in_s"] == moved["in_s"]
    page.keyboard.press("Control+z")
    settled(page, "cue.out_s < 6")
    assert own(page) == moved


def test_the_keyboard_moves_a_cue_by_frames(page: Any) -> None:
    page.focus(f'.cue-list tr[data-label="{page.label}"]')
    for key in ("ArrowRight", "ArrowRight", "Shift+ArrowLeft"):
        page.keyboard.press(key)
    settled(page, "Math.abs(cue.out_s - 4.96) < 1e-6")
    assert own(page)["in_s"] == pytest.approx(2.08)
    page.evaluate("audiopost.player.seek(3.0)")
    page.keyboard.press("[")
    settled(page, "Math.abs(cue.in_s - 3) < 1e-6")
    page.fill("#cue-out_s", "00:00:06:00")
    page.keyboard.press("Enter")
    settled(page, "cue.out_s === 6")
    page.focus("#cue-out_s")
    page.keyboard.press("ArrowUp")
    settled(page, "Math.abs(cue.out_s - 6.04) < 1e-6")
    page.fill("#cue-in_s", "nonsense")
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('#cue-in_s').value === '00:00:03:00'")


def test_accepted_named_with_markup_and_found_again_after_a_reload(page: Any) -> None:
    page.click("#cue-accepted")
    settled(page, "cue.status === 'accepted'")
    page.fill("#cue-title", TITLE)
    page.keyboard.press("Tab")
    page.wait_for_selector(f'.cue-list tr[data-label="{page.label}"] td:has-text("onerror")')
    settled(page, "cue.title.startsWith('=cmd')")
    assert page.locator(".cues img").count() == 0
    row = next(row for row in exported(page) if row["label"] == page.label)
    assert (row["status"], row["title"]) == ("accepted", f"'{TITLE}")
    page.reload()
    page.wait_for_selector(f'.cue-list tr[data-label="{page.label}"].cue-accepted')
    assert own(page)["title"] == TITLE


def test_the_guide_is_heard_under_the_dialogue(page: Any) -> None:
    page.click("#cue-hear")
    page.wait_for_function("audiopost.player.track === 'guide' && audiopost.player.playing", timeout=30_000)
    at = page.evaluate("audiopost.player.time()")
    page.wait_for_function("t => audiopost.player.time() > t + 0.2", arg=at)
    assert page.evaluate("audiopost.player.region.start_s") == 0
    page.keyboard.press("k")


def test_an_alternative_is_taken_over_a_cue_split_and_an_edited_sheet_comes_back(page: Any, tmp_path: Any) -> None:
    before = own(page)
    page.click("#cue-alternative-0")
    page.wait_for_function(
        "title => document.querySelector('.cue-reason p').textContent === title",
        arg=before["alternatives"][0]["reason"],
    )
    page.evaluate("audiopost.player.seek(3.6)")
    page.click("#cue-split")
    settled(page, "Math.abs(cue.out_s - 3.6) < 1e-6")
    page.click("#cues-export")
    with page.expect_download() as download:
        page.click("#cue-export-csv")
    page.keyboard.press("Escape")
    sheet = tmp_path / "edited.csv"
    text = download.value.path().read_text(encoding="utf-8-sig")
    sheet.write_text(text.replace("00:00:02:00", "00:00:01:10"), encoding="utf-8")
    page.set_input_files("#cue-sheet-file", sheet)
    settled(page, "Math.abs(cue.in_s - 1.4) < 1e-6")


def test_the_music_is_spotted_anew_beside_what_was_accepted(page: Any) -> None:
    page.click("#cue-accepted")
    settled(page, "cue.status === 'accepted'")
    page.click("#cues-spot")
    page.select_option("#cue-spot-rules", "thriller")
    page.click("#cue-spot-go")
    until(
        page,
        "async () => (await (await fetch('audiopost/pulse')).json())"
        ".jobs.some(job => job.kind === 'spot' && job.state === 'done')",
        seconds=60,
    )
    kept = own(page)
    assert (kept["status"], kept["in_s"], kept["out_s"]) == ("accepted", 2.0, 5.0)
    others = [cue for cue in cues_of(page) if cue["label"] != page.label and cue["status"] == "suggested"]
    assert all(cue["out_s"] <= 2.0 or cue["in_s"] >= 5.0 for cue in others if not cue["edited"])


def test_in_hong_kong_it_speaks_chinese(edited: Any, visit: Any) -> None:
    page = visit(edited, tab="cues", locale="zh-HK", dark=True)
    page.wait_for_selector("#cues-export")
    assert page.locator("#cues-export").inner_text() == "匯出…"
    assert "樂段" in page.locator("#cue-count").locator("xpath=../..").inner_text()
    text = page.locator(".cues").inner_text()
    assert "cuespage." not in text
