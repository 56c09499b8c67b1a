"""Models that stay loaded from one recording to the next.

A process that does one recording after the other (a worker of a batch) has a Shelf: a loaded model is put there, and
found by the next one that asks for the same. Anywhere else a model goes with the backend that loaded it.
"""

from __future__ import annotations

import contextlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from typing import Any, TypeVar, cast

T = TypeVar("T")

#: So many models are kept, the last used ones; a preset uses one a stage.
MOST = 8
_shelf: Shelf | None = None


class Shelf:
    """Loaded models by what they were loaded from."""

    def __init__(self) -> None:
        self._models: OrderedDict[Hashable, Any] = OrderedDict()
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def holding(self) -> Iterator[None]:
        """What is loaded inside goes on this shelf, and comes from it."""
        global _shelf
        before, _shelf = _shelf, self
        try:
            yield
        finally:
            _shelf = before

    def get(self, key: Hashable, load: Callable[[], T]) -> T:
        """What lies under `key`, else what `load` gives, which then lies there."""
        with self._lock:
            if key not in self._models:
                self._models[key] = load()
                while len(self._models) > MOST:
                    self._models.popitem(last=False)
            self._models.move_to_end(key)
            return cast(T, self._models[key])


def is_holding() -> bool:
    """Whether this process keeps its models now: then it is a worker, which a batch can lose."""
    return _shelf is not None


def held(key: Hashable, load: Callable[[], T]) -> T:
    """What `load` gives, from the shelf where there is one; `key` must name all that it depends on."""
    return load() if _shelf is None else _shelf.get(key, load)
