"""How a track would be cut to a cue, as a music editor does it: in on a beat, joined on downbeats, its own ending kept.

Only what `TrackAnalysis` holds is asked: beats, bars, sections, loops, the level of each second.
"""

from __future__ import annotations

import itertools
import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..core.music import EditPiece, Loop, TrackAnalysis, TrackEdit
from ..core.spotting import Cue, HitPoint
from .ducking import IN_THE_CLEAR_LU

#: Cross-fade of a join, all of it before the beat: the attack on the beat stays whole.
JOIN_S = 0.03
#: A track that ends this share of the cue before it is left to end by itself; at least and at most so many seconds.
_EARLY_SHARE, _EARLY_S = 0.1, (1.0, 4.0)
#: Shortest pieces worth a join; rounds of a loop before it is heard as one.
_PIECE_S, _ROUNDS = 4.0, 12
#: Level under the track's loud parts at which its end is silence, dB.
_TAIL_DB = 45.0
#: In-points compared for hit points; a hit within this counts as met.
_ENTRIES, HIT_S = 24, 0.08
#: Fade where a cut needs one and the cue names none.
_FADE_S = 2.0
#: Gains beyond these are no trim but another mix.
_GAIN_DB = (-40.0, 12.0)
#: Loudness of dialogue where nobody measured it: EBU R 128's programme loudness.
DIALOGUE_LUFS = -23.0


@dataclass(frozen=True)
class Proposal:
    """An edit and what is to be said of it.

    `kind`: 'whole' (the track ends with the cue), 'early' (it ends before), 'faded', 'shortened' (middle cut out, own
    ending kept), 'looped', 'ending' (only its last bars, for a button), 'short' (it ends far too early, and nothing in
    it can go round). `sounds_s` is how long it sounds, `entry_s` where it begins in the track; `rounds` of a loop of
    `bars`; `hits` of the cue's are met.
    """

    edit: TrackEdit
    kind: str
    entry_s: float
    sounds_s: float
    rounds: int = 0
    bars: int = 0
    hits: int = 0


def propose(track: TrackAnalysis, cue: Cue, *, dialogue_lufs: float | None = None) -> Proposal:
    """The edit of a track for a cue; its pieces lie at times of the recording, inside the cue."""
    entry_s, hits = _entry(track, cue)
    end_s = sounding_s(track)
    wanted = cue.duration_s
    there = end_s - entry_s
    if cue.function == "button" and there > wanted + 0.3:
        entry_s = _ending(track, end_s, wanted)
        kind, spans, rounds, bars = "ending", [(entry_s, end_s)], 0, 0
    elif there < wanted - min(max(_EARLY_SHARE * wanted, _EARLY_S[0]), _EARLY_S[1]):
        kind, spans, rounds, bars = _looped(track, entry_s, end_s, wanted)
    elif there < wanted - 0.05:
        kind, spans, rounds, bars = "early", [(entry_s, end_s)], 0, 0
    elif there <= wanted + 0.3:
        kind, spans, rounds, bars = "whole", [(entry_s, min(end_s, entry_s + wanted))], 0, 0
    else:
        kind, spans, rounds, bars = _shortened(track, entry_s, end_s, wanted)
    pieces = _laid(spans, cue)
    sounds_s = pieces[-1].at_s + pieces[-1].end_s - pieces[-1].start_s - cue.in_s
    # A loop whose last round brings the track's own ending needs no fade, nor has any other ending of its own.
    cut = pieces[-1].end_s < end_s - 0.3
    fade_in_s, fade_out_s = _fades(track, cue, entry_s, sounds_s, cut)
    edit = TrackEdit(pieces, fade_in_s, fade_out_s, gain_db(track, dialogue_lufs))
    return Proposal(edit, kind, entry_s, sounds_s, rounds, bars, hits)


def sounding_s(track: TrackAnalysis) -> float:
    """Where the track's sound ends: silence behind it is not music."""
    if not track.energy_db:
        return track.duration_s
    levels = np.asarray(track.energy_db)
    heard = np.flatnonzero(levels > max(float(np.percentile(levels, 95)) - _TAIL_DB, -80.0))
    return min(float(heard[-1]) + 1.0, track.duration_s) if len(heard) else track.duration_s


def gain_db(track: TrackAnalysis, dialogue_lufs: float | None) -> float:
    """What brings the track to where music lies between lines (ducks take it down under them); 0 without loudness."""
    if track.loudness_lufs is None:
        return 0.0
    wanted = (DIALOGUE_LUFS if dialogue_lufs is None else dialogue_lufs) + IN_THE_CLEAR_LU
    return round(min(max(wanted - track.loudness_lufs, _GAIN_DB[0]), _GAIN_DB[1]), 1)


def _entry(track: TrackAnalysis, cue: Cue) -> tuple[float, int]:
    """Where the track is entered, and how many hit points then fall on its beats.

    At the first downbeat (or beat); at a later one, or between beats under a fade-in, where that meets more hits.
    """
    bars = track.downbeats_s or track.beats_s
    plain = bars[0] if bars and bars[0] < min(4.0, sounding_s(track) / 2) else 0.0
    if not track.beats_s or not cue.hits:
        return plain, 0
    end_s = sounding_s(track)
    later = [t for t in bars[:_ENTRIES] if end_s - t >= min(cue.duration_s, end_s / 2)]
    entries = [plain, *(t for t in later if t != plain)]
    if cue.fades.in_s >= 0.3:
        strongest = max(cue.hits, key=lambda hit: (hit.strength, -hit.time_s)).time_s - cue.in_s
        entries += [t - strongest for t in (*later, *bars) if 0 <= t - strongest < 8.0]
    beats = np.asarray(track.beats_s)
    best = max(entries, key=lambda t: (_met(beats, t, cue)[0], -abs(t - plain)))
    return round(best, 4), _met(beats, best, cue)[1]


