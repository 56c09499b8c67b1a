"""Edits that a music editor would make, out of what is known of a track."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiopost.core.music import Loop, Section, TrackAnalysis
from audiopost.core.spotting import Cue, Fades, HitPoint
from audiopost.music import edits
from audiopost.music.edits import propose

BEAT_S, FIRST_S = 0.5, 0.25


def track(seconds: float, **more: object) -> TrackAnalysis:
    """120 BPM in four from FIRST_S on, even in level."""
    beats = tuple(round(FIRST_S + BEAT_S * n, 4) for n in range(int((seconds - FIRST_S) / BEAT_S) + 1))
    known = {
        "duration_s": seconds, "bpm": 120.0, "bpm_confidence": 1.0, "beats_s": beats, "metre": 4,
        "downbeats_s": beats[::4], "energy_db": (-20.0,) * math.ceil(seconds), "loudness_lufs": -16.0,
        "sections": (Section(0.0, seconds, 0.9),),
    }  # fmt: skip
    return TrackAnalysis(**{**known, **more})


def cue(seconds: float, *, at: float = 100.0, function: str = "underscore", **more: object) -> Cue:
    return Cue(1, at, at + seconds, function, "sadness", (110, 130), "minor", (), "", 0.8, **more)


def on(marks: tuple[float, ...], time_s: float) -> bool:
    return min(abs(mark - time_s) for mark in marks) < 1e-3


def test_a_track_as_long_as_the_cue_is_laid_whole_and_keeps_its_ending():
    found = propose(track(46.25), cue(46.0))
    assert found.kind == "whole"
    (piece,) = found.edit.pieces
    assert (piece.at_s, piece.start_s, piece.end_s) == (100.0, FIRST_S, 46.25)
    assert (found.edit.fade_in_s, found.edit.fade_out_s) == (0.0, 0.0)


def test_a_button_takes_the_tracks_own_ending_from_a_beat():
    found = propose(track(60.25), cue(3.2, function="button"))
    (piece,) = found.edit.pieces
    assert (found.kind, piece.start_s, piece.end_s) == ("ending", 57.25, 60.25)
    assert found.edit.fade_out_s == 0.0
    plain = propose(track(60.25, beats_s=(), downbeats_s=()), cue(3.2, function="button"))
    assert plain.edit.pieces[0].start_s == pytest.approx(57.05)


def test_a_little_short_is_left_to_end_early():
    found = propose(track(44.25), cue(46.0))
    assert (found.kind, found.sounds_s) == ("early", 44.0)
    assert found.edit.fade_out_s == 0.0


def test_too_long_keeps_opening_and_ending_joined_on_downbeats():
    long = track(120.25)
    found = propose(long, cue(46.0, fades=Fades(1.0, 3.0, "linear", "exponential")))
    assert found.kind == "shortened"
    first, last = found.edit.pieces
    assert last.end_s == 120.25
    assert on(long.downbeats_s, first.end_s)
    assert on(long.downbeats_s, last.start_s + last.join_s)
    assert last.at_s + last.join_s == pytest.approx(first.at_s + first.end_s - first.start_s)
    assert -1.5 <= found.sounds_s - 46.0 <= 1e-6
    assert found.edit.fade_out_s == 0.0  # it has its own ending
    assert edits.joins(found.edit) == [pytest.approx(last.at_s + last.join_s)]


def test_a_join_prefers_the_same_level_on_both_sides():
    parts = (Section(0, 40, 0.2), Section(40, 80, 1.0), Section(80, 120.25, 0.2))
    first, last = propose(track(120.25, sections=parts), cue(60.0)).edit.pieces
    level = {edits._energy(track(120.25, sections=parts), t) for t in (first.end_s - 0.1, last.start_s + 0.1)}
    assert level == {0.2}


def test_without_beats_a_long_track_is_faded():
    found = propose(track(120.0, bpm=None, beats_s=(), downbeats_s=(), metre=None), cue(46.0, fades=Fades(0, 4.0)))
    assert found.kind == "faded"
    (piece,) = found.edit.pieces
    assert (piece.start_s, piece.end_s) == (0.0, 46.0)
    assert found.edit.fade_out_s == 4.0
    assert propose(track(120.0, beats_s=(), downbeats_s=()), cue(46.0)).edit.fade_out_s == 2.0  # a cut needs some


def test_too_short_goes_round_by_its_likest_loop():
    loops = (Loop(4.25, 12.25, 4, 0.95), Loop(2.25, 6.25, 2, 0.7))
    found = propose(track(20.25, loops=loops), cue(44.0))
    assert (found.kind, found.bars, found.rounds) == ("looped", 4, 3)
    spans = [(p.start_s + p.join_s, p.end_s) for p in found.edit.pieces]
    assert spans == [(0.25, 12.25), (4.25, 12.25), (4.25, 12.25), (4.25, 20.25)]
    assert found.sounds_s == 44.0
    assert found.edit.fade_out_s == 0.0  # the last round brings its own ending
    over = propose(track(20.25, loops=loops[:1]), cue(42.0, fades=Fades(0.0, 3.0, "cut", "linear")))
    assert (over.rounds, over.edit.fade_out_s) == (3, 3.0)  # cut off before that


def test_too_short_without_a_loop_says_so():
    found = propose(track(12.25), cue(46.0))
    assert (found.kind, found.sounds_s) == ("short", 12.0)


def test_silence_at_the_end_is_not_music():
    quiet = track(60.25, energy_db=(-20.0,) * 40 + (-90.0,) * 21)
    assert edits.sounding_s(quiet) == 40.0
    assert propose(quiet, cue(39.75)).kind == "whole"


def test_gain_brings_the_track_to_where_music_lies_between_lines():
    assert propose(track(30), cue(10.0, level_lu=-12.0), dialogue_lufs=-24.0).edit.gain_db == -12.0
    assert propose(track(30), cue(10.0, level_lu=-15.0)).edit.gain_db == -11.0  # R 128's -23
    assert propose(track(30, loudness_lufs=None), cue(10.0)).edit.gain_db == 0.0
    assert propose(track(30, loudness_lufs=-70.0), cue(10.0)).edit.gain_db == 12.0


def test_a_hit_point_between_beats_is_met_by_entering_elsewhere():
    hit = HitPoint(100 + 4.2, "door", 1.0)
    assert propose(track(60), cue(30.0, hits=(hit,))).hits == 0  # 4.2 s is no whole number of beats
    moved = propose(track(60), cue(30.0, hits=(hit,), fades=Fades(1.0, 0.0, "linear", "cut")))
    assert moved.hits == 1
    assert on(track(60).beats_s, moved.entry_s + 4.2)
    on_beat = propose(track(60), cue(30.0, hits=(HitPoint(104.0, "door", 1.0),)))
    assert (on_beat.hits, on_beat.entry_s) == (1, FIRST_S)


@given(
    seconds=st.floats(0.2, 300), wanted=st.floats(0.3, 200), pulse=st.booleans(), loop=st.booleans(),
    hit=st.floats(0, 1), fade=st.floats(0, 5),
)  # fmt: skip
def test_every_edit_is_in_one_piece_and_inside_track_and_cue(seconds, wanted, pulse, loop, hit, fade):
    more = {} if pulse else {"beats_s": (), "downbeats_s": (), "bpm": None}
    if loop and seconds > 10:
        more["loops"] = (Loop(2.25, 6.25, 2, 0.9),)
    known = track(seconds, **more)
    hits = (HitPoint(100 + hit * wanted, "hit", 0.5),)
    found = propose(known, cue(wanted, hits=hits, fades=Fades(fade, fade, "linear", "linear")))
    pieces = found.edit.pieces
    assert pieces[0].at_s == 100.0
    for before, after in itertools.pairwise(pieces):
        assert after.at_s + after.join_s == pytest.approx(before.at_s + before.end_s - before.start_s, abs=2e-3)
    for piece in pieces:
        assert 0 <= piece.start_s < piece.end_s <= known.duration_s + 1e-3
        assert piece.at_s + piece.end_s - piece.start_s <= 100 + wanted + 1e-2
    assert found.edit.fade_in_s + found.edit.fade_out_s <= found.sounds_s + 1e-2
    if found.kind in ("whole", "faded"):
        assert found.sounds_s == pytest.approx(wanted, abs=0.06)
