"""The main job in a real browser: bring in, choose, run, read the verdict; stop, refuse, what others must not see."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

expect = pytest.importorskip("playwright.sync_api").expect

Visit = Callable[..., Any]


def bring_in(page: Any, *paths: Path) -> None:
    page.locator("#upload-file").set_input_files(list(paths))


def row(page: Any, name: str) -> Any:
    return page.locator(f'#recordings tr[data-recording="{name}"]')


def ended(page: Any, name: str, kind: str = "run") -> dict[str, Any]:
    """The latest job of a kind on a recording, once it has ended."""
    for _ in range(600):
        jobs = page.evaluate("async () => (await (await fetch('audiopost/jobs')).json()).jobs")
        own = [job for job in jobs if (job["recording"], job["kind"]) == (name, kind)]
        if own and own[-1]["state"] not in ("waiting", "running"):
            return own[-1]
        page.wait_for_timeout(250)
    pytest.fail(f"{kind} of {name} did not end")


def test_a_preset_runs_and_its_figures_show(visit: Visit, workbench: Any, take: Path) -> None:
    page = visit(workbench, "project")
    expect(page.locator("#verdict")).to_contain_text("Nothing is open")
    bring_in(page, take)
    expect(row(page, "take 粵")).to_contain_text("48 kHz", timeout=30_000)
    expect(page.locator("#verdict")).to_contain_text("Nothing has run on it yet", timeout=30_000)

    options = page.locator("#options")
    options.get_by_role("button", name="Options of every stage").click()
    expect(options.get_by_role("button", name="Cues")).to_be_visible(timeout=20_000)
    page.select_option("#run-preset", "podcast")
    expect(page.locator("#run-about")).to_contain_text("denoised as a whole")
    page.select_option("#run-language", "en")
    expect(options.get_by_role("button", name="Cues")).to_have_count(0)  # the options are this preset's
    options.get_by_role("button", name="Denoise").click()
    amount = options.get_by_label("number input for amount (%)", exact=True)
    amount.fill("50")
    amount.press("Tab")
    expect(page.locator("#runbar")).to_contain_text("denoise.amount = 50", timeout=20_000)

    page.click("#run")
    expect(page.locator("#run-status")).to_contain_text("of 8", timeout=30_000)  # stage and place
    assert ended(page, "take 粵")["state"] == "done"
    expect(page.locator("#verdict .verdict.done, #verdict .verdict.missed")).to_be_visible(timeout=20_000)
    for text in ("podcast", "take 粵.wav", "LUFS", "Captions", "Who did the work"):
        expect(page.locator("#verdict")).to_contain_text(text)
    expect(row(page, "take 粵")).to_contain_text("Podcast")
    expect(page.locator("#undo")).to_have_attribute("title", "Undo: run Podcast")
    steps: dict[str, Any] = {}
    while "denoise" not in steps:  # the whole Project follows its journal a moment later
        page.wait_for_timeout(100)
        saved = json.loads((workbench.project / ".take 粵.audiopost" / "project.json").read_text())
        steps = {step["stage"]: step["options"] for step in saved["steps"]}
    assert steps["denoise"]["amount"] == 50.0
    assert steps["transcribe"]["language"] == "en"

    page.reload()  # everything is there again
    expect(page.locator("#verdict")).to_contain_text("take 粵.wav", timeout=20_000)
    expect(page.locator("#run-preset")).to_have_value("podcast")
    expect(page.locator("#runbar")).to_contain_text("denoise.amount = 50")
    page.click("#undo")
    expect(page.locator("#verdict")).to_contain_text("Nothing has run on it yet", timeout=20_000)
    page.click("#redo")
    expect(page.locator("#verdict")).to_contain_text("LUFS", timeout=20_000)


def test_the_main_job_by_keyboard_alone(visit: Visit, workbench: Any, take: Path) -> None:
    page = visit(workbench, "project")
    bring_in(page, take)  # what the file dialog of the button gives
    name = "take 粵-2"
    expect(row(page, name)).to_be_visible(timeout=30_000)
    page.locator("#upload-button").focus()
    seen = []
    for _ in range(40):  # every control on the way has a name
        page.keyboard.press("Tab")
        seen.append(
            page.evaluate("(() => { const e = document.activeElement; return e.id || e.getAttribute('aria-label') })()")
        )
        if seen[-1] == "run":
            break
    assert {"run-preset", "run-language", "run"} <= set(seen)
    page.locator("#run-preset").focus()
    page.keyboard.type("Music")
    expect(page.locator("#run-preset")).to_have_value("music-stems")
    expect(page.locator("#run-language")).to_be_disabled()
    expect(page.get_by_role("button", name=f"Run on {name}")).to_be_enabled(timeout=30_000)
    page.locator("#run").focus()
    page.keyboard.press("Enter")
    assert ended(page, name)["state"] == "done"
    expect(page.locator("#verdict h2")).to_contain_text("streaming", timeout=20_000)


def test_a_running_job_stops_and_leaves_nothing(visit: Visit, workbench: Any, scene: Path) -> None:
    page = visit(workbench, "project")
    bring_in(page, scene)
    expect(row(page, "scene")).to_contain_text("open", timeout=30_000)
    page.select_option("#run-preset", "film-dialogue")
    expect(page.locator("#run")).to_be_enabled(timeout=30_000)
    page.click("#run")
    expect(page.locator("#run-status")).to_contain_text("of 12", timeout=30_000)
    page.close()  # it goes on when the tab is closed
    page = visit(workbench, "project")
    expect(page.locator("#run-status")).to_contain_text("of 12", timeout=30_000)
    page.click("#run-stop")
    assert ended(page, "scene")["state"] == "cancelled"
    expect(page.locator("#run-status")).to_contain_text("Stopped", timeout=20_000)
    expect(page.locator("#verdict")).to_contain_text("Nothing has run on it yet")
    assert not (workbench.project / ".scene.audiopost" / "run").exists()
    assert not list(workbench.project.glob("scene.*"))


def test_what_is_no_recording_gets_a_message(visit: Visit, workbench: Any, tmp_path: Path) -> None:
    false, empty = tmp_path / "notes.wav", tmp_path / "nothing.wav"
    false.write_text("These are words, not sound. " * 50)
    empty.write_bytes(b"")
    huge = tmp_path / "huge.wav"
    huge.write_bytes(bytes(21_000_000))
    page = visit(workbench, "project")
    bring_in(page, false, empty, huge)
    told = page.locator("#upload-list li.refused")
    expect(told).to_have_count(3, timeout=30_000)
    for number, text in enumerate(("notes.wav", "the file is empty", "larger than the 20 MB")):
        expect(told.nth(number)).to_contain_text(text)
    assert "Traceback" not in page.locator("body").inner_text()
    told.first.get_by_role("button").click()
    expect(told).to_have_count(2)
    left = [path.name for path in (workbench.project / "media").iterdir()]
    assert not {"notes.wav", "nothing.wav", "huge.wav"} & set(left)
    assert not [name for name in left if name.startswith(".part")]


def test_markup_in_a_file_name_stays_text(visit: Visit, workbench: Any, tmp_path: Path, take: Path) -> None:
    page = visit(workbench, "project")
    nasty = tmp_path / "<img src=x onerror=alert(1)>.wav"
    nasty.write_text("no sound")
    bring_in(page, nasty)
    expect(page.locator("#upload-list")).to_contain_text("onerror", timeout=30_000)
    nasty.write_bytes(take.read_bytes())
    bring_in(page, nasty)
    expect(page.locator("#recordings")).to_contain_text("onerror", timeout=30_000)
    assert page.locator("img[onerror], img[src=x]").count() == 0


def test_a_recording_is_taken_out_after_a_question(visit: Visit, workbench: Any, take: Path, tmp_path: Path) -> None:
    page = visit(workbench, "project")
    other = tmp_path / "other.wav"
    other.write_bytes(take.read_bytes())
    bring_in(page, other)
    expect(row(page, "other")).to_be_visible(timeout=30_000)
    remove = page.get_by_role("button", name="Take other out of the project")
    expect(remove).to_be_enabled(timeout=30_000)
    remove.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Nothing is deleted")
    dialog.get_by_role("button", name="Cancel").click()
    expect(row(page, "other")).to_be_visible()
    remove.click()
    page.get_by_role("dialog").get_by_role("button", name="Take out").click()
    expect(row(page, "other")).to_have_count(0, timeout=20_000)
    assert list((workbench.project / ".audiopost" / ".trash").glob("*other/media/other.wav"))


def test_the_page_speaks_chinese_and_goes_back(visit: Visit, workbench: Any, take: Path) -> None:
    page = visit(workbench, "project", locale="zh-HK")
    expect(page.locator("#run")).to_have_text("開始處理")
    expect(page.locator("#run-preset")).to_contain_text("電影：對白、音樂及效果聲")
    expect(page.locator("#options")).to_contain_text("各階段選項")
    page.select_option("#language-choice", "zh-hans")
    expect(page.locator("#run")).to_have_text("开始处理", timeout=20_000)
    page.select_option("#language-choice", "en")
    expect(page.locator("#run")).to_have_text("Run", timeout=20_000)


def test_another_visitor_sees_nothing_and_no_file_goes_out_by_its_path(workbench: Any, visit: Visit) -> None:
    """Without a session, nothing; and Gradio's own ways for files are shut for everybody."""
    here = workbench.project / "media"
    names = [path for path in here.iterdir() if path.is_file()]
    assert names
    page = visit(workbench, "project")
    for path in (*names[:1], Path("/etc/passwd"), Path(__file__)):
        for way in ("gradio_api/file=", "file=", "audiopost/deliver/file?key="):
            status = page.evaluate("async url => (await fetch(url)).status", f"{way}{quote(str(path))}")
            assert status in (403, 404, 409)
    for path in ("recordings", "jobs", "presets", "deliver", "pulse"):
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(f"{workbench.url}/audiopost/{path}")
        assert caught.value.code == 401


