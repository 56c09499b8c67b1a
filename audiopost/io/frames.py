"""Pictures of a film: opened once, decoded in order or sought out, damaged packets passed over as the sound's are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.errors import UnreadableMedia
from .container import open_media

#: From a key frame to the picture that is wanted, at most this many are decoded: some files have one key frame only.
_MOST_DECODED = 1500


@contextmanager
def opened(path: Path) -> Iterator[tuple[Any, Any, float] | None]:
    """(container, video stream, the film's first moment in seconds); None where a file holds no moving picture.

    Raises UnreadableMedia.
    """
    import av

    try:
        container = open_media(path)
    except (av.error.FFmpegError, ValueError, OSError) as error:
        raise UnreadableMedia(f"The pictures of {path.name} cannot be read.", value=str(path)) from error
    with container:
        cover = av.stream.Disposition.attached_pic
        stream = next((s for s in container.streams.video if not s.disposition & cover), None)
        if stream is None:
            yield None
            return
        stream.thread_type = "AUTO"
        yield container, stream, float(container.start_time or 0) / av.time_base


def decoded(container: Any, stream: Any) -> Iterator[Any]:
    """Frames from where the container stands, as far as they can be decoded."""
    import av

    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except (StopIteration, av.error.FFmpegError):
            return
        try:
            yield from packet.decode()
        except av.error.FFmpegError:
            continue


def frames_at(
    path: Path, times_s: Sequence[float], *, height: int, within_s: float = 0.0
) -> Iterator[tuple[float, NDArray[np.uint8]]]:
    """Each time with the picture shown then, RGB (height, width, 3), upright and in its display's proportions.

    A picture up to `within_s` earlier will do: key frames then need no decoding in between. Times count from the
    film's first moment; those whose picture cannot be read are left out. Raises UnreadableMedia.
    """
    with opened(path) as film:
        if film is None:
            return
        container, stream, origin_s = film
        for time_s in times_s:
            frame = _shown_at(container, stream, origin_s + time_s, within_s)
            if frame is not None:
                yield time_s, _small(frame, stream, height)


def _shown_at(container: Any, stream: Any, at_s: float, within_s: float) -> Any:
    """The last frame that begins by `at_s` (to half a frame), or the first of all where none does; else None."""
    import av

    half_frame_s = 0.5 / float(stream.average_rate or stream.guessed_rate or 25)
    try:
        container.seek(int(at_s / stream.time_base), stream=stream)
    except av.error.FFmpegError:
        return None
    shown = None
    for count, frame in enumerate(decoded(container, stream)):
        if frame.time is None or count >= _MOST_DECODED:
            return None
        if frame.time > at_s + half_frame_s:
            return shown or frame
        shown = frame
        if at_s - frame.time <= within_s:
            break
    return shown


def _small(frame: Any, stream: Any, height: int) -> NDArray[np.uint8]:
    aspect = float(stream.sample_aspect_ratio or 1) * frame.width / frame.height
    width = max(2, round(height * min(max(aspect, 0.2), 5.0)))
    picture: NDArray[np.uint8] = frame.reformat(
        width=width, height=height, format="rgb24", interpolation="AREA"
    ).to_ndarray()
    return np.rot90(picture, round(frame.rotation / 90) % 4) if frame.rotation else picture
