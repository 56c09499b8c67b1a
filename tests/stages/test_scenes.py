from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiopost.analysis.shots import Shot
from audiopost.core.audio import Audio
from audiopost.core.errors import BadValue
from audiopost.core.marks import Activity
from audiopost.core.project import MediaInfo, Project
from audiopost.core.speech import SpeakerTurn
from audiopost.core.spotting import EmotionPoint, EmotionUtterance
from audiopost.core.stage import silent
from audiopost.core.time import Span
from audiopost.stages.scenes import Options, Stage, find_scenes, novelty
from audiopost.stages.scenes.boundaries import Boundaries
from audiopost.stages.scenes.material import Material
from audiopost.stages.scenes.novelty import changes, soundscape
from audiopost.stages.scenes.places import cuts


def _noise(rng: np.random.Generator, *levels: float, each_s: float = 20.0, rate: int = 16_000) -> Audio:
    parts = [level * rng.normal(size=round(each_s * rate)) for level in levels]
    return Audio(np.concatenate(parts), rate)


def test_a_change_of_background_begins_a_scene(rng: np.random.Generator) -> None:
    scenes = find_scenes(_noise(rng, 0.003, 0.03))
    assert [s.number for s in scenes] == [1, 2]
    assert scenes[1].start_s == pytest.approx(20, abs=1)
    assert "background" in scenes[1].reason
    assert "dB" in scenes[1].reason


def test_the_same_background_is_one_scene(rng: np.random.Generator) -> None:
    assert len(find_scenes(_noise(rng, 0.01, 0.01, 0.011))) == 1


def test_the_size_of_the_change_is_measured(rng: np.random.Generator) -> None:
    found = changes(soundscape(_noise(rng, 0.003, 0.03), silent).levels)
    assert len(found) == 1
    assert found[0].size_db == pytest.approx(20, abs=4)
    assert found[0].rise_db > 0


def test_a_long_pause_begins_a_scene_and_a_short_one_does_not(rng: np.random.Generator) -> None:
    audio = _noise(rng, 0.001, 0.001, 0.001)
    speech = [Span(0, 18), Span(19, 28), Span(35, 58)]
    scenes = find_scenes(audio, speech=speech)
    assert [round(s.start_s) for s in scenes] == [0, 35]
    assert scenes[1].reason == "a pause of 7.0 s"
    assert len(find_scenes(audio, speech=speech, pause_s=8)) == 1


def _shot(start_s: float, end_s: float, colour: int) -> Shot:
    look = np.zeros(512, np.float32)
    look[colour] = 1
    return Shot(start_s, end_s, look)


def test_shot_and_reverse_shot_are_one_place() -> None:
    shots = [_shot(0, 5, 1), _shot(5, 9, 2), _shot(9, 14, 1), _shot(14, 20, 2), _shot(20, 30, 3)]
    assert {round(cut.time_s): cut.to_place for cut in cuts(shots)} == {5: False, 9: False, 14: False, 20: True}


spans = st.lists(st.tuples(st.floats(0, 55), st.floats(0.3, 10)), max_size=8)


@given(spans, st.floats(1, 30), st.floats(0, 1))
def test_scenes_have_no_gaps_and_their_least_length(
    speech: list[tuple[float, float]], shortest: float, sensitivity: float
) -> None:
    audio = Audio(np.zeros((1, 60_000)), 1000)
    scenes = find_scenes(
        audio,
        speech=[Span(a, min(60.0, a + b)) for a, b in speech],
        shortest_s=shortest,
        sensitivity=sensitivity,
    )
    assert scenes[0].start_s == 0
    assert scenes[-1].end_s == audio.duration_s
    assert all(a.end_s == b.start_s for a, b in pairwise(scenes))
    assert len(scenes) == 1 or min(s.end_s - s.start_s for s in scenes) >= shortest - 1e-6


def test_speakers_and_mood_of_a_scene(rng: np.random.Generator) -> None:
    turns = [SpeakerTurn(1, 4, "B"), SpeakerTurn(5, 9, "A"), SpeakerTurn(22, 30, "A"), SpeakerTurn(30.1, 30.2, "C")]
    moods = [
        EmotionUtterance(1, 9, "calm", -0.3, 0.1, 0.5),
        EmotionUtterance(22, 28, "tense", 0.4, -0.2, 0.5),
        EmotionUtterance(28, 30, "calm", -0.3, 0, 0.5),
    ]
    first, second = find_scenes(_noise(rng, 0.003, 0.03), turns=turns, utterances=moods)
    assert first.speakers == ("B", "A")
    assert second.speakers == ("A", "C")
    assert (first.mood, second.mood) == ("calm", "tense")


def _turn(at_s: float, end_s: float) -> list[EmotionPoint]:
    """A curve that leaps at a time."""
    return [
        EmotionPoint(0.5 * k, 0.8 * (0.5 * k >= at_s), -0.4 * (0.5 * k >= at_s), 0.0, 1.0)
        for k in range(int(2 * end_s))
    ]


