"""The flags of sound formats on the commands that write sound."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from audiopost.cli.main import cli
from audiopost.core.audio import Audio
from audiopost.core.errors import BadValue
from audiopost.io.decode import decode
from audiopost.io.encode import write_wav


@pytest.fixture
def take(tmp_path: Path) -> Path:
    noise = np.random.default_rng(0).normal(0, 0.05, (2, 48_000))
    return write_wav(tmp_path / "take.wav", Audio(noise, 48_000))


def call(*arguments: object) -> None:
    result = CliRunner().invoke(cli, [str(argument) for argument in arguments], catch_exceptions=True)
    if result.exception is not None:
        raise result.exception


@pytest.mark.parametrize("command", ["denoise", "separate", "restore", "loudness"])
def test_every_command_that_writes_sound_takes_a_format(command: str) -> None:
    shown = CliRunner().invoke(cli, [command, "--help"]).output
    for flag in ("--format", "--bit-depth", "--bitrate-kbps"):
        assert flag in shown
    assert "--film-codec" not in shown, "the main job alone delivers films"


def test_the_main_job_takes_a_film_codec_too() -> None:
    shown = CliRunner().invoke(cli, ["run", "--help"]).output
    for flag in ("--format", "--bit-depth", "--bitrate-kbps", "--film-codec"):
        assert flag in shown


def test_the_files_are_of_that_format(take: Path, tmp_path: Path) -> None:
    call("denoise", take, "-o", tmp_path / "a", "--backend", "rnnoise", "--format", "mp3", "--bitrate-kbps", 320)
    made = decode(tmp_path / "a" / "take.clean.mp3")
    assert (made.subtype, made.audio.frames) == ("mp3float", 48_000)
    call("denoise", take, "-o", tmp_path / "b", "--backend", "rnnoise", "--bit-depth", 16)
    assert soundfile.info(tmp_path / "b" / "take.clean.wav").subtype == "PCM_16"


def test_what_cannot_be_written_is_said_before_the_work(take: Path, tmp_path: Path) -> None:
    wide = write_wav(tmp_path / "wide.wav", Audio(np.zeros((6, 4800)), 48_000))
    with pytest.raises(BadValue, match=r"mp3 does not hold 6 channels.*wav or flac or aac or opus"):
        call("denoise", wide, "-o", tmp_path / "out", "--format", "mp3")
    with pytest.raises(BadValue, match="mp3 does not write 2 channels at 48000 Hz with 300"):
        call("denoise", take, "-o", tmp_path / "out", "--format", "mp3", "--bitrate-kbps", "300")
    with pytest.raises(BadValue, match="format = 'ogg'"):
        call("denoise", take, "-o", tmp_path / "out", "--format", "ogg")
    assert not (tmp_path / "out").exists()
