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
#: When the picture of `slate` is white and its sound has a burst, in seconds of its time line.
CLAP_S = 1


def _packets(audio: Audio, stream: av.AudioStream, late: int = 0) -> list[av.Packet]:
    context = stream.codec_context
    layout = LAYOUTS[audio.channels]
    resampler = av.AudioResampler(context.format.name, layout, context.rate, frame_size=context.frame_size or 0)
    packets = []
    for start in range(0, audio.frames, 4096):
        block = np.ascontiguousarray(audio.read(start, min(start + 4096, audio.frames)).T).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(block, format="flt", layout=layout)
        frame.sample_rate, frame.pts, frame.time_base = audio.rate, late + start, Fraction(1, audio.rate)
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


def _burst(rate: int) -> np.ndarray:
    """40 ms of noise, alike at each call: correlation finds it to the sample."""
    return np.random.default_rng(5).normal(0, 0.2, round(0.04 * rate)).astype(np.float32)


@pytest.fixture
def slate(tmp_path: Path) -> Callable[..., Path]:
    """slate(name, video_codec, audio_codec, video_s="0", audio_s="0"): 3 s with a clap, each stream from its own start.

    Both streams keep to one time line; negative starts become edit lists in mov and mp4.
    """

    def make(
        name: str, video_codec: str, audio_codec: str, *, video_s: str = "0", audio_s: str = "0", rate: int = 48_000
    ) -> Path:
        path, fps = tmp_path / name, 25
        clock = {"movie_timescale": str(rate)} if path.suffix in (".mov", ".mp4") else {}
        with av.open(str(path), "w", options=clock) as container:
            picture = container.add_stream(video_codec, rate=fps)
            picture.width, picture.height, picture.pix_fmt = 64, 48, "yuv420p"
            sound = container.add_stream(audio_codec, rate=rate, layout="stereo")
            first = round(Fraction(video_s) * fps)
            packets = []
            for n in range(first, 3 * fps):
                white = 255 if CLAP_S * fps <= n < CLAP_S * fps + 2 else 0
                frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), white, np.uint8), format="rgb24")
                frame.pts, frame.time_base = n, Fraction(1, fps)
                packets += picture.encode(frame)
            late = round(Fraction(audio_s) * rate)
            samples = np.zeros((2, 3 * rate - late), np.float32)
            at = CLAP_S * rate - late
            samples[:, at : at + len(_burst(rate))] = _burst(rate)
            packets += [*picture.encode(None), *_packets(Audio(samples, rate), sound, late)]
            for packet in sorted(packets, key=lambda p: p.dts * p.time_base):
                container.mux(packet)
        return path

    return make


@pytest.fixture
def clap() -> Callable[[Audio], float]:
    """Seconds from the start of an Audio to the burst of `slate`."""

    def find(audio: Audio) -> float:
        burst = _burst(audio.rate)
        return int(np.argmax(np.correlate(audio.samples[0], burst, "valid"))) / audio.rate

    return find


@pytest.fixture
def flash() -> Callable[[Path], float]:
    """Seconds from the start of a film to its first white frame."""

    def find(path: Path) -> float:
        with av.open(str(path)) as film:
            stream = film.streams.video[0]
            white = next(f for f in film.decode(stream) if f.to_ndarray(format="gray").mean() > 128)
            return float(white.pts * stream.time_base) - (film.start_time or 0) / av.time_base

    return find
