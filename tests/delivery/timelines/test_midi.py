"""The tempo map: beats where the cue sheet says, markers on their frames, nothing that a sequencer would refuse."""

from __future__ import annotations

import io
import itertools

import mido
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiopost.core.spotting import Cue, TempoFit
from audiopost.core.time import FrameRate, Timebase
from audiopost.delivery.timelines import marks, midi


def opened(spotting):
    """The file as mido reads it: (seconds, tick, message) of every event."""
    file = mido.MidiFile(file=io.BytesIO(midi.midi(spotting)), charset="utf-8")
    assert (file.type, file.ticks_per_beat, len(file.tracks)) == (1, midi.TICKS, 1)
    events, time_s, tick, tempo = [], 0.0, 0, 500_000
    for message in file.tracks[0]:
        time_s += mido.tick2second(message.time, file.ticks_per_beat, tempo)
        tick += message.time
        tempo = message.tempo if message.type == "set_tempo" else tempo
        events.append((time_s, tick, message))
    return events


def markers(events, rate):
    return sorted((rate.frame_at(time_s), m.text) for time_s, _, m in events if m.type == "marker")


def test_markers_lie_on_their_frames(spotting, timebase):
    events = opened(spotting)
    wanted = [(m.start, m.name) for m in marks.marks(spotting)]
    wanted += [(m.end, f"{m.cue.label} out") for m in marks.regions(spotting)]
    assert markers(events, timebase.rate) == sorted(wanted)
    (offset,) = [m for _, _, m in events if m.type == "smpte_offset"]
    assert (offset.hours, offset.minutes, offset.seconds, offset.frames) == (1, 0, 0, 0)
    assert offset.frame_rate == {"23.976": 24, "25": 25, "29.97df": 29.97}[str(timebase.rate)]
    assert timebase.rate.frame_at(events[-1][0]) == 100_000
    assert [m.name for _, _, m in events if m.type == "track_name"] == ["FILM 電影 <1>"]


def test_beats_of_a_fitted_tempo_are_the_maps(spotting):
    """6/8 at 84.35 dotted quarters: beat 13 comes twelve dotted quarters behind the first, which opens a bar."""
    events = opened(spotting)
    fit = spotting.cues[0].tempo
    starts = [(time_s, tick) for time_s, tick, m in events if m.type == "time_signature" and m.numerator == 6]
    ((time_s, tick),) = starts
    assert time_s == pytest.approx(fit.first_beat_s, abs=0.0005)
    (tempo,) = [m.tempo for at, _, m in events if m.type == "set_tempo" and at == time_s]
    assert 60e6 / tempo == pytest.approx(fit.bpm * 1.5, rel=1e-5)
    later = tick + 12 * midi.TICKS * 3 // 2
    assert time_s + mido.tick2second(later - tick, midi.TICKS, tempo) == pytest.approx(
        fit.first_beat_s + 12 * 60 / fit.bpm, abs=0.001
    )


def test_no_cues_count_at_120():
    from audiopost.delivery.spotting import Spotting

    events = opened(Spotting("x", (), Timebase(), 60.0))
    assert [m.tempo for _, _, m in events if m.type == "set_tempo"] == [500_000]
    assert events[-1][0] == pytest.approx(60.0)


def fitted(number, start_s, length_s, bpm, metre):
    fit = TempoFit(bpm, start_s + 0.137, 0.0, 0.0)
    return Cue(number, start_s, start_s + length_s, "sting", "fear", (60, 80), "", (), "", 0.5, metre=metre, tempo=fit)


@given(
    st.lists(
        st.tuples(
            st.floats(0.02, 600), st.floats(1, 200), st.floats(40, 220),
            st.sampled_from(["4/4", "3/4", "6/8", "7/8", "2/2", "5/4", "12/8", "free"]),
        ),
        min_size=1, max_size=6,
    ),
    st.sampled_from(["23.976", "25", "29.97df"]),
)  # fmt: skip
def test_any_cues_make_a_map_that_keeps_time(make_spotting, drawn, rate):
    base = Timebase(FrameRate.parse(rate), "01:00:00:00")
    cues, at = [], 0.0
    for number, (gap, length, bpm, metre) in enumerate(drawn, 1):
        at += gap
        cues.append(fitted(number, at, length, bpm, metre))
        at += length
    spotting = make_spotting(base, "en", tuple(cues))
    events = opened(spotting)
    wanted = [(m.start, m.name) for m in marks.regions(spotting)]
    wanted += [(m.end, f"{m.cue.label} out") for m in marks.regions(spotting)]
    assert markers(events, base.rate) == sorted(wanted)
    assert all(message.time >= 0 for _, _, message in events)
    changes = midi.tempo_map(spotting)
    assert [c.tick for c in changes] == sorted({c.tick for c in changes})
    tempi = {change.tick: change for change in changes}
    for before, after in itertools.pairwise(changes):
        bar = midi.TICKS * 4 * before.signature[0] // before.signature[1]
        assert (after.tick - before.tick) % bar == 0  # a change opens a bar
    counted = [c for c in cues if any(abs(float(t.time_s) - c.tempo.first_beat_s) < 0.02 for t in tempi.values())]
    assert cues[0] in counted
