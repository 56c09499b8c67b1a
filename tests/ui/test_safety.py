"""What hostile files and requests come to: uploads that are none, too large, or name others; two people at once."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

pytest.importorskip("gradio", reason="the workbench needs gradio")

from audiopost_ui import server
from audiopost_ui.visitors import Visitors
from fastapi.testclient import TestClient

OURS = {"x-audiopost": "1"}
LIMIT = 200_000


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TestClient, TestClient, Path]]:
    """(anna, ben, the folder of all) of one server that takes files of 200 kB."""
    folder = tmp_path_factory.mktemp("safety")
    (folder / "scratch").mkdir()
    visitors = Visitors(folder / "project", {"anna": "a", "ben": "b"})
    app = server.create(visitors, scratch=folder / "scratch", hosts=None, max_bytes=LIMIT)
    anna, ben = (TestClient(app, base_url="http://studio", follow_redirects=False) for _ in range(2))
    with anna:
        for client, user, password in ((anna, "anna", "a"), (ben, "ben", "b")):
            assert client.post("/login", data={"user": user, "password": password}).status_code == 303
        yield anna, ben, folder / "project"


def wav(seconds: float = 1.0, level: float = 0.5) -> bytes:
    target = io.BytesIO()
    soundfile.write(target, np.full(round(seconds * 8000), level), 8000, format="WAV", subtype="PCM_16")
    return target.getvalue()


def put(client: TestClient, name: str, content: bytes | Iterator[bytes]) -> int:
    return client.put(f"/audiopost/media/{name}", content=content, headers=OURS).status_code


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file() and "media" in path.parts)


@pytest.mark.parametrize(
    "content",
    [
        b"<!doctype html><script>alert(1)</script>",
        b"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
        b"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nhttp://127.0.0.1:1/a.ts\n#EXT-X-ENDLIST\n",
        b"ffconcat version 1.0\nfile '../../ben/media/secret.wav'\n",
        b"ffconcat version 1.0\nfile '/etc/passwd'\n",
        b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n",
        b"PK\x03\x04" + b"\x00" * 5000,
        b"\x1f\x8b\x08" + b"\x00" * 5000,
        b"MZ" + b"\x00" * 5000,
        b"",
        b"RIFF\xff\xff\xff\xffWAVE",
    ],
)  # fmt: skip
def test_what_is_no_recording_leaves_nothing(people: tuple[TestClient, TestClient, Path], content: bytes) -> None:
    anna, _, root = people
    before = files(root)
    for name in ("film.wav", "film.mp4", "list.m3u8"):
        assert put(anna, name, content) == 422
    assert files(root) == before


def test_too_large_is_refused_told_or_not(people: tuple[TestClient, TestClient, Path]) -> None:
    anna, _, root = people
    before = files(root)
    assert put(anna, "long.wav", wav(LIMIT / 8000)) == 413

    def endless() -> Iterator[bytes]:
        yield wav()
        for _ in range(1000):
            yield b"\x00" * 65_536

    assert put(anna, "long.wav", endless()) == 413
    assert files(root) == before


@pytest.mark.parametrize(
    "name", ["..%2f..%2fben%2fmedia%2fx.wav", "%2e%2e%2fx.wav", "..%5cx.wav", "x%00.wav", "C:%5cx.wav"]
)
def test_a_name_leads_nowhere_else(people: tuple[TestClient, TestClient, Path], name: str) -> None:
    anna, _, root = people
    ben_before = files(root / "ben")
    put(anna, name, wav())
    outside = [p for p in root.rglob("*.wav") if p.parent not in (root / "anna" / "media", root / "ben" / "media")]
    assert [p for p in outside if ".audiopost" not in p.parts] == []
    assert files(root / "ben") == ben_before


def test_two_people_see_their_own_and_nothing_else(people: tuple[TestClient, TestClient, Path]) -> None:
    anna, ben, root = people
    assert put(ben, "secret.wav", wav(level=0.25)) == 200
    assert put(anna, "own.wav", wav()) == 200
    assert "secret" in ben.get("/audiopost/pulse").json()["recordings"]
    assert "secret" not in anna.get("/audiopost/pulse").text
    assert anna.post("/audiopost/open", json={"name": "secret"}, headers=OURS).status_code == 422
    for name in ("../ben/media/secret", str(root / "ben" / "media" / "secret.wav"), "ben/secret"):
        assert anna.post("/audiopost/open", json={"name": name}, headers=OURS).status_code == 422
    ben.post("/audiopost/open", json={"name": "secret"}, headers=OURS)
    job = next(iter(ben.get("/audiopost/pulse").json()["jobs"]), None)
    if job:
        for verb in ("cancel", "retry", "forget"):
            assert anna.post(f"/audiopost/jobs/{verb}", json={"id": job["id"]}, headers=OURS).status_code == 422
        assert job["id"] in ben.get("/audiopost/pulse").text


def test_every_route_of_ours_asks_who_it_is(people: tuple[TestClient, TestClient, Path]) -> None:
    anna, _, _ = people
    stranger = TestClient(anna.app, base_url="http://studio", follow_redirects=False)
    paths = {route.path: route.methods for route in _routes() if route.path.startswith("/audiopost/")}
    assert len(paths) > 30
    for path, methods in paths.items():
        for method in methods:
            answer = stranger.request(method, path.replace("{name}", "x").replace("{kind}", "x"), headers=OURS)
            assert answer.status_code == 401, (method, path)


def test_every_route_that_changes_something_wants_our_header(people: tuple[TestClient, TestClient, Path]) -> None:
    anna, _, _ = people
    for route in _routes():
        for method in route.methods & {"POST", "PUT", "DELETE", "PATCH"}:
            path = route.path.replace("{name}", "x.wav").replace("{kind}", "x")
            assert anna.request(method, path, json={}).status_code == 403, (method, path)


def _routes() -> list:  # type: ignore[type-arg]
    from audiopost_ui.routes import ROUTERS

    return [route for router in ROUTERS for route in router.routes]