def test_a_turn_of_feeling_makes_a_pause_a_border_that_it_is_not_alone(rng: np.random.Generator) -> None:
    audio, speech = _noise(rng, 0.001, 0.001, 0.001), [Span(0, 26.4), Span(30, 60)]
    felt = [p for p in _turn(30, 60) if p.time_s <= 26.5 or p.time_s >= 30]
    assert len(find_scenes(audio, speech=speech)) == 1
    first, second = find_scenes(audio, speech=speech, points=felt)
    assert second.start_s == pytest.approx(29.75, abs=0.3)
    assert second.reason.startswith("a turn of feeling (neutral to ")
    assert second.reason.endswith("and a pause of 3.6 s")
    assert first.affect is not None
    assert second.affect is not None
    assert second.affect.arousal - first.affect.arousal == pytest.approx(0.8)


def test_neither_feeling_nor_music_makes_a_border_alone_however_sensitive(rng: np.random.Generator) -> None:
    audio, speech = _noise(rng, 0.001, 0.001, 0.001), [Span(0, 60)]
    music = [Activity("music", 20, 60)]
    assert len(find_scenes(audio, speech=speech, points=_turn(30, 60), sensitivity=1)) == 1
    assert len(find_scenes(audio, speech=speech, activity=music, sensitivity=1)) == 1


def test_music_in_a_long_pause_begins_one_scene_and_the_next_line_another(rng: np.random.Generator) -> None:
    audio = _noise(rng, 0.001, 0.02, 0.001)
    speech = [Span(0, 17), Span(42, 58)]
    scenes = find_scenes(audio, speech=speech, activity=[Activity("music", 19, 41)])
    assert [s.start_s for s in scenes] == [0, pytest.approx(20, abs=0.5), pytest.approx(41.75, abs=0.1)]
    assert scenes[1].reason.startswith("music that is already there enters at 0:2")


def test_a_pause_that_holds_a_new_scene_does_not_end_with_another(rng: np.random.Generator) -> None:
    """A new room is heard, and only 10 s later does somebody speak in it."""
    scenes = find_scenes(_noise(rng, 0.001, 0.02), speech=[Span(0, 19), Span(31, 40)])
    assert [s.start_s for s in scenes] == [0, pytest.approx(20, abs=0.5)]


@pytest.mark.parametrize("language", ["zh-hant", "zh-hans"])
def test_reasons_are_in_the_language_asked_for(rng: np.random.Generator, language: str) -> None:
    first, second = find_scenes(_noise(rng, 0.003, 0.03), speech=[Span(0, 17), Span(22, 40)], language=language)
    assert first.reason in ("開頭", "开头")
    assert re.fullmatch(r"[環环]境[聲声]改[變变] \d+ dB；停[頓顿] 5.0 秒", second.reason)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("channels", "frames", "rate"), [(1, 1, 48_000), (6, 96_000, 48_000), (1, 80_000, 8_000)])
def test_silence_is_one_scene(channels: int, frames: int, rate: int) -> None:
    scenes = find_scenes(Audio(np.zeros((channels, frames)), rate))
    assert [(s.start_s, s.end_s) for s in scenes] == [(0.0, frames / rate)]


def test_no_samples_no_scenes() -> None:
    assert find_scenes(Audio(np.zeros((1, 0)), 48_000)) == ()


def test_a_value_outside_its_range_is_refused() -> None:
    with pytest.raises(BadValue, match="shortest_s"):
        find_scenes(Audio(np.zeros((1, 10)), 48_000), shortest_s=0)


def test_a_film_that_is_gone_is_said_so(tmp_path: Path) -> None:
    audio = Audio(np.zeros((1, 16_000)), 16_000)
    media = MediaInfo(str(tmp_path / "gone.mp4"), "", "mp4", "aac", 16_000, 1, ("M",), 1.0, has_video=True)
    project = Stage()(Project(media, audio), Options(), silent)
    assert project.scenes is not None
    assert len(project.scenes) == 1
    step = project.step("scenes")
    assert step is not None
    assert "gone.mp4" in step.warnings[0]


@pytest.mark.parametrize(("heard_s", "border_s"), [(49.0, 50.0), (53.0, 53.0), (57.0, 55.75)])
def test_a_border_never_cuts_into_a_line(heard_s: float, border_s: float) -> None:
    """A background is known to some tenths; where nobody speaks the scene changes."""
    speech = (Span(0, 50), Span(56, 120))
    material = Material(120.0, speech=speech, backgrounds=(novelty.Change(heard_s, 1.0, 12.0, 12.0),))
    (border,) = Boundaries(Options()).borders(material, silent)
    assert border.time_s == border_s


@pytest.mark.parametrize(("back_s", "another"), [(40.0, False), (60.0, True)])
def test_a_place_that_comes_back_late_is_another_scenes(back_s: float, another: bool) -> None:
    kitchen, street = np.zeros((2, 512), np.float32)
    kitchen[0], street[100] = 1, 1
    shots = [Shot(0, 5, kitchen), Shot(5, back_s, street), Shot(back_s, back_s + 9, kitchen)]
    assert [cut.to_place for cut in cuts(shots)] == [another, another]


def test_who_says_a_last_syllable_into_a_scene_is_not_in_it(rng: np.random.Generator) -> None:
    turns = [SpeakerTurn(2, 20.3, "A"), SpeakerTurn(20.4, 36, "B"), SpeakerTurn(37, 37.3, "C")]
    first, second = find_scenes(_noise(rng, 0.003, 0.03), speech=[], turns=turns)
    assert 19 <= second.start_s <= 20
    assert first.speakers == ("A",)
    assert second.speakers == ("B", "C")
