import hashlib
import json
import os
import shutil
import subprocess
import sys

import pytest

from audiopost.core.stage import ModelInfo
from audiopost.models import hashes, store
from audiopost.models.catalogue import get


@pytest.fixture(autouse=True)
def places(tmp_path, monkeypatch):
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AUDIOPOST_MODELS", str(tmp_path / "store"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    return tmp_path


def fill(folder, names=("config.json", "model.bin", "tokenizer.json", "vocabulary.json")):
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).write_text(name)
    return folder


def cached(places, commit="c0ffee" * 6 + "abcd", *, main=True):
    """A snapshot as the hub's client keeps it: links to blobs, large ones named by their sha256."""
    repo = places / "hf/hub/models--Systran--faster-whisper-small"
    snapshot = repo / "snapshots" / commit
    snapshot.mkdir(parents=True)
    (repo / "blobs").mkdir(exist_ok=True)
    for name in ("config.json", "model.bin", "tokenizer.json", "vocabulary.txt"):
        blob = repo / "blobs" / hashlib.sha256(name.encode()).hexdigest()
        blob.write_text(name)
        (snapshot / name).symlink_to(os.path.relpath(blob, snapshot))
    if main:
        (repo / "refs").mkdir(exist_ok=True)
        (repo / "refs" / "main").write_text(commit)
    return snapshot


def test_nothing_is_found_where_nothing_is(places):
    assert store.find("whisper-small") is None
    assert store.info("whisper-small").sha256 == ""
    assert all(line.path is None for line in store.listing())
    assert not (places / "store").exists(), "looking must not make folders"
    assert "models pull whisper-small" in store.verify("whisper-small")[0]


def test_a_folder_copied_by_hand_is_found_only_when_complete(places):
    folder = fill(places / "store/whisper-small")
    assert store.find("whisper-small") == folder
    assert store.info("whisper-small").sha256 == hashlib.sha256(b"model.bin").hexdigest()
    (folder / "model.bin").unlink()
    assert store.find("whisper-small") is None
    assert "not complete" in store.verify("whisper-small")[0]


