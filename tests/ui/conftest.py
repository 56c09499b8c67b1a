"""A server of the workbench in this process, asked by a client that has a session."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

#: What only our own scripts send.
HEADERS = {"x-audiopost": "1"}


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Any]]:
    """serving(put, **visitors) -> a client whose project folder's media were put there by `put(folder)`.

    `put` returns the name of the recording to be opened; the client carries it as `desk`, its `visitors`, and `finish`.
    """
    pytest.importorskip("gradio", reason="the workbench needs gradio")
    from audiopost_ui import server
    from audiopost_ui.visitors import COOKIE, Visitors
    from fastapi.testclient import TestClient

    with ExitStack() as stack:

        def begin(put: Callable[[Path], str], **kind: Any) -> Any:
            folder = tmp_path_factory.mktemp("serving")
            media = folder / "project" / "media"
            media.mkdir(parents=True)
            (folder / "scratch").mkdir()
            name = put(media)
            visitors = Visitors(folder / "project", **kind)
            application = server.create(visitors, scratch=folder / "scratch", hosts=None)
            client = stack.enter_context(TestClient(application))
            client.visitors = visitors
            client.headers.update(HEADERS)
            if visitors.needs_login:
                token = visitors.log_in(*next(iter(visitors.accounts.items())))
                assert token
                visitor = visitors.find(token)
            else:
                token, visitor = visitors.enter()
            client.cookies.set(COOKIE, token)
            assert client.post("/audiopost/open", json={"name": name}).status_code == 200
            client.finish = functools.partial(finish, client)
            client.finish("open")
            client.desk = visitor.folder.open(name)
            return client

        yield begin


def finish(client: Any, kind: str, state: str = "done", seconds: float = 120) -> dict[str, Any]:
    """The last job of a kind, once all have ended; it ended in `state`. A recording that opens at once has none."""
    until = time.time() + seconds
    while True:
        pulse = client.get("/audiopost/pulse").json()
        jobs = [job for job in pulse["jobs"] if job["kind"] == kind]
        if all(job["state"] not in ("waiting", "running") for job in jobs) and (jobs or pulse["ready"]):
            break
        assert time.time() < until, jobs
        time.sleep(0.05)
    if jobs:
        assert jobs[-1]["state"] == state, jobs[-1]["message"]
    return jobs[-1] if jobs else {}
