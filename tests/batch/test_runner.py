"""What the process that holds the models does with a task: decoded ahead, published, resumed, never raised."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pytest
import soundfile

from audiopost.batch.engine import Event, Moved, Said
from audiopost.batch.hashes import content_sha256
from audiopost.batch.job import HIDDEN, Order, Task
from audiopost.batch.runner import Runner
from audiopost.io import decode

PRESET = 'title = "Level"\nsummary = ""\nstages = ["loudness"]\n[loudness]\nspec = "podcast"\n'


@pytest.fixture
def task(tmp_path: Path) -> Callable[..., Task]:
    """task(3) -> a task for a short recording of its own, into tmp_path/out."""

    def make(number: int, **more: Any) -> Task:
        source = tmp_path / "in" / f"take {number}.wav"
        source.parent.mkdir(exist_ok=True)
        if not source.exists():
            noise = np.random.default_rng(number).standard_normal(24_000) * 0.05
            soundfile.write(source, noise, 48_000)
        order = Order(str(source), str(tmp_path / "out"), f"season 1/take {number}", PRESET, "level")
        return Task(number, replace(order, **more), work=str(tmp_path / "work"), batch="abcd")

    return make


@pytest.fixture
def told() -> list[Event]:
    return []


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The recordings that were decoded, in order."""
    found: list[str] = []
    real = decode.load

    def load(path: Any, **more: Any) -> Any:
        found.append(Path(path).name)
        return real(path, **more)

    monkeypatch.setattr(decode, "load", load)
    return found


def test_a_task_becomes_files_and_an_outcome(
    task: Callable[..., Task], told: list[Event], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "audiopost")
    asked = task(1)
    outcome = Runner(told.append).run(asked)
    assert (outcome.error, outcome.media_s, outcome.backends) == ("", 0.5, {"loudness": "bs1770"})
    out = Path(asked.order.out)
    for output in outcome.outputs:
        path = out / output.path
        assert path.parent == out / "season 1"
        assert path.stat().st_size == output.size
        assert content_sha256(output.kind, path) == output.sha256
    assert outcome.content == decode.file_sha256(Path(asked.order.source))
    assert outcome.figures["spec"] == "podcast"
    moved = [event for event in told if isinstance(event, Moved)]
    assert moved[0].stage == "loudness"
    assert all(0 <= event.share <= 1 for event in moved)
    assert any(isinstance(event, Said) and "loudness" in event.text for event in told)


def test_what_is_decoded_ahead_is_decoded_once(task: Callable[..., Task], told: list[Event], loads: list[str]) -> None:
    runner = Runner(told.append)
    runner.prefetch(task(2))
    runner.prefetch(task(2))
    plain = runner.run(task(1))  # another one comes first
    assert loads.count("take 2.wav") == 1
    ahead = runner.run(task(2))
    assert ahead.error == plain.error == ""
    assert loads.count("take 2.wav") == 1  # it was kept
    runner.prefetch(task(3))
    runner.prefetch(None)  # another worker took it
    assert runner._ahead is None
    runner.prefetch(task(4))
    runner.prefetch(task(3))
    assert runner.run(task(3)).error == ""
    assert runner._ahead is None
    left = [path for path in (Path(task(1).order.out) / HIDDEN / "ahead").rglob("*") if path.is_file()]
    assert left == []


def test_a_broken_recording_says_the_same_whether_ahead_or_not(task: Callable[..., Task], told: list[Event]) -> None:
    asked = task(4)
    Path(asked.order.source).write_bytes(b"")
    runner = Runner(told.append)
    at_once = runner.run(asked)
    runner.prefetch(asked)
    assert runner.run(asked).reason == at_once.reason
    assert at_once.error == "EmptyMedia"
    assert not list(Path(asked.order.out).rglob("*.wav"))


