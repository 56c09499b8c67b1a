"""Word times of a recogniser (Whisper's, or any transcript's with words) put on the script's words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from ....core.audio import Audio
from ....core.speech import Transcript, Utterance, Word
from ....core.stage import ModelInfo, Progress
from ..windows import Window
from .match import Heard
from .timing import Timed
from .words import ScriptWord, tokens, weight


class WordsAligner:
    """Times and text come from `transcript`; nothing is listened to again."""

    name: ClassVar[str] = "script-words"
    listens: ClassVar[bool] = False
    biased: ClassVar[bool] = False
    model: ModelInfo | None = None

    def __init__(self, transcript: Transcript) -> None:
        self._transcript = transcript

    def sounded(self, words: Sequence[ScriptWord]) -> list[ScriptWord]:
        return list(words)

    def hear(
        self, words: Sequence[ScriptWord], sound: Audio, windows: Sequence[Window], progress: Progress
    ) -> list[Heard]:
        return [
            heard
            for utterance in self._transcript.utterances
            for word in utterance.words or (_whole(utterance),)
            for heard in _heard(word, utterance.language)
        ]

    def fit(self, words: Sequence[ScriptWord], sound: Audio, window: Window) -> list[Timed | None] | None:
        return None


def _whole(utterance: Utterance) -> Word:
    """An utterance without word times as one word: its tokens share its time."""
    return Word(utterance.start_s, utterance.end_s, utterance.text)


def _heard(word: Word, language: str) -> list[Heard]:
    """The tokens of a recognised word, which share its time by their letters."""
    sounds = tokens(word.text, language)
    whole = sum(weight(token) for token in sounds) or 1
    found, done = [], 0
    for token in sounds:
        share = (word.end_s - word.start_s) / whole
        start = word.start_s + share * done
        done += weight(token)
        found.append(Heard(start, word.start_s + share * done, token, word.probability))
    return found
