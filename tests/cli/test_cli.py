"""The command line as scripts and people meet it: names, keys, exit codes, streams."""

from __future__ import annotations

import importlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from audiopost.cli.main import COMMANDS
from audiopost.core.audio import Audio

LOUDNESS = {"integrated_lufs", "momentary_max_lufs", "short_term_max_lufs", "loudness_range_lu", "true_peak_dbtp"}
BASE = {"input", "duration_s", "backend", "outputs", "seconds", "warnings"}


def audiopost(*arguments: str | Path, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "audiopost", *map(str, arguments)]
    env = {**os.environ, "LC_ALL": "C", "PYTHONPATH": str(Path(__file__).parents[2]), **environment}
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", cwd=cwd, env=env)


def result_of(run: subprocess.CompletedProcess[str]) -> dict:
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


@pytest.fixture
def take(tmp_path: Path, speech: Audio) -> Path:
    path = tmp_path / "她說 é.wav"
    soundfile.write(path, speech.samples.T, speech.rate)
    return path


@pytest.mark.parametrize("name", [n for n in COMMANDS if n != "ui"])
def test_every_command_has_help(name: str) -> None:
    run = audiopost(name, "--help")
    assert run.returncode == 0
    assert "Usage: audiopost" in run.stdout
    assert len(run.stdout.splitlines()) > 5


SPOTTING = {
    ".cues.csv", ".cues.xlsx", ".cues.pdf", ".cues.otio", ".scenes.csv", ".scenes.otio", ".emotion.csv",
    ".spotting.html",
}  # fmt: skip


@pytest.mark.parametrize(
    ("command", "keys", "files"),
    [
        ("denoise", set(), {".clean.wav", ".removed.wav"}),
        ("separate", set(), {".dialogue.wav", ".music.wav", ".effects.wav"}),
        ("diarise", {"speakers", "turns"}, {".rttm"}),
        ("cues", {"cues"}, SPOTTING),
        ("loudness", LOUDNESS | {"checks", "verdict"}, {".master.wav", ".loudness.html"}),
        ("diagnose", {"findings"}, {".findings.json", ".report.html"}),
        ("emotion", {"points", "utterances"}, {".emotion.json", ".emotion.csv", ".emotion-curve.json"}),
    ],
)  # fmt: skip
def test_json_keys_and_files(take: Path, tmp_path: Path, command: str, keys: set[str], files: set[str]) -> None:
    out = tmp_path / "out"
    result = result_of(audiopost(command, take, "-o", out, "--backend", "embedded", "--json"))
    assert keys | BASE <= set(result)
    assert {Path(p).name for p in result["outputs"].values()} == {take.stem + suffix for suffix in files}
    assert all(Path(p).exists() for p in result["outputs"].values())
    assert result["duration_s"] == 8.0
    assert result["input"] == str(take)
    assert command in result["seconds"]


@pytest.mark.parametrize("command", ["loudness", "diagnose", "emotion"])
def test_measuring_needs_no_folder(take: Path, command: str) -> None:
    result = result_of(audiopost(command, take, "--json"))
    assert result["outputs"] == {}
    assert sorted(p.name for p in take.parent.iterdir()) == [take.name]


