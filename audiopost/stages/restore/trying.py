"""Whole effects of repairs, kept while amounts are tried on the same stretch: no repair runs twice for that."""

from __future__ import annotations

import contextlib
import contextvars
import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ...core.audio import Audio
from . import Options
from .link import Found, Link, Mended

_effects: contextvars.ContextVar[Effects | None] = contextvars.ContextVar("audiopost_effects", default=None)


class Effects:
    """The effects that were worked out last, at most so many. Thread-safe."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: OrderedDict[Any, Mended | None] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, link: Link, audio: Audio, found: Found, options: Options) -> Mended | None:
        """What `link.mend` returns, whose effect is the whole one whatever the amount."""
        whole: dict[str, Any] = {f"{link.name}_amount": 100.0}
        own = {name: value for name, value in vars(replace(options, **whole)).items() if name.startswith(link.name)}
        key = (link.name, audio.sha256(), None if found is None else tuple(found), tuple(own.items()))
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
                return self._held[key]
        made = link.mend(audio, found, options)
        with self._lock:
            self._held[key] = made
            while len(self._held) > self._most:
                self._held.popitem(last=False)
        return made


@contextlib.contextmanager
def trying(effects: Effects) -> Iterator[None]:
    """Repairs inside take their effects from `effects` where they were worked out before. For short audio."""
    token = _effects.set(effects)
    try:
        yield
    finally:
        _effects.reset(token)


def mended(link: Link, audio: Audio, found: Found, options: Options) -> Mended | None:
    """The effect of a link, worked out or remembered."""
    held = _effects.get()
    return link.mend(audio, found, options) if held is None else held.of(link, audio, found, options)
