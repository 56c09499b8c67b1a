"""Fixtures that every test may use."""

from __future__ import annotations

import gc
import importlib.util
import os
import shutil
import subprocess
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings

from audiopost.core.audio import Audio
from audiopost.io.decode import load

settings.register_profile("audiopost", deadline=None, derandomize=True, max_examples=40)
settings.load_profile("audiopost")

ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def no_garbage_of_others(request: pytest.FixtureRequest) -> None:
    """Where warnings are errors, those of what earlier tests left are not: Gradio closes none of its event loops."""
    if any("error" in mark.args for mark in request.node.iter_markers("filterwarnings")):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            gc.collect()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference recordings beside the checkout (or AUDIOPOST_SHARED); skips where it is absent."""
    folder = Path(os.environ.get("AUDIOPOST_SHARED", ROOT.parent / "shared"))
    if not (folder / "audio" / "index.csv").exists():
        pytest.skip("the reference recordings (../shared) are not on this machine")
    return folder


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


@pytest.fixture(scope="session")
def scene() -> Path:
    """The shipped example; its true stems and scene.json lie beside it."""
    return ROOT / "examples" / "scene.flac"


@pytest.fixture(scope="session")
def speech() -> Audio:
    """8 s of clean synthetic English speech by two speakers, 48 kHz mono."""
    stem = load(ROOT / "examples" / "scene.dialogue.flac").audio.between(23.0, 31.0)
    return Audio(stem.samples.mean(axis=0), stem.rate)


@pytest.fixture(scope="session")
def tone() -> Callable[..., Audio]:
    """tone(hz, dbfs=-20, seconds=1, rate=48000, channels=1): a sine, level in dBFS peak."""

    def make(hz: float, dbfs: float = -20.0, seconds: float = 1.0, rate: int = 48_000, channels: int = 1) -> Audio:
        t = np.arange(round(seconds * rate)) / rate
        return Audio(np.tile(10 ** (dbfs / 20) * np.sin(2 * np.pi * hz * t), (channels, 1)), rate)

    return make


@pytest.fixture(scope="session")
def tiny_whisper(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """tiny_whisper("Hello there.", language="en") -> folder of a Whisper that says just that, whatever it hears.

    See fixtures/tiny_whisper.py; each is built once.
    """
    pytest.importorskip("faster_whisper")
    spec = importlib.util.spec_from_file_location("tiny_whisper", ROOT / "tests" / "fixtures" / "tiny_whisper.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    built: dict[object, Path] = {}

    def make(script: str, **kind: object) -> Path:
        key = (script, *sorted(kind.items()))
        if key not in built:
            built[key] = module.build(tmp_path_factory.mktemp("whisper") / "tiny", script, **kind)
        return built[key]

    return make


@pytest.fixture(scope="session")
def tiny_emotion(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """tiny_emotion("speech", labels, **kind) -> folder of a model of feelings; the names are those in
    fixtures/tiny_emotion.py: speech, emotion2vec, sensevoice, text. Each is built once; skips without torch.
    """
    pytest.importorskip("transformers")
    spec = importlib.util.spec_from_file_location("tiny_emotion", ROOT / "tests" / "fixtures" / "tiny_emotion.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    built: dict[str, Path] = {}

    def make(name: str, /, *labels: object, **kind: object) -> Path:
        key = repr((name, labels, sorted(kind.items())))
        if key not in built:
            built[key] = getattr(module, name)(tmp_path_factory.mktemp("emotion") / "tiny", *labels, **kind)
        return built[key]

    return make


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A model hub on the loopback (fixtures/model_hub.py), the only place that models come from; none is here."""
    spec = importlib.util.spec_from_file_location("model_hub", ROOT / "tests" / "fixtures" / "model_hub.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_HUB_OFFLINE", "HF_HUB_CACHE", "http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AUDIOPOST_MODELS", str(tmp_path / "store"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    hub = module.Hub()
    monkeypatch.setenv("HF_ENDPOINT", hub.url)
    yield hub
    hub.server.shutdown()
    hub.server.server_close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MB; skips where it cannot be mounted."""
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)]
    try:
        mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    except OSError:
        mounted = False
    if not mounted:
        pytest.skip("mounting a small disk needs root on Linux")
    yield place
    subprocess.run(["umount", str(place)], check=True)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """The browser of all tests of a process: playwright runs once in each. Skips where Chromium is not installed."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        pytest.skip("Chromium is not installed")
    flags = [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
        "--autoplay-policy=no-user-gesture-required",
    ]  # fmt: skip
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=flags)
        yield browser
        browser.close()