def test_people_are_asked_before_their_captions_are_replaced(visit: Visit, edited: Any) -> None:
    page = visit(edited, "project")
    expect(page.locator("#verdict")).to_contain_text("Captions", timeout=30_000)
    before = page.evaluate(
        """async () => {
          const found = await (await fetch("audiopost/captions")).json();
          const headers = { "content-type": "application/json", "x-audiopost": "1" };
          const body = JSON.stringify({ stamp: found.stamp, indices: [0], reviewed: true });
          await fetch("audiopost/captions/review", { method: "POST", headers, body });
          return found.captions.map(caption => caption.lines);
        }"""
    )
    expect(page.locator("#verdict")).to_contain_text("1 reviewed", timeout=20_000)
    page.select_option("#run-preset", "subtitles-en")
    page.click("#run")
    dialog = page.locator("#run-replaces")
    expect(dialog).to_contain_text(f"0 edited and 1 reviewed of {len(before)} captions")
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_have_count(0)
    expect(page.locator("#run-status")).to_be_empty()  # nothing was begun
    page.click("#run")
    page.locator("#run-replaces").get_by_role("button", name="Keep them").click()
    job = ended(page, "scene 12")
    assert (job["state"], job["result"]["kept"]) == ("done", ["captions"])
    after = page.evaluate("async () => (await (await fetch('audiopost/captions')).json()).captions")
    assert [caption["lines"] for caption in after] == before
    assert after[0]["reviewed"]
