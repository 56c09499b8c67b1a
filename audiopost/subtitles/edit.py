"""Captions as a person changes them: text, times, shifts, marks. Pure functions on the captions of a recording.

Captions stay in order of time, each with a positive duration within the recording. What is changed is marked `edited`
and is not `reviewed` any more.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from ..core.errors import BadValue
from ..core.speech import Caption
from ..core.time import FrameRate
from .cells import Line, caption_of, lines_of, restyled
from .lines import line_languages
from .styles import Style
from .text import clean_lines

Captions = tuple[Caption, ...]

#: A new caption stays this long where there is room.
_NEW_S = 2.0
#: Texts longer than this times another lose their looks when they are written anew: comparing them would take minutes.
MOST_COMPARED = 1_000_000


class Edited(NamedTuple):
    """Captions after a change, and the number, from 0, of the one that it left a person at."""

    captions: Captions
    at: int


@dataclass(frozen=True)
class Bounds:
    """What edits keep to: frames of `rate`, a style's gap and lines, and the recording's end in seconds."""

    style: Style
    rate: FrameRate
    until_s: float
    language: str = ""

    @property
    def frame_s(self) -> float:
        return self.rate.seconds_at(1)

    @property
    def gap_s(self) -> float:
        return self.rate.seconds_at(self.style.gap_frames)

    @property
    def last_s(self) -> float:
        """The last whole frame within the recording."""
        return self.rate.seconds_at(math.floor(self.until_s * float(self.rate.fraction) + 1e-6))

    def languages(self, caption: Caption) -> tuple[str, ...]:
        return line_languages(caption, self.style, self.language)


def at(captions: Sequence[Caption], number: int) -> Caption:
    """The caption `number`, from 0. Raises BadValue for none."""
    if not 0 <= number < len(captions):
        raise BadValue(f"There is no caption {number + 1}, there are {len(captions)}.", value=number)
    return captions[number]


def rewritten(caption: Caption, lines: Iterable[str]) -> Caption:
    """The caption with other lines, cleaned; what stays of its text keeps its look, and its speaker and language.

    The same lines give the same caption, with its marks.
    """
    new = clean_lines(tuple(lines))
    if new == caption.lines:
        return caption
    marks = caption.styling or caption.line_speakers or caption.line_languages
    old, text = whole_line(caption), "\n".join(new)
    if not (marks and old and new) or len(old) * len(text) > MOST_COMPARED:
        bare = replace(caption, lines=new, styling=(), line_speakers=(), line_languages=())
        return replace(bare, edited=True, reviewed=False)
    made: list[Line] = [[]]
    for char, look in restyled(old, text):
        if char == "\n":
            made.append([])
        else:
            made[-1].append((char, look))
    return touched(caption_of(made, caption))


def whole_line(caption: Caption) -> Line:
    """All lines as one, parted by line feeds that look like what is before them."""
    whole: Line = []
    for line in lines_of(caption):
        whole += [*([("\n", whole[-1][1])] if whole else []), *line]
    return whole


def touched(caption: Caption) -> Caption:
    """The caption as one that a person changed, and nobody has reviewed since."""
    return replace(caption, edited=True, reviewed=False)


def write(captions: Captions, number: int, lines: Iterable[str]) -> Edited:
    """Other lines in one caption. Raises BadValue."""
    return _with(captions, number, rewritten(at(captions, number), lines))


def speak(captions: Captions, number: int, speakers: Sequence[str | None]) -> Edited:
    """Other speakers for one caption: one for all of it, or one for each line. Raises BadValue."""
    caption = at(captions, number)
    if len(speakers) not in (1, len(caption.lines)):
        raise BadValue(
            f"Caption {number + 1} has {len(caption.lines)} lines, and {len(speakers)} speakers were named.",
            value=tuple(speakers),
            remedy="Name one speaker for all of it, or one for each line.",
        )
    one = len(set(speakers)) == 1
    new = replace(caption, speaker=speakers[0] if one else None, line_speakers=() if one else tuple(speakers))
    return _with(captions, number, caption if new == caption else touched(new))


def retime(captions: Captions, number: int, start_s: float, end_s: float, on: Bounds) -> Edited:
    """Other times for one caption, on the nearest frames within the recording. Raises BadValue where none are left."""
    caption = at(captions, number)
    start = caption.start_s if _same(start_s, caption.start_s) else max(on.rate.snap(start_s), 0.0)
    end = caption.end_s if _same(end_s, caption.end_s) else min(on.rate.snap(end_s), on.last_s)
    if (start, end) == (caption.start_s, caption.end_s):
        return Edited(captions, number)
    if end - start < on.frame_s - 1e-6:
        raise BadValue(
            f"A caption from {start:.3f} s to {end:.3f} s has no duration.",
            value=(start_s, end_s),
            remedy=f"Its out-time lies at least a frame after its in-time and within {on.until_s:.3f} s.",
        )
    return _with(captions, number, touched(replace(caption, start_s=start, end_s=end)))


def _same(a: float, b: float) -> bool:
    return abs(a - b) < 1e-6


def _with(captions: Captions, number: int, caption: Caption) -> Edited:
    if caption == captions[number]:
        return Edited(captions, number)
    return in_order((*captions[:number], caption, *captions[number + 1 :]), number)


def in_order(captions: Captions, number: int) -> Edited:
    """In order of time; captions that begin together stay as they were."""
    order = sorted(range(len(captions)), key=lambda n: captions[n].start_s)
    return Edited(tuple(captions[n] for n in order), order.index(number) if captions else 0)


def shift(captions: Captions, numbers: Collection[int], by_s: float, on: Bounds, number: int = 0) -> Edited:
    """The captions `numbers` earlier (below 0) or later, all by the same time, as far as the recording goes.

    Where all of them move, their marks stay: what a person found right is still right.
    """
    moved = [at(captions, n) for n in numbers]
    if not moved or not math.isfinite(by_s):
        return Edited(captions, number)
    room = min(caption.start_s for caption in moved), on.last_s - max(caption.end_s for caption in moved)
    low, high = -max(room[0], 0.0), max(room[1], 0.0)
    if not low <= by_s <= high:  # by whole frames, so that what lay on frames still does
        frames = math.floor(abs(low if by_s < low else high) * float(on.rate.fraction) + 1e-6)
        by_s = math.copysign(on.rate.seconds_at(frames), by_s)
    if abs(by_s) < 1e-9:
        return Edited(captions, number)
    chosen, every = set(numbers), len(set(numbers)) == len(captions)

    def later(caption: Caption) -> Caption:
        # Two additions round differently; the duration is what must not become nought.
        start = max(caption.start_s + by_s, 0.0)
        new = replace(caption, start_s=start, end_s=start + (caption.end_s - caption.start_s))
        return new if every else touched(new)

    return in_order(tuple(later(c) if n in chosen else c for n, c in enumerate(captions)), number)


def insert(captions: Captions, at_s: float, on: Bounds) -> Edited:
    """An empty caption at a time, behind what stands there, for two seconds or until the next one comes.

    Raises BadValue where the recording has no room.
    """
    start = max(on.rate.snap(at_s), 0.0)
    for caption in captions:
        if caption.start_s <= start + 1e-6 and caption.end_s > start:
            start = on.rate.snap(caption.end_s + on.gap_s)
    until = min((c.start_s - on.gap_s for c in captions if c.start_s > start), default=on.last_s)
    end = min(on.rate.snap(start + _NEW_S), max(until, start + on.frame_s), on.last_s)
    if end - start < on.frame_s - 1e-6:
        raise BadValue(
            f"There is no room for a caption at {start:.2f} s.", value=at_s, remedy="Choose an earlier time."
        )
    where = sum(caption.start_s <= start for caption in captions)
    new = Caption(start, end, (), edited=True)
    return Edited((*captions[:where], new, *captions[where:]), where)


def delete(captions: Captions, numbers: Collection[int]) -> Edited:
    """Without the captions `numbers`. Raises BadValue."""
    gone = set(numbers)
    for number in gone:
        at(captions, number)
    left = tuple(caption for n, caption in enumerate(captions) if n not in gone)
    return Edited(left, min(min(gone, default=0), max(len(left) - 1, 0)))


def review(captions: Captions, numbers: Collection[int], reviewed: bool) -> Edited:
    """The mark that a person looked at them and found them right, set or taken. Raises BadValue."""
    return _each(captions, numbers, lambda caption: replace(caption, reviewed=reviewed))


def _each(captions: Captions, numbers: Collection[int], change: Callable[[Caption], Caption]) -> Edited:
    made = {n: change(at(captions, n)) for n in numbers}
    return Edited(tuple(made.get(n, caption) for n, caption in enumerate(captions)), min(made, default=0))


def kept_marks(before: Sequence[Caption], after: Sequence[Caption]) -> Captions:
    """Captions that a machine changed: what is not as it was has to be reviewed anew; what a person edited, and is
    still on at the same time, stays marked as edited."""
    same = set(before)
    edited = sorted((c.start_s, c.end_s) for c in before if c.edited)
    made = []
    for caption in after:
        if caption not in same:
            overlaps = any(start < caption.end_s and end > caption.start_s for start, end in edited)
            caption = replace(caption, reviewed=False, edited=overlaps)
        made.append(caption)
    return tuple(made)
