"""A cue whose times a person has changed: what depends on them is fitted to the new ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ...core.music import TrackMatch
from ...core.spotting import Cue, Duck, Fades
from ...core.time import FrameRate, Span, merge_spans
from ...music.hits import fit_tempo
from ...music.moved import moved
from .sync import ducks
from .words import Words


def refitted(
    cue: Cue, before: Cue | None, speech: Sequence[Span], rate: FrameRate, words: Words
) -> tuple[Cue, tuple[str, ...]]:
    """`cue` with ducks, fades, hit points, curve and tempo that suit its times, and what of that a person should know.

    Unchanged where its times, tempo range and hit points are those of `before`; music that was there keeps its own
    tempo. Ducks are drawn anew only where `speech` is known, else cut to the cue.
    """
    hits = tuple(hit for hit in cue.hits if cue.in_s <= hit.time_s < cue.out_s)
    cue = replace(cue, tracks=tuple(_followed(match, cue, before, rate) for match in cue.tracks))
    if before is not None and _same(cue, before, rate) and len(hits) == len(cue.hits):
        return cue, ()
    sounding = cue.status != "existing" and cue.function != "silence" and cue.tempo_bpm[1] > 0
    tempo = cue.tempo if cue.status == "existing" else None
    if hits and sounding:
        tempo, hits = fit_tempo(hits, cue.tempo_bpm, rate, start_s=cue.in_s)
    new = replace(
        cue,
        hits=hits,
        tempo=tempo,
        ducks=_ducks(cue, speech, rate) if sounding else cue.ducks,
        fades=_fades(cue),
        curve=tuple(point for point in cue.curve if cue.in_s <= point.time_s <= cue.out_s) or cue.curve[:1],
    )
    lost = len(cue.hits) - len(hits)
    if lost:
        return new, (words.say("edited_hits", label=cue.label, count=lost),)
    moved = before is not None and not _same(cue, before, rate)
    return new, (words.say("edited_refit", label=cue.label),) if moved else ()


def _followed(match: TrackMatch, cue: Cue, before: Cue | None, rate: FrameRate) -> TrackMatch:
    """A track whose edit lies where the cue does, also where the sheet that moved it is all that is known."""
    pieces = match.edit.pieces
    if pieces and before is not None and _same(cue, before, rate):
        return match
    return replace(match, edit=moved(match.edit, before, cue))


def _same(cue: Cue, before: Cue, rate: FrameRate) -> bool:
    """Whether nothing has changed that tempo, ducks and fades hang on; a sheet keeps times to the frame."""
    times = [(rate.frame_at(each.in_s), rate.frame_at(each.out_s)) for each in (cue, before)]
    struck = [[(rate.frame_at(h.time_s), round(h.strength, 2)) for h in each.hits] for each in (cue, before)]
    return times[0] == times[1] and struck[0] == struck[1] and cue.tempo_bpm == before.tempo_bpm


def _ducks(cue: Cue, speech: Sequence[Span], rate: FrameRate) -> tuple[Duck, ...]:
    if speech:
        return ducks(merge_spans(list(speech)), cue.in_s, cue.out_s, cue.level_lu, rate)
    cut = (replace(d, start_s=max(d.start_s, cue.in_s), end_s=min(d.end_s, cue.out_s)) for d in cue.ducks)
    return tuple(duck for duck in cut if duck.end_s > duck.start_s)


def _fades(cue: Cue) -> Fades:
    """Fades that the cue has room for, in their old proportion."""
    both, length = cue.fades.in_s + cue.fades.out_s, cue.out_s - cue.in_s
    if both <= length:
        return cue.fades
    return replace(cue.fades, in_s=cue.fades.in_s * length / both, out_s=cue.fades.out_s * length / both)
