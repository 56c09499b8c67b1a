"""Sound and pictures of the recording that is open: what the deck plays and draws. Tracks are named by their keys."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Depends, HTTPException, Query, Response
from fastapi.responses import FileResponse

from audiopost.core.stage import Progress
from audiopost.dsp.peaks import BASE, FACTOR, level_counts
from audiopost.dsp.resample import section
from audiopost.dsp.spectrogram import SCALES
from audiopost.io.layouts import stereo_of
from audiopost.workspace import Desk, Folder, film, meters, tiles
from audiopost.workspace import tracks as sounds
from audiopost.workspace.cache import Cache, cache_of
from audiopost.workspace.meters import STEP_S, Metered
from audiopost.workspace.pictures import peaks as peaks_of
from audiopost.workspace.tracks import Track, tracks

from ..jobs import kind
from ..texts import tell, texts
from .base import FROM_US, DeskOf, JobsOf, LanguageOf, VisitorOf

router = APIRouter(prefix="/audiopost", tags=["media"])

#: Sound whose version stands in its address never changes.
_FOREVER = {"cache-control": "private, max-age=31536000, immutable"}
_NOT_YET = {"cache-control": "no-store"}
#: Most frames, buckets and pictures of one question.
_MOST_FRAMES, _MOST_BUCKETS = 1 << 20, 1 << 16
_LONGEST_FRAMES = 1 << 40
#: Seconds that the manifest waits for loudness to be measured, and the meters of one track.
_SETTLING_S, _MEASURING_S = 0.3, 5.0
_BINARY = "application/octet-stream"

FrameAt = Annotated[int, Query(ge=0, le=_LONGEST_FRAMES)]


def listed(desk: Desk) -> tuple[Track, ...]:
    """Every track of a desk as it stands."""
    return tracks(desk.project, desk.previews)


def track_of(
    desk: DeskOf, track: Annotated[str, Query(max_length=200)], v: Annotated[str, Query(max_length=64)]
) -> Track:
    """The track of a question, 410 where its sound is another one by now. Raises UnknownName."""
    found = sounds.track(listed(desk), track)
    if found.version != v:
        raise HTTPException(410, "This track has changed; ask for the manifest anew.")
    return found


TrackOf = Annotated[Track, Depends(track_of)]


@router.get("/manifest")
def manifest(desk: DeskOf, language: LanguageOf) -> dict[str, Any]:
    """What there is to hear and to see, and in which units the other routes count."""
    project = desk.project
    audio, timebase = project.audio, project.media.timebase
    rate = timebase.rate
    shown, measuring = _tracks(desk, language)
    return {
        "recording": desk.name,
        "revision": desk.revision,
        "duration_s": audio.duration_s,
        "rate": audio.rate,
        "play_rate": play_rate(audio.rate),
        "channels": audio.channels,
        "fps": {"num": rate.fraction.numerator, "den": rate.fraction.denominator, "drop": rate.drop_frame},
        "start_timecode": timebase.start_timecode,
        "video": _video(desk),
        "tracks": shown,
        "measuring": measuring,
        "peaks": {"base": BASE, "factor": FACTOR, "levels": len(level_counts(audio.frames))},
        "tiles": {
            "column_frames": tiles.COLUMN_FRAMES,
            "width": tiles.WIDTH,
            "height": tiles.HEIGHT,
            "zooms": tiles.zooms(audio.frames),
            "scales": SCALES,
            "floor_db": tiles.FLOOR_DB,
            "top_db": tiles.TOP_DB,
            "low_hz": 0.0,
            "high_hz": tiles.highest_hz(audio.rate),
        },
    }


def _video(desk: Desk) -> dict[str, Any] | None:
    """Where the picture is had: `playable` where browsers show it; else a viewing copy can be made."""
    if not desk.project.media.has_video:
        return None
    shown, version = film.view(desk), film.film_version(desk)
    copied = shown is not None and shown != desk.source
    return {
        "url": f"video?v={version}{'-copy' if copied else ''}",
        "playable": shown is not None,
        "copied": copied,
        "version": version,
    }


def _tracks(desk: Desk, language: str) -> tuple[list[dict[str, Any]], bool]:
    """The tracks as JSON, and whether how loud they are is still being found out."""
    found, cache = listed(desk), cache_of(desk)
    cache.tidy({film.film_version(desk), *(each.version for each in found)})
    compared = [each for each in found if each.group in ("mix", "preview")]
    going = meters.measure(cache, compared, desk.project.audio, _SETTLING_S)
    unsettled = not all(work.ended.is_set() for work in going)
    known = {each.version: loud for each in found if (loud := meters.metered(cache, each))}
    gains = meters.gains(found, known)
    shown = [_shown(each, known.get(each.version, Metered()), gains[each.key], language) for each in found]
    return shown, unsettled


def _shown(track: Track, loud: Metered, gain_db: float, language: str) -> dict[str, Any]:
    return {
        "key": track.key,
        "title": _title(track, language),
        "group": track.group,
        "version": track.version,
        "gain_db": round(gain_db, 2),
        "lufs": loud.integrated_lufs,
        "peak_dbtp": loud.true_peak_dbtp,
        "span": [track.span.start_s, track.span.end_s] if track.span else None,
    }


def _title(track: Track, language: str) -> str:
    if track.title in texts():
        return tell(track.title, language)
    return tell(f"tracks.{'removed' if track.group == 'removed' else 'stem'}_other", language, name=track.name)


def play_rate(rate: int) -> int:
    """The rate at which a browser gets sound: `rate` from 8 to 96 kHz, else the nearest whole part or multiple."""
    if rate < 8000:
        return rate * -(-8000 // rate)
    part = next((n for n in range(-(-rate // 96_000), 9) if rate % n == 0), 1)
    return rate // part


@router.get("/pcm")
def pcm(track: TrackOf, start: FrameAt, count: Annotated[int, Query(ge=1, le=_MOST_FRAMES)]) -> Response:
    """float32 little-endian, left and right in turn: frames `start` to `start + count` at the play rate."""
    audio = track.audio
    samples = section(stereo_of(audio), play_rate(audio.rate), start, start + count)
    return Response(samples.T.astype("<f4").tobytes(), media_type=_BINARY, headers=_FOREVER)


@router.get("/peaks")
def peaks(
    desk: DeskOf,
    track: TrackOf,
    level: Annotated[int, Query(ge=0, le=20)],
    start: FrameAt,
    count: Annotated[int, Query(ge=1, le=_MOST_BUCKETS)],
) -> Response:
    """int16 little-endian, lowest and highest value in turn: buckets `start` to `start + count` of a level.

    The header x-audiopost-share says which share of the whole sound is exact; below 1 it is worth asking again.
    """
    found, share = peaks_of(cache_of(desk), track, level, start, count)
    headers = {**(_FOREVER if share == 1 else _NOT_YET), "x-audiopost-share": f"{share:.4f}"}
    return Response(np.asarray(found, "<i2").tobytes(), media_type=_BINARY, headers=headers)


@router.get("/tile")
def tile(
    desk: DeskOf,
    track: TrackOf,
    scale: Annotated[str, Query(max_length=20)],
    zoom: Annotated[int, Query(ge=0, le=30)],
    n: FrameAt,
) -> Response:
    """A tile of the spectrogram as a grey PNG: number `n` of a zoom."""
    content = tiles.tile(cache_of(desk), track, scale, zoom, n)
    return Response(content, media_type="image/png", headers=_FOREVER)


@router.get("/meters")
def meters_of(desk: DeskOf, track: TrackOf) -> dict[str, Any]:
    """A track by EBU R 128. While it is still being measured, `share` says how much is done, and the rest is null."""
    cache = cache_of(desk)
    share = _measured(desk, cache, track)
    found = meters.metered(cache, track) or Metered()
    return {
        "step_s": STEP_S,
        "share": share,
        "integrated_lufs": found.integrated_lufs,
        "range_lu": found.range_lu,
        "true_peak_dbtp": found.true_peak_dbtp,
        "momentary_max_lufs": found.momentary_max_lufs,
        "short_term_max_lufs": found.short_term_max_lufs,
    }


@router.get("/meters/curve")
def meters_curve(desk: DeskOf, track: TrackOf) -> Response:
    """float32 little-endian: momentary, short-term loudness and true peak in turn, a step each, NaN for none.

    Empty while it is still being measured: x-audiopost-share says how much is done.
    """
    cache = cache_of(desk)
    share = _measured(desk, cache, track)
    headers = {**(_FOREVER if share == 1 else _NOT_YET), "x-audiopost-share": f"{share:.4f}"}
    return Response(meters.curve(cache, track) or b"", media_type=_BINARY, headers=headers)


def _measured(desk: Desk, cache: Cache, track: Track) -> float:
    """Has a track measured; how much of that is done. Raises what it failed with."""
    for work in meters.measure(cache, [track], desk.project.audio, _MEASURING_S):
        share = work.share
        if work.error is not None:
            raise work.error
        return share
    return 1.0


@router.get("/thumb")
def thumb(
    desk: DeskOf,
    t: Annotated[float, Query(ge=0, le=1e6, allow_inf_nan=False)],
    h: Annotated[int, Query(ge=24, le=360)],
    v: Annotated[str, Query(max_length=64)] = "",
) -> Response:
    """The picture at `t` seconds, about `h` pixels high, as JPEG; kept by the browser where `v` is the video's version.

    404 where there is none.
    """
    content = film.thumbnail(desk, min(t, desk.project.media.duration_s), h)
    if content is None:
        raise HTTPException(404, "There is no picture here.")
    headers = _FOREVER if v == film.film_version(desk) else _NOT_YET
    return Response(content, media_type="image/jpeg", headers=headers)


@router.get("/video")
def video(desk: DeskOf) -> FileResponse:
    """The film, or the viewing copy that was made of it, whole or in ranges. 404 where browsers can play neither."""
    shown = film.view(desk)
    if shown is None:
        raise HTTPException(404, "Browsers cannot play this picture; a viewing copy can be made.")
    media_type = "video/webm" if shown.suffix.lower() == ".webm" else "video/mp4"
    return FileResponse(shown, media_type=media_type, headers={"cache-control": "private, no-cache"})


@router.post("/viewing-copy", dependencies=FROM_US)
def viewing_copy(desk: DeskOf, visitor: VisitorOf, jobs: JobsOf) -> dict[str, Any]:
    """Has a small copy of the picture made that every browser plays, without sound."""
    if not desk.project.media.has_video:
        raise HTTPException(422, "The recording has no picture.")
    return jobs.submit(visitor.folder, "viewing-copy", desk.name).shown()


@kind("viewing-copy")
def _make_viewing_copy(folder: Folder, settings: dict[str, Any], report: Progress) -> dict[str, Any]:
    desk = folder.open(settings["recording"])
    film.make_viewing_copy(desk, lambda step, done, total: report("", done, total))
    return {}
