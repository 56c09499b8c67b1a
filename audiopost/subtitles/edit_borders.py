"""One caption as two, two as one: where the text parts, and when."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ..core.errors import BadValue
from ..core.speech import Caption
from .cells import Line, broken, caption_of, lines_of, run_on, text_of
from .edit import Bounds, Captions, Edited, at, in_order, touched, whole_line
from .lines import is_one_voice, pieces
from .timed_words import Placed


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
    whole = whole_line(caption)
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
        touched(replace(caption_of(_lines(part), caption), start_s=start, end_s=end))
        for part, start, end in (
            (whole[:caret], caption.start_s, head_end),
            (whole[caret:], border, caption.end_s),
        )
    )
    made = (*captions[:number], head, tail, *captions[number + 1 :])
    return in_order(made, number + 1)


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
    made = touched(replace(made, start_s=one.start_s, end_s=max(one.end_s, two.end_s)))
    return Edited((*captions[:number], made, *captions[number + 2 :]), number)
