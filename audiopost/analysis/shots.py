"""The shots of a film: where they begin and what they look like; decoded small, nothing kept but histograms."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..core.stage import Progress, silent
from ..io.frames import decoded, opened
from .cuts import BEHIND, BINS, SIZE, CutFinder, Frame, cut_finder


@dataclass(frozen=True)
class Shot:
    """From cut to cut. `look` is the mean colour histogram, (512,), summing to 1: shots of one place look alike."""

    start_s: float
    end_s: float
    look: NDArray[np.float32]


def alike(one: Shot, other: Shot) -> float:
    """Overlap of two shots' histograms, 0..1."""
    return float(np.minimum(one.look, other.look).sum())


def find_shots(path: Path, progress: Progress = silent, finder: CutFinder | None = None) -> tuple[Shot, ...]:
    """The shots of a film in order; one for a film without cuts, none where it holds no picture.

    Times count from the film's first moment (the container's start); `finder` is the best installed where None.
    Raises UnreadableMedia.
    """
    finder = cut_finder() if finder is None else finder
    looks: deque[tuple[float, NDArray[np.float32]]] = deque()
    shots: list[Shot] = []
    begin, last = 0.0, 0.0
    total = np.zeros(BINS, np.float64)

    def close(at_s: float) -> None:
        nonlocal begin, total
        while looks and looks[0][0] < at_s - 1e-6:
            total += looks.popleft()[1]
        if total.sum() > 0 and at_s > begin:
            shots.append(Shot(begin, at_s, (total / total.sum()).astype(np.float32)))
            begin, total = at_s, np.zeros(BINS, np.float64)

    for frame, duration_s in _frames(path):
        for at_s in finder.feed(frame):
            close(at_s)
        looks.append((frame.time_s, frame.look))
        last = frame.time_s + duration_s
        while len(looks) > BEHIND + 2:
            total += looks.popleft()[1]
        progress("shots", frame.time_s, 0.0)
    for at_s in (*finder.rest(), max(last, begin)):
        close(at_s)
    return tuple(shots)


def _frames(path: Path) -> Iterator[tuple[Frame, float]]:
    """Each frame of a film, and how long it shows; none where it holds no picture. Raises UnreadableMedia."""
    with opened(path) as film:
        if film is None:
            return
        container, stream, origin = film
        rate = float(stream.average_rate or stream.guessed_rate or 25)
        for number, frame in enumerate(decoded(container, stream)):
            time_s = frame.time - origin if frame.time is not None else number / rate
            small = frame.reformat(width=SIZE[0], height=SIZE[1], format="rgb24", interpolation="AREA")
            yield Frame(max(0.0, time_s), small.to_ndarray()), 1 / rate
