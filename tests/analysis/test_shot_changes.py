"""Shot changes to the frame, by PySceneDetect and without it."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import av
import numpy as np
import pytest

from audiopost.analysis import cuts
from audiopost.analysis.shot_changes import shot_changes
from audiopost.core.errors import UnreadableMedia


@pytest.fixture
def film(tmp_path: Path):
    """film(rate, lengths): a film of noisy shots of so many frames."""

    def make(rate: int, lengths: tuple[int, ...]) -> Path:
        path, rng = tmp_path / f"{rate}.mp4", np.random.default_rng(1)
        with av.open(str(path), "w") as container:
            stream = container.add_stream("libx264", rate=rate)
            stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
            for length in lengths:
                scene = np.kron(rng.integers(0, 255, (9, 16, 3)), np.ones((20, 20, 1))).astype(np.uint8)
                for _ in range(length):
                    moved = np.clip(scene + rng.integers(-3, 4, scene.shape), 0, 255).astype(np.uint8)
                    container.mux(stream.encode(av.VideoFrame.from_ndarray(moved, format="rgb24")))
            container.mux(stream.encode())
        return path

    return make


@pytest.mark.skipif(importlib.util.find_spec("scenedetect") is None, reason="the extra 'video' is not installed")
@pytest.mark.parametrize("rate", [25, 50])
def test_pyscenedetect_finds_each_cut_on_its_frame(film, rate) -> None:
    found, by = shot_changes(film(rate, (40, 31, 50)))
    assert found == pytest.approx([40 / rate, 71 / rate], abs=1e-3)
    assert "PySceneDetect" in by


def test_without_it_our_detector_does_and_says_so(film, monkeypatch) -> None:
    monkeypatch.setattr(cuts.importlib.util, "find_spec", lambda name: None)
    found, by = shot_changes(film(25, (40, 31, 50)))
    assert found == pytest.approx([40 / 25, 71 / 25], abs=1e-3)
    assert "own detector" in by


def test_no_film_is_refused(tmp_path: Path) -> None:
    (tmp_path / "no.mp4").write_bytes(b"no film")
    with pytest.raises(UnreadableMedia):
        shot_changes(tmp_path / "no.mp4")
