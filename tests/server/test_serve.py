"""`audiopost serve`: what it refuses, what it says, how it ends; and one recording through it, for real."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from audiopost.cli.serve import command
from audiopost.core.errors import AudiopostError, BadValue, MissingExtra, Unavailable, UnknownName
from audiopost.io.listening import is_loopback, parse_size

PATIENCE_S = 120.0
_PROGRAM = (
    "from audiopost.cli.main import COMMANDS, main\n"
    "COMMANDS.setdefault('serve', ('serve', 'Take jobs over HTTP, for pipelines in other languages.'))\n"
    "main()"
)


class Server:
    """`audiopost serve` as a process of its own."""

    def __init__(self, *arguments: str, **environment: str) -> None:
        kept = {name: value for name, value in os.environ.items() if name != "AUDIOPOST_TOKEN"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, "serve", *arguments, "--port", "0"],
            stderr=subprocess.PIPE, text=True, env={**kept, **environment},
        )  # fmt: skip
        self.said = ""
        while "Ctrl+C" not in self.said:
            line = self.process.stderr.readline()
            assert line, f"it ended: {self.said}"
            self.said += line
        self.url = re.search(r"http://\S+", self.said)[0]

    def end(self, number: int) -> tuple[int, str]:
        self.process.send_signal(number)
        rest = self.process.communicate(timeout=PATIENCE_S)[1]
        return self.process.returncode, rest


@contextlib.contextmanager
def server(*arguments: str, **environment: str) -> Iterator[Server]:
    up = Server(*arguments, **environment)
    try:
        yield up
    finally:
        up.process.kill()
        up.process.communicate(timeout=PATIENCE_S)


def refused(*arguments: str) -> Any:
    return CliRunner().invoke(command("serve"), arguments).exception


@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        (["--preset", "podcst"], UnknownName, "Did you mean 'podcast'?"),
        (["--max-size", "huge"], BadValue, "For example 500mb"),
        (["--max-size", "0"], BadValue, "For example 500mb"),
        (["--workers", "0"], BadValue, "auto"),
        (["--job-timeout", "soon"], BadValue, "For example 6h"),
        (["--webhook", "file:///x"], BadValue, "webhook"),
        (["--on-finish", "'"], BadValue, "no command"),
        (["--root-path", "no/slash"], BadValue, "--root-path /audiopost"),
        (["--source", "nowhere"], BadValue, "nowhere"),
        (["--token-file", "nowhere"], BadValue, "nowhere"),
        (["--ledger", "s3://bucket/ledger"], BadValue, "--ledger"),
    ],
)
def test_what_cannot_be_served_is_said_before_anything_listens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], kind: type[AudiopostError], words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    error = refused(str(tmp_path / "out"), *arguments, "--port", "0")
    assert isinstance(error, kind), error
    assert words in str(error)


def test_a_poor_token_in_the_environment_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIOPOST_TOKEN", "short")
    error = refused(str(tmp_path))
    assert isinstance(error, BadValue)
    assert "short" not in str(error)


def test_without_the_extra_the_remedy_is_a_pip_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("fastapi", "uvicorn", "python_multipart"):
        with monkeypatch.context() as patch:
            patch.setitem(sys.modules, name, None)
            error = refused(str(tmp_path / "out"))
        assert isinstance(error, MissingExtra)
        assert error.value == name
        assert error.remedy == "pip install 'audiopost[server]'"
    assert not (tmp_path / "out").exists()


def test_a_taken_port_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        error = refused(str(tmp_path), "--port", str(taken.getsockname()[1]))
    assert isinstance(error, Unavailable)
    assert "--port 0" in str(error)


def test_fastapi_is_loaded_by_nothing_but_the_server() -> None:
    program = "import sys, audiopost.cli.serve, audiopost.batch, audiopost.server; print('fastapi' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout == "False\n"


@pytest.mark.parametrize(
    ("text", "size"), [("500mb", 500_000_000), ("4gb", 4_000_000_000), (" 1.5 KiB ", 1500), ("800000", 800_000)]
)
def test_sizes(text: str, size: int) -> None:
    assert parse_size(text) == size


def test_addresses_that_only_this_machine_reaches() -> None:
    assert all(map(is_loopback, ("localhost", "127.0.0.1", "127.8.8.8", "::1")))
    assert not any(map(is_loopback, ("0.0.0.0", "::", "192.168.1.20", "studio.example")))


def test_a_token_is_told_once_and_sigterm_ends_it_well(tmp_path: Path) -> None:
    with server(str(tmp_path / "out")) as up:
        token = re.search(r"token, told this once .*: (\S+)", up.said)[1]
        assert httpx.get(f"{up.url}/v1/jobs").status_code == 401
        assert httpx.get(f"{up.url}/v1/jobs", headers={"authorization": f"Bearer {token}"}).status_code == 200
        assert httpx.get(f"{up.url}/v1/health").json()["driver"] == "running"
        assert "warning" not in up.said
        code, rest = up.end(signal.SIGTERM)
    assert (code, "Traceback" in rest) == (0, False)
    with server(str(tmp_path / "out"), "--host", "0.0.0.0") as up:
        assert "token" not in up.said.replace("token and recordings", "")
        assert "warning: 0.0.0.0 can be reached from other machines" in up.said
        url = up.url.replace("0.0.0.0", "127.0.0.1")
        assert httpx.get(f"{url}/v1/jobs", headers={"authorization": f"Bearer {token}"}).status_code == 200


@pytest.mark.slow
def test_a_second_process_on_one_folder_is_refused_with_1(tmp_path: Path) -> None:
    environment = {"AUDIOPOST_TOKEN": "a-token-of-the-tests"}
    with server(str(tmp_path / "out"), **environment) as up:
        second = subprocess.run(
            [sys.executable, "-c", _PROGRAM, "serve", str(tmp_path / "out"), "--port", "0"],
            capture_output=True, text=True, env={**os.environ, **environment}, timeout=PATIENCE_S,
        )  # fmt: skip
        assert second.returncode == 1
        assert str(up.process.pid) in second.stderr
        assert "Traceback" not in second.stderr
        assert httpx.get(f"{up.url}/v1/health").status_code == 200


@pytest.mark.slow
def test_recordings_go_through_though_the_server_is_killed(tmp_path: Path) -> None:
    own = tmp_path / "config" / "audiopost" / "presets"
    own.mkdir(parents=True)
    (own / "level.toml").write_text('stages = ["loudness"]\n[loudness]\nspec = "podcast"\n')
    token = "a-token-of-the-tests"
    (tmp_path / "token").write_text(token)
    environment = {"XDG_CONFIG_HOME": str(tmp_path / "config"), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    arguments = (str(tmp_path / "out"), "--token-file", str(tmp_path / "token"), "--workers", "1")
    time_s = np.arange(3 * 48_000) / 48_000
    jobs: dict[int, str] = {}

    with server(*arguments, **environment) as up, client(up, token) as http:
        for number in range(3):
            wav = tmp_path / f"take {number}.wav"
            soundfile.write(wav, 0.05 * np.sin(2 * np.pi * (200 + 100 * number) * time_s), 48_000)
            with wav.open("rb") as file:
                form = {"preset": "level", "settings": "deliver.format=flac"}
                made = http.post("/v1/jobs", data=form, files={"file": file})
            assert made.status_code == 201, made.text
            jobs[made.json()["id"]] = wav.stem
        broken = http.post("/v1/jobs", data={"preset": "level"}, files={"file": ("broken.wav", b"no sound")}).json()[
            "id"
        ]
        until(lambda: http.get("/v1/jobs", params={"state": "running"}).json()["jobs"])
        up.end(signal.SIGKILL)

    with server(*arguments, **environment) as up, client(up, token) as http:
        states = ["waiting", "running"]
        until(lambda: not http.get("/v1/jobs", params={"state": states}).json()["jobs"])
        for job, name in jobs.items():
            told = http.get(f"/v1/jobs/{job}").json()
            assert (told["state"], told["reason"]) == ("done", "")
            outputs = http.get(f"/v1/jobs/{job}/outputs").json()["outputs"]
            assert outputs
            for output in outputs:
                assert Path(output["path"]).name.startswith(name)
                fetched = http.get(output["url"])
                assert len(fetched.content) == output["size"]
            (sound,) = (output for output in outputs if output["path"].endswith(".flac"))
            (tmp_path / "master.flac").write_bytes(http.get(sound["url"]).content)
            assert soundfile.info(tmp_path / "master.flac").duration == pytest.approx(3.0)
        told = http.get(f"/v1/jobs/{broken}").json()
        assert (told["state"], told["error"]) == ("failed", "UnreadableMedia")
        assert http.get(f"/v1/jobs/{broken}/log").json()["entries"]


def client(up: Server, token: str) -> httpx.Client:
    return httpx.Client(base_url=up.url, headers={"authorization": f"Bearer {token}"}, timeout=PATIENCE_S)


def until(holds: Any) -> None:
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)
