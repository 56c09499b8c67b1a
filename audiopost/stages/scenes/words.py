"""Words for turns of feeling, and lists of words."""

from __future__ import annotations

import functools
from collections.abc import Iterable

from ...core.language import tell
from ...core.spotting import EMOTIONS, Affect
from .feelings import Turn

_AXES = ("arousal", "valence", "dominance")
#: Axes that move by less than this are not told of, unless none moves by more.
_TOLD = 0.1


def joined(key: str, words: Iterable[str], language: str) -> str:
    """Several words by the text `key` of two."""
    return functools.reduce(lambda first, second: tell(key, language, first=first, second=second), words)


def turn_words(turn: Turn, language: str) -> str:
    """What a turn of feeling is, as measured: from which label to which, by how much, out of how much speech."""
    before, after = _feeling(turn.was, language), _feeling(turn.becomes, language)
    return tell(
        "scenes.turn_same" if before == after else "scenes.turn",
        language,
        change=tell("scenes.feeling_to", language, before=before, after=after),
        label=after,
        moves=_moves(turn, language),
        seconds_before=turn.before_s,
        seconds_after=turn.after_s,
        spread=turn.spread,
    )


def change_words(turn: Turn, language: str) -> str:
    """The same in short: from which label to which, or how the axes move where the label stays."""
    before, after = _feeling(turn.was, language), _feeling(turn.becomes, language)
    return (
        _moves(turn, language) if before == after else tell("scenes.feeling_to", language, before=before, after=after)
    )


def _feeling(name: str, language: str) -> str:
    """The word for one of EMOTIONS; what another tool called it stays as it is."""
    return tell(f"emotion.{name}", language) if name in EMOTIONS else name


def _moves(turn: Turn, language: str) -> str:
    """The axes that move, the one that moves most first."""

    def moved(axis: str) -> float:
        return abs(_value(turn.after, axis) - _value(turn.before, axis))

    axes = sorted(_AXES, key=moved, reverse=True)
    told = [axis for axis in axes if moved(axis) >= _TOLD] or axes[:1]
    moves = (_move(axis, _value(turn.before, axis), _value(turn.after, axis), language) for axis in told)
    return joined("scenes.list", moves, language)


def _move(axis: str, before: float, after: float, language: str) -> str:
    key = "scenes.rises" if after > before else "scenes.falls"
    return tell(key, language, axis=tell(f"emotion.{axis}", language), before=before, after=after)


def _value(affect: Affect, axis: str) -> float:
    """To the two digits that are told, and never -0.00."""
    return round(float(getattr(affect, axis)), 2) + 0.0
