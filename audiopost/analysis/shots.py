"""Shot changes of a film, by its pictures' colours; decoded small, frame by frame, nothing kept but histograms.

A cut is where the colour histogram and the small grey picture both change much more than around it (the adaptive
threshold of PySceneDetect's AdaptiveDetector: the change over the mean change of the frames around).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.errors import UnreadableMedia
from ..core.stage import Progress, silent

#: Pictures are looked at in this size.
_WIDTH, _HEIGHT = 64, 36
#: Frames on each side that say how much change is usual.
_AROUND = 8
#: A cut changes at least this share of the picture (0..1), and this many times what is usual around it.
_LEAST, _TIMES = 0.08, 3.0
_SHORTEST_S = 0.3
_BINS = 8


@dataclass(frozen=True)
class Shot:
    """From cut to cut. `look` is the mean colour histogram, (512,), summing to 1: shots of one place look alike."""

    start_s: float
    end_s: float
    look: NDArray[np.float32]


def alike(one: Shot, other: Shot) -> float:
    """Overlap of two shots' histograms, 0..1."""
    return float(np.minimum(one.look, other.look).sum())


def find_shots(path: Path, progress: Progress = silent) -> tuple[Shot, ...]:
    """The shots of a film in order; one for a film without cuts, none where it holds no picture.

    Times count from the film's first moment (the container's start). Raises UnreadableMedia.
    """
    changes: deque[tuple[float, float]] = deque(maxlen=2 * _AROUND + 1)
    looks: deque[tuple[float, NDArray[np.float32]]] = deque()
    shots: list[Shot] = []
    begin, last = 0.0, 0.0
    total = np.zeros(_BINS**3, np.float64)
    before: tuple[NDArray[np.float32], NDArray[np.float32]] | None = None

    def close(at_s: float) -> None:
        nonlocal begin, total
        while looks and looks[0][0] < at_s - 1e-6:
            total += looks.popleft()[1]
        if total.sum() > 0 and at_s > begin:
            shots.append(Shot(begin, at_s, (total / total.sum()).astype(np.float32)))
            begin, total = at_s, np.zeros(_BINS**3, np.float64)

    def decide(centre: int) -> None:
        time_s, change = changes[centre]
        usual = [c for i, (_, c) in enumerate(changes) if i != centre]
        peak = change >= max(usual, default=0.0)
        far = time_s - begin >= _SHORTEST_S
        if far and peak and change >= _LEAST and change >= _TIMES * (sum(usual) / max(len(usual), 1)):
            close(time_s)

    for time_s, picture, duration_s in pictures(path):
        look, grey = _histogram(picture), picture.mean(axis=2)
        if before is not None:
            # Both must change: a moving camera changes pixels and hardly the colours' shares.
            colours = max(0.0, 1 - float(np.minimum(look, before[0]).sum()))
            pixels = float(np.abs(grey - before[1]).mean()) / 255
            changes.append((time_s, float(np.sqrt(colours * min(1.0, 4 * pixels)))))
            if len(changes) == changes.maxlen:
                decide(_AROUND)
            elif len(changes) > _AROUND:
                decide(len(changes) - 1 - _AROUND)
        looks.append((time_s, look))
        before, last = (look, grey), time_s + duration_s
        while len(looks) > 2 * _AROUND + 2:
            total += looks.popleft()[1]
        progress("shots", time_s, 0.0)
    # The last frames have fewer behind them.
    for centre in range(max(0, len(changes) - _AROUND), len(changes)):
        decide(centre)
    close(max(last, begin))
    return tuple(shots)


def _histogram(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    index = (picture >> 5).astype(np.int32)
    flat = (index[..., 0] * _BINS + index[..., 1]) * _BINS + index[..., 2]
    return (np.bincount(flat.ravel(), minlength=_BINS**3) / flat.size).astype(np.float32)


def pictures(
    path: Path, size: tuple[int, int] = (_WIDTH, _HEIGHT), most_fps: float = 25.0
) -> Iterator[tuple[float, NDArray[np.uint8], float]]:
    """Time, small RGB picture (height, width, 3) and duration of each frame; at most about `most_fps` a second.

    Times count from the film's first moment; none where it holds no picture. Raises UnreadableMedia.
    """
    import av

    try:
        container = av.open(str(path))
    except (av.error.FFmpegError, ValueError, OSError) as error:
        raise UnreadableMedia(f"The pictures of {path.name} cannot be read.", value=str(path)) from error
    with container:
        stream = next((s for s in container.streams.video), None)
        if stream is None:
            return
        stream.thread_type = "AUTO"
        origin = float(container.start_time or 0) / av.time_base
        rate = float(stream.average_rate or stream.guessed_rate or 25)
        keep_every = max(1, round(rate / most_fps))
        for number, frame in enumerate(_decoded(container, stream)):
            if number % keep_every:
                continue
            time_s = frame.time - origin if frame.time is not None else number / rate
            small = frame.reformat(width=size[0], height=size[1], format="rgb24", interpolation="AREA")
            yield max(0.0, time_s), small.to_ndarray(), keep_every / rate


def _decoded(container: Any, stream: Any) -> Iterator[Any]:
    """Frames that can be decoded; damaged packets are passed over, as the sound's are."""
    import av

    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except (StopIteration, av.error.FFmpegError):
            return
        try:
            yield from packet.decode()
        except av.error.FFmpegError:
            continue
