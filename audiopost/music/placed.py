"""A cue's music on the time line of the recording: a track cut by its edit, faded, in stereo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..core.audio import Audio, FloatArray
from ..core.music import EditPiece, TrackEdit
from ..core.spotting import Cue, Fades
from ..io import layouts
from . import fades

#: A cut into sound, or out of it, takes this long: at once for the ear, but no click.
DECLICK_S = 0.005


@dataclass(frozen=True)
class _Piece:
    """Frames `start` to `stop` of the recording, out of the track from `offset` on; cross-fades at both ends."""

    start: int
    stop: int
    offset: int
    rise: int
    fall: int
    rise_shape: str
    fall_shape: str

    def fade(self, sound: FloatArray, start: int) -> None:
        """Fades frames of the recording from `start` on in place."""
        fades.fade_in(sound, start - self.start, self.rise, self.rise_shape)
        fades.fade_out(sound, self.stop - start, self.fall, self.fall_shape)


class Placed:
    """Source of a cue's music: stereo, frame 0 is that of the recording, silence outside the cue.

    A piece's cross-fade begins where the piece does and takes its `join_s`, equal-power; the piece before goes on
    beneath it, beyond its own end if need be. Without `join_s` pieces that follow each other are joined in 5 ms. The
    edit's fades have the cue's shapes, equal-power where that is a cut. Where the edit reaches beyond the cue, the
    cue's own fades count too. Music that does not fade is cut in 5 ms where the cut falls inside the track. Raises
    UnknownName for a fade shape.
    """

    def __init__(self, track: Audio, edit: TrackEdit, cue: Cue) -> None:
        """`track` at the recording's rate."""
        self._track, self._matrix = track, layouts.to_stereo(track.layout)
        rate = track.rate
        self._pieces = _laid(edit.pieces, rate)
        first = min((p.start for p in self._pieces), default=0)
        last = max((p.stop for p in self._pieces), default=0)
        self.start = max(round(cue.in_s * rate), first)
        self.stop = max(self.start, min(round(cue.out_s * rate), last))
        asked = cue.fades
        fade_in = edit.fade_in_s or (asked.in_s if first < self.start - 1 else 0.0)
        fade_out = edit.fade_out_s or (asked.out_s if last > self.stop + 1 else 0.0)
        in_s, in_shape = _fade(fade_in, asked.in_shape, self._cut_into(self.start, 0))
        out_s, out_shape = _fade(fade_out, asked.out_shape, self._cut_into(self.stop, track.frames))
        self._fades = Fades(in_s, out_s, in_shape, out_shape)
        self._gain = np.float32(10 ** (edit.gain_db / 20))

    def _cut_into(self, frame: int, end: int) -> bool:
        """Whether the music at an end of the cue is not the end of its track."""
        return all(p.offset + frame - p.start != end for p in self._pieces if p.start <= frame <= p.stop)

    @property
    def missing_s(self) -> float:
        """For how long the edit asks for music that the track does not have."""
        short = (max(0, p.offset + p.stop - p.start - self._track.frames) for p in self._pieces)
        return max(short, default=0) / self._track.rate

    def read(self, start: int, stop: int) -> FloatArray:
        """float32 (2, stop - start)."""
        out = np.zeros((2, stop - start), np.float32)
        for piece in self._pieces:
            low, high = max(start, piece.start, self.start), min(stop, piece.stop, self.stop)
            if low < high:
                begin = piece.offset + low - piece.start
                sound = layouts.mixed(self._matrix, self._track.read(begin, begin + high - low))
                piece.fade(sound, low)
                out[:, low - start : high - start] += sound
        fades.fade(out, self._fades, self.stop - self.start, self._track.rate, start - self.start)
        out *= self._gain
        return out


def _laid(pieces: Sequence[EditPiece], rate: int) -> list[_Piece]:
    ordered = sorted((p for p in pieces if p.end_s > p.start_s), key=lambda p: p.at_s)
    starts = [round(p.at_s * rate) for p in ordered]
    stops = [start + round((p.end_s - p.start_s) * rate) for start, p in zip(starts, ordered, strict=True)]
    # Neighbours meet where one begins before the other has ended; a frame between them is how times round.
    meets = [stop + 1 >= start for stop, start in zip(stops, starts[1:], strict=False)]
    joins = [_join(piece, rate) for piece in ordered[1:]]
    for n, (meet, (frames, _)) in enumerate(zip(meets, joins, strict=True)):
        if meet:
            stops[n] = starts[n + 1] + frames
    none = (round(DECLICK_S * rate), "linear")
    rises = [(0, "cut"), *(join if meet else none for join, meet in zip(joins, meets, strict=True))]
    falls = [*rises[1:], (0, "cut")]
    return [
        _Piece(start, stop, round(piece.start_s * rate), rise, fall, rise_shape, fall_shape)
        for piece, start, stop, (rise, rise_shape), (fall, fall_shape) in zip(
            ordered, starts, stops, rises, falls, strict=True
        )
    ]


def _join(piece: EditPiece, rate: int) -> tuple[int, str]:
    # What goes on unbroken sums to itself in a linear cross-fade; an equal-power one would lift it.
    return (
        (round(piece.join_s * rate), "equal-power") if piece.join_s > DECLICK_S else (round(DECLICK_S * rate), "linear")
    )


def _fade(length_s: float, shape: str, cuts: bool) -> tuple[float, str]:
    """Length and shape of a fade; `cuts`: without one there would be a click."""
    if length_s > 0:
        return length_s, "equal-power" if shape == "cut" else shape
    return (DECLICK_S, "linear") if cuts else (0.0, shape)
