"""Makes media files of every kind with PyAV, so that no binary lies in the repository."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from audiopost.core.audio import Audio

LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}


def _packets(audio: Audio, stream: av.AudioStream) -> list[av.Packet]:
    context = stream.codec_context
    layout = LAYOUTS[audio.channels]
    resampler = av.AudioResampler(context.format.name, layout, context.rate, frame_size=context.frame_size or 0)
    packets = []
    for start in range(0, audio.frames, 4096):
        block = np.ascontiguousarray(audio.read(start, min(start + 4096, audio.frames)).T).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(block, format="flt", layout=layout)
        frame.sample_rate, frame.pts, frame.time_base = audio.rate, start, Fraction(1, audio.rate)
        for converted in resampler.resample(frame):
            packets += stream.encode(converted)
    for converted in resampler.resample(None):
        packets += stream.encode(converted)
    return packets + stream.encode(None)


@pytest.fixture
def make_media(tmp_path: Path) -> Callable[..., Path]:
    """make_media(name, audio, codec, video=False, fps=25, timecode=None): a file with that sound, and a picture."""

    def make(
        name: str,
        audio: Audio | None,
        codec: str = "",
        *,
        video: bool = False,
        fps: Fraction = Fraction(25),
        timecode: str | None = None,
        seconds: float = 2.0,
        metadata: dict[str, str] | None = None,
    ) -> Path:
        path = tmp_path / name
        with av.open(str(path), "w") as container:
            container.metadata.update(metadata or {})
            sound = None
            if audio is not None:
                rate = 48_000 if codec == "libopus" else audio.rate
                sound = container.add_stream(codec, rate=rate, layout=LAYOUTS[audio.channels])
            if video:
                picture = container.add_stream("libvpx" if name.endswith("webm") else "mpeg4", rate=fps)
                picture.width, picture.height, picture.pix_fmt = 64, 48, "yuv420p"
                if timecode:
                    picture.metadata["timecode"] = timecode
                for i in range(round(seconds * fps)):
                    image = np.full((48, 64, 3), (i * 5) % 255, np.uint8)
                    frame = av.VideoFrame.from_ndarray(image, format="rgb24")
                    frame.pts = i
                    for packet in picture.encode(frame):
                        container.mux(packet)
                for packet in picture.encode(None):
                    container.mux(packet)
            if sound is not None and audio is not None:
                for packet in _packets(audio, sound):
                    container.mux(packet)
        return path

    return make
