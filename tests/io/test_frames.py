from fractions import Fraction

import av
import numpy as np
import pytest

from audiopost.core.errors import UnreadableMedia
from audiopost.io.frames import frames_at

COLOURS = ((200, 40, 40), (40, 160, 40), (40, 40, 200), (200, 200, 40))


@pytest.fixture
def film(tmp_path):
    """film(…): 8 s at 25 fps, each 2 s of another colour; a key frame every `keys` frames."""

    def make(keys=12, size=(64, 48), rotation=0, aspect=None):
        path = tmp_path / "film.mp4"
        with av.open(str(path), "w") as container:
            stream = container.add_stream("mpeg4", rate=25)
            stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
            stream.codec_context.gop_size = keys
            if rotation:
                stream.set_display_rotation(rotation)
            if aspect:
                stream.codec_context.sample_aspect_ratio = aspect
            for number in range(200):
                picture = np.empty((size[1], size[0], 3), np.uint8)
                picture[:] = COLOURS[number // 50]
                picture[: size[1] // 2] //= 2  # the upper half is dark
                frame = av.VideoFrame.from_ndarray(picture, "rgb24")
                frame.pts, frame.time_base = number, Fraction(1, 25)
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
        return path

    return make


def seen(picture):
    """Which of the colours fills the lower half."""
    mean = picture[picture.shape[0] // 2 + 2 :].reshape(-1, 3).mean(axis=0)
    return int(np.abs(np.array(COLOURS) - mean).sum(axis=1).argmin())


@pytest.mark.parametrize("keys", [1, 12, 300])
def test_the_picture_is_the_one_shown_at_the_time_to_the_frame(film, keys):
    times = [0.0, 1.96, 2.0, 3.99, 4.01, 6.0, 7.96]
    found = dict(frames_at(film(keys), times, height=24))
    assert list(found) == times
    # 3.99 s is nearer to the frame at 4.0 than to the one before.
    assert [seen(found[at]) for at in times] == [0, 0, 1, 2, 2, 3, 3]


def test_an_earlier_key_frame_will_do_where_that_is_said(film):
    path = film(keys=75)  # key frames at 0 and at 3 s; the cut at 2 s has none
    assert [seen(picture) for _, picture in frames_at(path, [2.5], height=24, within_s=3.0)] == [0]
    assert [seen(picture) for _, picture in frames_at(path, [2.5], height=24, within_s=0.5)] == [1]


def test_times_beyond_the_end_show_the_last_picture_and_before_the_start_the_first(film):
    found = dict(frames_at(film(), [-1.0, 60.0], height=24))
    assert {at: seen(picture) for at, picture in found.items()} == {-1.0: 0, 60.0: 3}


def test_pictures_are_upright_and_in_proportion(film):
    (_, wide), *_ = frames_at(film(aspect=Fraction(4, 3)), [1.0], height=24)
    assert wide.shape == (24, round(24 * 64 / 48 * 4 / 3), 3)
    (_, turned), *_ = frames_at(film(rotation=90), [1.0], height=24)
    assert turned.shape == (32, 24, 3)
    left, right = turned[:, :8].mean(), turned[:, -8:].mean()
    assert left < right * 0.7, "what was on top lies on the left after a quarter turn against the clock"


def test_a_damaged_film_gives_what_can_be_read(film, tmp_path):
    path = film(keys=12)
    data = bytearray(path.read_bytes())
    data[len(data) // 3 : len(data) // 3 + 400] = b"\x55" * 400
    path.write_bytes(data)
    found = dict(frames_at(path, [0.0, 1.0, 7.5], height=24))
    assert seen(found[0.0]) == 0
    assert seen(found[7.5]) == 3


@pytest.mark.parametrize("content", [b"", b"not a film at all" * 50, None])
def test_no_film_is_unreadable(tmp_path, content):
    path = tmp_path / "x.mov"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UnreadableMedia, match=r"x\.mov"):
        list(frames_at(path, [0.0], height=24))


def test_sound_alone_has_no_pictures(scene):
    assert list(frames_at(scene, [0.0], height=24)) == []
