"""Mends that move times: each proposes, the best first; `fix` takes what breaks nothing else.

In-times are taken for the first frame of speech and move little; out-times move freely in the silence after them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

from ..core.speech import Caption
from .cells import timed
from .check import Judge

#: In-times may lie this many frames beside the first frame of speech (Netflix Timing Guidelines: 1 to 2).
_SLACK_FRAMES = 2


class Place(NamedTuple):
    """A caption between its neighbours in time."""

    before: Caption | None
    caption: Caption
    after: Caption | None


class Change(NamedTuple):
    """Captions that take the place of those from `first` to before `last`, counted from the caption in question."""

    first: int
    last: int
    captions: tuple[Caption, ...]


Mend = Callable[[Judge, Place], Iterator[Change]]


def only(caption: Caption) -> Change:
    return Change(0, 1, (caption,))


def on_grid(by: Judge, time_s: float, way: Callable[[float], float] = round) -> float:
    """The time on a frame where the rate is known; `way` is round, math.floor or math.ceil."""
    return way(round(time_s * by.fps, 6)) / by.fps if by.exact else time_s


def latest_end(by: Judge, place: Place) -> float:
    """The latest out-time that leaves the gap to the next caption and keeps to the maximum."""
    limit = on_grid(by, place.caption.start_s + by.style.max_duration_s, math.floor)
    if place.after is None:
        return limit
    return min(limit, on_grid(by, by.time(place.after.start_s) - by.gap_s, math.floor))


def trim(by: Judge, place: Place) -> Iterator[Change]:
    """The out-time to `gap_frames` before the next caption; of one already too brief no more than the gap goes."""
    caption, end = place.caption, latest_end(by, place)
    enough = min(caption.start_s + by.shortest_s, caption.end_s - by.gap_s)
    if end > caption.start_s and end >= enough - 0.5 / by.fps:
        yield only(timed(caption, end_s=end))


def slip(by: Judge, place: Place) -> Iterator[Change]:
    """The next in-time later, by what the eye does not see; with that the out-time earlier or later."""
    caption, after = place.caption, place.after
    if after is None:
        return
    for end in (caption.end_s, on_grid(by, caption.start_s + by.shortest_s)):
        start = on_grid(by, end + by.gap_s, math.ceil)
        if 0 < start - after.start_s <= _SLACK_FRAMES / by.fps + 1e-6 and start < after.end_s:
            yield Change(0, 2, (timed(caption, end_s=end), timed(after, start_s=start)))


def lengthen(by: Judge, place: Place) -> Iterator[Change]:
    """The out-time into the silence: as far as needed, to the next caption where that leaves a gap to be closed, or
    as far as there is room."""
    caption = place.caption
    latest = latest_end(by, place)
    reading = by.style.reading_s(caption.lines, by.languages(caption)) if caption.lines else 0.0
    needed = on_grid(by, caption.start_s + max(by.shortest_s, reading), math.ceil)
    for end in (min(needed, latest), latest):
        if end > caption.end_s:
            yield only(timed(caption, end_s=end))


def shorten(by: Judge, place: Place) -> Iterator[Change]:
    """The out-time back to the maximum."""
    yield only(timed(place.caption, end_s=latest_end(by, place)))


def to_frames(by: Judge, place: Place) -> Iterator[Change]:
    """Both times to the nearest frame, or the next."""
    caption = place.caption
    for start_way in (round, math.floor, math.ceil):
        for end_way in (round, math.ceil, math.floor):
            start, end = on_grid(by, caption.start_s, start_way), on_grid(by, caption.end_s, end_way)
            if end > start:
                yield only(timed(caption, start, end))


def to_cuts(by: Judge, place: Place) -> Iterator[Change]:
    """Times near a shot change to where the style wants them: in-times onto it, where the caption before ends in
    time; out-times `gap_frames` before it; either one well away from it."""
    caption, before, away = place.caption, place.before, by.frames.snap / by.fps
    if (cut := by.near_cut(caption.start_s)) is not None:
        cut = on_grid(by, cut)
        yield only(timed(caption, start_s=cut))
        if before is not None:
            yield Change(-1, 1, (timed(before, end_s=cut - by.gap_s), timed(caption, start_s=cut)))
    if (cut := by.near_cut(caption.end_s)) is not None:
        cut = on_grid(by, cut)
        yield only(timed(caption, end_s=cut - by.gap_s))
        yield only(timed(caption, end_s=on_grid(by, cut + away)))
