"""Sessions and logins: whose folder is whose, how sessions end, what guessing passwords costs."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

pytest.importorskip("gradio", reason="the workbench needs gradio")

import httpx
from audiopost_ui import login, server, visitors
from audiopost_ui.visitors import LIFETIME_S, Visitors

from audiopost.core.errors import BadValue

TWO = {"anna": "a", "ben": "b"}


def test_two_logins_have_a_folder_each_and_one_has_the_folder_itself(tmp_path: Path) -> None:
    two = Visitors(tmp_path / "two", TWO)
    folders = [two.find(two.log_in(name, password)).folder.root.name for name, password in TWO.items()]  # type: ignore[union-attr]
    assert folders == ["anna", "ben"]
    one = Visitors(tmp_path / "one", {"anna": "a"})
    found = one.find(one.log_in("anna", "a"))
    assert found is not None
    assert found.folder.root == tmp_path / "one"


def test_a_login_twice_works_on_the_same_desks(tmp_path: Path) -> None:
    both = Visitors(tmp_path, TWO)
    first, second = both.find(both.log_in("anna", "a")), both.find(both.log_in("anna", "a"))
    assert first is not None
    assert second is not None
    assert first.folder is second.folder


@pytest.mark.parametrize("names", [("Anna", "anna"), ("x/ben", "ben"), ("..", ".")])
def test_logins_that_would_share_a_folder_are_refused(tmp_path: Path, names: tuple[str, str]) -> None:
    with pytest.raises(BadValue, match="same folder"):
        Visitors(tmp_path, dict.fromkeys(names, "secret"))


@pytest.mark.parametrize("name", ["../../etc", "/etc", "C:\\Windows", "..", ".audiopost", "nul"])
def test_a_login_never_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    both = Visitors(tmp_path, {name: "a", "ben": "b"})
    found = both.find(both.log_in(name, "a"))
    assert found is not None
    assert found.folder.root.parent == tmp_path
    assert not found.folder.root.name.startswith(".")


@pytest.mark.parametrize(
    ("user", "password"), [("anna", "b"), ("anna", ""), ("", ""), ("nobody", "a"), ("ANNA", "a"), ("anna", "á")]
)
def test_a_wrong_login_is_none(tmp_path: Path, user: str, password: str) -> None:
    assert Visitors(tmp_path, TWO).log_in(user, password) is None


def test_a_session_ends_by_signing_out_and_by_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    both = Visitors(tmp_path, TWO)
    out, old = both.log_in("anna", "a"), both.log_in("ben", "b")
    both.log_out(out)
    assert both.find(out) is None
    now = time.time()
    monkeypatch.setattr(visitors.time, "time", lambda: now + LIFETIME_S - 10)
    assert both.find(old) is not None
    monkeypatch.setattr(visitors.time, "time", lambda: now + 2 * LIFETIME_S)
    assert both.find(old) is None
    monkeypatch.setattr(visitors.time, "time", lambda: now)
    assert both.find(old) is None  # it does not come back


def test_browsers_without_login_on_a_public_address_see_only_their_own(tmp_path: Path) -> None:
    public = Visitors(tmp_path, anonymous=True)
    (one, first), (two, second) = public.enter(), public.enter()
    assert first.folder.root != second.folder.root
    assert one not in first.folder.root.name  # who reads the names of folders cannot take a session over
    again = Visitors(tmp_path, anonymous=True)  # the server was started anew
    found = again.find(two)
    assert found is not None
    assert found.folder.root == second.folder.root
    assert again.find("made-up") is None


def test_such_a_browser_does_not_come_back_after_its_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    public = Visitors(tmp_path, anonymous=True)
    token, _ = public.enter()
    later = time.time() + 2 * LIFETIME_S
    monkeypatch.setattr(visitors.time, "time", lambda: later)
    assert public.find(token) is None
    assert public.find(token) is None


def test_guessing_is_slow_and_nobody_else_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answers to one address's wrong passwords are held back one after the other; another address gets in."""
    held = asyncio.Event()
    waits: list[float] = []

    async def hold(seconds: float) -> None:
        waits.append(seconds)
        await held.wait()

    monkeypatch.setattr(login.asyncio, "sleep", hold)
    (tmp_path / "scratch").mkdir()
    app = server.create(Visitors(tmp_path / "project", TWO), scratch=tmp_path / "scratch", hosts=None)

    def browser(address: str) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(app, client=(address, 1)), base_url="http://studio", follow_redirects=False
        )

    async def guess(client: httpx.AsyncClient) -> int:
        return (await client.post("/login", data={"user": "anna", "password": "guess"})).status_code

    async def scene() -> None:
        async with browser("10.0.0.6") as attacker, browser("10.0.0.7") as ben:
            assert [await guess(attacker) for _ in range(5)] == [401] * 5
            guesses = [asyncio.ensure_future(guess(attacker)) for _ in range(60)]
            while not waits:
                await asyncio.wait(guesses, timeout=0.01)
            entered = await ben.post("/login", data={"user": "ben", "password": "b"})
            assert entered.status_code == 303
            assert (await ben.get("/audiopost/pulse")).status_code == 200
            assert len(waits) == 1  # all other guesses have not even been compared
            held.set()
            assert set(await asyncio.gather(*guesses)) == {401}
            assert len(waits) == 60
            assert app.state.login_turns == {}

    asyncio.run(scene())


def test_signing_in_anew_ends_the_session_before(tmp_path: Path) -> None:
    from fastapi.testclient import TestClient

    (tmp_path / "scratch").mkdir()
    everybody = Visitors(tmp_path / "project", TWO)
    app = server.create(everybody, scratch=tmp_path / "scratch", hosts=None)
    client = TestClient(app, base_url="http://studio", follow_redirects=False)
    assert "<script" not in client.get("/login").text
    client.post("/login", data={"user": "anna", "password": "a"})
    first = client.cookies[visitors.COOKIE]
    client.post("/login", data={"user": "ben", "password": "b"})
    assert everybody.find(first) is None
    assert client.get("/audiopost/pulse").json()["login"] == "ben"
    client.post("/logout")
    assert client.get("/audiopost/pulse").status_code == 401
