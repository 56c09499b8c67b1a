"""From a cue to the score of its guide. Plain by intention: it shows tempo, mood and where hits fall, no more."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, replace

import numpy as np

from ...core.errors import BadValue
from ...core.spotting import Cue
from ..scoring import in_rule_words
from . import accompany, instruments, melody, strike
from .grid import grid_of
from .harmony import chords
from .plan import Plan
from .rules import Mood
from .score import Marker, Note, Part, Score, settled
from .theory import CHARACTERS, mode_of, tonic_of

#: Tonics of cues that name no key: those without many accidentals.
_TONICS = (0, 2, 5, 7, 9, 10)
#: Functions that are struck once instead of played through.
_STRUCK = ("sting", "button")
#: What says how a cue was judged or is called, and what is told in one language or another: neither is its music's.
_BESIDE = ("reason", "confidence", "status", "title", "alternatives", "tracks", "dynamics", "edited")


def compose(cue: Cue) -> Score:
    """The score of a cue's guide; the same cue gives the same score.

    Raises BadValue for a cue without length or with numbers that are none, and for silence on purpose.
    """
    if cue.function == "silence":
        raise BadValue(
            f"Cue {cue.label} is silence on purpose: there is nothing to play.",
            value=cue.label,
            remedy="Ask for guides of the other cues, or change its function.",
        )
    if not np.isfinite([*(p.arousal for p in cue.curve), *(hit.strength for hit in cue.hits)]).all():
        raise BadValue(f"The curve or a hit of cue {cue.label} holds what is no number.", value=cue.label)
    cue = replace(cue, instruments=tuple(map(in_rule_words, cue.instruments)), texture=in_rule_words(cue.texture))
    grid = grid_of(cue)
    mood = Mood(cue, grid, drums=instruments.drummed(cue.instruments))
    rng = np.random.default_rng(_seed(cue))
    tonic, fallback = tonic_of(cue.key), _TONICS[rng.integers(len(_TONICS))]
    plan = Plan(grid, mode_of(cue.mode, cue.key, mood.valence), 48 + (fallback if tonic is None else tonic), mood)
    parts = instruments.cast(cue.instruments, plucked=mood.mean_arousal >= 0)
    hits = sorted((h.time_s - cue.in_s, h.strength) for h in cue.hits if 0 <= h.time_s - cue.in_s < grid.duration_s)
    if cue.function in _STRUCK:
        notes = strike.struck(plan, hits, closing=cue.function == "button")
    else:
        notes = _through(plan, [(grid.met(time), strength) for time, strength in hits], parts, rng)
    played = settled(notes, grid.duration_s)
    used = {note.part for note in played}
    heard = tuple(part for part in parts if part.name in used)
    return Score(cue.label, grid, plan.tonic, plan.mode, heard, played, _markers(cue))


def _through(
    plan: Plan, hits: Sequence[tuple[float, float]], parts: Sequence[Part], rng: np.random.Generator
) -> list[Note]:
    loops = plan.mode.loops[CHARACTERS[plan.mood.emotion]]
    hard = [time for time, strength in hits if strength >= strike.HARD]
    plan = replace(plan, chords=chords(plan.grid, plan.mode, loops[rng.integers(len(loops))], hard))
    pitched = any(part.name == "pulse" and part.program is not None for part in parts)
    notes = [
        *accompany.pad(plan),
        *accompany.bass(plan),
        *accompany.figure(plan),
        *accompany.drums(plan, strike.low(plan.tonic) if pitched else None),
        *melody.fragments(plan, rng),
    ]
    for time, strength in hits:
        notes += strike.accent(plan, time, strength, plan.chord(time).root)
    return notes


def _seed(cue: Cue) -> int:
    hits = tuple(replace(hit, what="") for hit in cue.hits)
    said = {name: value for name, value in asdict(replace(cue, hits=hits)).items() if name not in _BESIDE}
    text = json.dumps(said, sort_keys=True, ensure_ascii=True)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def _markers(cue: Cue) -> tuple[Marker, ...]:
    inside = sorted((hit.time_s - cue.in_s, hit.what) for hit in cue.hits if cue.in_s <= hit.time_s <= cue.out_s)
    return tuple(Marker(time, what or "hit") for time, what in inside)
