"""Music that is there: left alone, listed, heard."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from audiopost.core.audio import Audio
from audiopost.core.marks import Activity
from audiopost.core.music import TrackAnalysis
from audiopost.core.spotting import Cue, EmotionPoint, EmotionUtterance, StoryBeat
from audiopost.core.stage import silent
from audiopost.stages.cues import suggest_cues

Feelings = tuple[list[EmotionPoint], list[EmotionUtterance]]


def suggested(cues: tuple[Cue, ...]) -> list[Cue]:
    return [cue for cue in cues if cue.status == "suggested"]


def test_existing_music_is_left_alone_and_listed(talk: Callable[..., Feelings]) -> None:
    points, utterances = talk((0, 60, 0.0, 0.0), (60, 120, 0.6, -0.3))
    music = [Activity("music", 80, 100)]
    first, second, *_ = suggest_cues(points, utterances, activity=music, duration_s=120)
    assert first.out_s <= 78
    assert "music that is already there at 1:20" in first.reason
    assert (second.label, second.status, second.in_s, second.out_s) == ("1m02", "existing", 80, 100)
    covered = suggest_cues(points, utterances, activity=[Activity("music", 0, 120)], duration_s=120)
    assert [cue.status for cue in covered] == ["existing"]


@pytest.mark.parametrize(
    ("lines", "music", "function", "told"),
    [
        (((0, 30), (70, 120)), (30, 70), "montage", "nobody speaks over it"),
        (((0, 30), (38, 120)), (30, 38), "transition", "nobody speaks over it"),
        (((0, 120),), (30, 70), "underscore", "words in 80 % of the time"),
        (((0, 35), (66, 120)), (30, 70), "montage", "words in 20 % of the time"),
        (((40, 120),), (0, 38), "opening", ""),
        (((0, 60),), (62, 120), "closing", ""),
        ((), (0, 120), "montage", "nobody speaks over it"),
    ],
)
def test_what_music_that_is_there_does_is_told_by_its_place_and_the_words_over_it(
    talk: Callable[..., Feelings],
    lines: tuple[tuple[float, float], ...],
    music: tuple[float, float],
    function: str,
    told: str,
) -> None:
    points, utterances = talk(*((start, end, 0.0, 0.0) for start, end in lines))
    (cue,) = suggest_cues(points, utterances, activity=[Activity("music", *music)], duration_s=120)
    assert (cue.status, cue.function) == ("existing", function)
    assert told in cue.reason


def test_existing_music_is_heard_and_told(talk: Callable[..., Feelings], monkeypatch: pytest.MonkeyPatch) -> None:
    track = pytest.importorskip("audiopost.music.track")
    heard: list[float] = []

    def analyse(audio: Audio, *, progress: object = silent) -> TrackAnalysis:
        heard.append(audio.duration_s)
        return TrackAnalysis(
            audio.duration_s, 96.0, 0.9, 48.0, (0.5, 1.125), metre=3, key="F#", mode="minor", vocal=0.8, arousal=0.4,
            valence=0.7,
        )  # fmt: skip

    monkeypatch.setattr(track, "analyse", analyse)
    points, utterances = talk((0, 60, 0.0, 0.0))
    sound = Audio(np.zeros((1, 60_000)), 1000)
    (cue,) = suggest_cues(
        points,
        utterances,
        activity=[Activity("music", 20, 30), Activity("music", 31, 35.02)],
        duration_s=60,
        music=sound,
    )
    assert heard == [pytest.approx(15.02)]
    assert (cue.tempo_bpm, cue.metre, cue.key, cue.mode, cue.emotion) == ((96, 96), "3/4", "F#", "minor", "joy")
    assert cue.tempo is not None
    assert (cue.tempo.bpm, cue.tempo.first_beat_s) == (96.0, pytest.approx(20.5))
    later, more = talk((40, 75, 0.0, 0.0), (75, 120, 0.6, 0.5))
    glad = [replace(each, label="joy" if each.arousal > 0 else "neutral") for each in more]
    sound = Audio(np.zeros((1, 120_000)), 1000)
    cues = suggest_cues(later, glad, activity=[Activity("music", 30, 38)], duration_s=120, music=sound)
    there, joyful = cues[-2:]
    # F# minor has the notes of A major, which is among the keys of joy.
    assert (there.key, joyful.emotion, joyful.key) == ("F#", "joy", "A")
    for said in ("96 BPM (or felt as 48)", "F# minor", "mood joy", "sung (probability 80 %)", "0:20.0 to 0:35.0"):
        assert said in cue.reason


def test_music_that_is_there_begins_and_ends_where_it_is_heard(talk: Callable[..., Feelings]) -> None:
    points, utterances = talk((0, 15, 0.0, 0.0), (65, 90, 0.0, 0.0))
    beats = [StoryBeat(19.92, "music", "enters", 0.6), StoryBeat(59.52, "music", "leaves", 0.6)]
    cues = suggest_cues(points, utterances, beats=beats, activity=[Activity("music", 18, 59)], duration_s=90)
    (there,) = [cue for cue in cues if cue.status == "existing"]
    assert (there.in_s, there.out_s) == (pytest.approx(19.92), pytest.approx(59.52))
    assert all(cue.out_s <= 16 or cue.in_s >= 61.5 for cue in suggested(cues))