@pytest.mark.parametrize("raised", [RuntimeError("a bug"), MemoryError(), KeyError("x")])
def test_nothing_that_is_raised_leaves_it(
    task: Callable[..., Task], told: list[Event], monkeypatch: pytest.MonkeyPatch, raised: BaseException
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise raised

    monkeypatch.setattr("audiopost.batch.runner.run", broken)
    outcome = Runner(told.append).run(task(1))
    assert outcome.error == ("MemoryError" if isinstance(raised, MemoryError) else "Unexpected")
    assert outcome.reason
    if outcome.error == "Unexpected":
        assert any(isinstance(event, Said) and "Traceback" in event.text for event in told)
    assert not any(type(handler).__name__ == "_Forward" for handler in logging.getLogger("audiopost").handlers)


def test_a_careful_attempt_takes_smaller_settings(task: Callable[..., Task], told: list[Event]) -> None:
    from audiopost import presets
    from audiopost.batch.careful import smaller

    preset = presets.load("subtitles-en").changed(("transcribe.isolate=false", "transcribe.batch_size=16"))
    options = smaller(preset).options["transcribe"]
    assert (options.batch_size, options.isolate, options.threads) == (1, True, 1)
    assert smaller(presets.parse("level", PRESET)) == presets.parse("level", PRESET)
    assert Runner(told.append).run(replace(task(1), careful=True)).error == ""


def test_temporary_files_of_the_last_attempt_are_swept_and_those_of_others_stay(
    task: Callable[..., Task], told: list[Event]
) -> None:
    asked = replace(task(1), resume=True)
    folder = Path(asked.order.out) / "season 1"
    folder.mkdir(parents=True)
    (folder / f".part-{asked.label}-x.wav").touch()
    (folder / ".part-abcd.11-x.wav").touch()
    (folder / ".part-other.1-x.wav").touch()
    assert Runner(told.append).run(asked).error == ""
    assert {path.name for path in folder.glob(".part-*")} == {".part-abcd.11-x.wav", ".part-other.1-x.wav"}


def test_an_outcome_says_whether_it_went_on_from_an_earlier_attempt(
    task: Callable[..., Task], told: list[Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = task(1)
    with monkeypatch.context() as patch:
        patch.setattr("audiopost.pipeline.deliver.deliver", lambda *_: (_ for _ in ()).throw(OSError("cut off")))
        assert Runner(told.append).run(asked).error == "Unexpected"
    again = Runner(told.append).run(replace(asked, resume=True))
    assert (again.error, again.resumed) == ("", True)
    assert "loudness" not in again.seconds  # it was done before
    assert not Runner(told.append).run(replace(task(2), resume=True)).resumed  # there was nothing to go on from


def test_what_the_next_recording_warns_of_is_not_in_the_log_of_this_one(
    task: Callable[..., Task], told: list[Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    runner = Runner(told.append)

    def run(*_: Any, **__: Any) -> None:
        runner.prefetch(task(2))
        runner._ahead.project()  # type: ignore[union-attr]
        logging.getLogger("audiopost").warning("of this one")
        raise RuntimeError

    sound = np.zeros(24_000, "float32")
    sound[0] = np.nan
    soundfile.write(task(2).order.source, sound, 48_000, subtype="FLOAT")
    monkeypatch.setattr("audiopost.batch.runner.run", run)
    runner.run(task(1))
    lines = [event.text for event in told if isinstance(event, Said)]
    assert "of this one" in lines
    assert not any("NaN" in line for line in lines)


@pytest.fixture
def memory() -> Iterator[fsspec.AbstractFileSystem]:
    files = fsspec.filesystem("memory")
    yield files
    for path in files.find("/"):
        files.rm(path)


def test_recordings_and_results_may_lie_elsewhere(
    task: Callable[..., Task], told: list[Event], memory: fsspec.AbstractFileSystem, tmp_path: Path
) -> None:
    here = Runner(told.append).run(task(1))
    memory.put_file(task(1).order.source, "/in/take 1.wav")
    away = task(1, source="memory://in/take 1.wav", out="memory://out/show")
    outcome = Runner(told.append).run(away)
    assert outcome.error == ""
    assert sorted(memory.find("/out")) == sorted(f"/out/show/{output.path}" for output in outcome.outputs)
    project = json.loads(memory.cat("/out/show/season 1/take 1.project.json"))
    assert project["media"]["path"] == "memory://in/take 1.wav"
    same = {output.path: output.sha256 for output in here.outputs}
    assert {output.path: output.sha256 for output in outcome.outputs} == same
    assert list((tmp_path / "work").iterdir()) == []  # nothing stays on the worker
