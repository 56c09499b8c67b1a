"""Which words of a transcript each caption shows, and where in it they stand."""

from __future__ import annotations

import functools
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from typing import NamedTuple

from ..core.speech import Caption, Transcript, Utterance, Word

#: A word below this probability is one to look at.
UNSURE = 0.5
#: How many words or characters may be passed over to find the next word in a caption.
_REACH = 16


class Placed(NamedTuple):
    """A word in a caption: characters `start` to `end` of line `line`."""

    word: Word
    line: int
    start: int
    end: int


def placed_words(captions: Iterable[Caption], transcript: Transcript) -> list[list[Placed]]:
    """The words of each caption, in order; words that the layout changed (other script, corrected) are left out.

    Words are compared by their letters and figures alone, since layout moves spaces and punctuation.
    """
    words = [(word, key) for word in transcript.words if (key := _key(word.text))]
    at = 0
    placed = []
    for caption in captions:
        letters = [
            (char.casefold(), line, column)
            for line, text in enumerate(caption.lines)
            for column, char in enumerate(text)
            if char.isalnum()
        ]
        shown = "".join(char[:1] for char, _, _ in letters)
        here, position = [], 0
        while at < len(words) and position < len(shown) and words[at][0].start_s < caption.end_s:
            step = _next(words, at, shown, position)
            if step is None:
                break
            at, position = step
            word, key = words[at]
            first, last = letters[position], letters[position + len(key) - 1]
            if first[1] == last[1]:
                here.append(Placed(word, first[1], first[2], last[2] + 1))
            at, position = at + 1, position + len(key)
        placed.append(here)
    return placed


class TimedWords:
    """The words of a transcript, to be asked for those of a single caption."""

    #: In- and out-times move to frames and shots: words so far outside may be the caption's.
    _AROUND_S = 0.5

    def __init__(self, transcript: Transcript | None) -> None:
        self._language = transcript.language if transcript else ""
        self._words = sorted(transcript.words if transcript else (), key=lambda word: word.start_s)
        self._starts = [word.start_s for word in self._words]

    def of(self, caption: Caption) -> list[Placed]:
        """The words that a caption shows, in order, where they stand in it."""
        return _shown(caption, self._around(caption), self._language)

    def unsure(self, caption: Caption) -> list[Placed]:
        """Those of them that the recogniser was not sure of; none where a person wrote or reviewed the text."""
        words = () if caption.edited or caption.reviewed else self._around(caption)
        if not any(map(_is_unsure, words)):
            return []
        return list(_unsure(caption, words, self._language))

    def _around(self, caption: Caption) -> tuple[Word, ...]:
        low = bisect_left(self._starts, caption.start_s - self._AROUND_S)
        high = bisect_right(self._starts, caption.end_s + self._AROUND_S)
        return tuple(self._words[low:high])


def _is_unsure(word: Word) -> bool:
    return word.probability is not None and word.probability < UNSURE


@functools.lru_cache(16384)
def _unsure(caption: Caption, words: tuple[Word, ...], language: str) -> tuple[Placed, ...]:
    return tuple(placed for placed in _shown(caption, words, language) if _is_unsure(placed.word))


def _shown(caption: Caption, words: tuple[Word, ...], language: str) -> list[Placed]:
    heard = Utterance(caption.start_s, caption.end_s, "", language, words)
    return placed_words((caption,), Transcript(language, (heard,)))[0]


def _next(words: list[tuple[Word, str]], at: int, shown: str, position: int) -> tuple[int, int] | None:
    """The next word and where it begins: as few words and characters passed over as can be; None where none fits."""
    for skipped in range(2 * _REACH):
        for n in range(min(skipped + 1, _REACH)):
            behind = skipped - n
            if at + n < len(words) and shown.startswith(words[at + n][1], position + behind):
                return at + n, position + behind
    return None


def _key(text: str) -> str:
    return "".join(char.casefold()[:1] for char in text if char.isalnum())
