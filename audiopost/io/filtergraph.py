"""FFmpeg's audio filters over an Audio, through PyAV's libavfilter: no ffmpeg program is needed."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from ..core.audio import Audio, FloatArray
from ..core.errors import BadValue

#: Frames that are handed over at once.
_BLOCK = 1 << 14


def filtered(audio: Audio, description: str) -> Iterator[FloatArray]:
    """`audio` through a chain of filters as FFmpeg writes it ("adeclick=threshold=4,highpass=f=80"), in blocks.

    Together exactly as long as `audio`; each channel goes through a chain of its own. A filter that is late without
    saying so in its timestamps (afftdn) stays late: `latency` tells by how much. Raises BadValue for what FFmpeg
    refuses.
    """
    import av

    left = audio.frames
    try:
        # Mono throughout: several filters pass channels by whose place in a layout they do not know.
        chains = [_Chain(audio.rate, description) for _ in range(audio.channels)]
        for block in itertools.chain(audio.blocks(_BLOCK), [None]):
            rows = [chain.run(None if block is None else block[i]) for i, chain in enumerate(chains)]
            piece = np.stack(rows)[:, :left]
            left -= piece.shape[1]
            if piece.shape[1]:
                yield piece
    except (av.error.FFmpegError, ValueError) as error:
        raise BadValue(
            f"FFmpeg refuses the filter {description!r}: {error}.",
            value=description,
            remedy="See https://ffmpeg.org/ffmpeg-filters.html#Audio-Filters.",
        ) from error
    if left:
        yield np.zeros((audio.channels, left), np.float32)


def latency(description: str, rate: int) -> int:
    """Frames by which a linear chain of filters is late: where it puts a lone impulse."""
    impulse = np.zeros((1, 2 * rate), np.float32)
    impulse[0, rate] = 0.5
    out = np.concatenate(list(filtered(Audio(impulse, rate), description)), axis=1)[0]
    return int(np.argmax(np.abs(out))) - rate


class _Chain:
    """The filters on one channel, and how much went in."""

    def __init__(self, rate: int, description: str) -> None:
        import av

        self._rate, self._at = rate, 0
        self._graph = av.filter.Graph()
        given = f"sample_rate={rate}:sample_fmt=fltp:channel_layout=mono:time_base=1/{rate}"
        last: Any = self._graph.add("abuffer", given)
        for part in [*description.split(","), f"aformat=sample_fmts=fltp:sample_rates={rate}"]:
            name, _, arguments = part.partition("=")
            made = self._graph.add(name, arguments or None)
            last.link_to(made)
            last = made
        self._sink = self._graph.add("abuffersink")
        last.link_to(self._sink)
        self._graph.configure()

    def run(self, samples: FloatArray | None) -> FloatArray:
        """What is ready after (n,) more samples; None ends the chain."""
        import av

        frame = None
        if samples is not None:
            row = np.ascontiguousarray(samples, np.float32)[np.newaxis]
            frame = av.AudioFrame.from_ndarray(row, format="fltp", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = self._rate, self._at, Fraction(1, self._rate)
            self._at += len(samples)
        self._graph.push(frame)
        pieces = [np.zeros(0, np.float32)]
        while True:
            try:
                pieces.append(self._sink.pull().to_ndarray()[0])
            except (av.error.BlockingIOError, av.error.EOFError):
                return np.concatenate(pieces)
