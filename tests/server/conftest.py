"""A server on a free port of the loopback, with an engine that does next to nothing."""

from __future__ import annotations

import contextlib
import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from audiopost.batch.engine import Begun, Ended, Event, Lost, Moved, Said
from audiopost.batch.job import Outcome, Output, Task

try:
    import httpx
    import uvicorn

    from audiopost.server.app import create_app
    from audiopost.server.settings import Settings
except ImportError:  # without the extra 'server' there is nothing to test; a conftest itself cannot be skipped
    collect_ignore_glob = ["test_*.py"]

TOKEN = "a-token-of-the-tests"
PATIENCE_S = 60.0


class Quick:
    """An engine that writes one text file a job. The title of an order says otherwise: 'fail', 'hold'."""

    HOLD = "hold"

    def __init__(self) -> None:
        self.held: dict[int, Task] = {}
        self.seen: list[Task] = []
        self.closed = False
        self._events: list[Event] = []

    @property
    def apart(self) -> bool:
        return False

    @property
    def free(self) -> int:
        return 100

    def submit(self, task: Task) -> None:
        self.seen.append(task)
        self._events += [Begun(task.id, "quick"), Moved(task.id, "loudness", 0.5), Said(task.id, 20, "<b>at work</b>")]
        if task.order.title == self.HOLD:
            self.held[task.id] = task
        else:
            self._events.append(Ended(task.id, self._outcome(task)))

    def _outcome(self, task: Task) -> Outcome:
        if task.order.title == "fail":
            return Outcome("UnreadableMedia", "It is no <media> file.")
        path = Path(task.order.out) / f"{task.order.name}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        data = Path(task.order.source).read_bytes()
        path.write_bytes(data)
        output = Output("txt", f"{task.order.name}.txt", len(data), hashlib.sha256(data).hexdigest())
        figures = {"lufs": float("-inf"), "name": "\udcff"}  # silence, and a name that is no UTF-8
        return Outcome(media_s=1.0, seconds={"loudness": 0.1}, outputs=(output,), figures=figures)

    def results(self, timeout_s: float) -> list[Event]:
        events, self._events = self._events, []
        if not events:
            time.sleep(min(timeout_s, 0.02))
        return events

    def cancel(self, job: int) -> None:
        if self.held.pop(job, None) is not None:
            self._events.append(Lost(job, "cancelled", "cancelled"))

    def close(self) -> None:
        self.closed = True


@pytest.fixture(autouse=True, scope="package")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where this machine's speeds are kept: not the user's own, to which nothing of these jobs belongs."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder))
        yield folder


@dataclass
class Served:
    """A running server; `http` shows the token, `stranger` does not."""

    url: str
    settings: Settings
    http: httpx.Client
    stranger: httpx.Client
    engines: list[Any] = field(default_factory=list)

    def upload(self, data: bytes = b"sound", name: str = "film.wav", **fields: Any) -> httpx.Response:
        return self.http.post("/v1/jobs", data={"preset": "podcast", **fields}, files={"file": (name, data)})

    def until(self, job: int, *states: str) -> dict[str, Any]:
        """The job once it is in one of these states."""
        end = time.monotonic() + PATIENCE_S
        while (told := self.http.get(f"/v1/jobs/{job}").json())["state"] not in states:
            assert time.monotonic() < end, told
            time.sleep(0.02)
        return told

    def done(self, job: int) -> dict[str, Any]:
        return self.until(job, "done", "failed", "quarantined", "cancelled")


@contextlib.contextmanager
def running(application: Any) -> Iterator[str]:
    """The address of an application that uvicorn serves in a thread."""
    server = uvicorn.Server(uvicorn.Config(application, port=0, log_level="error", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "it did not start"
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


@contextlib.contextmanager
def started(folder: Path, *, engine: Callable[[], Any] = Quick, **changes: Any) -> Iterator[Served]:
    settings = Settings(**{"folder": folder, "token": TOKEN, **changes})
    engines: list[Any] = []

    def make() -> Any:
        engines.append(engine())
        return engines[-1]

    with running(create_app(settings, engine=make)) as url:
        known = {"authorization": f"Bearer {TOKEN}"}
        with (
            httpx.Client(base_url=url, headers=known, timeout=PATIENCE_S) as http,
            httpx.Client(base_url=url, timeout=PATIENCE_S) as stranger,
        ):
            yield Served(url, settings, http, stranger, engines)


@pytest.fixture
def serve(tmp_path: Path) -> Callable[..., Any]:
    """serve(**settings) -> a context with a Served; `engine` makes another engine than Quick."""

    def begin(folder: Path = tmp_path / "served", **changes: Any) -> Any:
        return started(folder, **changes)

    return begin


@pytest.fixture
def fresh(serve: Callable[..., Any]) -> Iterator[Served]:
    """A server that has no jobs yet."""
    with serve() as up:
        yield up


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The server of all tests of a module."""
    with started(tmp_path_factory.mktemp("served")) as up:
        yield up


@pytest.fixture(scope="session")
def start() -> Callable[..., Any]:
    """start(folder, **settings), as `serve`, for fixtures of a wider scope."""
    return started


@pytest.fixture
def quick() -> type[Quick]:
    return Quick
