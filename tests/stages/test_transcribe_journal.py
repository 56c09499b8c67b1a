from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import soundfile

from audiopost.core.audio import Audio
from audiopost.core.errors import Cancelled
from audiopost.core.serial import to_json
from audiopost.io import scratch
from audiopost.io.decode import load
from audiopost.stages.transcribe import Options, transcribe
from audiopost.stages.transcribe.run import run

Decoded = Callable[[], list[str]]
ROOT = Path(__file__).parents[2]


def journals(folder: Path) -> list[Path]:
    return sorted(folder.glob("transcribe-*.jsonl"))


def stopped(sound: Audio, options: Options, after: int) -> None:
    """Transcribes until `after` batches are begun, then the user stops it."""
    calls = 0

    def progress(step: str, done: float, total: float) -> None:
        nonlocal calls
        calls += done > 0
        if calls >= after:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        transcribe(sound, options, progress=progress)


@pytest.mark.parametrize("isolate", [True, False])
def test_goes_on_after_the_last_finished_window(
    fake: Options, hiss: Audio, decoded: Decoded, tmp_path: Path, isolate: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = replace(fake, language=None, isolate=isolate, batch_size=2)
    whole = run(hiss, options, lambda *_: None)
    count = len(decoded())
    work = tmp_path / "work"
    work.mkdir()
    with scratch.using(work):
        monkeypatch.setenv("FAKE_ENGINE_DELAY", "0.3")
        stopped(hiss, options, after=2)
        monkeypatch.setenv("FAKE_ENGINE_DELAY", "0")
        begun = len(decoded()) - count
        assert 0 < begun < count
        assert len(journals(work)) == 1
        seen: list[float] = []
        again = run(hiss, options, lambda _, done, total: seen.append(done / total))
        assert again == whole, "language and warnings of the first process too"
        assert len(decoded()) <= 2 * count + 2, "at most the batch in hand is decoded twice"
        assert 0 < seen[0] < seen[-1] == pytest.approx(1.0)
        assert run(hiss, options, lambda *_: None) == whole
        assert len(decoded()) <= 2 * count + 2, "a finished journal needs no engine"
        assert {line.split()[2] for line in decoded()[count + begun :]} == {"yue"}, "the language is not sought again"
    assert list(work.glob("*")) == journals(work), "nothing else is left behind"


def test_a_torn_line_is_decoded_again(fake: Options, hiss: Audio, decoded: Decoded, tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    with scratch.using(work):
        whole = run(hiss, fake, lambda *_: None)
        count = len(decoded())
        (path,) = journals(work)
        data = path.read_bytes()
        for torn in (data[:-9], data + b'{"piece": {"wind', data + b"\0" * 40 + b"\n", data[: len(data) // 2]):
            path.write_bytes(torn)
            assert run(hiss, fake, lambda *_: None) == whole
            assert all(json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
        path.write_bytes(b"{}\n[1]\n")
        assert run(hiss, fake, lambda *_: None) == whole
    assert len(decoded()) > count


@pytest.mark.parametrize("change", [{"beam_size": 2}, {"language": "de"}, {"hotwords": "Ada"}, {"batch_size": 3}])
def test_other_work_has_another_journal(fake: Options, hiss: Audio, tmp_path: Path, change: dict[str, object]) -> None:
    with scratch.using(tmp_path):
        transcribe(hiss, fake)
        transcribe(hiss, replace(fake, **change))
        assert len(journals(tmp_path)) == 2
        transcribe(Audio(hiss.samples * 0.5, hiss.rate), fake)
        assert len(journals(tmp_path)) == 3


def test_what_does_not_change_the_text_shares_it(fake: Options, hiss: Audio, decoded: Decoded, tmp_path: Path) -> None:
    with scratch.using(tmp_path):
        whole = transcribe(hiss, fake)
        count = len(decoded())
        assert transcribe(hiss, fake, isolate=False, guard=False, model_dir="elsewhere") == whole
    assert len(decoded()) == count


def test_a_stretch_that_crashed_gets_another_chance(fake: Options, hiss: Audio, tmp_path: Path) -> None:
    """The journal does not remember it, so that a machine with more memory may do it."""
    options = replace(fake, initial_prompt="abort 3-3.5")
    with scratch.using(tmp_path):
        found = transcribe(hiss, options)
    (path,) = journals(tmp_path)
    pieces = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert found.remarks
    assert not any(piece["piece"]["remarks"] for piece in pieces if "piece" in piece)


def test_without_a_work_folder_nothing_is_written(fake: Options, hiss: Audio) -> None:
    transcribe(hiss, fake)
    assert scratch.lasting() is None
    assert not journals(scratch.folder())


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_a_run_that_is_killed_goes_on_in_the_middle_of_the_text(scene: Path, tmp_path: Path) -> None:
    """`audiopost run`, killed while it transcribes; with --resume it ends with the text of a run in one go."""
    source, out, preset = tmp_path / "talk.wav", tmp_path / "out", tmp_path / "text.toml"
    sound = load(scene.with_name("scene.dialogue.flac")).audio.between(20.0, 45.0)
    soundfile.write(source, sound.samples.T, sound.rate, subtype="FLOAT")
    options = 'backend = "pocketsphinx"\nlanguage = "en"\n'
    preset.write_text(f'title = "T"\nsummary = "S"\nstages = ["transcribe"]\n[transcribe]\n{options}')
    work = out / ".talk.audiopost"

    def start(*more: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "audiopost", "run", str(source), "-o", str(out), "-p", str(preset), *more]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)

    running = start()
    deadline = time.monotonic() + 240
    lines = 0
    while lines < 2 and time.monotonic() < deadline and running.poll() is None:
        lines = sum(path.read_bytes().count(b"\n") for path in journals(work))
        time.sleep(0.01)
    running.send_signal(signal.SIGKILL)
    running.communicate()
    assert lines >= 2
    assert not (work / "project.json").exists(), "killed in the middle"
    again = start("--resume")
    _, messages = again.communicate()
    assert again.returncode == 0, messages.decode()
    assert b"windows are there from before" in messages
    assert not work.exists()
    made = json.loads((out / "talk.project.json").read_text(encoding="utf-8"))["transcript"]
    assert made == to_json(transcribe(load(source).audio, backend="pocketsphinx", language="en"))
    assert made["utterances"]
