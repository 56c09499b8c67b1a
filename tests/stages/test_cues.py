from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiopost.core.audio import Audio
from audiopost.core.errors import BadValue
from audiopost.core.marks import Activity
from audiopost.core.project import MediaInfo, Project
from audiopost.core.speech import SpeakerTurn, Transcript, Utterance
from audiopost.core.spotting import Cue, EmotionPoint, EmotionUtterance, Scene
from audiopost.core.stage import silent
from audiopost.io.decode import load
from audiopost.stages.cues import BACKENDS, Options, Stage, palette, suggest_cues
from audiopost.stages.emotion import emotion

Feelings = tuple[list[EmotionPoint], list[EmotionUtterance]]


@pytest.fixture
def talk() -> Callable[..., Feelings]:
    """talk((from_s, to_s, arousal, valence), …): lines of 4 s with a second between, and the curve over them."""

    def make(*stretches: tuple[float, float, float, float]) -> Feelings:
        points, utterances = [], []
        for start, end, arousal, valence in stretches:
            for at in np.arange(start, end - 3.9, 5.0):
                utterances.append(
                    EmotionUtterance(
                        float(at), float(at) + 4, "tense" if arousal > 0.3 else "calm", arousal, valence, 0.6
                    )
                )
                points += [EmotionPoint(float(at) + k, arousal, valence, 0.0, 0.6) for k in range(5)]
        return points, utterances

    return make


def test_music_enters_in_the_pause_where_the_feeling_turns(talk: Callable[..., Feelings]) -> None:
    points, utterances = talk((0, 60, 0.0, 0.0), (60, 120, 0.6, -0.3))
    (cue,) = suggest_cues(points, utterances, duration_s=120)
    assert 59 <= cue.in_s <= 60
    assert cue.out_s - cue.in_s >= 10
    assert cue.function == "tension"
    assert cue.emotion == "tense"
    assert cue.mode == "minor"
    assert cue.tempo_bpm[0] > 90
    assert cue.instruments
    assert "0.00 to 0.60" in cue.reason
    assert "pause of 1.0 s at 0:59" in cue.reason
    assert 0 < cue.confidence <= 1


def test_the_person_who_speaks_is_named(talk: Callable[..., Feelings]) -> None:
    points, utterances = talk((0, 60, 0.0, 0.0), (60, 120, 0.6, -0.3))
    turns = [SpeakerTurn(0, 59, "Anna"), SpeakerTurn(60, 119, "Tom")]
    assert "Tom" in suggest_cues(points, utterances, turns=turns, duration_s=120)[0].reason


def test_even_feelings_need_no_music(talk: Callable[..., Feelings]) -> None:
    points, utterances = talk((0, 300, 0.05, 0.0))
    assert suggest_cues(points, utterances, duration_s=300) == ()


def test_falling_arousal_is_a_release_and_gladness_a_lift(talk: Callable[..., Feelings]) -> None:
    released = suggest_cues(*talk((0, 60, 0.6, -0.3), (60, 120, -0.3, -0.1)), duration_s=120)
    assert any(c.function == "release" and abs(c.in_s - 59.2) < 0.5 for c in released)
    (lifted,) = suggest_cues(*talk((0, 60, 0.0, -0.1), (60, 120, 0.2, 0.5)), duration_s=120)
    assert (lifted.function, lifted.mode) == ("lift", "major")


def test_existing_music_is_left_alone(talk: Callable[..., Feelings]) -> None:
    points, utterances = talk((0, 60, 0.0, 0.0), (60, 120, 0.6, -0.3))
    music = [Activity("music", 80, 100)]
    (cue,) = suggest_cues(points, utterances, activity=music, duration_s=120)
    assert cue.out_s <= 78
    assert "music that is already there" in cue.reason
    assert suggest_cues(points, utterances, activity=[Activity("music", 0, 120)], duration_s=120) == ()


