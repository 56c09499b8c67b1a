from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from audiopost.core.audio import Audio
from audiopost.core.errors import BadValue, Cancelled, StageError
from audiopost.stages.transcribe import Options, transcribe, worker
from audiopost.stages.transcribe.run import run
from audiopost.stages.transcribe.worker import in_words

Decoded = Callable[[], list[str]]


def silent(step: str, done: float, total: float) -> None: ...


def test_a_process_of_its_own_changes_nothing(fake: Options, hiss: Audio) -> None:
    seen: list[tuple[float, float]] = []
    apart = run(hiss, fake, lambda _, done, total: seen.append((done, total)))
    assert apart == run(hiss, replace(fake, isolate=False), silent)
    assert len(apart.transcript.words) >= 8
    assert seen == sorted(seen)
    assert seen[0] == (0, pytest.approx(8.0))
    assert seen[-1] == (pytest.approx(8.0), pytest.approx(8.0))


def test_what_is_found_in_the_child_is_known_to_the_parent(fake: Options, hiss: Audio) -> None:
    found = run(hiss, replace(fake, language=None), silent)
    assert found.transcript.language == "yue"
    assert found.warnings == ("the language was found",)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("harm", "words"),
    [
        ("abort", "an abort in native code (SIGABRT)"),
        ("divide", "a division by zero in native code (SIGFPE)"),
        ("killed", "killed from outside, as systems do that run out of memory (SIGKILL)"),
        ("leave", "left without an answer (exit code 3)"),
    ],
)
@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_a_crash_costs_the_stretch_alone(fake: Options, hiss: Audio, harm: str, words: str) -> None:
    whole = transcribe(hiss, fake)
    seen: list[float] = []
    found = run(hiss, replace(fake, initial_prompt=f"{harm} 3-4"), lambda _, done, total: seen.append(done))
    assert seen == sorted(seen)
    kept = [u for u in whole.utterances if not 3 <= u.start_s < 4]
    assert [u.text for u in found.transcript.utterances] == [u.text for u in kept]
    lost = [u for u in whole.utterances if 3 <= u.start_s < 4]
    remarks = found.transcript.remarks
    assert [(r.kind, r.start_s, r.end_s) for r in remarks] == [("crashed", u.start_s, u.end_s) for u in lost]
    assert all(words in remark.detail for remark in remarks)
    assert [warning for warning in found.warnings if words in warning]


@pytest.mark.slow
def test_after_a_crash_windows_are_tried_one_by_one_in_the_language_found(
    fake: Options, hiss: Audio, decoded: Decoded
) -> None:
    """The engine dies in a batch and not alone: nothing is lost."""
    found = transcribe(hiss, replace(fake, language=None, initial_prompt="once 2.5-3.5", batch_size=3))
    assert [u.text for u in found.utterances] == [u.text for u in transcribe(hiss, fake).utterances]
    assert found.remarks == ()
    alone = [line.split() for line in decoded() if line.split()[1] == "1"]
    assert 1 <= len(alone) <= 3
    assert {language for _, _, language in alone} == {"yue"}


@pytest.mark.slow
def test_an_engine_that_always_dies_ends_the_work(fake: Options, hiss: Audio) -> None:
    with pytest.raises(StageError, match="5 times in a row: an abort") as raised:
        transcribe(hiss, replace(fake, initial_prompt="abort 0-9"))
    assert "transcribe.device=cpu" in raised.value.remedy
    with pytest.raises(StageError, match="died before it began"):
        transcribe(hiss, replace(fake, initial_prompt="loading"))


def test_errors_arrive_whole(fake: Options, hiss: Audio) -> None:
    with pytest.raises(BadValue) as raised:
        transcribe(hiss, replace(fake, initial_prompt="refuse 1-9"))
    error = raised.value
    assert (error.problem, error.choices, error.remedy) == ("It will not.", ("this", "that"), "Ask another.")
    assert error.value >= 1
    with pytest.raises(StageError, match="RuntimeError: something broke"):
        transcribe(hiss, replace(fake, initial_prompt="fail 1-9"))


