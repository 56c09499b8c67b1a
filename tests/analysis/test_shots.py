from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from audiopost.analysis.cuts import CutFinder, Histograms, PySceneDetect
from audiopost.analysis.shots import alike, find_shots
from audiopost.core.audio import Audio
from audiopost.core.errors import UnreadableMedia
from audiopost.stages.scenes import find_scenes


def _film(path: Path, *plan: tuple[float, int], rate: int = 25, pan: float = 0.5) -> Path:
    """Panning patterns, one after the other: (seconds, seed of the pattern)."""
    import av

    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=rate)
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        stream.bit_rate = 2_000_000
        for seconds, seed in plan:
            blocks = np.random.default_rng(seed).integers(0, 255, (6, 8, 3)).astype(np.uint8)
            picture = np.kron(blocks, np.ones((16, 20, 1), np.uint8))
            for k in range(round(seconds * rate)):
                moved = np.ascontiguousarray(np.roll(picture, int(k * pan), axis=1))
                container.mux(stream.encode(av.VideoFrame.from_ndarray(moved, format="rgb24")))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("finder", [Histograms, PySceneDetect])
@pytest.mark.parametrize("rate", [25, 50])
def test_cuts_are_found_to_the_frame_and_a_moving_picture_is_none(
    tmp_path: Path, rate: int, finder: type[CutFinder]
) -> None:
    if finder is PySceneDetect:
        pytest.importorskip("scenedetect")
    film = _film(tmp_path / "f.mp4", (3, 1), (2, 2), (0.6, 3), (2, 1), rate=rate)
    shots = find_shots(film, finder=finder())
    assert [s.start_s for s in shots] == pytest.approx([0, 3, 5, 5.6], abs=0.045)
    assert shots[-1].end_s == pytest.approx(7.6, abs=0.045)
    assert alike(shots[0], shots[3]) > 0.8
    assert alike(shots[0], shots[1]) < 0.5


def test_a_still_picture_is_one_shot(tmp_path: Path) -> None:
    shots = find_shots(_film(tmp_path / "f.mp4", (2, 1), pan=0))
    assert [(s.start_s, round(s.end_s, 2)) for s in shots] == [(0.0, 2.0)]


def test_scenes_follow_places_not_cuts(tmp_path: Path) -> None:
    film = _film(tmp_path / "f.mp4", (9, 1), (3, 2), (4, 1), (4, 2), (12, 3), rate=10)
    scenes = find_scenes(Audio(np.zeros((1, 32 * 8000)), 8000), film=film)
    assert [round(s.start_s, 1) for s in scenes] == [0.0, 20.0]
    assert scenes[1].reason == "shot change to another place at 0:20.0"


def test_what_is_no_film_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "text.mp4"
    path.write_text("no film")
    with pytest.raises(UnreadableMedia, match=r"text\.mp4"):
        find_shots(path)


def test_sound_alone_has_no_shots(tmp_path: Path) -> None:
    import soundfile

    soundfile.write(tmp_path / "a.wav", np.zeros(800), 8000)
    assert find_shots(tmp_path / "a.wav") == ()
