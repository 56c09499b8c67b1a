"""Scales, keys and the chord loops of a guide, as tables.

The loops are the common ones of popular and film music: major's I V vi IV, aeolian i VI III VII, dorian i IV,
mixolydian I bVII IV, phrygian i bII, lydian I II (P. Tagg, "Everyday Tonality II", 2014; F. Lehman, "Hollywood
Harmony", 2018). The pentatonic ones stand on the five Chinese modes gong, shang, jue, zhi, yu; their chords are built
of the scale's own tones, so that most are fourths and fifths.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

#: What a loop is chosen by.
CHARACTERS: Mapping[str, str] = {
    "neutral": "warm", "joy": "bright", "tenderness": "warm", "sadness": "sad", "fear": "tense", "tension": "tense",
    "anger": "tense", "surprise": "bright", "disgust": "tense",
}  # fmt: skip

Loops = Mapping[str, tuple[tuple[int, ...], ...]]


@dataclass(frozen=True)
class Mode:
    """A scale: `steps` in semitones over its tonic; chords are the scale's steps `chord` over their root.

    `loops` are roots as scale steps (0 is the tonic) by character, one root a chord; `close` is the root before the
    last chord, which is the tonic's. `signature` is how far over the tonic the major key with the same signature lies,
    in semitones; None where no signature fits.
    """

    name: str
    steps: tuple[int, ...]
    loops: Loops
    close: int
    signature: int | None
    chord: tuple[int, ...] = (0, 2, 4)

    def pitch(self, tonic: int, step: int) -> int:
        """The MIDI pitch `step` scale steps over the pitch `tonic`."""
        octave, degree = divmod(step, len(self.steps))
        return tonic + 12 * octave + self.steps[degree]

    def classes(self, tonic: int) -> frozenset[int]:
        """The pitch classes of the scale."""
        return frozenset((tonic + step) % 12 for step in self.steps)


def _all(*loops: tuple[int, ...]) -> Loops:
    return dict.fromkeys(("bright", "warm", "sad", "tense"), loops)


_MAJOR: Loops = {
    "bright": ((0, 4, 5, 3), (0, 3, 0, 4), (0, 3, 4, 4)),
    "warm": ((0, 2, 3, 4), (0, 5, 3, 4), (0, 3, 5, 4)),
    "sad": ((5, 3, 0, 4), (0, 5, 1, 4)),
    "tense": ((5, 1, 5, 4), (0, 1, 0, 4)),
}
_MINOR: Loops = {
    "bright": ((0, 2, 6, 3), (0, 6, 5, 6)),
    "warm": ((0, 5, 2, 6), (0, 2, 5, 6)),
    "sad": ((0, 5, 3, 4), (0, 3, 5, 4), (0, 5, 2, 6)),
    "tense": ((0, 0, 5, 3), (0, 5, 0, 4), (0, 3, 0, 5)),
}
_HARMONIC: Loops = {
    "bright": ((0, 3, 4, 0),),
    "warm": ((0, 5, 3, 4),),
    "sad": ((0, 3, 5, 4), (0, 5, 3, 4)),
    "tense": ((0, 4, 0, 6), (0, 5, 3, 4)),
}

MODES: Mapping[str, Mode] = {
    mode.name: mode
    for mode in (
        Mode("major", (0, 2, 4, 5, 7, 9, 11), _MAJOR, 4, 0),
        Mode("minor", (0, 2, 3, 5, 7, 8, 10), _MINOR, 6, 3),
        Mode("harmonic minor", (0, 2, 3, 5, 7, 8, 11), _HARMONIC, 4, 3),
        Mode("dorian", (0, 2, 3, 5, 7, 9, 10), _all((0, 3, 0, 3), (0, 6, 3, 0), (0, 2, 3, 0)), 6, -2),
        Mode("phrygian", (0, 1, 3, 5, 7, 8, 10), _all((0, 1, 0, 6), (0, 0, 1, 1), (0, 1, 6, 0)), 1, -4),
        Mode("lydian", (0, 2, 4, 6, 7, 9, 11), _all((0, 1, 0, 1), (0, 1, 5, 1), (0, 4, 1, 0)), 1, -5),
        Mode("mixolydian", (0, 2, 4, 5, 7, 9, 10), _all((0, 6, 3, 0), (0, 3, 6, 0), (0, 4, 6, 3)), 6, -7),
        Mode("gong", (0, 2, 4, 7, 9), _all((0, 3, 4, 3), (0, 4, 1, 3), (0, 2, 4, 3)), 3, 0, (0, 2, 3)),
        Mode("shang", (0, 2, 5, 7, 10), _all((0, 4, 2, 3), (0, 3, 0, 4)), 4, -2, (0, 2, 3)),
        Mode("jue", (0, 3, 5, 8, 10), _all((0, 3, 1, 4), (0, 4, 3, 0)), 4, -4, (0, 1, 3)),
        Mode("zhi", (0, 2, 5, 7, 9), _all((0, 3, 2, 3), (0, 2, 4, 3)), 3, -7, (0, 2, 3)),
        Mode("yu", (0, 3, 5, 7, 10), _all((0, 1, 4, 0), (0, 3, 1, 4), (0, 4, 1, 3)), 4, 3, (0, 1, 3)),
        Mode("whole-tone", (0, 2, 4, 6, 8, 10), _all((0, 1, 0, 1)), 1, None),
        Mode("octatonic", (0, 1, 3, 4, 6, 7, 9, 10), _all((0, 1, 0, 3), (0, 3, 0, 1)), 1, None),
    )
}

#: What people write, and the mode meant; of several the one that comes first in the text, of two at a place the longer.
_WORDS: Mapping[str, str] = {
    **{name: name for name in MODES},
    "ionian": "major", "aeolian": "minor", "natural minor": "minor", "melodic minor": "dorian", "locrian": "phrygian",
    "minor pentatonic": "yu", "pentatonic minor": "yu", "major pentatonic": "gong", "pentatonic major": "gong",
    "whole tone": "whole-tone", "diminished": "octatonic", "chromatic": "octatonic", "atonal": "octatonic",
    "dissonant": "octatonic", "cluster": "octatonic",
    "宮": "gong", "宫": "gong", "商": "shang", "角": "jue", "徵": "zhi", "徴": "zhi", "羽": "yu", "大調": "major",
    "大调": "major", "小調": "minor", "小调": "minor",
}  # fmt: skip
#: The same for words that leave it to the feeling: (unpleasant, else).
_BY_VALENCE: Mapping[str, tuple[str, str]] = {
    "pentatonic": ("yu", "gong"), "五聲": ("yu", "gong"), "五声": ("yu", "gong"),
}  # fmt: skip
_MODAL = ("dorian", "mixolydian")
_KEY = re.compile(r"^\s*([A-Ga-g])\s*(#|♯|sharp|♭|flat|b(?![a-z]))?")
_CLASSES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_MAJOR_KEYS = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_MINOR_KEYS = ("Cm", "C#m", "Dm", "Ebm", "Em", "Fm", "F#m", "Gm", "G#m", "Am", "Bbm", "Bm")


def mode_of(text: str, key: str, valence: float) -> Mode:
    """The mode that a cue's text names, else the one its key names, else a modal one by valence."""
    for said in (text, re.sub(_KEY, " ", key)):
        lower = said.lower()
        found = [(lower.find(word), -len(word), word) for word in (*_WORDS, *_BY_VALENCE) if word in lower]
        if found:
            word = min(found)[2]
            return MODES[_WORDS.get(word) or _BY_VALENCE[word][valence >= 0]]
    if re.match(r"^\s*[A-Ga-g]\s*[#♯b♭]?m(in)?\b", key):
        return MODES["minor"]
    return MODES[_MODAL[valence >= 0]]


def tonic_of(key: str) -> int | None:
    """The pitch class 0..11 of a key ('F# minor', 'Bb', 'E♭'), None where it names none."""
    found = _KEY.match(key)
    if not found:
        return None
    letter, accidental = found.groups()
    return (_CLASSES[letter.upper()] + {None: 0, "#": 1, "♯": 1, "sharp": 1}.get(accidental, -1)) % 12


def signature(tonic: int, mode: Mode) -> str:
    """The key signature as Standard MIDI Files name it: 'Dm' for minor keys, else the major key that shares it."""
    if mode.signature is None:
        return "C"
    if mode.signature == 3:
        return _MINOR_KEYS[tonic % 12]
    return _MAJOR_KEYS[(tonic + mode.signature) % 12]
