"""A film for browsers: whether they play it as it is, and a small copy of its picture where they do not."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from ..core.errors import UnreadableMedia
from ..core.stage import Progress, silent
from . import frames
from .atomic import replacing
from .track import reported

#: Containers, by FFmpeg's name and the file's suffix, and the codecs in them that browsers play.
_PLAYED = {
    ("mov", ".mp4"): frozenset({"h264", "vp9", "av1"}),
    ("mov", ".m4v"): frozenset({"h264"}),
    ("mov", ".mov"): frozenset({"h264"}),
    ("matroska", ".webm"): frozenset({"vp8", "vp9", "av1"}),
}
#: 8 bits at half the colour resolution; of others every browser plays other ones.
_PIXELS = frozenset({"yuv420p", "yuvj420p"})
HEIGHT = 540
#: Encoders in order of preference, with what makes them fast and every second of the copy quick to seek.
_ENCODERS = {
    "libx264": {"preset": "veryfast", "crf": "24", "tune": "fastdecode", "bf": "0"},
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8", "crf": "36", "b": "0", "row-mt": "1"},
}
_TICKS_PER_S = 90_000


def plays(path: Path) -> bool:
    """Whether browsers show the picture of a film as it is; False where there is none. Raises UnreadableMedia."""
    with frames.opened(path) as film:
        if film is None:
            return False
        container, stream, _ = film
        played = _PLAYED.get((container.format.name.split(",")[0], path.suffix.lower()), frozenset())
        context = stream.codec_context
        return context.name.removeprefix("lib").split("-")[0] in played and context.pix_fmt in _PIXELS


def viewing_copy(source: Path, target: Path, progress: Progress = silent, height: int = HEIGHT) -> Path:
    """Writes the picture of `source`, at most `height` high, upright, without sound, to the mp4 `target`.

    Each picture is shown when the film shows it, counted from the film's first moment; the first from the beginning.
    Memory does not grow with length. Raises UnreadableMedia for a film without a picture, OutputError, DiskFull.
    """
    import av

    with frames.opened(source) as film, replacing(target) as temporary, reported(target):
        if film is None:
            raise UnreadableMedia(f"{source.name} has no picture.", value=str(source))
        container, stream, origin_s = film
        pictures = frames.decoded(container, stream)
        first = next(pictures, None)
        if first is None:
            raise UnreadableMedia(f"No picture of {source.name} can be decoded.", value=str(source))
        length_s = float(container.duration or 0) / av.time_base
        with av.open(str(temporary), "w", options={"movflags": "+faststart"}) as output:
            copy = _stream(output, first, stream, height)
            for picture, at_s in _timed(first, pictures, origin_s):
                small = _small(picture, copy)
                small.pts, small.time_base = round(at_s * _TICKS_PER_S), Fraction(1, _TICKS_PER_S)
                output.mux(copy.encode(small))
                progress("viewing copy", min(at_s, length_s), length_s)
            output.mux(copy.encode(None))
    return target


def _stream(output: Any, first: Any, stream: Any, height: int) -> Any:
    """The stream of the copy, as large as its pictures will be."""
    import av

    encoder = next(name for name in _ENCODERS if name in av.codecs_available)
    rate = Fraction(stream.average_rate or stream.guessed_rate or 25).limit_denominator(1001)
    copy = output.add_stream(encoder, rate=rate, options=_ENCODERS[encoder])
    size = _upright(first, stream)
    high = min(height, size[1]) // 2 * 2
    copy.width, copy.height, copy.pix_fmt = max(2, round(size[0] * high / size[1] / 2) * 2), high, "yuv420p"
    copy.codec_context.time_base = Fraction(1, _TICKS_PER_S)
    copy.codec_context.gop_size = max(1, round(rate))
    return copy


def _upright(frame: Any, stream: Any) -> tuple[float, int]:
    """Width and height as displayed, in square pixels of the frame's height."""
    width = float(stream.sample_aspect_ratio or 1) * frame.width
    turned = round(frame.rotation / 90) % 2
    return (frame.height, round(width)) if turned else (width, frame.height)


def _timed(first: Any, pictures: Iterator[Any], origin_s: float) -> Iterator[tuple[Any, float]]:
    """Pictures with their times, which rise; those without one, or with an earlier one, are left out."""
    yield first, 0.0
    last_s = 0.0
    for picture in pictures:
        if picture.time is not None and picture.time - origin_s >= last_s + 1 / 1000:
            last_s = picture.time - origin_s
            yield picture, last_s


def _small(frame: Any, copy: Any) -> Any:
    import av

    turns = round(frame.rotation / 90) % 4
    width, height = (copy.height, copy.width) if turns % 2 else (copy.width, copy.height)
    if not turns:
        return frame.reformat(width=width, height=height, format="yuv420p", interpolation="AREA")
    picture = frame.reformat(width=width, height=height, format="rgb24", interpolation="AREA").to_ndarray()
    upright = av.VideoFrame.from_ndarray(np.ascontiguousarray(np.rot90(picture, turns)), format="rgb24")
    return upright.reformat(format="yuv420p")
