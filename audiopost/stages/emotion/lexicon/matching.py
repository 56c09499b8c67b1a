"""What both languages' matching shares: a match, and what negation, degree and a question leave of it."""

from __future__ import annotations

import re
from typing import NamedTuple

from . import Place

#: Share that negation leaves of valence and dominance, and of arousal: 'not happy' is less sad than 'sad'.
_TURNED, _TURNED_AROUSAL = -0.6, -0.3
#: Share that a question whether it is so leaves of everything.
_ASKED = 0.5


class Hit(NamedTuple):
    """One word of feeling as it stands in its clause; `asked`: whether it is so is the question."""

    place: Place
    degree: float = 1.0
    negated: bool = False
    asked: bool = False

    @property
    def felt(self) -> Place:
        """Arousal, valence, dominance as said."""
        share = self.degree * (_ASKED if self.asked else 1.0)
        arousal, valence, dominance = (axis * share for axis in self.place)
        if self.negated:
            return (arousal * _TURNED_AROUSAL, valence * _TURNED, dominance * _TURNED)
        return (arousal, valence, dominance)


def clauses(text: str) -> list[tuple[str, str]]:
    """The text between marks, and the marks that end it, full-width ones as plain ones."""
    plain = text.translate(str.maketrans("！？，。；：、…’‘`", "!?,.;:,.'''"))
    return [(m[1].strip(), m[2].strip()) for m in re.finditer(r"([^.!?,;:\n]+)([.!?,;:\s]*)", plain) if m[1].strip()]