def test_repeating_a_command_leaves_no_copies_and_another_one_keeps_the_first(take: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    for _ in range(2):
        assert audiopost("denoise", take, "-o", out).returncode == 0
    assert len(list(out.iterdir())) == 2
    assert audiopost("denoise", take, "-o", out, "--amount", "50").returncode == 0
    assert (out / f"{take.stem}.clean.kept-1.wav").exists()


def test_transcribe_writes_subtitles(take: Path, tmp_path: Path) -> None:
    run = audiopost("transcribe", take, "-o", tmp_path, "--language", "en", "--backend", "pocketsphinx", "--json")
    result = result_of(run)
    assert {"srt", "vtt", "ass", "ttml", "json"} <= set(result["outputs"])
    assert result["language"] == "en"
    words = [word for u in result["utterances"] for word in u["words"]]
    assert {"start_s", "end_s", "text", "probability"} <= set(words[0])
    assert {"start_s", "end_s", "speaker", "language", "text", "words"} <= set(result["utterances"][0])
    assert any("draft" in warning for warning in result["warnings"])


def test_transcribe_without_weights_names_the_command(take: Path, tmp_path: Path) -> None:
    none = str(tmp_path / "none")
    run = audiopost("transcribe", take, "-o", tmp_path, "--language", "yue", AUDIOPOST_MODELS=none, HF_HUB_CACHE=none)
    assert run.returncode == 1
    assert "audiopost models pull" in run.stderr
    assert "Traceback" not in run.stderr


def test_emotion_takes_words(take: Path, tmp_path: Path) -> None:
    srt = tmp_path / "a.srt"
    srt.write_text("1\n00:00:00,500 --> 00:00:02,500\nI am so happy, this is wonderful!\n", encoding="utf-8")
    result = result_of(audiopost("emotion", take, "--transcript", srt, "--json"))
    assert {"start_s", "end_s", "label", "arousal", "valence"} <= set(result["utterances"][0])
    assert result["utterances"][0]["valence"] > 0
    assert {"time_s", "arousal", "valence", "dominance", "confidence"} <= set(result["points"][0])


def test_timecode_and_rate(tmp_path: Path, scene: Path) -> None:
    run = audiopost("cues", scene, "-o", tmp_path, "--fps", "29.97df", "--start-timecode", "01:00:00;00", "--json")
    cues = result_of(run)["cues"]
    assert cues
    wanted = {
        "number", "in_s", "out_s", "in_timecode", "out_timecode", "function", "emotion", "tempo_bpm", "mode",
        "instruments", "reason", "confidence",
    }  # fmt: skip
    assert wanted <= set(cues[0])
    assert re.fullmatch(r"01:00:\d\d;\d\d", cues[0]["in_timecode"])
    assert len(cues[0]["tempo_bpm"]) == 2


def test_silence_has_null_loudness(tmp_path: Path) -> None:
    path = tmp_path / "s.wav"
    soundfile.write(path, np.zeros(48_000 * 3), 48_000)
    result = result_of(audiopost("loudness", path, "--json"))
    assert result["integrated_lufs"] is None
    assert result["true_peak_dbtp"] is None


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["denoise", "{take}", "-o", "{out}", "--backend", "rnnoize"], 2, "Did you mean 'rnnoise'"),
        (["denoise", "{take}", "-o", "{out}", "--amount", "700"], 2, "0 to 100"),
        (["denoise", "{take}"], 2, "-o"),
        (["denoize", "{take}"], 2, "Did you mean 'denoise'"),
        (["run", "{take}", "-p", "podcasts", "-o", "{out}"], 2, "Did you mean 'podcast'"),
        (["run", "{take}", "-p", "podcast", "-o", "{out}", "--set", "denoise.amout=1"], 2, "denoise.amount"),
        (["run", "{take}", "-p", "podcast", "-o", "{take}/sub"], 1, "-o"),
        (["loudness", "{out}/nothing.wav"], 1, "no file"),
        (["loudness", "{text}"], 1, "notes.wav"),
        (["loudness", "{empty}"], 1, "empty.wav"),
        (["loudness", "{take}", "--fps", "many"], 2, "frame rate"),
        (["models", "path", "whisper-tinny"], 2, "Did you mean 'whisper-tiny'"),
        (["subtitles", "{text}"], 2, "subtitle format '.wav'"),
    ],
)
def test_mistakes_get_a_message_and_a_code(
    take: Path, tmp_path: Path, arguments: list[str], code: int, words: str
) -> None:
    text, empty = tmp_path / "notes.wav", tmp_path / "empty.wav"
    text.write_text("only text\n" * 30)
    empty.write_bytes(b"")
    places = {"take": take, "out": tmp_path / "out", "text": text, "empty": empty}
    run = audiopost(*(a.format(**places) for a in arguments))
    assert (run.returncode, run.stdout) == (code, ""), run.stderr
    assert words in run.stderr
    assert "Traceback" not in run.stderr


