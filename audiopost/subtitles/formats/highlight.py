"""Captions that underline each word while it is said, as whisper's `--highlight_words` does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ...core.speech import Caption, Styling, Transcript
from ..timed_words import placed_words


def highlighted(captions: Iterable[Caption], transcript: Transcript) -> tuple[Caption, ...]:
    """Each caption cut at its words: one word underlined while it is said, none in the pauses between.

    Captions without words of known times stay as they are; every moment shows the text it showed before.
    """
    captions = tuple(captions)
    made: list[Caption] = []
    for caption, placed in zip(captions, placed_words(captions, transcript), strict=True):
        at = caption.start_s
        for word, line, start, end in placed:
            begin = min(max(word.start_s, at), caption.end_s)
            until = min(max(word.end_s, begin), caption.end_s)
            if begin > at:
                made.append(replace(caption, start_s=at, end_s=begin))
            if until > begin:
                look = (*caption.styling, Styling(line, start, end, "underline"))
                made.append(replace(caption, start_s=begin, end_s=until, styling=look))
            at = max(at, until)
        if caption.end_s > at or at == caption.start_s:
            made.append(replace(caption, start_s=at))
    return tuple(made)
