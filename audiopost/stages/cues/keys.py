"""The key of a cue next to the music before it: a shared one, else the nearest on the circle of fifths."""

from __future__ import annotations

from ...core.spotting import Cue
from .ruleset import EmotionRules

#: Where the notes lie on the circle of fifths, flats negative.
_FIFTHS = {letter + sign: i + 7 * sharps - 1 for i, letter in enumerate("FCGDAEB")
           for sign, sharps in (("b", -1), ("", 0), ("#", 1))}  # fmt: skip
#: Fifths between a mode's final and the major scale with the same notes.
_SIGNATURE = {
    "minor": -3, "dorian": -2, "phrygian": -4, "lydian": 1, "mixolydian": -1,
    "shang": -2, "jue": -4, "zhi": -1, "yu": -3,
}  # fmt: skip


def nearest_key(sounds: EmotionRules, before: Cue | None) -> str:
    """The rule's first key; after other music the one whose scale shares most notes with it."""
    if before is None or before.key not in _FIFTHS:
        return sounds.keys[0]
    home = _FIFTHS[before.key] + _SIGNATURE.get(before.mode, 0)
    steps = _SIGNATURE.get(sounds.modes[0], 0)

    def apart(key: str) -> int:
        way = abs(_FIFTHS[key] + steps - home) % 12
        return min(way, 12 - way)

    return min((key for key in sounds.keys if key in _FIFTHS), key=apart, default=sounds.keys[0])
