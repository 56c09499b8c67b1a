"""One track of sound on its way into a file that FFmpeg writes: read, resampled, quantised, encoded, muxed."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from ..core.audio import Audio, FloatArray
from ..core.errors import OutputError
from ..dsp.quantise import quantised
from ..dsp.resample import converted
from . import layouts
from .atomic import disk_full
from .codecs import Codec


@contextlib.contextmanager
def reported(target: Path, remedy: str = "") -> Iterator[None]:
    """FFmpeg's errors while it writes `target` as OutputError and DiskFull."""
    import av

    try:
        yield
    except av.error.FFmpegError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise disk_full(target) from error
        raise OutputError(f"Cannot write {target.name}: {error.strerror}.", value=str(target), remedy=remedy) from error


def muxer_options(suffix: str, rate: int) -> dict[str, str]:
    """What FFmpeg's muxers are told: no random serial numbers, so that two runs write the same; in mp4 and mov edit
    lists that count samples, since in milliseconds they would cut or pad the sound."""
    movie = suffix in (".mp4", ".m4v", ".m4a", ".mov")
    return {"fflags": "+bitexact", **({"movie_timescale": str(rate)} if movie else {})}


class Track:
    """A stream in `output` for `audio`, which begins at 0 s of it. Ask `codec.holds(audio.layout)` before.

    Lossless codecs get 24 bits by `dsp.quantise`, seeded by `seed`; lossy ones floats, clipped at full scale.
    """

    def __init__(self, output: Any, audio: Audio, codec: Codec, *, kbps: int | None = None, seed: int = 0) -> None:
        import av

        self.rate = codec.rate_for(audio.rate)
        self._output, self._lossless = output, codec.lossless
        self.stream = output.add_stream(codec.encoder, rate=self.rate)
        self._layout = layouts.ffmpeg_name(audio.layout)
        context = self.stream.codec_context
        context.layout, context.format = self._layout, codec.sample_format
        chosen = codec.kbps_for(audio.channels, audio.rate, kbps)
        if chosen:
            context.bit_rate = 1000 * chosen
        self._gain = np.float32(codec.gain_for(chosen))
        context.open()
        # Encoders want frames of their own size. Integers pass it without a change of their values.
        self._sized = av.AudioResampler(
            codec.sample_format, self._layout, self.rate, frame_size=context.frame_size or 4096
        )
        self._order = layouts.order(audio.layout)
        self._blocks = converted(audio, self.rate, block=max(audio.rate // 2, 1))
        self._rng = np.random.default_rng(seed)
        self._written = 0
        self._finished = False

    def write_until(self, time_s: float) -> None:
        """Encodes and muxes until `time_s` of the file, to the end and the last packet for infinity."""
        while not self._finished and self._written < time_s * self.rate:
            block = next(self._blocks, None)
            if block is None:
                self._finished = True
                self._mux(None)
            elif block.shape[1]:
                self._mux(self._frame(block[self._order]))
                self._written += block.shape[1]

    def _frame(self, block: FloatArray) -> Any:
        """Packed: PyAV 18 miscounts the planes of planar frames with 8 channels."""
        import av

        packed: Any
        if self._lossless:
            packed, form = quantised(block, 24, self._rng).T << 8, "s32"
        else:
            packed, form = np.clip(block.T, -1.0, 1.0) * self._gain, "flt"
        flat = np.ascontiguousarray(packed).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(flat, format=form, layout=self._layout)
        frame.sample_rate, frame.pts, frame.time_base = self.rate, self._written, Fraction(1, self.rate)
        return frame

    def _mux(self, frame: Any) -> None:
        for ready in self._sized.resample(frame):
            self._output.mux(self.stream.encode(ready))
        if frame is None:
            self._output.mux(self.stream.encode(None))
