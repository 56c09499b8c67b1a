"""The workbench in a real browser: upload, run, listen, stop, and what one visitor must not see or do."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote, unquote, urlparse

import pytest
import soundfile

pytest.importorskip("gradio", reason="the workbench needs gradio")
api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = api.expect

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
]


class Workbench:
    """A running server: its address, and where it keeps results."""

    def __init__(self, url: str, results: Path) -> None:
        self.url, self.results = url, results

    def status(self, path: Path) -> int:
        """What the server answers when asked for a file of this machine."""
        try:
            with urllib.request.urlopen(f"{self.url}/gradio_api/file={quote(str(path))}") as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code


@pytest.fixture(scope="module")
def workbench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    folder = tmp_path_factory.mktemp("workbench")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url, results, log = f"http://127.0.0.1:{port}", folder / "results", folder / "log.txt"
    command = [sys.executable, "-m", "audiopost", "ui", "--port", str(port), "-o", str(results), "--max-size", "20mb"]
    (scratch := folder / "scratch").mkdir()
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "TMPDIR": str(scratch)}
    with log.open("w") as out:
        server = subprocess.Popen(command, stdout=out, stderr=out, env=environment)
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(url).close()
                break
            except OSError:
                assert server.poll() is None, log.read_text()
                time.sleep(0.2)
        else:
            pytest.fail(f"the workbench did not start: {log.read_text()}")
        yield Workbench(url, results)
    finally:
        server.terminate()
        server.wait(20)
    assert "Traceback" not in log.read_text()
    assert list(scratch.glob("audiopost-workbench-*")) == []  # uploads and what players loaded are gone


@pytest.fixture(scope="module")
def chromium() -> Iterator[object]:
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: object, workbench: Workbench) -> Iterator[Callable[[], object]]:
    """visit() -> a page of a new visitor. In the end, nothing may have been asked of any other machine."""
    asked: list[str] = []
    alerts: list[str] = []
    contexts = []

    def open_page() -> object:
        context = chromium.new_context(viewport={"width": 1400, "height": 1000})
        contexts.append(context)
        context.set_default_timeout(10_000)
        context.on("request", lambda request: asked.append(request.url))
        page = context.new_page()
        page.on("dialog", lambda dialog: (alerts.append(dialog.message), dialog.dismiss()))
        page.goto(workbench.url)
        page.wait_for_selector("#run")
        return page

    yield open_page
    for context in contexts:
        context.close()
    hosts = {urlparse(url).hostname for url in asked if not url.startswith(("data:", "blob:"))}
    assert hosts == {"127.0.0.1"}
    assert alerts == []


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory, scene: Path) -> Path:
    """Four seconds of the scene."""
    sound, rate = soundfile.read(scene, start=23 * 48_000, frames=4 * 48_000)
    path = tmp_path_factory.mktemp("clip") / "take 粵.wav"
    soundfile.write(path, sound, rate, subtype="PCM_24")
    return path


def choose(page: object, elem_id: str, option: str) -> None:
    page.locator(f"#{elem_id} input").click()
    page.get_by_role("option", name=option).first.click()


def upload(page: object, path: Path) -> None:
    page.locator("#upload input[type=file]").set_input_files(path)
    expect(page.locator("#upload")).to_contain_text(path.suffix, timeout=15_000)


def test_a_preset_runs_and_before_and_after_play(visit: Callable[[], object], workbench: Workbench, clip: Path) -> None:
    page = visit()
    upload(page, clip)
    options = page.locator("#options")
    options.get_by_role("button", name="All options").click()
    expect(options.get_by_role("button", name="cues")).to_be_visible()
    choose(page, "preset", "Podcast")
    expect(options.get_by_role("button", name="cues")).to_have_count(0)  # the options are this preset's
    choose(page, "language", "English")
    options.get_by_role("button", name="denoise").click()
    amount = options.get_by_label("number input for amount (%)", exact=True)
    amount.fill("50")
    amount.press("Tab")
    page.click("#run")
    expect(page.locator(".verdict.done, .verdict.missed")).to_be_visible(timeout=60_000)
    expect(page.locator("#verdict")).to_contain_text("take 粵.wav")
    expect(page.locator("#run")).to_be_visible()

    heard = {}
    for kind in ("before", "clean", "master", "removed"):
        player = page.locator(f"#player-{kind}")
        expect(player.locator("#duration")).to_have_text("0:04")
        player.get_by_role("button", name="Play", exact=True).click()
        expect(player.locator("#time")).to_have_text("0:01")  # it plays
        player.get_by_role("button", name="Pause", exact=True).click()
        heard[kind] = player.locator("a[download]").get_attribute("href")
    assert len(set(heard.values())) == 4

    page.get_by_role("tab", name="Report").click()
    report = page.frame_locator("#report iframe")
    expect(report.locator("h1")).to_have_text("take 粵.wav")
    page.get_by_role("tab", name="Files").click()
    for suffix in (".srt", ".master.wav", ".report.html", ".provenance.json"):
        expect(page.locator(f"#files a[href$='{suffix}']")).to_have_count(1)

    (saved,) = workbench.results.glob("take*/*.project.json")
    steps = {step["stage"]: step["options"] for step in json.loads(saved.read_text(encoding="utf-8"))["steps"]}
    assert steps["denoise"]["amount"] == 50.0
    assert steps["transcribe"]["language"] == "en"

    other = visit()  # somebody else meanwhile sees none of it
    expect(other.locator("#verdict")).to_contain_text("Nothing has run yet")
    assert "take" not in other.locator("body").inner_text()
    assert other.locator("#player-clean").count() == 0
    # Nor does the server hand out files of this machine, results included, by their paths.
    assert workbench.status(Path(unquote(heard["clean"]).partition("file=")[2])) == 200
    for path in (saved, Path("/etc/passwd"), Path(__file__), clip):
        assert workbench.status(path) in (403, 404)


def test_a_running_job_stops_and_leaves_nothing(visit: Callable[[], object], workbench: Workbench, scene: Path) -> None:
    before = set(workbench.results.iterdir())
    page = visit()
    upload(page, scene)
    page.click("#run")
    expect(page.locator("#verdict")).to_contain_text("of 12", timeout=30_000)  # the progress line names its stage
    page.click("#stop")
    expect(page.locator("#verdict")).to_contain_text("Stopped", timeout=30_000)
    expect(page.locator("#run")).to_be_visible()
    assert set(workbench.results.iterdir()) == before


def test_what_is_no_recording_gets_a_message(visit: Callable[[], object], tmp_path: Path) -> None:
    page = visit()
    page.click("#run")
    expect(page.locator(".verdict.failed")).to_contain_text("There is no recording yet")
    false = tmp_path / "notes.wav"
    false.write_text("These are words, not sound. " * 50)
    upload(page, false)
    page.click("#run")
    expect(page.locator(".verdict.failed")).to_contain_text("notes.wav", timeout=30_000)
    assert "Traceback" not in page.locator("body").inner_text()


def test_markup_in_a_file_name_stays_text(visit: Callable[[], object], tmp_path: Path) -> None:
    page = visit()
    nasty = tmp_path / "<img src=x onerror=alert(1)>.wav"
    nasty.write_text("no sound")
    upload(page, nasty)
    page.click("#run")
    expect(page.locator(".verdict.failed")).to_contain_text("onerror", timeout=30_000)
    assert page.locator("img[onerror], img[src=x]").count() == 0


def test_a_huge_upload_is_refused(visit: Callable[[], object], tmp_path: Path) -> None:
    page = visit()
    huge = tmp_path / "huge.wav"
    huge.write_bytes(bytes(21_000_000))
    page.locator("#upload input[type=file]").set_input_files(huge)
    expect(page.locator("body")).to_contain_text("maximum allowed size", timeout=30_000)
