"""Audio that is worked out of other audio when it is read."""

from __future__ import annotations

from collections.abc import Callable

from .audio import Audio, FloatArray


class _Made:
    def __init__(self, read: Callable[[int, int], FloatArray]) -> None:
        self._read = read

    def read(self, start: int, stop: int) -> FloatArray:
        return self._read(start, stop)


def made(read: Callable[[int, int], FloatArray], like: Audio, *, channels: int | None = None) -> Audio:
    """An Audio whose samples `read(start, stop)` works out; the layout is that of `like` unless `channels` is given."""
    return Audio.backed(
        _Made(read),
        channels=channels or like.channels,
        frames=like.frames,
        rate=like.rate,
        layout=None if channels else like.layout,
    )