def test_the_store_travels(places, monkeypatch):
    folder = fill(places / "store/whisper-small")
    files = {
        path.name: {"sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "bytes": path.stat().st_size}
        for path in folder.iterdir()
    }
    (folder / "manifest.json").write_text(json.dumps({"revision": "0123456789abcdef", "files": files}))
    before = store.info("whisper-small")
    shutil.copytree(places / "store", places / "elsewhere")
    monkeypatch.setenv("AUDIOPOST_MODELS", str(places / "elsewhere"))
    assert store.find("whisper-small") == places / "elsewhere/whisper-small"
    assert store.info("whisper-small") == before
    assert before.version == "2022-09+0123456789ab"
    assert store.verify("whisper-small") == []


def test_verify_names_a_changed_file(places):
    folder = fill(places / "store/whisper-small")
    sha256 = hashlib.sha256(b"model.bin").hexdigest()
    (folder / "manifest.json").write_text(json.dumps({"files": {"model.bin": {"sha256": sha256, "bytes": 9}}}))
    (folder / "model.bin").write_text("MODEL.bin")
    (problem,) = store.verify("whisper-small")
    assert "model.bin" in problem
    assert sha256 in problem


def test_a_truncated_model_is_not_complete(places):
    folder = fill(places / "store/whisper-small")
    (folder / "manifest.json").write_text(json.dumps({"files": {"model.bin": {"sha256": "0", "bytes": 10}}}))
    assert store.find("whisper-small") is None


def test_the_hub_cache_is_used(places):
    snapshot = cached(places)
    located = store.locate("whisper-small")
    assert located == store.Located(snapshot, "hub cache", snapshot.name)
    assert store.info("whisper-small").sha256 == hashlib.sha256(b"model.bin").hexdigest()
    assert store.verify("whisper-small") == []
    (snapshot / "model.bin").resolve().write_text("MODEL.bin")
    assert "model.bin" in store.verify("whisper-small")[0]


def test_an_unfinished_snapshot_is_passed_over(places):
    snapshot = cached(places)
    (snapshot / "model.bin").unlink()
    assert store.find("whisper-small") is None
    other = cached(places, "d" * 40, main=False)
    assert store.find("whisper-small") == other


def test_hf_hub_cache_overrides_hf_home(places, monkeypatch):
    cached(places)
    monkeypatch.setenv("HF_HUB_CACHE", str(places / "none"))
    assert store.find("whisper-small") is None
    monkeypatch.setenv("HF_HUB_CACHE", str(places / "hf/hub"))
    assert store.find("whisper-small") is not None


def test_torch_checkpoints_serve_for_demucs(places):
    file = get("htdemucs").files[0]
    folder = fill(places / "torch/hub/checkpoints", (file, "another.th"))
    assert store.locate("htdemucs") == store.Located(folder, "torch cache")
    assert store.find("htdemucs_ft") is None
    assert get("htdemucs").sha256[file] in store.verify("htdemucs")[0], (
        "the published prefix is what it is held against"
    )


def test_what_demucs_itself_downloaded_is_used(places):
    repo = places / "hf/hub/models--adefossez--HTDemucs-ft/snapshots/abc"
    weights = tuple(file.split("-")[0] + ".safetensors" for file in get("htdemucs_ft").files)
    fill(repo, ("htdemucs_ft.yaml", *weights))
    assert store.locate("htdemucs_ft") == store.Located(repo, "hub cache", "abc")
    assert store.find("htdemucs") is None
    before = store.info("htdemucs_ft").sha256
    (repo / weights[2]).write_text("other weights")
    assert store.info("htdemucs_ft").sha256 != before


def test_a_users_own_folder_gets_a_hash_that_follows_its_weights(places):
    folder = fill(places / "mine")
    first = store.folder_info(folder)
    assert first.sha256 == hashlib.sha256(b"model.bin").hexdigest()
    (folder / "model.bin").write_text("other weights")
    assert store.folder_info(folder).sha256 == hashlib.sha256(b"other weights").hexdigest()
    assert store.folder_info(fill(places / "none", ("readme.md",))).sha256 == ""


def test_hashes_are_remembered_until_the_file_changes(places, monkeypatch):
    root = places / "store"
    folder = fill(root / "whisper-small")
    first = hashes.of(folder / "model.bin", root)
    monkeypatch.setattr(hashes, "compute", lambda path: pytest.fail("read again"))
    assert hashes.of(folder / "model.bin", root) == first


def test_a_damaged_memory_is_computed_anew(places):
    root = places / "store"
    folder = fill(root / "whisper-small")
    (root / hashes.REMEMBERED).write_text("{broken")
    assert hashes.of(folder / "model.bin", root) == hashlib.sha256(b"model.bin").hexdigest()


def test_several_files_have_one_hash_whatever_their_order():
    assert hashes.digest({"a": "1", "b": "2"}) == hashes.digest({"b": "2", "a": "1"})
    assert hashes.digest({"a": "1", "b": "2"}) != hashes.digest({"a": "2", "b": "1"})
    assert hashes.digest({"a": "1"}) == "1"


def test_looking_imports_no_heavy_library():
    code = (
        "import sys; from audiopost.models import store; store.listing();"
        "print(sorted({'torch', 'huggingface_hub', 'numpy', 'httpx', 'requests'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_a_store_that_cannot_be_read_is_told_and_passed_over(places, monkeypatch, caplog):
    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("pathlib.Path.is_dir", refuse)  # root, who may run the tests, is never refused
    assert store.find("whisper-small") is None
    assert store.find("htdemucs") is None
    assert str(places / "store") in caplog.text
    assert str(places / "hf/hub") in caplog.text


def test_several_models_are_one_record_whose_hash_stands_for_all():
    one, other = (ModelInfo(name, "1", "MIT", f"https://{name}", name * 64) for name in "ab")
    assert store.together([one]) is one
    both = store.together([one, other])
    assert (both.name, both.version, both.licence, both.source) == ("a, b", "1, 1", "MIT, MIT", "https://a, https://b")
    assert len(both.sha256) == 64
    assert both.each == both.parts == (one, other)
    assert one.each == (one,)
    assert store.together([one, both]).each == (one, one, other)
    assert both.sha256 != store.together([one, ModelInfo("b", "1", "MIT", "https://b", "c" * 64)]).sha256
