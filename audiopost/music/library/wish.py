"""What a cue asks of a track, in numbers, and how well all tracks of a library meet it at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...analysis.affect import CIRCUMPLEX
from ...core.spotting import Cue
from ...core.time import Span
from .table import Floats, Table

#: Modes by the third of their scale: what is heard of a mode is mostly whether that is major or minor.
_THIRDS = {
    **dict.fromkeys(("major", "lydian", "mixolydian", "gong", "zhi", "whole-tone"), 1.0),
    **dict.fromkeys(("minor", "dorian", "phrygian", "yu", "jue"), -1.0),
}
#: What each part counts. Editors search by tempo and mood, and throw out a voice under dialogue first.
WEIGHTS = {"tempo": 0.28, "mood": 0.27, "voice": 0.15, "mode": 0.1, "length": 0.12, "opening": 0.08}
#: How far from the range a tempo may be before it counts for nothing, in octaves; what no tempo at all counts, and
#: any where none is wanted.
_TEMPO_OCTAVES, _NO_TEMPO = 0.12, 0.35
#: The other reading of a tempo is a little worse than the first.
_OTHER = 0.9
#: Distance in the plane of arousal and valence that counts for nothing.
_MOOD = 1.4
#: The opening that is looked at for dialogue.
OPENING_S = 12.0


@dataclass(frozen=True)
class Wish:
    """`bpm` None: no pulse. `mode` +1 major, -1 minor, 0 open; `talk_s` dialogue in the cue, `opening_talk_s` in its
    first OPENING_S."""

    bpm: tuple[int, int] | None
    mode: float
    key: str
    arousal: float
    valence: float
    duration_s: float
    talk_s: float
    opening_talk_s: float


def wish(cue: Cue, speech: Sequence[Span]) -> Wish:
    curve = cue.curve
    arousal, valence = (
        (float(np.mean([p.arousal for p in curve])), float(np.mean([p.valence for p in curve])))
        if curve
        else CIRCUMPLEX.get(cue.emotion, (0.0, 0.0, 0.0))[:2]
    )
    low, high = sorted(cue.tempo_bpm)
    return Wish(
        (max(low, 1), high) if high > 0 else None,
        _THIRDS.get(cue.mode, 0.0),
        cue.key,
        arousal,
        valence,
        cue.duration_s,
        _inside(speech, cue.in_s, cue.out_s),
        _inside(speech, cue.in_s, min(cue.in_s + OPENING_S, cue.out_s)),
    )


def _inside(spans: Sequence[Span], start_s: float, end_s: float) -> float:
    return sum(max(0.0, min(span.end_s, end_s) - max(span.start_s, start_s)) for span in spans)


def parts(table: Table, wanted: Wish) -> dict[str, Floats]:
    """(n,) 0..1 for each part of WEIGHTS but the opening, which only the analysis tells."""
    distance = np.hypot(table.arousal - wanted.arousal, table.valence - wanted.valence)
    same = np.abs(table.mode - wanted.mode) / 2 * np.clip(table.key_confidence + 0.4, 0, 1)
    talk = min(wanted.talk_s / 3.0, 1.0)
    return {
        "tempo": _tempo(table, wanted.bpm),
        "mood": np.clip(1 - distance / _MOOD, 0, 1),
        "voice": 1 - talk * table.vocal,
        "mode": np.where((table.mode == 0) | (wanted.mode == 0), 0.6, 1 - same),
        "length": np.clip(table.duration_s / max(wanted.duration_s, 1e-3), 0, 1),
    }


def _tempo(table: Table, bpm: tuple[int, int] | None) -> Floats:
    if bpm is None:
        return np.where(np.isnan(table.bpm), 1.0, _NO_TEMPO)

    def near(tempo: Floats) -> Floats:
        safe = np.maximum(np.nan_to_num(tempo, nan=1.0), 1.0)
        off = np.maximum(np.maximum(np.log2(bpm[0] / safe), np.log2(safe / bpm[1])), 0)
        return np.where(np.isnan(tempo), 0, np.exp(-((off / _TEMPO_OCTAVES) ** 2)))

    best = np.maximum(near(table.bpm), _OTHER * near(table.bpm_other))
    sure = 0.5 + 0.5 * np.nan_to_num(table.bpm_confidence)
    return np.where(np.isnan(table.bpm), _NO_TEMPO, best * sure)


def shortlist(table: Table, wanted: Wish, count: int, likeness: Floats | None = None) -> NDArray[np.int64]:
    """Places of the best `count` tracks, best first; equal ones in order of path. A silent file is no music."""
    total = sum(WEIGHTS[name] * part for name, part in parts(table, wanted).items())
    if likeness is not None:
        total = total + likeness
    places = np.argsort(-np.asarray(total), kind="stable")
    return places[table.brightness_hz[places] > 0][:count]
