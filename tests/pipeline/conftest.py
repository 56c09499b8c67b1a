"""Small jobs: a few seconds of the example scene, as sound and as film."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from audiopost.core.audio import Audio
from audiopost.io.decode import load


@pytest.fixture(scope="session")
def excerpt(scene: Path) -> Audio:
    """12 s of the quarrel, stereo 48 kHz, speech with hum and noise."""
    return load(scene).audio.between(22.5, 34.5)


@pytest.fixture
def take(tmp_path: Path, excerpt: Audio) -> Path:
    """The excerpt as a 24-bit WAV with a name that is not ASCII."""
    path = tmp_path / "場景 1.wav"
    soundfile.write(path, excerpt.samples.T, excerpt.rate, subtype="PCM_24")
    return path


@pytest.fixture
def film(tmp_path: Path, excerpt: Audio) -> Path:
    """The excerpt as the sound of an mp4 whose picture changes half way, timecode from 10:00:00:00."""
    path = tmp_path / "reel.mp4"
    with av.open(str(path), "w") as container:
        picture = container.add_stream("mpeg4", rate=Fraction(25))
        picture.width, picture.height, picture.pix_fmt = 96, 64, "yuv420p"
        picture.metadata["timecode"] = "10:00:00:00"
        sound = container.add_stream("aac", rate=48_000, layout="stereo")
        for i in range(300):
            image = np.zeros((64, 96, 3), np.uint8)
            image[..., 0 if i < 150 else 2] = 200
            for packet in picture.encode(av.VideoFrame.from_ndarray(image, format="rgb24")):
                container.mux(packet)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(excerpt.samples), format="fltp", layout="stereo")
        frame.sample_rate = 48_000
        for packet in [*picture.encode(None), *sound.encode(frame), *sound.encode(None)]:
            container.mux(packet)
    return path
