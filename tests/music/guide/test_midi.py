"""The MIDI file, read back by mido: every time to a millisecond, bars where they are, the same bytes twice."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import mido
import pytest
from cue_strategies import cues
from hypothesis import given

from audiopost.core.errors import BadValue
from audiopost.core.spotting import Cue, HitPoint, TempoFit
from audiopost.music.guide import compose, guide_midi
from audiopost.music.guide.grid import grid_of

ROOT = Path(__file__).parents[3]


def read(data: bytes) -> mido.MidiFile:
    return mido.MidiFile(file=io.BytesIO(data), charset="utf-8")


def timed(file: mido.MidiFile) -> list[tuple[float, mido.Message]]:
    """All messages with their times in seconds, as mido counts them by the tempo map."""
    now, found = 0.0, []
    for message in file:
        now += message.time
        found.append((now, message))
    return found


def bar_lines(file: mido.MidiFile) -> list[float]:
    """The times of bar lines, counted from the time signatures as a sequencer does."""
    tempi, metres, end = [], [], 0
    tick = 0
    for message in file.tracks[0]:
        tick += message.time
        if message.type == "set_tempo":
            tempi.append((tick, message.tempo))
        if message.type == "time_signature":
            metres.append((tick, message.numerator, message.denominator))
        end = tick
    lines, at = [], 0
    while at < end:
        _, over, under = [m for m in metres if m[0] <= at][-1]
        lines.append(at)
        at += file.ticks_per_beat * 4 * over // under

    def seconds(tick: int) -> float:
        total = 0.0
        for (start, tempo), stop in zip(tempi, [*(t for t, _ in tempi[1:]), 1 << 40], strict=True):
            total += max(0, min(tick, stop) - start) * tempo / 1e6 / file.ticks_per_beat
        return total

    return [seconds(line) for line in lines]


@given(cues())
def test_times_survive_to_a_millisecond(cue: Cue) -> None:
    score, file = compose(cue), read(guide_midi(cue))
    found = timed(file)
    starts = sorted((m.note, t) for t, m in found if m.type == "note_on")
    wanted = sorted((note.pitch, note.start_s) for note in score.notes)
    assert [pitch for pitch, _ in starts] == [pitch for pitch, _ in wanted]
    assert max(abs(a - b) for (_, a), (_, b) in zip(starts, wanted, strict=True)) < 1e-3
    ends = sorted((m.note, t) for t, m in found if m.type == "note_off")
    wanted = sorted((note.pitch, note.end_s) for note in score.notes)
    assert max(abs(a - b) for (_, a), (_, b) in zip(ends, wanted, strict=True)) < 1.1e-3
    markers = [t for t, m in found if m.type == "marker"]
    assert markers == pytest.approx(sorted(hit.time_s - cue.in_s for hit in cue.hits), abs=1e-3)
    assert file.length == pytest.approx(cue.duration_s, abs=1e-3)


@given(cues())
def test_bars_of_the_file_are_bars_of_the_cue(cue: Cue) -> None:
    grid = grid_of(cue)
    lines = bar_lines(read(guide_midi(cue)))
    if grid.first_s > 5e-4:
        assert lines[0] == 0.0
        lines = lines[1:]
    for line, bar in zip(lines, grid.bars(), strict=False):
        assert line == pytest.approx(bar, abs=5e-4)
    assert len(lines) == pytest.approx(len(grid.bars()), abs=1)


@pytest.mark.parametrize("bpm", [60.0, 89.7, 133.333, 219.9])
def test_ten_minutes_do_not_drift(calm: Cue, bpm: float) -> None:
    cue = replace(calm, out_s=610.0, tempo=TempoFit(bpm, 10.0, 0, 0), hits=(HitPoint(609.0, "end", 1.0),))
    file = read(guide_midi(cue))
    score = compose(cue)
    starts = sorted((m.note, t) for t, m in timed(file) if m.type == "note_on")
    wanted = sorted((note.pitch, note.start_s) for note in score.notes)
    assert max(abs(a - b) for (_, a), (_, b) in zip(starts, wanted, strict=True)) < 1e-3
    assert sum(m.type == "set_tempo" for m in file.tracks[0]) < 40
    assert max(abs(a - b) for a, b in zip(bar_lines(file), grid_of(cue).bars(), strict=True)) < 5e-4


def test_it_says_what_it_is(calm: Cue) -> None:
    file = read(guide_midi(replace(calm, hits=(HitPoint(36.1, "她\n抬頭\x00\udcff", 0.6),))))
    names = [m.name for track in file.tracks for m in track if m.type == "track_name"]
    assert names == ["guide 1m01", "guide pad", "guide figure", "guide melody", "guide bass", "guide accent"]
    conductor = {m.type: m for m in reversed(file.tracks[0])}
    assert conductor["key_signature"].key == "D"
    assert conductor["marker"].text == "她 抬頭"
    metres = [(m.numerator, m.denominator) for m in file.tracks[0] if m.type == "time_signature"]
    assert metres[-1] == (4, 4)
    assert [round(mido.tempo2bpm(m.tempo), 2) for m in file.tracks[0] if m.type == "set_tempo"][-1] == 72.0
    programs = [m.program for track in file.tracks for m in track if m.type == "program_change"]
    assert programs == [48, 0, 0, 43, 47]


def test_drums_are_on_their_channel_and_no_other_part(tense: Cue) -> None:
    file = read(guide_midi(tense))
    channels = {
        track.name: {m.channel for m in track if m.type in ("note_on", "program_change")} for track in file.tracks[1:]
    }
    assert channels.pop("guide pulse") == {9}
    assert all(len(used) == 1 and used != {9} for used in channels.values())
    assert len(set().union(*channels.values())) == len(channels)


def test_an_upbeat_keeps_near_the_tempo(calm: Cue) -> None:
    for upbeat in (0.09, 0.21, 0.4167, 0.8333, 1.3, 2.7):
        file = read(guide_midi(replace(calm, tempo=TempoFit(72.0, 10.0 + upbeat, 0, 0))))
        first, *_ = (m.tempo for m in file.tracks[0] if m.type == "set_tempo")
        assert 72 / 1.5 < mido.tempo2bpm(first) < 72 * 1.5
        assert bar_lines(file)[1] == pytest.approx(upbeat, abs=5e-4)


def test_two_processes_write_the_same_bytes() -> None:
    script = (
        "import sys; from audiopost.core.spotting import Cue; from audiopost.music.guide import guide_midi;"
        "cue = Cue(1, 10.0, 40.0, 'underscore', 'joy', (90, 100), 'major', ('piano',), '', 1);"
        "sys.stdout.buffer.write(guide_midi(cue))"
    )
    runs = []
    for seed in ("1", "2"):
        env = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        runs.append(subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, env=env).stdout)
    assert runs[0] == runs[1]
    assert runs[0][:4] == b"MThd"


def test_silence_has_no_file(calm: Cue) -> None:
    with pytest.raises(BadValue, match="silence on purpose"):
        guide_midi(replace(calm, function="silence"))
