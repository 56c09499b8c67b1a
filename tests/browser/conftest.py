"""A running workbench and a browser before it: nothing may be asked of another machine, no foreign script may run."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import pytest
import soundfile

pytest.importorskip("gradio", reason="the workbench needs gradio")
pytest.importorskip("playwright.sync_api", reason="playwright is not installed")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.slow)


@dataclass
class Workbench:
    """A running server: its address, its project folder, what it printed."""

    url: str
    project: Path
    log: Path
    process: Any


def started(folder: Path, project: Path, *arguments: str) -> Workbench:
    """A server on a free port; `stopped` ends it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log, scratch = folder / "log.txt", folder / "scratch"
    scratch.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "audiopost", "ui", "--port", str(port), "--project", str(project), *arguments]
    environment = {
        **os.environ,
        "HF_HUB_OFFLINE": "1",
        "TMPDIR": str(scratch),
        "XDG_CONFIG_HOME": str(folder / "config"),
    }
    with log.open("a") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env=environment)
    url = f"http://127.0.0.1:{port}"
    for _ in range(300):
        try:
            urllib.request.urlopen(f"{url}/login").close()
            return Workbench(url, project, log, process)
        except OSError:
            assert process.poll() is None, log.read_text()
            time.sleep(0.2)
    process.kill()
    pytest.fail(f"the workbench did not start: {log.read_text()}")


def stopped(workbench: Workbench) -> None:
    workbench.process.terminate()
    workbench.process.wait(20)
    assert "Traceback" not in workbench.log.read_text()
    assert list((workbench.log.parent / "scratch").glob("audiopost-workbench-*")) == []


@pytest.fixture(scope="session")
def take(tmp_path_factory: pytest.TempPathFactory, scene: Path) -> Path:
    """Eight seconds of the scene, under a name that is no ASCII: a quarrel of two speakers over music."""
    sound, rate = soundfile.read(scene, start=23 * 48_000, frames=8 * 48_000)
    path = tmp_path_factory.mktemp("take") / "take 粵.wav"
    soundfile.write(path, sound, rate, subtype="PCM_24")
    return path


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory, take: Path) -> Path:
    """The same eight seconds as a film: 25 pictures a second whose grey rises, H.264 and AAC in mp4."""
    import av
    import numpy as np

    path = tmp_path_factory.mktemp("film") / "scene 12.mp4"
    sound, rate = soundfile.read(take, dtype="float32", always_2d=True)
    with av.open(str(path), "w") as output:
        video = output.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt = 320, 180, "yuv420p"
        audio = output.add_stream("aac", rate=rate, layout="stereo")
        for number in range(25 * 8):
            picture = np.full((180, 320, 3), 20 + number, np.uint8)
            picture[:, number : number + 20] = 255
            output.mux(video.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        output.mux(video.encode())
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound.T), format="fltp", layout="stereo")
        frame.sample_rate = rate
        output.mux(audio.encode(frame))
        output.mux(audio.encode())
    return path


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory, film: Path) -> Path:
    """A project folder in which film-dialogue ran over `film`, as `audiopost run -o` leaves it. To be copied."""
    from audiopost.pipeline import run

    folder = tmp_path_factory.mktemp("finished")
    (folder / "media").mkdir()
    source = folder / "media" / film.name
    shutil.copy(film, source)
    run(source, "film-dialogue", folder, settings=("transcribe.language=en", "transcribe.backend=embedded"))
    return folder


@pytest.fixture(scope="module")
def workbench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    """On an empty project folder."""
    folder = tmp_path_factory.mktemp("workbench")
    running = started(folder, folder / "project", "--max-size", "20mb")
    yield running
    stopped(running)


@pytest.fixture(scope="module")
def edited(tmp_path_factory: pytest.TempPathFactory, finished: Path) -> Iterator[Workbench]:
    """On a copy of the finished project, which the module's tests may change."""
    folder = tmp_path_factory.mktemp("edited")
    shutil.copytree(finished, folder / "project")
    running = started(folder, folder / "project")
    yield running
    stopped(running)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[Path], Workbench]]:
    """start(project) -> a server of the test's own on that folder; one that was killed may be followed by another."""
    running: list[Workbench] = []

    def begin(project: Path) -> Workbench:
        shutil.rmtree(tmp_path / "scratch", ignore_errors=True)  # what a killed one left
        running.append(started(tmp_path, project))
        return running[-1]

    yield begin
    for workbench in running:
        if workbench.process.poll() is None:
            stopped(workbench)


@pytest.fixture
def visit(chromium: Any) -> Iterator[Callable[..., Any]]:
    """visit(workbench, tab="listen", locale="en-US", dark=False) -> a page of a new browser.

    In the end, nothing may have been asked of any other machine, and no dialog of injected script have opened.
    """
    asked: list[str] = []
    alerts: list[str] = []
    contexts = []

    def open_page(
        workbench: Workbench, tab: str = "", *, locale: str = "en-US", dark: bool = False, width: int = 1400
    ) -> Any:
        scheme = "dark" if dark else "light"
        context = chromium.new_context(
            viewport={"width": width, "height": 1000}, locale=locale, color_scheme=scheme, accept_downloads=True
        )
        contexts.append(context)
        context.set_default_timeout(15_000)
        context.on("request", lambda request: asked.append(request.url))
        page = context.new_page()
        page.on("dialog", lambda dialog: (alerts.append(dialog.message), dialog.dismiss()))
        page.goto(workbench.url)
        page.wait_for_selector("#tab-models-button")
        if tab:
            page.click(f"#tab-{tab}-button")
        return page

    yield open_page
    for context in contexts:
        context.close()
    hosts = {urlparse(url).hostname for url in asked if not url.startswith(("data:", "blob:"))}
    assert hosts <= {"127.0.0.1"}
    assert alerts == []
