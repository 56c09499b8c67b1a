"""Transcripts that the subtitle tests share."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from audiopost.core.speech import Utterance, Word, word_glue


@pytest.fixture(scope="session")
def spoken() -> Callable[..., Utterance]:
    """spoken(text, language, start_s=1, speaker=None, rate=14): an utterance said at `rate` characters a second."""

    def make(text: str, language: str, start_s: float = 1.0, speaker: str | None = None, rate: float = 14) -> Utterance:
        words, at = [], start_s
        for token in text.split() if word_glue(language) else list(text):
            words.append(Word(at, at + len(token) / rate, token, 0.9))
            at += (len(token) + len(word_glue(language))) / rate
        return Utterance(start_s, words[-1].end_s, text, language, tuple(words), speaker)

    return make
