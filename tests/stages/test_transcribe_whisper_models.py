"""Whisper models by name: where they are looked for, and how a missing one comes."""

from __future__ import annotations

import os
import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path

import pytest

from audiopost.core.audio import Audio
from audiopost.core.errors import MissingModel, UnknownName
from audiopost.models import pull, store
from audiopost.stages.transcribe import Options, transcribe
from audiopost.stages.transcribe.run import run
from audiopost.stages.transcribe.whisper import Whisper
from audiopost.stages.transcribe.whisper_models import SIZES, Found, fetched, locate


@pytest.fixture(autouse=True)
def _no_models_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIOPOST_MODELS", str(tmp_path / "store"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))


@pytest.fixture
def put(tiny_whisper: Callable[..., Path]) -> Callable[[Path], Path]:
    def link(target: Path) -> Path:
        target.mkdir(parents=True)
        for file in tiny_whisper("Hi.").iterdir():
            (target / file.name).symlink_to(file)
        return target

    return link


def where(model: str, **changes: object) -> Found:
    found = locate(Options(model=model, **changes))
    assert isinstance(found, Found), found
    return found


def test_sizes_are_those_of_faster_whisper() -> None:
    from faster_whisper.utils import _MODELS

    assert SIZES == _MODELS


def test_auto_takes_the_best_model_in_store_and_hub_cache(tmp_path: Path, put: Callable[[Path], Path]) -> None:
    put(tmp_path / "store" / "whisper-base")
    assert where("auto") == Found(tmp_path / "store" / "whisper-base", "whisper-base")
    put(tmp_path / "hub" / "models--Systran--faster-whisper-large-v3" / "snapshots" / "abc")
    assert where("auto").entry == where("large").entry == where("whisper-large-v3").entry == "whisper-large-v3"
    assert not locate(Options(model="tiny")).ready
    own = put(tmp_path / "hub" / "models--me--my-whisper" / "snapshots" / "def")
    assert where("me/my-whisper") == Found(own, repo="me/my-whisper")


def test_sizes_outside_the_catalogue_are_taken_from_the_hub_s_cache(
    tmp_path: Path, put: Callable[[Path], Path]
) -> None:
    folder = put(tmp_path / "hub" / "models--Systran--faster-distil-whisper-small.en" / "snapshots" / "abc")
    assert where("distil-small.en") == Found(folder, repo="Systran/faster-distil-whisper-small.en")


@pytest.mark.parametrize(
    ("inside", "model"),
    [
        ("small", "small"),
        ("whisper-small", "small"),
        ("faster-whisper-small", "small"),
        ("models--Systran--faster-whisper-small/snapshots/abc", "small"),
        ("tiny.en", "tiny.en"),
        ("faster-whisper-large-v3-turbo", "turbo"),
        ("my-whisper", "me/my-whisper"),
        ("me/my-whisper", "me/my-whisper"),
        ("models--me--my-whisper/snapshots/abc", "me/my-whisper"),
        ("", "auto"),
        ("small", "auto"),
    ],
)
def test_model_dir_is_looked_into_first(tmp_path: Path, put: Callable[[Path], Path], inside: str, model: str) -> None:
    put(tmp_path / "store" / "whisper-small")
    put(tmp_path / "store" / "whisper-large-v3")
    folder = put(tmp_path / "mine" / inside)
    assert where(model, model_dir=str(tmp_path / "mine")).folder == folder


def test_what_model_dir_lacks_is_taken_from_the_store(tmp_path: Path, put: Callable[[Path], Path]) -> None:
    put(tmp_path / "store" / "whisper-small")
    (tmp_path / "mine").mkdir()
    assert where("small", model_dir=str(tmp_path / "mine")).entry == "whisper-small"
    state = Whisper.available(Options(model="small", model_dir=str(tmp_path / "nowhere")))
    assert "is no folder" in state.reason


def test_a_newest_snapshot_that_is_cut_short_is_passed_over(tmp_path: Path, put: Callable[[Path], Path]) -> None:
    base = tmp_path / "mine" / "models--me--my-whisper" / "snapshots"
    whole = put(base / "old")
    (base / "new").mkdir()
    (base / "new" / "config.json").write_text("{}")
    assert where("me/my-whisper", model_dir=str(tmp_path / "mine")).folder == whole


def test_an_installed_model_is_named_in_the_record(tmp_path: Path, put: Callable[[Path], Path], speech: Audio) -> None:
    put(tmp_path / "store" / "whisper-base")
    choice = run(speech.between(0, 2), Options(language="en"), lambda *_: None).choice
    assert choice.backend == "faster-whisper"
    assert (choice.model.name, choice.model.licence) == ("whisper-base", "MIT")
    assert "whisper-base" in choice.reason


