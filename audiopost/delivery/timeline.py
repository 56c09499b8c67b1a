"""Music cues as an OpenTimelineIO timeline: clips without media on music tracks, a marker at each entry."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..core.spotting import Cue
from ..core.time import Timebase
from ..io.atomic import write_text
from .tables import cue_rows


def cue_timeline(cues: Sequence[Cue], timebase: Timebase, name: str, duration_s: float | None = None) -> Any:
    """An opentimelineio Timeline at the rate of `timebase`, beginning at its start timecode, exact to the frame.

    One clip a cue on the audio track "Music"; cues that overlap go to "Music 2" and so on. The clip's metadata under
    "audiopost" is the row of `tables.cue_rows`. Tracks reach to `duration_s` where it is given.
    """
    import opentimelineio as otio

    rate = float(timebase.rate.fraction)

    def stretch(start: int, length: int) -> Any:
        return otio.opentime.TimeRange(
            otio.opentime.RationalTime(start, rate), otio.opentime.RationalTime(length, rate)
        )

    timeline = otio.schema.Timeline(name, global_start_time=otio.opentime.RationalTime(timebase.start_frame, rate))
    timeline.metadata["audiopost"] = {"rate": str(timebase.rate), "start_timecode": timebase.start_timecode}
    ends: list[int] = []  # the frame each track has been filled to
    tracks: list[Any] = []

    def gap(lane: int, until: int) -> None:
        if until > ends[lane]:
            tracks[lane].append(otio.schema.Gap(source_range=stretch(0, until - ends[lane])))
            ends[lane] = until

    for cue, row in sorted(zip(cues, cue_rows(cues, timebase), strict=True), key=lambda pair: pair[0].in_s):
        start = timebase.rate.frame_at(cue.in_s)
        length = max(timebase.rate.frame_at(cue.out_s) - start, 1)
        lane = next((n for n, end in enumerate(ends) if end <= start), len(ends))
        if lane == len(ends):
            title = "Music" if lane == 0 else f"Music {lane + 1}"
            tracks.append(otio.schema.Track(title, kind=otio.schema.TrackKind.Audio))
            ends.append(0)
        gap(lane, start)
        title = f"Cue {cue.number}: {cue.emotion}"
        clip = otio.schema.Clip(title, media_reference=otio.schema.MissingReference(), source_range=stretch(0, length))
        clip.metadata["audiopost"] = row
        tracks[lane].append(clip)
        ends[lane] += length
        marker = otio.schema.Marker(
            title,
            marked_range=stretch(start, 0),
            color=otio.schema.MarkerColor.GREEN,
            metadata={"audiopost": {"reason": cue.reason, "timecode": row["in_timecode"]}},
        )
        timeline.tracks.markers.append(marker)
    for lane in range(len(tracks)):
        gap(lane, timebase.rate.frame_at(duration_s) if duration_s else 0)
    timeline.tracks.extend(tracks)
    return timeline


def write_otio(path: Path, cues: Sequence[Cue], timebase: Timebase, name: str, duration_s: float | None = None) -> Path:
    """`cue_timeline` as an .otio file (JSON). Raises OutputError."""
    return write_text(path, str(cue_timeline(cues, timebase, name, duration_s).to_json_string()) + "\n")
