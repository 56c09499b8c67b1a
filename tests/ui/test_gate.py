"""The gate: who is let in, from where, to what; what each answer carries."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

pytest.importorskip("gradio", reason="the workbench needs gradio")

from audiopost_ui import server
from audiopost_ui.visitors import COOKIE, Visitors
from fastapi.testclient import TestClient

OURS = {"x-audiopost": "1"}
PAGE = {"accept": "text/html"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("gate")


@pytest.fixture(scope="module")
def serving(folder: Path) -> Callable[..., TestClient]:
    """serving(accounts, **kind) -> a new browser before a server of that kind."""
    made: dict[str, Any] = {}

    def browser(accounts: dict[str, str] | None = None, *, anonymous: bool = False, **kind: Any) -> TestClient:
        key = f"{accounts} {anonymous} {kind}"
        if key not in made:
            (folder / "scratch").mkdir(exist_ok=True)
            visitors = Visitors(folder / f"project-{len(made)}", accounts, anonymous=anonymous)
            made[key] = server.create(visitors, scratch=folder / "scratch", **{"hosts": None, **kind})
        return TestClient(made[key], base_url="http://127.0.0.1:7860", follow_redirects=False)

    return browser


def signed_in(client: TestClient, user: str, password: str) -> TestClient:
    """Another browser of the same server, signed in."""
    other = TestClient(
        client.app, base_url="http://127.0.0.1:7860", follow_redirects=False, raise_server_exceptions=False
    )
    assert other.post("/login", data={"user": user, "password": password}).status_code == 303
    return other


def test_the_page_begins_a_session_and_nothing_else_does(serving: Callable[..., TestClient]) -> None:
    client = serving()
    assert client.get("/audiopost/pulse").status_code == 401
    assert COOKIE not in client.cookies
    page = client.get("/")
    header = page.headers["set-cookie"]
    assert "HttpOnly" in header
    assert "SameSite=Strict" in header
    assert client.get("/audiopost/pulse").status_code == 200


def test_a_token_of_ones_own_making_is_no_session(serving: Callable[..., TestClient]) -> None:
    client = serving(anonymous=True)
    client.cookies.set(COOKIE, "chosen-by-somebody-else")
    assert client.get("/audiopost/pulse").status_code == 401
    assert "chosen-by-somebody-else" not in client.get("/").headers["set-cookie"]


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:7860", "", "127.0.0.1.evil.example", "a[b", "[::1", "localhost:x"]
)
def test_a_name_that_was_pointed_here_gets_nothing(serving: Callable[..., TestClient], host: str) -> None:
    client = serving(hosts=server.names("127.0.0.1"))
    answer = client.get("/", headers={"host": host})
    assert answer.status_code == 421
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("host", ["127.0.0.1:7860", "localhost:7860", "LOCALHOST", "[::1]:7860"])
def test_this_machine_by_any_name(serving: Callable[..., TestClient], host: str) -> None:
    assert serving(hosts=server.names("127.0.0.1")).get("/", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "null",
        "http://127.0.0.1:3000",
        "http://127.0.0.1",
        "http://127.0.0.1.evil.example:7860",
        "http://[x",
        "x",
    ],
)
def test_pages_of_others_change_nothing(serving: Callable[..., TestClient], origin: str) -> None:
    client = serving()
    client.get("/")
    for path in ("/audiopost/undo", "/gradio_api/queue/join", "/gradio_api/run/predict", "/logout", "/login"):
        assert client.post(path, headers={**OURS, "origin": origin}).status_code == 403
    assert client.put("/audiopost/media/a.wav", content=b"x", headers={**OURS, "origin": origin}).status_code == 403


def test_a_form_of_another_site_cannot_change_anything_even_without_an_origin(
    serving: Callable[..., TestClient],
) -> None:
    client = serving()
    client.get("/")
    assert client.post("/audiopost/undo", data={"x": "1"}).status_code == 403
    assert client.post("/audiopost/undo", headers={**OURS, "sec-fetch-site": "cross-site"}).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://127.0.0.1:7860"},
        {"origin": "https://studio.example", "host": "studio.example"},
        {"origin": "https://studio.example:8443", "host": "studio.example"},
        {"origin": "https://studio.example", "host": "127.0.0.1:7860", "x-forwarded-host": "studio.example"},
        {},
    ],
)
def test_our_own_page_is_let_through_behind_a_proxy_too(
    serving: Callable[..., TestClient], headers: dict[str, str]
) -> None:
    client = serving()
    client.get("/")
    assert client.post("/audiopost/undo", headers={**OURS, **headers}).status_code == 409  # nothing is open


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/file=/etc/passwd", "/gradio_api/file%3D/etc/passwd", "/file=/etc/passwd", "/file/etc/passwd",
        "/gradio_api/file/etc/passwd", "/gradio_api/proxy=http://127.0.0.1:1/", "/proxy=http://127.0.0.1:1/",
        "/gradio_api/upload_progress?upload_id=1", "/gradio_api/stream/a/b/c/playlist.m3u8", "/monitoring",
        "/monitoring/summary", "/gradio_api/runs", "/gradio_api/run-history/records", "/gradio_api/info",
        "/gradio_api/openapi.json", "/openapi.json", "/docs", "/gradio_api/mcp", "/gradio_api/token",
        "/gradio_api/deep_link", "/gradio_api/custom_component/a/b/c/d", "//gradio_api/file=/etc/passwd",
        "/gradio_api/call/x/y", "/pwa_icon", "/gradio_api/dev/reload", "/gradio_api/%2e%2e/file=/etc/passwd",
    ],
)  # fmt: skip
def test_gradios_ways_to_files_and_to_others_are_shut(serving: Callable[..., TestClient], path: str) -> None:
    client = serving()
    client.get("/")
    answer = client.get(path)
    assert answer.status_code == 404
    assert "root:" not in answer.text


@pytest.mark.parametrize(
    "path", ["upload", "process_recording", "component_server", "vibe-edit", "run-history/connect", "stream/x"]
)
def test_gradio_takes_no_files(serving: Callable[..., TestClient], path: str, folder: Path) -> None:
    client = serving()
    client.get("/")
    assert client.post(f"/gradio_api/{path}", files={"files": ("a.wav", b"x" * 5000)}).status_code == 404
    assert list((folder / "scratch").rglob("*.wav")) == []


@pytest.mark.parametrize(
    "path",
    [
        "../../../../etc/passwd", "..%2f..%2f..%2fetc/passwd", "%2e%2e/%2e%2e/visitors.py", "..%5c..%5cvisitors.py",
        "/etc/passwd", "%2fetc%2fpasswd", "css/../../visitors.py", "C:/Windows/win.ini", "x%00.js",
    ],
)  # fmt: skip
def test_static_files_are_those_of_their_folder(serving: Callable[..., TestClient], path: str) -> None:
    client = serving()
    client.get("/")
    answer = client.get(f"/audiopost/static/{path}")
    assert answer.status_code in (404, 405)
    assert "root:" not in answer.text
    assert "import" not in answer.text


def test_a_body_without_a_length_or_too_long_is_not_read(serving: Callable[..., TestClient]) -> None:
    client = serving({"anna": "a"})
    assert client.post("/login", content=iter([b"user=anna&password=a"])).status_code == 411
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert client.post("/login", content=b"user=" + b"a" * (1 << 14), headers=form).status_code == 413
    inside = signed_in(client, "anna", "a")
    assert inside.post("/audiopost/undo", content=b" " * ((1 << 25) + 1), headers=OURS).status_code == 413


def test_what_is_private_is_kept_by_nobody_on_the_way(serving: Callable[..., TestClient]) -> None:
    client = serving()
    for path in ("/", "/audiopost/pulse", "/audiopost/texts", "/config", "/audiopost/manifest"):
        answer = client.get(path)
        kept = answer.headers["cache-control"]
        assert "private" in kept
        assert "public" not in kept
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'self'" in answer.headers["content-security-policy"]
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"


def test_nothing_of_a_visitor_is_in_the_page_that_all_get(serving: Callable[..., TestClient]) -> None:
    client = serving()
    media = client.app.state.visitors.root / "media"
    media.mkdir()
    soundfile.write(media / "secret-title.wav", np.zeros(8000), 8000)
    for path in ("/", "/config", "/theme.css"):
        assert "secret-title" not in client.get(path).text
    assert "secret-title" in client.get("/audiopost/pulse").text


def test_events_of_a_page_go_to_whom_it_belongs(serving: Callable[..., TestClient]) -> None:
    client = serving({"anna": "a", "ben": "b"})
    anna, ben = signed_in(client, "anna", "a"), signed_in(client, "ben", "b")
    # A page that is not known to Gradio ends at once; whose it is was noted all the same.
    assert anna.get("/gradio_api/queue/data?session_hash=guessed").status_code != 403
    assert ben.get("/gradio_api/queue/data?session_hash=guessed").status_code == 403
    assert ben.get("/gradio_api/queue/data?session_hash=other&session_hash=guessed").status_code == 403
    assert ben.get("/gradio_api/heartbeat/guessed").status_code == 403


def test_a_proxy_path_is_part_of_where_one_is_sent(serving: Callable[..., TestClient]) -> None:
    client = serving({"anna": "a"}, root_path="/sound")
    assert client.get("/", headers=PAGE).headers["location"] == "/sound/login"
    assert client.get("/audiopost/pulse").status_code == 401
    assert client.post("/login", data={"user": "anna", "password": "a"}).headers["location"] == "./"
    page = client.get("/", headers=PAGE).text
    assert 'name="audiopost-base" content="/sound/"' in page
    assert 'href="/sound/audiopost/static/css/base.css"' in page


def test_errors_tell_no_traceback(serving: Callable[..., TestClient], monkeypatch: pytest.MonkeyPatch) -> None:
    client = serving()
    client.get("/")
    from audiopost_ui import visitors

    monkeypatch.setattr(visitors.Visitor, "desk", lambda self: 1 / 0)
    answer = TestClient(
        client.app, base_url="http://127.0.0.1:7860", cookies=client.cookies, raise_server_exceptions=False
    ).get("/audiopost/pulse")
    assert answer.status_code == 500
    assert "Traceback" not in answer.text
    assert "division" not in answer.text