@pytest.mark.parametrize("isolate", [True, False])
def test_an_engine_that_forgets_a_window_is_told_on(fake: Options, hiss: Audio, isolate: bool) -> None:
    with pytest.raises(StageError, match="fake gave no answer for 1 of"):
        transcribe(hiss, replace(fake, initial_prompt="forget", isolate=isolate))


@pytest.mark.skipif(os.name == "nt", reason="needs a C library by the name of None")
def test_what_libraries_print_is_no_answer(fake: Options, hiss: Audio, capfd: pytest.CaptureFixture[str]) -> None:
    printing = transcribe(hiss, replace(fake, initial_prompt="print 0-9"))
    assert [u.text for u in printing.utterances] == [u.text for u in transcribe(hiss, fake).utterances]
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize("stop", [Cancelled("enough"), KeyboardInterrupt()])
def test_stopping_kills_the_child_at_once(
    fake: Options, hiss: Audio, monkeypatch: pytest.MonkeyPatch, stop: BaseException
) -> None:
    """The engine is stuck for ten minutes; the user is asked all the same."""
    children: list[subprocess.Popen[bytes]] = []
    real = subprocess.Popen

    def popen(*arguments: object, **more: object) -> subprocess.Popen[bytes]:
        children.append(real(*arguments, **more))
        return children[-1]

    monkeypatch.setattr(worker.subprocess, "Popen", popen)
    calls = 0

    def progress(step: str, done: float, total: float) -> None:
        nonlocal calls
        calls += 1
        if calls > 3:
            raise stop

    with pytest.raises(type(stop)):
        transcribe(hiss, replace(fake, initial_prompt="hang 0-9"), progress=progress)
    assert len(children) == 1
    assert children[0].returncode is not None


def test_a_child_leaves_with_its_parent() -> None:
    child = subprocess.Popen(
        [sys.executable, "-P", "-m", "audiopost.stages.transcribe.worker"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    child.communicate(timeout=60)  # closes its standard input, as the end of a parent does
    assert child.returncode != 0


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks at /proc")
def test_a_killed_parent_leaves_no_child(hiss: Audio, decoded: Decoded, tmp_path: Path) -> None:
    code = f"""
import sys, threading
sys.path.insert(0, {str(Path(__file__).parents[1] / "fixtures")!r})
import numpy as np
from audiopost.core.audio import Audio
from audiopost.stages.transcribe import BACKENDS, transcribe
BACKENDS.table["fake"] = "fake_engine:Fake"
sound = Audio(np.random.default_rng(1).standard_normal(48000) * 0.1, 16000)
transcribe(sound, backend="fake", language="en", vad=False, initial_prompt="hang 1-9")
"""

    def runs(pid: int) -> bool:
        try:
            return bool(Path(f"/proc/{pid}/cmdline").read_bytes())  # that of a zombie is empty
        except OSError:
            return False

    deadline = time.monotonic() + 120
    parent = subprocess.Popen([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
    try:
        while not decoded() and time.monotonic() < deadline:
            time.sleep(0.05)
        (child,) = map(int, Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text().split())
    finally:
        parent.kill()
        parent.wait()
    while runs(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not runs(child)


def test_long_work_takes_fresh_processes(
    fake: Options, hiss: Audio, decoded: Decoded, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = transcribe(hiss, fake)
    started = 0
    real = subprocess.Popen

    def popen(*arguments: object, **more: object) -> subprocess.Popen[bytes]:
        nonlocal started
        started += 1
        return real(*arguments, **more)

    monkeypatch.setattr(worker.subprocess, "Popen", popen)
    monkeypatch.setattr(worker, "LIFE", 8)
    assert transcribe(hiss, fake, batch_size=4) == whole
    assert started == -(-len(whole.utterances) // 8) > 1


def test_ends_are_told_in_words() -> None:
    assert in_words(-11) == "a memory fault (SIGSEGV)"
    assert in_words(-99) == "signal 99"
    assert in_words(0xC0000005) == "a memory fault (0xC0000005)"
    assert in_words(7) == "left without an answer (exit code 7)"


def test_many_at_once_do_not_mix(fake: Options, hiss: Audio) -> None:
    whole = transcribe(hiss, fake)
    found: list[object] = []
    threads = [threading.Thread(target=lambda: found.append(transcribe(hiss, fake))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [whole, whole]
