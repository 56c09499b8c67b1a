"""OpenTimelineIO: cues as clips on music tracks, the accepted tracks beside them, cues and hit points as markers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from ...core.music import EditPiece, TrackInfo
from ...core.spotting import Scene
from ...core.time import FrameRate
from ...io.atomic import write_text
from ..cue_sheet.columns import cue_rows
from ..scene_list import mood, scene_rows
from ..spotting import Spotting
from .marks import Mark, hits, lanes, regions

#: Colours of cues by their status; hit points are red.
_COLOURS = {"accepted": "GREEN", "existing": "PURPLE", "suggested": "CYAN"}


def cue_timeline(spotting: Spotting) -> Any:
    """An opentimelineio Timeline at the recording's frame rate and start timecode, exact to the frame.

    One clip a cue on the audio track "Music"; cues that overlap go to "Music 2" and so on. A clip's metadata under
    "audiopost" is its row of `cue_rows`. Accepted tracks lie on "Tracks" as their edits say. Tracks reach to the
    recording's end.
    """
    import opentimelineio as otio

    rate = spotting.timebase.rate
    timeline = empty_timeline(spotting)
    found = regions(spotting)
    for number, lane in enumerate(lanes(found), 1):
        track = otio.schema.Track("Music" if number == 1 else f"Music {number}", kind=otio.schema.TrackKind.Audio)
        _lay(track, [(mark.start, _clip(mark, spotting)) for mark in lane], rate, spotting.end_s)
        timeline.tracks.append(track)
    pieces = [piece for mark in found for piece in _pieces(mark, rate)]
    for number, laid in enumerate(lanes(pieces), 1):
        track = otio.schema.Track("Tracks" if number == 1 else f"Tracks {number}", kind=otio.schema.TrackKind.Audio)
        _lay(track, [(piece.start, piece.clip) for piece in laid], rate, spotting.end_s)
        timeline.tracks.append(track)
    for mark in [*found, *hits(spotting)]:
        timeline.tracks.markers.append(_marker(mark, rate))
    return timeline


def empty_timeline(spotting: Spotting) -> Any:
    """A Timeline of the recording's name that starts at its timecode."""
    import opentimelineio as otio

    timebase = spotting.timebase
    start = otio.opentime.RationalTime(timebase.start_frame, float(timebase.rate.fraction))
    timeline = otio.schema.Timeline(spotting.name, global_start_time=start)
    timeline.metadata["audiopost"] = {"rate": str(timebase.rate), "start_timecode": timebase.start_timecode}
    return timeline


def stretch(start: float, length: float, rate: FrameRate) -> Any:
    """A TimeRange in frames."""
    import opentimelineio as otio

    hertz = float(rate.fraction)
    return otio.opentime.TimeRange(otio.opentime.RationalTime(start, hertz), otio.opentime.RationalTime(length, hertz))


def _lay(track: Any, placed: Iterable[tuple[int, Any]], rate: FrameRate, end_s: float) -> None:
    """Clips at their frames, gaps between them and up to the end."""
    import opentimelineio as otio

    at = 0
    for start, clip in placed:
        if start > at:
            track.append(otio.schema.Gap(source_range=stretch(0, start - at, rate)))
        track.append(clip)
        at = max(at, start) + int(clip.source_range.duration.value)
    if (end := rate.frame_at(end_s)) > at:
        track.append(otio.schema.Gap(source_range=stretch(0, end - at, rate)))


def _clip(mark: Mark, spotting: Spotting) -> Any:
    import opentimelineio as otio

    where = stretch(0, mark.frames, spotting.timebase.rate)
    clip = otio.schema.Clip(mark.name, media_reference=otio.schema.MissingReference(), source_range=where)
    (clip.metadata["audiopost"],) = cue_rows([mark.cue], spotting.timebase)
    return clip


def _marker(mark: Mark, rate: FrameRate) -> Any:
    import opentimelineio as otio

    colour = "RED" if mark.is_hit else _COLOURS[mark.cue.status]
    metadata = {"audiopost": {"cue": mark.cue.label, "kind": "hit" if mark.is_hit else "cue"}}
    length = 0 if mark.is_hit else mark.frames
    marker = otio.schema.Marker(mark.name, stretch(mark.start, length, rate), colour, metadata)
    marker.comment = mark.note
    return marker


@dataclass(frozen=True)
class _Piece:
    """A clip of an accepted track, in frames of the recording."""

    start: int
    end: int
    clip: Any


def _pieces(mark: Mark, rate: FrameRate) -> list[_Piece]:
    match = mark.cue.track
    if match is None:
        return []
    found = []
    for piece in match.edit.pieces:
        start = rate.frame_at(piece.at_s)
        end = max(rate.frame_at(piece.at_s + piece.end_s - piece.start_s), start + 1)
        found.append(_Piece(start, end, _track_clip(mark.cue.label, piece, end - start, match.track, rate)))
    return found


def _track_clip(label: str, piece: EditPiece, frames: int, track: TrackInfo, rate: FrameRate) -> Any:
    import opentimelineio as otio

    hertz = float(rate.fraction)
    path = PurePath(track.path)
    media = otio.schema.ExternalReference(
        path.as_uri() if path.is_absolute() else track.path,
        stretch(0, track.duration_s * hertz, rate) if track.duration_s else None,
    )
    clip = otio.schema.Clip(track.title or path.stem, media, stretch(piece.start_s * hertz, frames, rate))
    clip.metadata["audiopost"] = {"cue": label, "join_s": piece.join_s}
    return clip


def write(path: Path, spotting: Spotting) -> Path:
    """`cue_timeline` as an .otio file (JSON). Raises OutputError."""
    return write_text(path, str(cue_timeline(spotting).to_json_string()) + "\n")


def scene_timeline(spotting: Spotting) -> Any:
    """Scenes as clips on a video track, cuts as markers; clips have their row of `scene_rows` under "audiopost"."""
    import opentimelineio as otio

    rate = spotting.timebase.rate
    timeline = empty_timeline(spotting)
    scenes = sorted(spotting.scenes or (), key=lambda scene: scene.start_s)
    placed = []
    for scene, row in zip(scenes, scene_rows(scenes, spotting.timebase), strict=True):
        start = rate.frame_at(scene.start_s)
        where = stretch(0, max(rate.frame_at(scene.end_s) - start, 1), rate)
        clip = otio.schema.Clip(_scene_name(scene, spotting.language), otio.schema.MissingReference(), where)
        clip.metadata["audiopost"] = row
        placed.append((start, clip))
        timeline.tracks.markers.extend(_cuts(scene, rate))
    track = otio.schema.Track("Scenes", kind=otio.schema.TrackKind.Video)
    _lay(track, placed, rate, spotting.end_s)
    timeline.tracks.append(track)
    return timeline


def _scene_name(scene: Scene, language: str) -> str:
    return f"{scene.number} {mood(scene.mood, language)}".strip()


def _cuts(scene: Scene, rate: FrameRate) -> Sequence[Any]:
    import opentimelineio as otio

    metadata = {"audiopost": {"scene": scene.number, "kind": "cut"}}
    return [otio.schema.Marker("cut", stretch(rate.frame_at(cut), 0, rate), "WHITE", metadata) for cut in scene.cuts_s]


def write_scenes(path: Path, spotting: Spotting) -> Path:
    """`scene_timeline` as an .otio file (JSON). Raises OutputError."""
    return write_text(path, str(scene_timeline(spotting).to_json_string()) + "\n")