def test_without_weights_the_pull_command_is_named(speech: Audio) -> None:
    for wanted, command in (
        (Options(), "models pull whisper-small"),
        (Options(language="yue"), "models pull whisper-turbo"),
        (Options(languages="en,yue,zh"), "models pull whisper-turbo"),
        (Options(backend="faster-whisper", language="en"), "models pull whisper-small"),
        (Options(model="large-v3", language="en"), "models pull whisper-large-v3"),
        (Options(backend="faster-whisper", model="tiny.en"), "hf download Systran/faster-whisper-tiny.en"),
        (Options(backend="faster-whisper", model="me/mine"), "hf download me/mine"),
        (Options(backend="embedded"), "models pull whisper-small"),
    ):
        with pytest.raises(MissingModel) as raised:
            transcribe(speech, wanted)
        assert command in str(raised.value)


def test_names_that_are_none(speech: Audio, tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="Did you mean 'small'"):
        transcribe(speech, backend="faster-whisper", model="smal")
    (tmp_path / "file").touch()
    for model in (tmp_path / "no" / "such", "./nosuch", tmp_path / "file"):
        with pytest.raises(MissingModel, match="neither a folder nor a hub id"):
            transcribe(speech, backend="faster-whisper", model=str(model), pull=True)


def test_a_folder_that_is_no_model_says_what_it_lacks(tmp_path: Path, speech: Audio) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(MissingModel, match=r"model.bin, tokenizer.json, vocabulary"):
        transcribe(speech, backend="faster-whisper", model=str(tmp_path))


def test_pull_makes_a_named_model_available_and_no_other() -> None:
    for model in ("small", "tiny.en", "me/mine"):
        assert Whisper.available(Options(model=model, pull=True)).ready
        assert not Whisper.available(Options(model=model)).ready
    assert not Whisper.available(Options(model="auto", pull=True)).ready


def test_pull_of_the_catalogue_goes_to_the_store(
    tmp_path: Path, put: Callable[[Path], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fake(name: str) -> Path:
        return put(store.root() / name)

    monkeypatch.setattr(pull, "pull", fake)
    found = fetched(Options(model="small", pull=True))
    assert found == Found(tmp_path / "store" / "whisper-small", "whisper-small")
    assert where("small") == found
    with pytest.raises(MissingModel, match="models pull whisper-base"):
        fetched(Options(model="base"))


@pytest.mark.parametrize("own", [False, True])
def test_pull_of_other_names_goes_to_the_hub_s_cache_or_model_dir(
    tmp_path: Path, put: Callable[[Path], Path], monkeypatch: pytest.MonkeyPatch, own: bool
) -> None:
    asked: dict[str, object] = {}

    def snapshot_download(repo: str, *, revision: str, cache_dir: Path, allow_patterns: list[str], **_: object) -> str:
        asked.update(repo=repo, revision=revision, patterns=allow_patterns)
        return str(put(cache_dir / f"models--{repo.replace('/', '--')}" / "snapshots" / revision))

    hub = types.SimpleNamespace(
        HfApi=lambda: types.SimpleNamespace(model_info=lambda repo, timeout: types.SimpleNamespace(sha="abc")),
        snapshot_download=snapshot_download,
    )
    monkeypatch.setitem(sys.modules, "huggingface_hub", hub)
    cache = tmp_path / ("mine" if own else "hub")
    cache.mkdir()
    options = Options(model="tiny.en", pull=True, model_dir=str(cache) if own else "")
    folder = cache / "models--Systran--faster-whisper-tiny.en" / "snapshots" / "abc"
    assert fetched(options) == Found(folder, repo="Systran/faster-whisper-tiny.en")
    assert asked["revision"] == "abc"
    assert not any(pattern in ("*", "*.bin", "*.py", "*.pt") for pattern in asked["patterns"])
    assert where("tiny.en", model_dir=options.model_dir).folder == folder


def test_a_hub_that_is_away_is_one_clear_error() -> None:
    """In a fresh interpreter: the hub's library reads its settings when it is imported."""
    code = (
        "from audiopost.stages.transcribe import Options, transcribe\n"
        "from audiopost.core.audio import Audio\n"
        "import numpy as np\n"
        "from audiopost.core.errors import MissingModel\n"
        "try: transcribe(Audio(np.zeros(16000), 16000), model='tiny.en', backend='faster-whisper', pull=True)\n"
        "except MissingModel as error: print(error)\n"
    )
    environment = os.environ | {"HF_ENDPOINT": "http://127.0.0.1:9"}
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, env=environment)
    assert "Cannot get Systran/faster-whisper-tiny.en from the hub" in done.stdout
    assert "HF_TOKEN" in done.stdout
