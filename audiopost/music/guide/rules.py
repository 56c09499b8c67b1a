"""What a feeling sounds like in a guide: pattern, register, articulation, velocity.

Directions after A. Gabrielsson and E. Lindström, "The role of structure in the musical expression of emotions"
(Handbook of Music and Emotion, 2010), and the factorial experiment of T. Eerola, A. Friberg and R. Bresin, "Emotional
expression in music" (Frontiers in Psychology 4:487, 2013): loud, dense and staccato for high arousal; high register for
joy and for fear, low for sadness and threat; rising contours for joy, falling ones for sadness. Sizes are a composer's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ...analysis.affect import CIRCUMPLEX
from ...core.spotting import Cue
from .grid import Grid

Step = int | tuple[int, ...] | None


@dataclass(frozen=True)
class Pattern:
    """Which tones of a chord are played (0 the lowest; a tuple together; None rests), one entry a step.

    `per_beat` steps a beat, 0 for the metre's division; notes last `gate` steps; `low`: an octave below the pad;
    `drums`: it moves enough for drums to join it where arousal is high.
    """

    steps: tuple[Step, ...]
    per_beat: int
    gate: float
    low: bool = False
    drums: bool = False


PATTERNS: Mapping[str, Pattern] = {
    "broken": Pattern((0, 2, 1, 2), 1, 1.6),
    "arpeggio": Pattern((0, 1, 2, 3, 2, 1), 0, 1.8),
    "ostinato": Pattern((0, 0, 1, 0, 2, 0, 1, 0), 0, 0.55, drums=True),
    "pulse": Pattern((0,), 0, 0.6, low=True, drums=True),
    "heartbeat": Pattern((0, None, 0, None), 2, 0.8, low=True),
    "chords": Pattern(((0, 1, 2),), 1, 0.8, drums=True),
    "offbeat": Pattern((None, (0, 1, 2)), 1, 0.4, drums=True),
    "tremolo": Pattern((0, 1), 4, 0.9),
}
#: Words of a cue's texture. Of several the first in the text counts.
_TEXTURES: Mapping[str, str] = {
    "arpegg": "arpeggio", "broken": "broken", "ostinato": "ostinato", "motor": "ostinato", "pulse": "pulse",
    "pulsing": "pulse", "driving": "pulse", "heartbeat": "heartbeat", "drone": "heartbeat", "tremolo": "tremolo",
    "cluster": "heartbeat", "chord": "chords", "chorale": "chords", "homophon": "chords", "block": "chords",
    "pizz": "offbeat", "staccato": "offbeat", "oom": "offbeat", "bounc": "offbeat", "playful": "offbeat",
    "strum": "chords", "groove": "ostinato", "rhythmic": "ostinato", "pad": "broken", "sustained": "broken",
    "sparse": "broken", "solo": "broken", "figure": "arpeggio", "pedal": "heartbeat", "percussion": "pulse",
}  # fmt: skip
#: Textures that have no melody, those that have drums at any arousal, those whose bass stays on the tonic.
_NO_MELODY, _DRUMMED = ("without melody", "no melody", "drone", "cluster", "percussion"), ("groove", "percussion")
_PEDAL = ("pedal", "drone")
#: Arousal from which on a feeling's livelier pattern is played, and drums join one that moves.
_HIGH = 0.3


@dataclass(frozen=True)
class Feel:
    """How one of EMOTIONS plays. `pattern` below and from arousal 0.3, `register` in semitones, `contour` -1..1.

    `pedal` as in Mood.
    """

    pattern: tuple[str, str]
    register: int
    contour: int
    pedal: bool = False


FEELS: Mapping[str, Feel] = {
    "neutral": Feel(("broken", "arpeggio"), 0, 0),
    "joy": Feel(("arpeggio", "offbeat"), 5, 1),
    "tenderness": Feel(("broken", "arpeggio"), 2, 0),
    "sadness": Feel(("broken", "broken"), -4, -1),
    "fear": Feel(("heartbeat", "tremolo"), 3, 0, pedal=True),
    "tension": Feel(("heartbeat", "ostinato"), -3, 0, pedal=True),
    "anger": Feel(("pulse", "ostinato"), -5, 1),
    "surprise": Feel(("arpeggio", "offbeat"), 4, 1),
    "disgust": Feel(("heartbeat", "pulse"), -5, -1, pedal=True),
}

#: Velocities of dynamic marks, as notation programs play them.
_MARKS = {"ppp": 18, "pp": 33, "p": 49, "mp": 62, "mf": 76, "f": 92, "ff": 108, "fff": 120}
_MARK = re.compile(r"(?<![a-z])(p{1,3}|m[pf]|f{1,3})(?![a-z])")
_GROWS, _FALLS = ("cresc", "build", "swell", "grow", "ris"), ("dim", "decresc", "fad", "reced", "fall")
#: What velocity gains from arousal -1 to 1, and loses under a line.
_BY_AROUSAL, _UNDER_LINE = 18.0, -14.0


class Mood:
    """How a cue feels over time, in seconds since its in: arousal, velocity, and where somebody speaks.

    `drums`: its instruments include drums. `pedal`: the bass stays on the tonic.
    """

    def __init__(self, cue: Cue, grid: Grid, *, drums: bool) -> None:
        self.emotion = cue.emotion if cue.emotion in FEELS else "neutral"
        self.feel = FEELS[self.emotion]
        arousal, self.valence, _ = CIRCUMPLEX[self.emotion]
        points = sorted((p.time_s - cue.in_s, p.arousal) for p in cue.curve) or [(0.0, arousal)]
        self._times, self._arousals = zip(*points, strict=True)
        self._ducks = [(duck.start_s - cue.in_s, duck.end_s - cue.in_s) for duck in cue.ducks]
        self._levels = _dynamics(cue.dynamics)
        self._duration_s = grid.duration_s
        self._texture = cue.texture.lower()
        self._compound = grid.metre.compound
        self._drummed = cue.function == "montage" or any(word in self._texture for word in _DRUMMED) or drums
        self.pedal = self.feel.pedal or any(word in self._texture for word in _PEDAL)
        self.mean_arousal = float(np.mean(self._arousals))

    def arousal(self, time_s: float) -> float:
        return float(np.interp(time_s, self._times, self._arousals))

    def under_line(self, time_s: float) -> bool:
        return any(start <= time_s < end for start, end in self._ducks)

    def velocity(self, time_s: float, accent: float = 0.0) -> int:
        """From dynamics, curve and ducks, plus an accent; 18 to 118."""
        along = np.linspace(0.0, self._duration_s, len(self._levels))
        level = float(np.interp(time_s, along, self._levels)) + _BY_AROUSAL * self.arousal(time_s) + accent
        return round(min(max(level + (_UNDER_LINE if self.under_line(time_s) else 0.0), 18.0), 118.0))

    def pattern(self) -> Pattern:
        """The pattern that the texture names, else the feeling's; one tone a beat would hide a compound metre."""
        found = [(self._texture.find(word), name) for word, name in _TEXTURES.items() if word in self._texture]
        name = min(found)[1] if found else self.feel.pattern[self.mean_arousal >= _HIGH]
        return PATTERNS["arpeggio" if self._compound and name == "broken" else name]

    def sings(self, time_s: float) -> bool:
        """Whether there may be a melody: not in textures without one, not under a line."""
        return not self.under_line(time_s) and not any(word in self._texture for word in _NO_MELODY)

    def drums(self, time_s: float) -> bool:
        """Whether drums mark the beat: where they are asked for, in montages, where a pattern that moves is loud."""
        return self._drummed or (self.pattern().drums and self.arousal(time_s) >= _HIGH)


def _dynamics(text: str) -> tuple[float, ...]:
    """Velocities from the in to the out: the marks of a text, or what it says of growing and falling."""
    lower = text.lower()
    marks = [_MARKS[mark] for mark in _MARK.findall(lower)] or [_MARKS["mp"]]
    if len(set(marks)) > 1:
        return tuple(map(float, marks))
    level = float(marks[0])
    if any(word in lower for word in _GROWS):
        return level - 12, level + 12
    if any(word in lower for word in _FALLS):
        return level + 8, level - 16
    return level, level
