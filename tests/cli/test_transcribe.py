"""`audiopost transcribe` with the flags that users of whisper and WhisperX type. The model always says one sentence."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from audiopost.cli.languages import tag_of
from audiopost.core.audio import Audio
from audiopost.subtitles import load_captions, read

SCRIPT = "Hello there, world. It works."


def transcribe(*arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "audiopost", "transcribe", *map(str, arguments)]
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "HF_HUB_OFFLINE": "1"}
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", cwd=cwd, env=env)


@pytest.fixture(scope="module")
def take(tmp_path_factory: pytest.TempPathFactory, speech: Audio) -> Path:
    path = tmp_path_factory.mktemp("take") / "take one.wav"
    soundfile.write(path, speech.samples.T, speech.rate)
    return path


@pytest.fixture(scope="module")
def model(tiny_whisper: Callable[..., Path]) -> Path:
    return tiny_whisper(SCRIPT)


def test_a_line_for_whisper_works_unchanged(take: Path, model: Path, tmp_path: Path) -> None:
    run = transcribe(
        take, "--model", model, "--model_dir", tmp_path, "--device", "cpu", "--compute_type", "int8",
        "--batch_size", "4", "--language", "English", "--task", "transcribe", "--output_dir", tmp_path / "out",
        "--output_format", "all", "--initial_prompt", "Hello", "--hotwords", "world", "--vad_method", "silero",
        "--max_line_width", "30", "--max_line_count", "1", "--max_words_per_line", "3", "--highlight_words", "True",
        "--threads", "1", "--clip_timestamps", "0,6",
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    made = {path.name.removeprefix("take one.") for path in (tmp_path / "out").iterdir()}
    assert {"srt", "vtt", "ass", "ttml", "imsc.xml", "stl", "lrc", "csv", "tsv", "txt", "json", "ctm"} <= made
    assert {"dialogue-list.csv", "dialogue-list.xlsx"} <= made
    assert "scc was left out" in run.stderr  # the recording has 25 frames a second
    said = read(tmp_path / "out" / "take one.json")
    assert said.language == "en"
    assert said.words
    assert all(word.end_s <= 6.0 for word in said.words)
    shown = load_captions(tmp_path / "out" / "take one.srt").captions
    assert all(len(c.lines) == 1 and len(c.lines[0].split()) <= 3 and len(c.lines[0]) <= 30 for c in shown)
    assert any(span.kind == "underline" for caption in shown for span in caption.styling)


def test_a_line_for_whisperx_works_unchanged(take: Path, model: Path, tmp_path: Path) -> None:
    run = transcribe(
        take, "--model", model, "--language", "en", "--diarize", "--min_speakers", "1", "--max_speakers", "2",
        "--vad_method", "pyannote", "--hf_token", "none", "-o", tmp_path, "-f", "srt", "--json",
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    result = json.loads(run.stdout)
    assert 1 <= len(result["speakers"]) <= 2
    assert set(result["outputs"]) == {"srt", "rttm", "dialogue_list", "dialogue_list_xlsx"}
    assert "Silero" in run.stderr


def test_without_a_folder_the_text_is_printed_and_nothing_written(take: Path, model: Path, tmp_path: Path) -> None:
    run = transcribe(take, "--model", model, "--language", "en", cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    assert "-->" in run.stdout
    assert "Hello there, world." in run.stdout
    assert not list(tmp_path.iterdir())


def test_a_format_without_a_folder_writes_here(take: Path, model: Path, tmp_path: Path) -> None:
    run = transcribe(take, "--model", model, "--language", "en", "-f", "vtt,txt", cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    assert {path.suffix for path in tmp_path.iterdir()} == {".vtt", ".txt", ".csv", ".xlsx"}


def test_one_bad_recording_of_several_costs_only_itself(take: Path, model: Path, tmp_path: Path) -> None:
    bad, short = tmp_path / "bad.wav", tmp_path / "short.wav"
    bad.write_bytes(b"")
    soundfile.write(short, np.zeros(16_000), 16_000)
    clip = ("--clip_timestamps", "0.0,6,7,8", "--language", "en")
    run = transcribe(bad, take, short, "--model", model, *clip, "-o", tmp_path / "out", "-f", "txt", "--json")
    assert run.returncode == 3
    assert "bad.wav" in run.stderr
    assert "no stretches of 1.00 seconds" in run.stderr
    told = json.loads(run.stdout)
    (result,) = told["results"]
    assert [failure["input"] for failure in told["failures"]] == [str(bad), str(short)]
    assert "empty" in told["failures"][0]["error"]
    assert Path(result["outputs"]["txt"]).read_text(encoding="utf-8").startswith("Hello there")


def test_what_cannot_be_transcribed_leaves_nothing_behind(take: Path, model: Path, tmp_path: Path) -> None:
    text = tmp_path / "text.wav"
    text.write_text("This is no sound.\n" * 20)
    (tmp_path / "mine").mkdir()
    for source, more in ((text, []), (take, ["--model", tmp_path / "mine"])):
        for out in ("new", "mine"):
            run = transcribe(source, "-o", tmp_path / out, *more)
            assert (run.returncode, run.stderr.count("error:")) == (1, 1), run.stderr
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["mine", "text.wav"]


def test_without_speech_it_says_so(model: Path, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "hum.wav", np.full(32_000, np.nan, np.float32), 16_000, subtype="FLOAT")
    run = transcribe(tmp_path / "hum.wav", "--model", model, "-o", tmp_path / "out", "-f", "srt")
    assert run.returncode == 0, run.stderr
    assert "no speech is heard" in run.stdout
    assert (tmp_path / "out" / "hum.srt").read_text() == ""


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_stopped_it_says_that_the_same_command_goes_on(scene: Path, tmp_path: Path) -> None:
    out, language = tmp_path / "out", ("--backend", "pocketsphinx", "--language", "en", "-f", "txt")
    command = [sys.executable, "-m", "audiopost", "transcribe", str(scene), "-o", str(out), *language]
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    running = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=env,
        # A shell starts what runs in the background with Ctrl-C ignored, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline and not any(path.stat().st_size for path in out.rglob("*.jsonl")):
        time.sleep(0.01)
    running.send_signal(signal.SIGINT)
    _, told = running.communicate()
    assert running.returncode == 1
    assert b"the same command goes on from there" in told
    assert b"Traceback" not in told
    again = transcribe(scene, "-o", out, *language)
    assert again.returncode == 0, again.stderr
    assert "windows are there from before" in again.stderr
    assert not list(out.glob(".*"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-f", "doc"], "There is no subtitle format 'doc'"),
        (["--min_speakers", "2"], "Add --diarize"),
        (["--language", "Klingon"], "'Klingon'"),
        (["--clip_timestamps", "5,x"], "clip_timestamps"),
    ],
)
def test_wrong_use_is_said_in_a_line(take: Path, model: Path, arguments: list[str], message: str) -> None:
    run = transcribe(take, "--model", model, *arguments)
    assert run.returncode == 2
    assert message in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize(("name", "tag"), [("Cantonese", "yue"), ("haitian creole", "ht"), ("zh-Hant", "zh-Hant")])
def test_names_of_languages_are_taken(name: str, tag: str) -> None:
    assert tag_of(name) == tag
