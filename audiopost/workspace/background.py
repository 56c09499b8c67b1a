"""Work that goes on while people do something else: measured loudness, outlines of long recordings."""

from __future__ import annotations

import logging
import queue
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from ..core.errors import AudiopostError

log = logging.getLogger("audiopost")


class Work(ABC):
    """A piece of it: `done` (0 to 1) is how far it says it is, `ended` is set at its end, `error` is what stopped it.

    It goes on between any two looks at it: whoever wants its share and its result asks for the share first.
    """

    def __init__(self) -> None:
        self.done = 0.0
        self.ended = threading.Event()
        self.error: Exception | None = None

    @property
    def share(self) -> float:
        """How much is done: below 1 until the result is where others find it."""
        return 1.0 if self.ended.is_set() else min(self.done, 0.9999)

    @abstractmethod
    def run(self) -> None:
        """Does it, and keeps the result where others find it."""


W = TypeVar("W", bound=Work)


class Background(Generic[W]):
    """One thread that does pieces of work in the order they came, none twice at the same time."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._queue: queue.Queue[Hashable] = queue.Queue()
        self._going: dict[Hashable, W] = {}
        self._thread: threading.Thread | None = None

    def begin(self, key: Hashable, make: Callable[[], W]) -> W:
        """The work of a key that waits or runs; `make()` where there is none. Work that failed is begun anew."""
        with self._lock:
            if key not in self._going:
                self._going[key] = make()
                self._queue.put(key)
                if self._thread is None:
                    self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                    self._thread.start()
            return self._going[key]

    def _run(self) -> None:
        while True:
            key = self._queue.get()
            work = self._going[key]
            try:
                work.run()
            except AudiopostError as error:  # whoever waits is told
                work.error = error
            except Exception as error:  # it must not take the thread with it
                log.exception("%s failed", self._name)
                work.error = error
            with self._lock:
                del self._going[key]
            work.ended.set()
