"""Story beats of every kind: when, how strong, and told so that a person can use them."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiopost.core.audio import Audio
from audiopost.core.errors import BadValue
from audiopost.core.language import LANGUAGES
from audiopost.core.marks import Activity
from audiopost.core.project import MediaInfo, Project
from audiopost.core.speech import SpeakerTurn
from audiopost.core.spotting import EmotionPoint, EmotionUtterance, StoryBeat
from audiopost.core.stage import silent
from audiopost.core.time import Span
from audiopost.stages.scenes import Options, Stage, find_beats, find_scenes
from audiopost.stages.scenes.novelty import changes

RATE = 16_000


def quiet(seconds: float, level: float = 1e-3, seed: int = 1) -> Audio:
    return Audio(level * np.random.default_rng(seed).normal(size=round(seconds * RATE)), RATE)


def louder(audio: Audio, start_s: float, end_s: float, by: float) -> Audio:
    samples = audio.samples.copy()
    samples[:, round(start_s * RATE) : round(end_s * RATE)] *= by
    return Audio(samples, audio.rate)


def of(kind: str, beats: tuple[StoryBeat, ...]) -> list[StoryBeat]:
    return [beat for beat in beats if beat.kind == kind]


def test_speakers_take_over_answer_and_cut_in() -> None:
    turns = [
        SpeakerTurn(1, 4, "Anna"), SpeakerTurn(4.4, 8, "Tom"), SpeakerTurn(5, 5.5, "Anna"),
        SpeakerTurn(7.5, 10, "Anna"), SpeakerTurn(10.2, 12, "Anna"), SpeakerTurn(13, 15, "Tom"),
    ]  # fmt: skip
    beats = of("speaker", find_beats(quiet(16), turns=turns, speech=[]))
    assert [(b.time_s, b.detail) for b in beats] == [
        (1, "Anna speaks for the first time"),
        (4.4, "Tom speaks for the first time"),
        (7.5, "Anna cuts in on Tom by 0.5 s"),
        (13, "Tom answers Anna after 1.0 s"),
    ]


def test_utterances_tell_speakers_where_there_are_no_turns() -> None:
    said = [EmotionUtterance(1, 3, "joy", 0, 0, 0.5, "A"), EmotionUtterance(4, 6, "joy", 0, 0, 0.5, "B")]
    assert [b.time_s for b in of("speaker", find_beats(quiet(8), utterances=said, speech=[]))] == [1, 4]


def test_pauses_from_their_length_on_and_the_silent_end() -> None:
    speech = [Span(2, 5), Span(6, 8), Span(12.5, 14)]
    beats = of("pause", find_beats(quiet(20), speech=speech))
    assert [(b.time_s, b.detail) for b in beats] == [
        (8, "nobody speaks for 4.5 s, until 0:12.5"),
        (14, "nobody speaks for the last 6.0 s"),
    ]
    assert beats[1].strength > beats[0].strength
    assert len(of("pause", find_beats(quiet(20), speech=speech, pause_s=5))) == 1


def test_a_bang_is_heard_where_it_is_and_not_inside_speech() -> None:
    audio = louder(louder(quiet(30), 12.34, 12.5, 100), 20.0, 20.2, 100)
    beats = of("sound", find_beats(audio, speech=[Span(18, 25)]))
    assert [b.time_s for b in beats] == [pytest.approx(12.34, abs=0.03)]
    assert "40 dB" in beats[0].detail
    assert beats[0].strength == pytest.approx(1, abs=0.05)


def test_a_short_sound_that_the_vad_takes_for_speech_is_a_sound_where_no_line_knows_it() -> None:
    audio = louder(quiet(30), 12.3, 12.5, 100)
    assert len(of("sound", find_beats(audio, speech=[Span(12.3, 12.5)], turns=[SpeakerTurn(1, 9, "A")]))) == 1
    assert not of("sound", find_beats(audio, speech=[Span(12.3, 12.5)], turns=[SpeakerTurn(12, 13, "A")]))


def test_a_named_event_begins_with_its_attack() -> None:
    audio = louder(quiet(30), 12.34, 12.6, 100)
    doors = [Activity("door slams", 12.0, 13.0), Activity("rain", 3.0, 9.0), Activity("silence", 20, 25)]
    named = {
        language: of("sound", find_beats(audio, speech=[], activity=doors, language=language)) for language in LANGUAGES
    }
    assert [b.time_s for b in named["en"]] == [3.0, pytest.approx(12.34, abs=0.03)]
    assert named["en"][0].detail == "rain, for 6.0 s"
    assert named["en"][1].detail == "door slams, 40 dB over the half second before"
    assert named["zh-hant"][1].detail.startswith("關門聲")
    assert named["zh-hans"][1].detail.startswith("关门声")


def test_the_background_changes_at_its_moment_and_in_its_direction() -> None:
    beats = of("sound", find_beats(louder(quiet(60, 0.01), 20, 40, 8), speech=[]))
    assert [b.time_s for b in beats] == pytest.approx([20, 40], abs=0.5)
    assert "louder" in beats[0].detail
    assert "quieter" in beats[1].detail
    assert "18 dB" in beats[0].detail


def test_music_that_is_there_enters_and_leaves_where_the_sound_does() -> None:
    """Its detector hears it by the second; its beginning is no sudden sound, and no change of the background."""
    audio = louder(quiet(60), 20.2, 40, 30)
    beats = find_beats(audio, speech=[], activity=[Activity("music", 18, 42)])
    assert [(b.kind, b.time_s) for b in beats] == [
        ("music", pytest.approx(20.2, abs=0.1)),
        ("music", pytest.approx(40, abs=0.5)),
    ]
    assert "19.8 s" in beats[0].detail


def test_a_voice_that_begins_beside_it_is_not_the_music() -> None:
    """Soft music comes in at 20; 2 s later a loud voice rises higher."""
    audio = louder(louder(quiet(60), 20, 40, 6), 22, 26, 60)
    turn = SpeakerTurn(22, 26, "A")
    beats = of("music", find_beats(audio, speech=[], turns=[turn], activity=[Activity("music", 20.5, 40.5)]))
    assert [b.time_s for b in beats] == [pytest.approx(20, abs=0.5), pytest.approx(40, abs=0.5)]


def test_a_sound_after_very_short_music_is_not_its_beginning() -> None:
    audio = louder(quiet(30), 10.3, 10.6, 100)
    beats = find_beats(audio, speech=[], activity=[Activity("music", 10.0, 10.1)])
    assert [(b.kind, round(b.time_s, 1)) for b in beats] == [("music", 10.0), ("music", 10.1), ("sound", 10.3)]


def test_music_from_end_to_end_enters_at_the_beginning_and_never_leaves() -> None:
    beats = find_beats(quiet(30, 0.1), speech=[], activity=[Activity("music", 1, 29)])
    assert [(b.kind, b.time_s) for b in beats] == [("music", 0.0)]


@pytest.mark.parametrize("gain_db", [-50, 12])
def test_speech_is_found_however_loud_it_was_recorded(speech: Audio, gain_db: float) -> None:
    ended = Audio(np.pad(speech.samples, ((0, 0), (0, 4 * speech.rate))), speech.rate)
    (pause,) = of("pause", find_beats(ended))
    assert pause.time_s == pytest.approx(speech.duration_s, abs=0.6)
    assert of("pause", find_beats(Audio(ended.samples * 10 ** (gain_db / 20), ended.rate))) == [pause]


def test_a_background_that_wanders_anyway_does_not_change() -> None:
    """Surf: 16 dB up and down every 5 s; the same levels shifted by 25 dB in the middle are a change."""
    surf = np.repeat((-60 + 8 * np.sin(2 * np.pi * np.arange(240) / 10))[:, np.newaxis], 11, axis=1)
    assert changes(surf) == []
    (change,) = changes(surf + np.where(np.arange(240) < 120, 0, 25)[:, np.newaxis])
    assert change.time_s == pytest.approx(60, abs=2.5)
    assert change.rise_db == pytest.approx(25, abs=5)


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e30])
def test_samples_that_are_no_sound_are_silence(bad: float) -> None:
    broken, mended = (np.array(louder(quiet(60, 0.01), 20, 40, 8).samples) for _ in range(2))
    broken[0, 5000:5050], mended[0, 5000:5050] = bad, 0
    found = find_beats(Audio(broken, RATE), speech=[])
    assert found
    assert found == find_beats(Audio(mended, RATE), speech=[])


def test_shots_are_beats_on_their_frame(tmp_path: Path) -> None:
    import av

    film, rng = tmp_path / "film.mp4", np.random.default_rng(1)
    with av.open(str(film), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        for frames in (60, 45, 70):
            picture = np.kron(rng.integers(0, 255, (6, 10, 3)), np.ones((16, 16, 1))).astype(np.uint8)
            for _ in range(frames):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    audio = quiet(7)
    beats = find_beats(audio, speech=[], film=film)
    assert [(b.kind, b.time_s) for b in beats] == [("shot", pytest.approx(60 / 25)), ("shot", pytest.approx(105 / 25))]
    assert "another place" in beats[0].detail
    (scene,) = find_scenes(audio, speech=[], film=film)
    assert scene.cuts_s == tuple(b.time_s for b in beats)


def test_details_are_in_the_language_asked_for() -> None:
    turns = [SpeakerTurn(1, 4, "甲"), SpeakerTurn(5, 8, "乙")]
    for language in ("zh-hant", "zh-hans"):
        beats = find_beats(louder(quiet(60), 20, 40, 8), turns=turns, speech=[], language=language)
        assert {b.kind for b in beats} == {"speaker", "pause", "sound"}
        assert not any(word in b.detail for b in beats for word in ("the", "speaks", "nobody", "changes"))
    with pytest.raises(BadValue, match="zh-hant"):
        find_beats(quiet(1), language="fr")


# What is bad or next to nothing


def test_no_speech_one_word_only_music_no_sound() -> None:
    assert find_beats(quiet(20)) == ()
    one = find_beats(quiet(20), speech=[Span(5, 5.3)], turns=[SpeakerTurn(5, 5.3, "A")])
    assert [b.kind for b in one] == ["speaker", "pause"]
    assert [b.kind for b in find_beats(quiet(20, 0.1), speech=[], activity=[Activity("music", 0, 20)])] == ["music"]
    assert find_beats(Audio(np.zeros((1, 0)), 48_000), turns=[SpeakerTurn(0, 1, "A")]) == ()
    assert find_beats(Audio(np.zeros((1, 1)), 48_000)) == ()


def test_a_curve_of_one_point_says_what_the_scene_feels() -> None:
    point = EmotionPoint(3.0, 0.6, -0.5, 0.3, 0.4)
    (scene,) = find_scenes(quiet(20), speech=[], points=[point])
    assert scene.affect is not None
    assert (scene.affect.arousal, scene.affect.valence, scene.mood) == (0.6, -0.5, "anger")
    assert not of("emotion", find_beats(quiet(20), speech=[], points=[point]))


def test_a_film_that_is_gone_still_has_its_beats(tmp_path: Path) -> None:
    media = MediaInfo(str(tmp_path / "gone.mp4"), "", "mp4", "aac", RATE, 1, ("M",), 20.0, has_video=True)
    project = Project(media, quiet(20), turns=(SpeakerTurn(1, 4, "A"), SpeakerTurn(5, 8, "B")))
    done = Stage()(project, Options(language="zh-hant"), silent)
    assert [b.kind for b in done.beats or ()] == ["speaker", "speaker", "pause"]
    assert (done.scenes or ())[0].reason == "開頭"
    step = done.step("scenes")
    assert step is not None
    assert "gone.mp4" in step.warnings[0]


number = st.floats(-5, 40, allow_nan=False)
spans = st.lists(st.tuples(number, number, st.sampled_from("AB")), max_size=6)
sounds = st.lists(st.tuples(number, number, st.sampled_from(["music", "speech", "rain", "thunder"])), max_size=4)
curve = st.lists(st.tuples(number, st.one_of(st.floats(-1, 1), st.just(math.nan)), st.floats(0, 1)), max_size=12)
NOISE = quiet(30)


@given(spans, sounds, curve)
def test_whatever_is_said_of_a_recording_beats_and_scenes_lie_inside_it(
    lines: list[tuple[float, float, str]],
    heard: list[tuple[float, float, str]],
    felt: list[tuple[float, float, float]],
) -> None:
    """Overlapping and negative turns, activity beyond the end, a curve out of order with holes."""
    known = {
        "speech": [],
        "turns": [SpeakerTurn(a, b, who) for a, b, who in lines],
        "utterances": [EmotionUtterance(a, b, "joy", 0.5, 0.5, 0.5, who) for a, b, who in lines],
        "activity": [Activity(kind, a, b) for a, b, kind in heard],
        "points": [EmotionPoint(t, x, x, 0.0, c) for t, x, c in felt],
    }
    beats = find_beats(NOISE, **known)
    assert [b.time_s for b in beats] == sorted(b.time_s for b in beats)
    assert all(0 <= b.time_s <= 30 and 0 <= b.strength <= 1 and b.detail for b in beats)
    scenes = find_scenes(NOISE, **known)
    assert (scenes[0].start_s, scenes[-1].end_s) == (0, 30)
