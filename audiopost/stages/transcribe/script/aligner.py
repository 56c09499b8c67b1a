"""What an aligner is: it hears a recording roughly, and may then time known words finely.

To add one: write a class as `Aligner` says in a file of its own and name it in `align` of this package.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Protocol

from ....core.audio import Audio
from ....core.stage import ModelInfo, Progress
from ..windows import Window
from .match import Heard
from .timing import Timed
from .words import ScriptWord


class Aligner(Protocol):
    """`listens` says that it takes the sound itself: its windows of speech, and stretches to time finely with `fit`.

    `biased` says that it is told the script before it listens, so that what it hears is no evidence against it.
    """

    name: ClassVar[str]
    listens: ClassVar[bool]
    biased: ClassVar[bool]

    @property
    def model(self) -> ModelInfo | None: ...

    def sounded(self, words: Sequence[ScriptWord]) -> list[ScriptWord]:
        """The words with tokens in the units that `hear` gives."""
        ...

    def hear(
        self, words: Sequence[ScriptWord], sound: Audio, windows: Sequence[Window], progress: Progress
    ) -> list[Heard]:
        """Tokens of a recording (16 kHz mono) in order of time; comes before `fit`, with all words of the script."""
        ...

    def fit(self, words: Sequence[ScriptWord], sound: Audio, window: Window) -> list[Timed | None] | None:
        """Times of words that are said in `window`, None for one without a sound; None where they do not fit at all.

        `Timed.fit` of a biased aligner is a log-likelihood a frame, at most 0: the more negative, the worse.
        """
        ...