def _ending(track: TrackAnalysis, end_s: float, wanted_s: float) -> float:
    """The first beat from which the track's ending fits into `wanted_s`; that long before the end without beats."""
    latest = end_s - wanted_s
    return next((t for t in track.beats_s if latest <= t <= end_s - wanted_s / 2), latest)


def _met(beats: np.ndarray[tuple[int], np.dtype[np.float64]], entry_s: float, cue: Cue) -> tuple[float, int]:
    """Strength and number of the hit points within HIT_S of a beat, for a track entered at `entry_s`."""
    met: list[HitPoint] = []
    for hit in cue.hits:
        at = entry_s + hit.time_s - cue.in_s
        if float(np.min(np.abs(beats - at))) <= HIT_S:
            met.append(hit)
    return round(sum(hit.strength for hit in met), 3), len(met)


_Cut = tuple[str, list[tuple[float, float]], int, int]


def _shortened(track: TrackAnalysis, entry_s: float, end_s: float, wanted_s: float) -> _Cut:
    """Opening and ending joined at two downbeats of about the same level; a fade where there are none."""
    marks = [t for t in (track.downbeats_s or track.beats_s) if entry_s + _PIECE_S <= t <= end_s - _PIECE_S]
    best: tuple[float, float, float] | None = None
    for out in marks:
        # Where the ending has to come in for the whole to be up to 1.5 s shorter than the cue, or .3 s longer.
        exact = (out - entry_s) + end_s - wanted_s
        for back in marks[bisect_left(marks, exact - 0.3) : bisect_right(marks, exact + 1.5)]:
            if back <= out:
                continue
            short = back - exact
            apart = abs(_energy(track, out) - _energy(track, back))
            # An early end is heard more than a step in level; the join is best late, when the opening is forgotten.
            cost = abs(short) + 2 * apart + 0.5 * (1 - (out - entry_s) / wanted_s)
            if best is None or cost < best[0]:
                best = (cost, out, back)
    if best is None:
        return "faded", [(entry_s, entry_s + wanted_s)], 0, 0
    _, out, back = best
    return "shortened", [(entry_s, out), (back, end_s)], 0, 0


def _energy(track: TrackAnalysis, time_s: float) -> float:
    """Felt loudness 0..1 of the track around a time."""
    part = next((s for s in track.sections if s.start_s <= time_s < s.end_s), None)
    return part.energy if part else 0.5


def _looped(track: TrackAnalysis, entry_s: float, end_s: float, wanted_s: float) -> _Cut:
    """The likest loop gone round until the track's own ending falls near the cue's end, or as often as it takes."""
    best: tuple[float, Loop, int] | None = None
    for loop in track.loops:
        long_s = loop.end_s - loop.start_s
        if loop.end_s <= entry_s + 0.5 or long_s <= 0.5:
            continue
        missing = wanted_s - (end_s - entry_s)
        for rounds in {max(math.floor(missing / long_s), 1), math.ceil(missing / long_s)}:
            over = rounds * long_s - missing
            # What is too long is faded out and loses its ending; what is too short ends early.
            cost = (over / 10 + 0.2 if over > 0.3 else -over) + 2 * (1 - loop.likeness) + 0.1 * rounds
            if rounds <= _ROUNDS and (best is None or cost < best[0]):
                best = (cost, loop, rounds)
    if best is None:
        return "short", [(entry_s, end_s)], 0, 0
    _, loop, rounds = best
    again = [(loop.start_s, loop.end_s)] * (rounds - 1)
    return "looped", [(entry_s, loop.end_s), *again, (loop.start_s, end_s)], rounds, loop.bars


def _laid(spans: Sequence[tuple[float, float]], cue: Cue) -> tuple[EditPiece, ...]:
    """Spans of the track one after another from the cue's in, cut off at its out."""
    pieces = []
    at_s = cue.in_s
    for number, (start_s, end_s) in enumerate(spans):
        join_s = min(JOIN_S, start_s) if number else 0.0
        length = min(end_s - start_s, cue.out_s - at_s)
        if length <= 0:
            break
        piece = EditPiece(at_s - join_s, start_s - join_s, start_s + length, join_s)
        pieces.append(EditPiece(*(round(value, 4) for value in (piece.at_s, piece.start_s, piece.end_s, piece.join_s))))
        at_s += length
    return tuple(pieces)


def _fades(track: TrackAnalysis, cue: Cue, entry_s: float, sounds_s: float, cut: bool) -> tuple[float, float]:
    """Fades of the cue; at its end only where the music is `cut`. A cut into the running music gets a short one."""
    half = sounds_s / 2
    own_start = entry_s <= (track.beats_s[0] if track.beats_s else 0.0) + 0.05
    fade_in = cue.fades.in_s or (0.0 if own_start else 0.05)
    fade_out = cue.fades.out_s or _FADE_S if cut else 0.0
    return round(min(fade_in, half), 3), round(min(fade_out, half), 3)


def joins(edit: TrackEdit) -> list[float]:
    """Times of the recording at which one piece gives way to the next."""
    return [after.at_s + after.join_s for _, after in itertools.pairwise(edit.pieces)]