def test_numpy_s_blas_is_told_of_its_one_thread_before_numpy_is_there() -> None:
    code = """
import os, sys
from audiopost.cli.main import main
assert "numpy" not in sys.modules
try:
    main(["--version"])
finally:
    print(os.environ["OPENBLAS_NUM_THREADS"])
"""
    env = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines()[-1] == "1"


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="file names are Unicode there")
def test_a_name_that_is_no_utf8_is_delivered(take: Path, tmp_path: Path) -> None:
    odd = tmp_path / os.fsdecode(b"bad\xff name.wav")
    take.rename(odd)
    result = result_of(audiopost("run", odd, "-p", "podcast", "-o", tmp_path / "out", "--json"))
    assert os.fsdecode(b"bad\xff name.master.wav") in os.listdir(tmp_path / "out")
    assert Path(result["outputs"]["master"]).exists()
    again = audiopost("run", odd, "-p", "podcast", "-o", tmp_path / "out", "--json", "--resume")
    assert "denoise" not in result_of(again)["seconds"]


def test_a_folder_that_cannot_be_made_is_told_before_the_work(take: Path) -> None:
    run = audiopost("denoise", take, "-o", take / "in a file")
    assert run.returncode == 1
    assert "Choose another folder" in run.stderr
    assert "denoise" not in run.stderr, "nothing was denoised in vain"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_an_input_error(take: Path) -> None:
    take.chmod(0)
    run = audiopost("loudness", take)
    assert (run.returncode, "Permission denied" in run.stderr) == (1, True)


@pytest.mark.parametrize(("command", "goes_on"), [("run", True), ("denoise", False)])
def test_stopping_promises_no_more_than_was_kept(
    command: str, goes_on: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    module = importlib.import_module("audiopost.cli.main")

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(module.cli, "main", stop)
    with pytest.raises(SystemExit) as ended:
        module.main([command, "a.wav"])
    assert ended.value.code == 1
    assert ("--resume" in capsys.readouterr().err) == goes_on


def test_debug_shows_where(tmp_path: Path) -> None:
    run = audiopost("loudness", tmp_path / "nothing.wav", "--debug")
    assert run.returncode == 1
    assert "Traceback" in run.stderr


def test_subtitles_are_checked_and_converted(tmp_path: Path) -> None:
    srt = tmp_path / "a.srt"
    srt.write_text("1\n00:00:01,000 --> 00:00:03,000\n你好,歡迎來到香港。\n", encoding="big5")
    result = result_of(
        audiopost("subtitles", srt, "-o", tmp_path / "out", "--style", "netflix-zh-hant", "-f", "vtt", "--json")
    )
    assert "歡迎來到香港" in Path(result["outputs"]["vtt"]).read_text(encoding="utf-8")
    assert result["captions"][0]["start_s"] == pytest.approx(1.0, abs=0.05)


def test_the_encoding_of_subtitles_can_be_named(tmp_path: Path) -> None:
    french = tmp_path / "fr.srt"
    french.write_bytes("1\n00:00:01,000 --> 00:00:03,000\nTrès bien, Noël.\n".encode("cp1252"))
    refused = audiopost("subtitles", french, "--encoding", "utf-8")
    assert (refused.returncode, "not utf-8" in refused.stderr) == (2, True)
    data = result_of(audiopost("subtitles", french, "--encoding", "cp1252", "--json"))
    assert data["captions"][0]["lines"] == ["Très bien, Noël."]
    assert set(data) >= BASE
    assert data["seconds"]["subtitles"] >= 0


def test_doctor_models_presets() -> None:
    known = result_of(audiopost("doctor", "--json"))
    assert known["backends"]["denoise"]["rnnoise"]["ready"]
    assert set(known["presets"]) >= {"podcast", "film-dialogue"}
    assert known["backends"]["emotion-words"]["lexicon"]["ready"]
    assert known["presets"]["film-dialogue"]["emotion-words"]["backend"]
    assert any(m["name"] == "htdemucs" for m in result_of(audiopost("models", "list", "--json"))["models"])
    shown = audiopost("presets", "film-dialogue")
    assert "[separate]" in shown.stdout
    assert "spec = 'ebu-r128'" in shown.stdout