def test_music_leaves_before_a_line_that_stands_alone(talk: Callable[..., Feelings]) -> None:
    points, utterances = talk((0, 60, 0.0, 0.0), (60, 85, 0.6, -0.3))
    utterances.append(EmotionUtterance(90, 92, "tense", 0.6, -0.3, 0.6))
    points += [EmotionPoint(90 + k, 0.6, -0.3, 0, 0.6) for k in range(3)]
    (cue,) = suggest_cues(points, utterances, duration_s=94)
    assert cue.out_s < 90
    assert "stands alone" in cue.reason


def test_music_ends_with_its_scene(talk: Callable[..., Feelings]) -> None:
    points, utterances = talk((0, 60, 0.0, 0.0), (60, 120, 0.6, -0.3))
    scenes = [Scene(1, 0, 75, ""), Scene(2, 75, 120, "")]
    (cue,) = suggest_cues(points, utterances, scenes=scenes, duration_s=120)
    assert cue.out_s <= 75.2
    assert "scene 1" in cue.reason


def test_opening_closing_and_a_change_of_scene_get_music(talk: Callable[..., Feelings]) -> None:
    points, utterances = talk((15, 60, 0, 0), (70, 160, 0, 0))
    scenes = [Scene(1, 0, 69.8, ""), Scene(2, 69.8, 180, "a pause of 11.0 s")]
    cues = suggest_cues(points, utterances, scenes=scenes, duration_s=180, share=1)
    assert [c.function for c in cues] == ["intro", "transition", "outro"]
    assert cues[0].in_s == 0
    assert cues[2].out_s == 180
    assert "scene 2" in cues[1].reason.lower()


def test_a_short_recording_may_have_a_short_cue(talk: Callable[..., Feelings]) -> None:
    points, utterances = talk((0, 15, 0.0, 0.0), (15, 30, 0.6, -0.3))
    (cue,) = suggest_cues(points, utterances, duration_s=30)
    assert 5 <= cue.out_s - cue.in_s <= 0.4 * 30 + 0.1


lines = st.lists(
    st.tuples(st.floats(0, 280), st.floats(0.3, 20), st.floats(-1, 1), st.floats(-1, 1), st.floats(0, 1)), max_size=20
)
tunes = st.lists(st.tuples(st.floats(0, 280), st.floats(0.1, 40)), max_size=3)


@given(lines, tunes, st.lists(st.floats(10, 290), max_size=4), st.floats(0, 1))
def test_cues_never_overlap_leave_the_recording_or_exceed_their_share(
    said: list[tuple[float, float, float, float, float]],
    music: list[tuple[float, float]],
    borders: list[float],
    share: float,
) -> None:
    utterances = [EmotionUtterance(s, s + d, "calm", a, v, c) for s, d, a, v, c in said]
    points = [EmotionPoint(s + k, a, v, 0, c) for s, d, a, v, c in said for k in range(int(d) + 1)]
    edges = [0.0, *sorted(set(borders)), 300.0]
    scenes = [Scene(n, a, b, "") for n, (a, b) in enumerate(pairwise(edges), 1)]
    activity = [Activity("music", s, s + d) for s, d in music]
    cues = suggest_cues(points, utterances, scenes=scenes, activity=activity, duration_s=300, share=share)
    assert [c.number for c in cues] == list(range(1, len(cues) + 1))
    assert all(a.out_s < b.in_s for a, b in pairwise(cues))
    assert all(c.in_s >= 0 and c.out_s <= 300 and c.out_s - c.in_s >= 9.99 for c in cues)
    assert sum(c.out_s - c.in_s for c in cues) <= max(share * 300, 10) + 0.1
    for cue in cues:
        assert all(cue.out_s <= m.start_s or cue.in_s >= m.end_s for m in activity)
        assert 0 <= cue.confidence <= 1
        assert cue.tempo_bpm[0] < cue.tempo_bpm[1]
        assert re.fullmatch(r"[A-Z].*\.", cue.reason)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("duration_s", [0.0, 1e-5, 60.0])
