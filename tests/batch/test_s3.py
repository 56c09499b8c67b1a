"""A batch whose recordings and results lie in an object store: s3fs against moto's server, no cloud."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pytest
import soundfile

from audiopost.batch import places
from audiopost.batch.sources import find
from audiopost.core.errors import InputError, OutputError

pytest.importorskip("s3fs")
moto = pytest.importorskip("moto.server")

PRESET = 'title = "Level"\nsummary = ""\nstages = ["loudness"]\n[loudness]\nspec = "podcast"\n'


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def store(endpoint: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Any]:
    """The store with an empty bucket 'films', found as a user's own is: by AWS's variables."""
    settings = {
        "AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1", "AWS_CONFIG_FILE": str(tmp_path / "none"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"), "NO_PROXY": "127.0.0.1",
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }  # fmt: skip
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    files = fsspec.filesystem("s3", skip_instance_cache=False)
    files.mkdir("films")
    yield files
    files.rm("films", recursive=True)
    files.clear_instance_cache()


def take(path: Path, seed: int) -> Path:
    soundfile.write(path, np.random.default_rng(seed).standard_normal(24_000) * 0.05, 48_000)
    return path


def batch(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "audiopost", "batch", *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", env={**os.environ, "LC_ALL": "C"}, check=False
    )


def test_objects_are_found_fetched_and_put_whole(store: Any, tmp_path: Path) -> None:
    for name in ("in/s1/ep2.mov", "in/s1/ep10.mov", "in/s1/notes.txt", "in/s2/ep 1.wav"):
        store.pipe(f"films/{name}", name.encode())
    found = [(each.source, str(each.relative)) for each in find(["s3://films/in"])]
    assert found == [
        ("s3://films/in/s1/ep2.mov", "s1/ep2.mov"), ("s3://films/in/s1/ep10.mov", "s1/ep10.mov"),
        ("s3://films/in/s2/ep 1.wav", "s2/ep 1.wav"),
    ]  # fmt: skip
    assert [str(each.relative) for each in find(["s3://films/in/**/*.wav"])] == ["s2/ep 1.wav"]
    with places.fetched("s3://films/in/s2/ep 1.wav", tmp_path / "copy") as path:
        assert path.read_bytes() == b"in/s2/ep 1.wav"
    (tmp_path / "ep.srt").write_text("1")
    places.publish(tmp_path, ["ep.srt"], "s3://films/out/show")
    assert store.find("films/out") == ["films/out/show/ep.srt"]  # and nothing beside it


def test_a_search_sees_what_others_have_put_there_since(store: Any) -> None:
    store.pipe("films/in/ep1.mov", b"1")
    assert [each.source for each in find(["s3://films/in"])] == ["s3://films/in/ep1.mov"]
    fsspec.filesystem("s3", skip_instance_cache=True).pipe("films/in/ep2.mov", b"2")
    assert [each.source for each in find(["s3://films/in"])] == ["s3://films/in/ep1.mov", "s3://films/in/ep2.mov"]


def test_a_changed_object_looks_changed_and_a_missing_one_is_named(store: Any, tmp_path: Path) -> None:
    store.pipe("films/a.wav", b"1")
    before = places.stat("s3://films/a.wav")
    assert before == places.stat("s3://films/a.wav")
    store.pipe("films/a.wav", b"2")
    store.invalidate_cache()  # as another process sees it
    assert before != places.stat("s3://films/a.wav")
    with pytest.raises(InputError, match=r"s3://films/none\.wav"):
        places.stat("s3://films/none.wav")
    (tmp_path / "a.srt").write_text("1")
    with pytest.raises(OutputError, match="no-such-bucket"):
        places.publish(tmp_path, ["a.srt"], "s3://no-such-bucket/out")


@pytest.mark.slow
def test_a_batch_from_a_bucket_into_a_bucket(store: Any, tmp_path: Path) -> None:
    for number in (1, 2):
        store.put_file(str(take(tmp_path / f"ep{number}.wav", number)), f"films/in/s1/ep{number}.wav")
    store.pipe("films/in/s1/ep3.wav", b"no sound")
    preset = tmp_path / "level.toml"
    preset.write_text(PRESET)
    ledger = tmp_path / "ledger.sqlite"
    asked = ("s3://films/in", "-p", preset, "-o", "s3://films/out", "--ledger", ledger, "--workers", "2")
    first = batch(*asked)
    assert first.returncode == 3, first.stderr  # partly failed: ep3
    assert "ep3" in first.stderr
    masters = [path for path in store.find("films/out") if path.endswith(".master.wav")]
    assert masters == ["films/out/s1/ep1.master.wav", "films/out/s1/ep2.master.wav"]
    assert not [path for path in store.find("films/out") if "/.part-" in path]
    project = json.loads(store.cat("films/out/s1/ep1.project.json"))
    assert project["media"]["path"] == "s3://films/in/s1/ep1.wav"
    told = json.loads(batch("status", "s3://films/out", "--ledger", ledger, "--json").stdout)
    assert "done" in json.dumps(told)
    store.put_file(str(take(tmp_path / "other.wav", 9)), "films/in/s1/ep2.wav")
    second = batch(*asked)
    assert "1 done already" in second.stderr
    assert "1 changed" in second.stderr
    without = batch("s3://films/in", "-p", preset, "-o", "s3://films/out")
    assert without.returncode == 2
    assert "--ledger" in without.stderr
