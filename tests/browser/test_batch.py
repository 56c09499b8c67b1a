"""Batch in a real browser: many in, one bad, cancel, retry; a killed server, and going on with all of it."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

expect = pytest.importorskip("playwright.sync_api").expect

Visit = Callable[..., Any]


def queued(page: Any, name: str) -> Any:
    return page.locator(f'#queue-table tr[data-kind="run"][data-recording="{name}"]')


def state(page: Any, name: str, wanted: str, seconds: float = 90) -> None:
    expect(queued(page, name)).to_have_attribute("data-state", wanted, timeout=seconds * 1000)


def bring_in(page: Any, *paths: Path) -> None:
    page.locator("#batch-upload-file").set_input_files(list(paths))
    for path in paths:
        expect(page.locator(f'.batch-line input[name="{path.stem}"]')).to_be_checked(timeout=30_000)


def test_a_bad_file_stops_no_other_and_the_queue_survives_a_reload(
    visit: Visit, workbench: Any, take: Path, tmp_path: Path
) -> None:
    paths = [tmp_path / f"{name}.wav" for name in ("one", "two", "three")]
    for path in paths:
        shutil.copy(take, path)
    page = visit(workbench, "batch")
    bring_in(page, *paths)
    (workbench.project / "media" / "two.wav").write_bytes(b"no sound any more")
    page.select_option("#batch-preset", "music-stems")
    page.click("#batch-start")
    state(page, "one", "done")
    state(page, "two", "failed")
    state(page, "three", "done")
    expect(queued(page, "two")).to_contain_text("two.wav")
    expect(queued(page, "one")).to_contain_text("streaming")
    expect(queued(page, "one")).to_contain_text("files")
    assert (workbench.project / "three.master.wav").exists()
    page.reload()
    rows = page.locator('#queue-table tr[data-kind="run"]')
    expect(rows).to_have_count(3, timeout=20_000)
    names = rows.evaluate_all("rows => rows.map(row => row.dataset.recording)")
    assert names == ["one", "three", "two"]  # as the folder lists them

    shutil.copy(take, workbench.project / "media" / "two.wav")
    page.get_by_role("button", name="Try Preset run again: two").click()
    state(page, "two", "done")
    assert rows.evaluate_all("rows => rows.map(row => row.dataset.recording)") == names  # in its place
    page.get_by_role("button", name="Open three").click()
    expect(page.locator("#recording")).to_have_value("three", timeout=20_000)
    page.click("#queue-clear")
    expect(rows).to_have_count(0)


def test_one_is_cancelled_then_all(visit: Visit, workbench: Any, scene: Path, tmp_path: Path) -> None:
    paths = [tmp_path / f"{name}.flac" for name in ("a long", "b next", "c last")]
    for path in paths:
        shutil.copy(scene, path)
    page = visit(workbench, "batch")
    bring_in(page, *paths)
    with page.expect_response("**/presets/choose"):
        page.select_option("#batch-preset", "film-dialogue")
    page.click("#batch-start")
    state(page, "a long", "running")
    page.get_by_role("button", name="Cancel Preset run: b next").click()
    state(page, "b next", "cancelled")
    state(page, "c last", "waiting")
    page.click("#queue-cancel-all")
    state(page, "a long", "cancelled")
    state(page, "c last", "cancelled")
    assert not list(workbench.project.glob("a long.*"))


def test_a_killed_server_leaves_a_queue_that_goes_on(
    visit: Visit, start: Callable[[Path], Any], tmp_path: Path, take: Path, scene: Path
) -> None:
    project = tmp_path / "project"
    (project / "media").mkdir(parents=True)
    shutil.copy(scene, project / "media" / "first.flac")
    shutil.copy(take, project / "media" / "second.wav")
    running = start(project)
    page = visit(running, "batch")
    page.get_by_role("button", name="All", exact=True).first.click()
    page.select_option("#batch-preset", "music-stems")
    page.click("#batch-start")
    expect(queued(page, "first").locator(".queue-said")).to_contain_text("splitting into stems", timeout=60_000)
    running.process.send_signal(signal.SIGKILL)
    running.process.wait(20)
    page = visit(start(project), "batch")
    expect(page.locator(".queue-cut")).to_contain_text("2 jobs were cut off", timeout=20_000)
    page.click("#queue-go-on")
    state(page, "first", "done")
    state(page, "second", "done")
    expect(page.locator(".queue-cut")).to_be_hidden()
