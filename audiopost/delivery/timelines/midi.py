"""A Standard MIDI File with a tempo map and markers, which Pro Tools, Logic and Cubase import.

Where a cue has a fitted tempo, its beats are the map's: beat 1 falls on a bar line at its time, and the hit points lie
on the beats that the cue sheet names. Between cues the map counts at about 120 beats a minute, stretched so that the
next cue's first bar begins on time; bars that do not come out get a shorter last bar. Positions are computed from the
microseconds that the file holds, so that rounding does not add up.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from ...core.music import Metre
from ...core.spotting import Cue
from ...core.time import FrameRate
from ...io.atomic import write_bytes
from ..spotting import Spotting
from .marks import hits, regions

#: Ticks of a quarter note; a tick is half a millisecond at 120 beats a minute.
TICKS = 960
_SIXTEENTH = TICKS // 4
#: Seconds of a sixteenth where no cue counts (120 beats a minute), and bars of how many sixteenths.
_IDLE_S, _IDLE_BAR = Fraction(1, 8), 16
_MICRO = 1_000_000
#: A gap that no tempo fills: the bar begins that much early, a fraction of a frame.
_LEAST_S = Fraction(15, 1000)
#: Frame rates that the SMPTE offset event knows (RP-004): 23.976 counts as 24.
_SMPTE = {24: 24, 25: 25, 30: 30, 48: 24, 50: 25, 60: 30}


@dataclass(frozen=True)
class _Change:
    """From `tick`, which sounds at `time_s`: microseconds a quarter, and a signature where it changes."""

    tick: int
    time_s: Fraction
    micro: int
    signature: tuple[int, int]

    def tick_at(self, time_s: Fraction) -> int:
        return self.tick + round((time_s - self.time_s) * _MICRO / self.micro * TICKS)

    def time_at(self, tick: int) -> Fraction:
        return self.time_s + Fraction((tick - self.tick) * self.micro, TICKS * _MICRO)


def tempo_map(spotting: Spotting) -> list[_Change]:
    """The changes of tempo and metre from 0 to the end, in order. Cues that overlap a counted one do not count."""
    changes: list[_Change] = []
    tick, now = 0, Fraction(0)
    for start, until, cue in _counted(spotting):
        if start - now > _LEAST_S:
            changes += _idle(tick, now, start)
            now, tick = _end_of(changes, start)
        changes.append(_Change(tick, now, _micro(cue), _signature(cue.metre)))
        bars = -(-(changes[-1].tick_at(until) - tick) // _bar(changes[-1].signature))
        tick += max(bars, 1) * _bar(changes[-1].signature)
        now = changes[-1].time_at(tick)
    return [*changes, _Change(tick, now, int(_IDLE_S * 4 * _MICRO), (4, 4))]


def _counted(spotting: Spotting) -> Iterator[tuple[Fraction, Fraction, Cue]]:
    """First beat, end and cue of those that count. One that begins before the last bar of another is over does not."""
    busy = Fraction(0)
    for mark in regions(spotting):
        fit = mark.cue.tempo
        if fit is None or not 1 <= fit.bpm <= 999:
            continue
        start, until = Fraction(fit.first_beat_s), Fraction(max(mark.cue.out_s, fit.first_beat_s))
        if start >= busy:
            yield start, until, mark.cue
            bar_s = Fraction(_bar(_signature(mark.cue.metre)) * _micro(mark.cue), TICKS * _MICRO)
            busy = start + -(-(until - start) // bar_s) * bar_s


def _idle(tick: int, start: Fraction, end: Fraction) -> Iterator[_Change]:
    """The bars between: sixteenths that fill the time, four to a beat; what is left over is a bar of its own."""
    count = max(1, round((end - start) / _IDLE_S))
    micro = max(round((end - start) * 4 * _MICRO / count), 1)
    whole, rest = divmod(count, _IDLE_BAR)
    if whole:
        yield _Change(tick, start, micro, (4, 4))
    if rest:
        last = tick + whole * _IDLE_BAR * _SIXTEENTH
        yield _Change(last, start + Fraction(whole * _IDLE_BAR * micro, 4 * _MICRO), micro, (rest, 16))


def _end_of(changes: list[_Change], start: Fraction) -> tuple[Fraction, int]:
    """Time and tick where the idle bars end, which is at `start` but for the rounding of their tempo."""
    last = changes[-1]
    tick = last.tick + round((start - last.time_s) * 4 * _MICRO / last.micro) * _SIXTEENTH
    return last.time_at(tick), tick


def _signature(metre: str) -> tuple[int, int]:
    found = Metre.parse(metre)
    return found.numerator, found.denominator


def _bar(signature: tuple[int, int]) -> int:
    return TICKS * 4 * signature[0] // signature[1]


def _micro(cue: Cue) -> int:
    """Microseconds a quarter note."""
    bpm = cue.tempo.bpm if cue.tempo else 120.0
    return round(60 * _MICRO / (bpm * float(Metre.parse(cue.metre).quarters)))


def midi(spotting: Spotting) -> bytes:
    """Type 1, one track: the programme's SMPTE start, the tempo map, markers at cues' ins and outs and at hit points.

    Texts are UTF-8.
    """
    import mido

    changes = tempo_map(spotting)
    events: list[tuple[int, int, Any]] = []
    before: tuple[int, int] | None = None
    for change in changes:
        events.append((change.tick, 1, mido.MetaMessage("set_tempo", tempo=change.micro)))
        if change.signature != before:
            upper, lower = before = change.signature
            message = mido.MetaMessage("time_signature", numerator=upper, denominator=lower)
            events.append((change.tick, 0, message))
    rate = spotting.timebase.rate
    for frame, name in _points(spotting):
        events.append((_tick(changes, frame / rate.fraction), 2, mido.MetaMessage("marker", text=name)))
    track = mido.MidiTrack([mido.MetaMessage("track_name", name=spotting.name), _offset(spotting)])
    at = 0
    for tick, _, message in sorted(events, key=lambda event: event[:2]):
        track.append(message.copy(time=tick - at))
        at = tick
    end = max(_tick(changes, rate.frame_at(spotting.end_s) / rate.fraction), at)
    track.append(mido.MetaMessage("end_of_track", time=end - at))
    file, data = mido.MidiFile(type=1, ticks_per_beat=TICKS, charset="utf-8"), io.BytesIO()
    file.tracks.append(track)
    file.save(file=data)
    return data.getvalue()


def _tick(changes: list[_Change], time_s: Fraction) -> int:
    return next((c for c in reversed(changes) if c.time_s <= time_s), changes[0]).tick_at(time_s)


def _points(spotting: Spotting) -> list[tuple[int, str]]:
    points = [(mark.start, mark.name) for mark in (*regions(spotting), *hits(spotting))]
    return sorted([*points, *((mark.end, f"{mark.cue.label} out") for mark in regions(spotting))])


def _offset(spotting: Spotting) -> Any:
    import mido

    rate: FrameRate = spotting.timebase.rate
    hours, minutes, seconds, frames = (int(part) for part in re.split("[:;.]", spotting.timebase.start_timecode))
    shown = 29.97 if rate.drop_frame else _SMPTE.get(rate.nominal, 25)
    scale = rate.nominal // round(shown)
    return mido.MetaMessage(
        "smpte_offset", frame_rate=shown, hours=hours, minutes=minutes, seconds=seconds, frames=frames // max(scale, 1)
    )


def write(path: Path, spotting: Spotting) -> Path:
    """`midi` as a file. Raises OutputError."""
    return write_bytes(path, midi(spotting))
