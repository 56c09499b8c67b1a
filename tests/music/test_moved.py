"""Edits that follow their cue."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from audiopost.core.music import EditPiece, TrackEdit
from audiopost.core.spotting import Cue, Fades
from audiopost.music.moved import moved

CUE = Cue(1, 10.0, 40.0, "underscore", "sadness", (60, 70), "minor", (), "why", 0.5, fades=Fades(1.0, 3.0))
EDIT = TrackEdit((EditPiece(10.0, 2.0, 22.0), EditPiece(30.0, 50.0, 60.0, 0.02)), 1.0, 3.0, -6.0)


@given(in_s=st.floats(0, 100), length_s=st.floats(0.1, 60))
def test_a_moved_cue_keeps_its_cut_of_the_track(in_s: float, length_s: float) -> None:
    after = replace(CUE, in_s=in_s, out_s=in_s + length_s)
    new = moved(EDIT, CUE, after)
    assert abs(new.pieces[0].at_s - in_s) < 1e-5
    assert new.pieces[0].start_s == 2.0
    for piece in new.pieces:
        assert piece.start_s < piece.end_s
        assert piece.at_s + piece.end_s - piece.start_s <= after.out_s + 1e-5
    assert len(new.pieces) == (2 if length_s > 20.00001 else 1) or abs(length_s - 20) < 1e-4
    assert (new.gain_db, new.fade_in_s) == (-6.0, 1.0)


def test_what_ended_by_itself_fades_where_it_is_cut_off() -> None:
    own = replace(EDIT, fade_out_s=0.0)
    assert moved(own, CUE, replace(CUE, in_s=12.0, out_s=42.0)).fade_out_s == 0.0
    assert moved(own, CUE, replace(CUE, out_s=39.0)).fade_out_s == 3.0
    assert moved(own, CUE, replace(CUE, out_s=29.0)).fade_out_s == 3.0
    assert moved(own, CUE, replace(CUE, out_s=12.0)).fade_out_s == 2.0


def test_a_track_that_was_put_in_plays_from_its_start() -> None:
    assert moved(TrackEdit(()), None, CUE) == TrackEdit((EditPiece(10.0, 0.0, 30.0),), 0.0, 3.0)


def test_without_what_was_before_the_edit_itself_tells_how_far() -> None:
    assert moved(EDIT, None, replace(CUE, in_s=12.0, out_s=42.0)).pieces[1].at_s == 32.0