def test_silence_and_pure_music_have_no_cues(duration_s: float) -> None:
    assert suggest_cues((), (), duration_s=duration_s) == ()
    assert suggest_cues((), (), activity=[Activity("music", 0, duration_s)], duration_s=duration_s) == ()


@given(st.floats(-1, 1), st.floats(-1, 1))
def test_tempo_follows_arousal_and_mode_valence(one: float, other: float) -> None:
    calm, lively = sorted((one, other))
    assert palette.tempo_bpm(calm) <= palette.tempo_bpm(lively)
    assert 40 <= palette.tempo_bpm(calm)[0] < palette.tempo_bpm(lively)[1] <= 168
    assert palette.mode(abs(one)) in ("major", "modal")
    assert palette.instruments("underscore", one, other)


@pytest.mark.parametrize("actor", ["01", "02", "03", "04"])
def test_real_voices_that_turn_angry_get_a_cue_there(shared: Path, actor: str) -> None:
    with (shared / "audio" / "index.csv").open(encoding="utf-8") as file:
        rows = [r for r in csv.DictReader(file) if r["path"].endswith(f"-{actor}.flac")]

    def clips(*names: str) -> list[Audio]:
        paths = [r["path"] for n in names for r in rows if r["reference"].startswith(f"emotion={n};")]
        return [load(shared / "audio" / path).audio for path in paths]

    calm, angry = clips("calm", "neutral") * 3, clips("angry", "fearful") * 3
    audio = Audio(np.concatenate([c.samples for c in calm + angry], axis=1), 48_000)
    change = sum(c.duration_s for c in calm)
    points, utterances = emotion(audio)
    (cue,) = suggest_cues(points, utterances, duration_s=audio.duration_s)
    assert cue.in_s == pytest.approx(change, abs=4)
    assert cue.function == "tension"
    planted = [Activity("music", change - 5, change + 6)]
    for other in suggest_cues(points, utterances, activity=planted, duration_s=audio.duration_s):
        assert other.out_s <= change - 7
        assert other.in_s >= change + 8


def test_the_example_gets_its_quarrel_and_its_regret(scene: Path) -> None:
    truth = json.loads(scene.with_suffix(".json").read_text(encoding="utf-8"))
    said = tuple(Utterance(u["start_s"], u["end_s"], u["text"], "en", (), u["speaker"]) for u in truth["utterances"])
    audio = load(scene.with_name("scene.dialogue.flac")).audio
    points, utterances = emotion(audio, Transcript("en", said))
    music = [Activity("music", m["start_s"], m["end_s"]) for m in truth["music"]]
    scenes = [Scene(1, 0, 44, ""), Scene(2, 44, 62, "a pause")]
    cues = suggest_cues(points, utterances, activity=music, scenes=scenes, duration_s=62)

    def overlap(cue: Cue, wanted: dict[str, float]) -> float:
        return min(cue.out_s, wanted["out_s"]) - max(cue.in_s, wanted["in_s"])

    for wanted in truth["cues"]:
        assert max(overlap(cue, wanted) for cue in cues) > 0.5 * (wanted["out_s"] - wanted["in_s"])


def test_the_stage_needs_emotion_and_records_itself(talk: Callable[..., Feelings]) -> None:
    media = MediaInfo("x.wav", "", "WAV", "PCM_16", 1000, 1, ("M",), 120)
    project = Project(media, Audio(np.zeros((1, 120_000)), 1000))
    with pytest.raises(BadValue, match="emotion"):
        Stage()(project, Options(), silent)
    points, utterances = talk((0, 60, 0.0, 0.0), (60, 120, 0.6, -0.3))
    felt = Project(media, project.audio, emotion=tuple(points), emotion_utterances=tuple(utterances))
    done = Stage()(felt, Options(), silent)
    assert done.cues
    step = done.step("cues")
    assert step is not None
    assert step.backend == "rules"
    assert BACKENDS.embedded == "rules"
