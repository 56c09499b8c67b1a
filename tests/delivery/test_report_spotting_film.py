"""Pictures of the film on the spotting page: where they are, broken films, two hours of one."""

import importlib.util
import re
import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from audiopost.core.audio import Audio
from audiopost.core.speech import Transcript, Utterance
from audiopost.core.spotting import (
    CurvePoint,
    HitPoint,
    Scene,
    StoryBeat,
    TempoFit,
)
from audiopost.delivery.report import thumbnails
from audiopost.delivery.report.spotting import render
from audiopost.delivery.report.spotting_material import Stretch

SPEC = importlib.util.spec_from_file_location(
    "spotting_scene", Path(__file__).parents[1] / "fixtures" / "spotting_scene.py"
)
spotting_scene = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(spotting_scene)
Page = spotting_scene.Page
a_scene = spotting_scene.a_scene
film = spotting_scene.film
with_film = spotting_scene.with_film


@pytest.fixture
def project(rng):
    return a_scene(rng)


def test_a_film_shows_its_pictures_where_they_are(project, tmp_path):
    html = render(with_film(project, film(tmp_path / "film.mp4", 60)))
    strip = re.findall(
        r'src="data:image/webp;base64,[^"]+" title="([^"]+)"( class="first")? style="left:([\d.]+)%', html
    )
    assert len(strip) == 10
    # The second scene begins at 32 s: in the first half of the place from 30 to 36 s.
    assert [(at, first) for at, first, _ in strip][4:7] == [
        ("01:00:24:00", ""),
        ("01:00:32:12", ' class="first"'),
        ("01:00:36:00", ""),
    ]
    assert [float(left) for _, _, left in strip] == pytest.approx([10 * i for i in range(10)])
    assert html.count('<img class="still"') == 3, "each cue that is not rejected shows the picture it enters on"


def test_sound_alone_has_no_pictures(project):
    html = render(project)
    assert "<img" not in html
    assert "could not be read" not in html


@pytest.mark.parametrize("broken", ["absent", "no film", "cut off", "an address"])
def test_a_film_that_cannot_be_read_is_left_out_with_a_word(project, tmp_path, broken):
    path = tmp_path / "film.mp4"
    if broken == "no film":
        path.write_bytes(b"no film" * 100)
    if broken == "cut off":
        film(path, 20)
        path.write_bytes(path.read_bytes()[:3000])
    html = render(with_film(project, "http://127.0.0.1:9/film.mp4" if broken == "an address" else path))
    assert "<img" not in html
    assert "pictures could not be read" in html
    assert "The Harbour" in html


def test_a_film_that_is_shorter_than_its_sound_shows_its_last_picture(project, tmp_path):
    html = render(with_film(project, film(tmp_path / "film.mp4", 20)))
    assert html.count("data:image/webp") == 13


@pytest.mark.slow
def test_pictures_full_of_grain_keep_the_page_small_and_are_all_there(project, monkeypatch, rng):
    def grain(path, times, *, height, within_s):
        for time_s in times:
            yield time_s, rng.integers(0, 255, (height, height * 16 // 9, 3), dtype=np.uint8)

    monkeypatch.setattr(thumbnails, "frames_at", grain)
    strip = thumbnails.slots(project, [Stretch(i * 5.0, i * 5.0 + 5) for i in range(12)])
    cues_s = [i / 3 + 0.1 for i in range(60)]
    found, lack = thumbnails.stills(with_film(project, "film.mp4"), strip, cues_s)
    assert lack == ""
    assert set(found) == {slot.time_s for slot in strip} | set(cues_s)
    assert len(found) > 170
    assert sum(map(len, found.values())) < 1_000_000


class Endless:
    """Two hours of sound that lie nowhere."""

    def read(self, start, stop):
        return np.tile(np.sin(np.arange(start, stop, dtype=np.float32) / 7), (2, 1))


@pytest.mark.slow
def test_a_two_hour_film_is_readable_small_and_bounded_in_memory(project, tmp_path):
    seconds = 7200
    audio = Audio.backed(Endless(), channels=2, frames=8000 * seconds, rate=8000)
    one = project.cues[0]
    cues = tuple(
        replace(
            one,
            number=i + 1,
            in_s=120.0 * i + 10,
            out_s=120.0 * i + 70,
            tempo=TempoFit(96, 120.0 * i + 10, 1, 2),
            hits=tuple(HitPoint(120.0 * i + 10 + 9 * k, f"hit {k}", 0.5, 8 * k, 0.5) for k in range(6)),
            curve=tuple(CurvePoint(120.0 * i + 10 + k / 2, 0.1, 0.2) for k in range(120)),
            tracks=one.tracks * 5,
        )
        for i in range(60)
    )
    kinds = ("shot", "pause", "speaker", "emotion", "sound", "music")
    long = replace(
        with_film(project, film(tmp_path / "film.mp4", seconds, fps=1)),
        audio=audio,
        cues=cues,
        emotion=tuple(replace(project.emotion[i % 120], time_s=i / 2) for i in range(2 * seconds)),
        scenes=tuple(
            Scene(i + 1, 40.0 * i, 40.0 * i + 40, "a cut", mood="fear", cuts_s=tuple(40.0 * i + np.arange(1, 39, 4.0)))
            for i in range(180)
        ),
        beats=tuple(
            StoryBeat(i * 1.5, kinds[i % 6], "arousal rises by 0.42 within 3 s", i % 10 / 10) for i in range(4800)
        ),
        transcript=Transcript(
            "en", tuple(Utterance(4.0 * i, 4.0 * i + 3, "Then why are you still here?", "en") for i in range(1800))
        ),
    )
    long = replace(long, media=replace(long.media, duration_s=float(seconds)))
    tracemalloc.start()
    html = render(long)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(html) < 3_000_000
    assert peak < 80e6, "the sound alone is 460 MB"
    assert html.count('<div class="reel">') == 12
    assert html.count("<article") == 60
    assert html.count("data:image/webp") == 120 + 60
    page = Page(html)
    assert {load[1:] for load in page.loads if load.startswith("#")} <= set(page.ids)
    assert page.words.count("01:10:00:00–01:20:00:00") == 1
