"""Captions as a person changes them: text, times, splits, joins, shifts. Pure functions on the captions of a recording.

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
from .cells import Line, broken, caption_of, lines_of, restyled, run_on, text_of
from .lines import is_one_voice, line_languages, pieces
from .styles import Style
from .text import clean_lines
from .timed_words import Placed

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
    old, text = _whole(caption), "\n".join(new)
    if not (marks and old and new) or len(old) * len(text) > MOST_COMPARED:
        bare = replace(caption, lines=new, styling=(), line_speakers=(), line_languages=())
        return replace(bare, edited=True, reviewed=False)
    made: list[Line] = [[]]
    for char, look in restyled(old, text):
        if char == "\n":
            made.append([])
        else:
            made[-1].append((char, look))
    return _changed(caption_of(made, caption))


def _whole(caption: Caption) -> Line:
    """All lines as one, parted by line feeds that look like what is before them."""
    whole: Line = []
    for line in lines_of(caption):
        whole += [*([("\n", whole[-1][1])] if whole else []), *line]
    return whole


def _changed(caption: Caption) -> Caption:
    return replace(caption, edited=True, reviewed=False)


def write(captions: Captions, number: int, lines: Iterable[str]) -> Edited:
    """Other lines in one caption. Raises BadValue."""
    return _with(captions, number, rewritten(at(captions, number), lines))


def speak(captions: Captions, number: int, speaker: str | None) -> Edited:
    """Another speaker for all of one caption. Raises BadValue."""
    caption = at(captions, number)
    if caption.speaker == speaker and not caption.line_speakers:
        return Edited(captions, number)
    return _with(captions, number, _changed(replace(caption, speaker=speaker, line_speakers=())))


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
    return _with(captions, number, _changed(replace(caption, start_s=start, end_s=end)))


def _same(a: float, b: float) -> bool:
    return abs(a - b) < 1e-6


def _with(captions: Captions, number: int, caption: Caption) -> Edited:
    if caption == captions[number]:
        return Edited(captions, number)
    return _ordered((*captions[:number], caption, *captions[number + 1 :]), number)


def _ordered(captions: Captions, number: int) -> Edited:
    """In order of time; captions that begin together stay as they were."""
    order = sorted(range(len(captions)), key=lambda n: captions[n].start_s)
    return Edited(tuple(captions[n] for n in order), order.index(number) if captions else 0)


def split(
    captions: Captions,
    number: int,
    on: Bounds,
    *,
    caret: int | None = None,
    at_s: float | None = None,
    words: Sequence[Placed] = (),
) -> Edited:
    """One caption as two: before character `caret` of its text (lines joined by line feeds), or else at a time.

    The time of a caret is when the word after it is said, where `words` know, else in proportion to the text. Raises
    BadValue where nothing is left on one side.
    """
    caption = at(captions, number)
    whole = _whole(caption)
    if caret is None or not _parts(whole, caret):
        caret = None if at_s is None else _caret_at(caption, at_s, on, words)
        border = at_s
    else:
        border = _time_at(caption, caret, words)
    if caret is None or border is None or not _parts(whole, caret):
        raise BadValue(
            f"Caption {number + 1} cannot be split there: nothing would be left on one side.",
            value=caret,
            remedy="Put the caret between two words, or the cursor inside the caption's time.",
        )
    frame = on.frame_s
    if caption.end_s - caption.start_s < 2 * frame - 1e-6:
        raise BadValue(f"Caption {number + 1} is too short to be split.", value=caption.end_s - caption.start_s)
    border = min(max(on.rate.snap(border), caption.start_s + frame), caption.end_s - frame)
    head_end = max(border - on.gap_s, caption.start_s + frame)
    head, tail = (
        _changed(replace(caption_of(_lines(part), caption), start_s=start, end_s=end))
        for part, start, end in (
            (whole[:caret], caption.start_s, head_end),
            (whole[caret:], border, caption.end_s),
        )
    )
    made = (*captions[:number], head, tail, *captions[number + 1 :])
    return _ordered(made, number + 1)


def _parts(whole: Line, caret: int) -> bool:
    """Whether there is text on both sides."""
    text = text_of(whole)
    return bool(text[:caret].strip() and text[caret:].strip())


def _lines(whole: Line) -> list[Line]:
    lines: list[Line] = [[]]
    for cell in whole:
        if cell[0] == "\n":
            lines.append([])
        else:
            lines[-1].append(cell)
    return lines


def _offsets(caption: Caption) -> list[int]:
    """Where each line begins in the text."""
    starts = [0]
    for line in caption.lines:
        starts.append(starts[-1] + len(line) + 1)
    return starts


def _time_at(caption: Caption, caret: int, words: Sequence[Placed]) -> float:
    starts = _offsets(caption)
    after = next((word.word.start_s for word in words if starts[word.line] + word.end > caret), None)
    if after is not None and caption.start_s < after < caption.end_s:
        return after
    return caption.start_s + (caption.end_s - caption.start_s) * caret / max(len(caption.text), 1)


def _caret_at(caption: Caption, at_s: float, on: Bounds, words: Sequence[Placed]) -> int | None:
    """The border between words that lies nearest to a time; None where the caption is not on then."""
    if not caption.start_s < at_s < caption.end_s:
        return None
    starts = _offsets(caption)
    if words:
        known = [(abs(word.word.start_s - at_s), starts[word.line] + word.start) for word in words]
        inside = [entry for entry in known if entry[1] > 0]
        if inside:
            return min(inside)[1]
    share = (at_s - caption.start_s) / (caption.end_s - caption.start_s) * len(caption.text)
    borders = [caret for caret in _word_borders(caption, on) if caret > 0]
    return min(borders, key=lambda caret: abs(caret - share), default=None)


def _word_borders(caption: Caption, on: Bounds) -> Iterable[int]:
    for start, line, language in zip(_offsets(caption), caption.lines, on.languages(caption), strict=False):
        column = 0
        for piece in pieces(line, language):
            found = line.find(piece.text, column)
            if found >= 0:
                yield start + found
                column = found + len(piece.text)


def merge(captions: Captions, number: int, on: Bounds) -> Edited:
    """One caption and the next as one. Lines stay where they are few enough, else they break anew if they then fit.

    Raises BadValue where there is no next one.
    """
    one, two = at(captions, number), at(captions, number + 1)
    lines = [*lines_of(one), *lines_of(two)]
    made = caption_of(lines, one)
    languages = on.languages(made)
    if len(made.lines) > on.style.max_lines and is_one_voice(made, languages):
        cpl = on.style.limits_for(languages[0]).cpl
        anew = broken(run_on(lines_of(made), languages[0]), languages[0], cpl, on.style.max_lines)
        made = made if anew is None else caption_of(anew, one)
    if not made.lines:
        made = replace(one, lines=())
    made = _changed(replace(made, start_s=one.start_s, end_s=max(one.end_s, two.end_s)))
    return Edited((*captions[:number], made, *captions[number + 2 :]), number)


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
        return new if every else _changed(new)

    return _ordered(tuple(later(c) if n in chosen else c for n, c in enumerate(captions)), number)


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
            touched = any(start < caption.end_s and end > caption.start_s for start, end in edited)
            caption = replace(caption, reviewed=False, edited=touched)
        made.append(caption)
    return tuple(made)
