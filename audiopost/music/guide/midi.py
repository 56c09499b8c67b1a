"""The score as a Standard MIDI File of type 1: tempo map, metre, key signature, markers, one track a part."""

from __future__ import annotations

import io
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...core.spotting import Cue
from .compose import compose
from .grid import Grid
from .score import Part, Score
from .theory import signature

if TYPE_CHECKING:
    import mido

#: Ticks a quarter: what Pro Tools counts in.
TICKS = 960
#: A tempo is a whole number of microseconds; the map makes good what that adds up to before it is this much.
_DRIFT_S = 2e-4
#: An upbeat shorter than this is none.
_SHORTEST_UPBEAT_S = 5e-4
_DRUMS = 9


@dataclass(frozen=True)
class _Bar:
    """From `tick` and `time_s` on there are `tempo` microseconds a quarter and this time signature."""

    tick: int
    time_s: float
    tempo: int
    metre: tuple[int, int]


def guide_midi(cue: Cue) -> bytes:
    """A cue's guide as a Standard MIDI File whose time 0 is the cue's in. Raises BadValue as `compose` does.

    An upbeat is a bar of its own, so that bars of the file are bars of the cue; its tempo differs a little from the
    cue's where it is no whole number of notes. The file ends with the cue.
    """
    return midi_of(compose(cue))


def midi_of(score: Score) -> bytes:
    """A score as a Standard MIDI File."""
    import mido

    bars = _tempo_map(score.grid)
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS, charset="utf-8")
    file.tracks.append(_conductor(score, bars))
    for channel, part in enumerate(score.parts):
        file.tracks.append(_played(score, part, channel + (channel >= _DRUMS), bars))
    held = io.BytesIO()
    file.save(file=held)
    return held.getvalue()


def _tempo_map(grid: Grid) -> list[_Bar]:
    metre = grid.metre
    quarters = float(metre.quarters) * metre.beats
    usual = round(60e6 / (grid.bpm * float(metre.quarters)))
    bars: list[_Bar] = []
    tick, now = 0, 0.0
    if grid.first_s >= _SHORTEST_UPBEAT_S:
        over, under, tempo = _upbeat(grid)
        bars.append(_Bar(0, 0.0, tempo, (over, under)))
        tick = TICKS * 4 * over // under
        now = tick * tempo / TICKS / 1e6
    signed = (metre.numerator, metre.denominator)
    for start in grid.bars() or [grid.first_s]:
        # What the bar before ran early or late, this one makes good.
        tempo = usual if abs(now - start) < _DRIFT_S else round((start + grid.bar_s - now) / quarters * 1e6)
        bars.append(_Bar(tick, now, tempo, signed))
        tick += round(TICKS * quarters)
        now += quarters * tempo / 1e6
    return bars


def _upbeat(grid: Grid) -> tuple[int, int, int]:
    """Time signature and tempo of a bar as long as the upbeat: the largest notes that leave the tempo within 5 %."""
    quarter = grid.beat_s / float(grid.metre.quarters)
    for under in (4, 8, 16, 32):
        over = max(1, round(grid.first_s / (quarter * 4 / under)))
        if abs(over * quarter * 4 / under / grid.first_s - 1) < 0.05:
            break
    return over, under, round(grid.first_s / (4 * over / under) * 1e6)


def _tick(time_s: float, bars: Sequence[_Bar]) -> int:
    bar = bars[max(0, bisect_right(bars, time_s + 1e-9, key=lambda b: b.time_s) - 1)]
    return max(0, round(bar.tick + (time_s - bar.time_s) * 1e6 / bar.tempo * TICKS))


def _conductor(score: Score, bars: Sequence[_Bar]) -> mido.MidiTrack:
    import mido

    events: list[tuple[int, mido.MetaMessage]] = [
        (0, mido.MetaMessage("track_name", name=f"guide {score.label}")),
        (0, mido.MetaMessage("text", text="A guide by audiopost: a sketch of tempo and mood, no composition")),
        (0, mido.MetaMessage("key_signature", key=signature(score.tonic, score.mode))),
    ]
    tempo, metre = 0, (0, 0)
    for bar in bars:
        if bar.metre != metre:
            events.append((bar.tick, _metre(bar, score.grid)))
        if bar.tempo != tempo:
            events.append((bar.tick, mido.MetaMessage("set_tempo", tempo=bar.tempo)))
        tempo, metre = bar.tempo, bar.metre
    events += [
        (_tick(marker.time_s, bars), mido.MetaMessage("marker", text=_plain(marker.text))) for marker in score.markers
    ]
    return _track(events, _tick(score.duration_s, bars))


def _plain(text: str) -> str:
    """One line without control characters, and without what UTF-8 cannot hold."""
    return "".join(letter for letter in " ".join(text.split()) if letter.isprintable())


def _metre(bar: _Bar, grid: Grid) -> mido.MetaMessage:
    import mido

    over, under = bar.metre
    click = round(24 * float(grid.metre.quarters))
    return mido.MetaMessage("time_signature", numerator=over, denominator=under, clocks_per_click=click)


def _played(score: Score, part: Part, channel: int, bars: Sequence[_Bar]) -> mido.MidiTrack:
    import mido

    events: list[tuple[int, mido.MetaMessage | mido.Message]] = [
        (0, mido.MetaMessage("track_name", name=f"guide {part.name}"))
    ]
    if part.program is None:
        channel = _DRUMS
    else:
        events.append((0, mido.Message("program_change", channel=channel, program=part.program)))
    for note in score.notes:
        if note.part == part.name:
            on, off = _tick(note.start_s, bars), _tick(note.end_s, bars)
            sound = {"channel": channel, "note": note.pitch}
            events.append((on, mido.Message("note_on", velocity=note.velocity, **sound)))
            events.append((max(off, on + 1), mido.Message("note_off", velocity=64, **sound)))
    return _track(events, _tick(score.duration_s, bars))


def _track(events: Sequence[tuple[int, mido.MetaMessage | mido.Message]], end: int) -> mido.MidiTrack:
    """Events at ticks as a track that ends at a tick. Of those at one tick note ends come before note starts."""
    import mido

    track = mido.MidiTrack()
    now = 0
    for tick, message in sorted(events, key=lambda e: (e[0], {"note_off": 0, "note_on": 2}.get(e[1].type, 1))):
        track.append(message.copy(time=tick - now))
        now = tick
    track.append(mido.MetaMessage("end_of_track", time=max(0, end - now)))
    return track
