"""A command and a webhook hear of every job that ends, and hold nothing up."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from audiopost.batch import hooks
from audiopost.batch.job import Job, Order, Outcome, Output
from audiopost.core.errors import BadValue

JOB = Job(
    7, Order("/in/粵語.wav", "/out", "粵語", "p"), "done", attempts=1,
    outcome=Outcome(
        media_s=3.0, seconds={"loudness": 0.5}, outputs=(Output("srt", "粵語.srt", 3, "ab"),), figures={"captions": 2},
    ),
)  # fmt: skip


@pytest.fixture
def server() -> Iterator[tuple[str, list[Any], list[int]]]:
    """Its address, what was posted, and the statuses it answers with (200 when none is left)."""
    posted: list[Any] = []
    statuses: list[int] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(statuses.pop(0) if statuses else 200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    made = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{made.server_port}/done", posted, statuses
    made.shutdown()
    made.server_close()


def test_a_command_gets_the_job_on_its_standard_input(tmp_path: Path) -> None:
    script, target = tmp_path / "tell.py", tmp_path / "told file.json"
    script.write_text("import sys, pathlib\npathlib.Path(sys.argv[1]).write_text(sys.stdin.read())\n")
    telling = hooks.Hooks(hooks.command(f"{sys.executable} {script} '{target}'"))
    telling.tell(JOB)
    telling.close()
    told = json.loads(target.read_text())
    assert (told["job"], told["name"], told["state"]) == (7, "粵語", "done")
    assert told["outputs"] == [{"kind": "srt", "path": "粵語.srt", "size": 3, "sha256": "ab"}]
    assert told["figures"] == {"captions": 2}


def test_a_webhook_is_posted_to_and_tried_again(server: tuple[str, list[Any], list[int]], monkeypatch: Any) -> None:
    monkeypatch.setattr(hooks.time, "sleep", lambda seconds: None)
    url, posted, statuses = server
    statuses.append(503)
    telling = hooks.Hooks(hooks.webhook(url))
    telling.tell(JOB)
    telling.close()
    assert [each["job"] for each in posted] == [7, 7]
    assert posted[0] == hooks.payload(JOB)


def test_what_fails_is_said_and_the_next_is_told_all_the_same(
    server: tuple[str, list[Any], list[int]], caplog: pytest.LogCaptureFixture
) -> None:
    url, posted, _ = server
    broken = hooks.command(f"{sys.executable} -c 'import sys; sys.exit(\"no such thing\")'")
    absent = hooks.command("/no/such/program")
    telling = hooks.Hooks(broken, absent, hooks.webhook(url))
    telling.tell(JOB)
    telling.close()
    assert len(posted) == 1
    assert "no such thing" in caplog.text
    assert caplog.text.count("could not be told of") == 2


def test_whatever_a_hook_raises_the_next_is_told(
    server: tuple[str, list[Any], list[int]], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hooks.time, "sleep", lambda seconds: None)
    url, posted, _ = server
    telling = hooks.Hooks(hooks.webhook("http://127.0.0.1:no-port/"), hooks.webhook(url))
    telling.tell(JOB)
    telling.tell(JOB)
    telling.close()
    assert len(posted) == 2
    assert caplog.text.count("could not be told of") == 2


def test_hooks_of_a_command_line(server: tuple[str, list[Any], list[int]], tmp_path: Path) -> None:
    url, posted, _ = server
    target = tmp_path / "told"
    telling = hooks.of(f"cp /dev/stdin {target}", url)
    telling.tell(JOB)
    telling.close()
    assert json.loads(target.read_text()) == posted[0] == hooks.payload(JOB)
    hooks.of("", "").close()


@pytest.mark.parametrize("line", ["", "  ", "'unclosed"])
def test_a_line_that_is_no_command_is_refused(line: str) -> None:
    with pytest.raises(BadValue):
        hooks.command(line)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://host/x", "host/x", ""])
def test_only_web_addresses_are_webhooks(url: str) -> None:
    with pytest.raises(BadValue, match="webhook"):
        hooks.webhook(url)
