"""`audiopost ui`: what it refuses before anything listens."""

from __future__ import annotations

import importlib
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from audiopost_ui import command
from audiopost_ui.command import is_loopback, parse_auth, parse_size
from click.testing import CliRunner

from audiopost.core.errors import BadValue, UsageError

pytestmark = pytest.mark.skipif(importlib.util.find_spec("gradio") is None, reason="gradio is not installed")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.20", "studio.example"])
def test_an_address_that_others_reach_wants_a_login(host: str) -> None:
    outcome = CliRunner().invoke(command, ["--host", host, "--port", "0"])
    assert isinstance(outcome.exception, UsageError)
    assert outcome.exception.exit_code == 2
    assert outcome.exception.value == host
    assert "--auth" in outcome.exception.remedy


def test_the_refusal_ends_the_process_with_2() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "audiopost", "ui", "--host", "0.0.0.0"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert "0.0.0.0" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_login_or_insecure_opens_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    served: list[Any] = []
    monkeypatch.setattr("audiopost_ui.server.serve", lambda application, *_, **__: served.append(application))
    for more in (["--auth", "anna:secret"], ["--insecure"]):
        outcome = CliRunner().invoke(command, ["--host", "0.0.0.0", "--port", "0", "--project", str(tmp_path), *more])
        assert outcome.exception is None
    logins, visitors = (each.state.visitors for each in served)
    assert logins.accounts == {"anna": "secret"}
    assert visitors.anonymous


def test_a_taken_port_is_an_error_with_a_remedy() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        outcome = CliRunner().invoke(command, ["--port", str(port)])
    assert str(port) in str(outcome.exception)
    assert "--port 0" in str(outcome.exception)


@pytest.mark.parametrize(
    ("host", "expected"), [("localhost", True), ("127.0.0.1", True), ("::1", True), ("0.0.0.0", False), ("x", False)]
)
def test_loopback(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


@pytest.mark.parametrize("text", ["anna", "anna:", ":secret", ""])
def test_half_a_login_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(BadValue) as caught:
        parse_auth([text])
    assert "secret" not in str(caught.value).replace("anna:secret", "")


def test_logins_are_each_given_once_and_passwords_may_hold_colons() -> None:
    assert parse_auth(["anna:a:b", "ben:c"]) == {"anna": "a:b", "ben": "c"}
    assert parse_auth([]) == {}
    with pytest.raises(BadValue, match="twice"):
        parse_auth(["anna:a", "anna:b"])


@pytest.mark.parametrize(("text", "expected"), [("20gb", 20e9), ("1.5 MB", 1.5e6), ("800", 800)])
def test_sizes(text: str, expected: float) -> None:
    assert parse_size(text) == expected


@pytest.mark.parametrize("text", ["", "much", "-1gb", "0", "5 pb"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(BadValue, match="size"):
        parse_size(text)
