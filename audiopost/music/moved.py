"""Edits of tracks that follow their cue where a person has moved it, or has put in a track without an edit."""

from __future__ import annotations

from dataclasses import replace

from ..core.music import EditPiece, TrackEdit
from ..core.spotting import Cue


def moved(edit: TrackEdit, before: Cue | None, after: Cue) -> TrackEdit:
    """`edit`, made for `before`, as it lies under `after`: it begins with the cue and is cut at its out.

    An edit without pieces is the track from its start. A cue that has become longer than the edit ends in silence: a
    library proposes a new edit, this does not look into the track.
    """
    if not edit.pieces:
        length_s = after.duration_s
        return replace(
            edit, pieces=(EditPiece(after.in_s, 0.0, length_s),), fade_out_s=min(after.fades.out_s, length_s)
        )
    by_s = after.in_s - (before.in_s if before is not None else edit.pieces[0].at_s)
    shifted = [replace(piece, at_s=round(piece.at_s + by_s, 6)) for piece in edit.pieces]
    pieces = tuple(
        replace(piece, end_s=round(min(piece.end_s, piece.start_s + after.out_s - piece.at_s), 6))
        for piece in shifted
        if piece.at_s < after.out_s
    )
    # What ended by itself and is now cut off fades as its cue does.
    cut = len(pieces) < len(shifted) or pieces[-1].end_s < shifted[-1].end_s - 1e-3
    fade_out_s = edit.fade_out_s or (min(after.fades.out_s, after.duration_s) if cut else 0.0)
    return replace(edit, pieces=pieces, fade_out_s=fade_out_s)
