"""The stage on real voices and the example, its golden lists, and what it says where there are no cues."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from audiopost.core.audio import Audio
from audiopost.core.errors import BadValue, UnknownName
from audiopost.core.language import LANGUAGES
from audiopost.core.marks import Activity
from audiopost.core.project import MediaInfo, Project
from audiopost.core.serial import to_json
from audiopost.core.speech import Transcript, Utterance
from audiopost.core.spotting import Cue, EmotionPoint, EmotionUtterance, Scene, StoryBeat
from audiopost.core.stage import silent
from audiopost.core.time import FrameRate, Timebase
from audiopost.io.decode import load
from audiopost.stages.cues import BACKENDS, Options, Stage, suggest_cues
from audiopost.stages.emotion import emotion

Feelings = tuple[list[EmotionPoint], list[EmotionUtterance]]
FILM = Timebase(FrameRate.parse("23.976"))
GOLDEN = Path(__file__).parent.parent / "golden" / "cues"


def suggested(cues: tuple[Cue, ...]) -> list[Cue]:
    return [cue for cue in cues if cue.status == "suggested"]


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
    cues = suggest_cues(points, utterances, duration_s=audio.duration_s)
    assert any(abs(cue.in_s - change) <= 4 and cue.function == "underscore" for cue in cues)
    planted = [Activity("music", change - 5, change + 6)]
    for other in suggested(suggest_cues(points, utterances, activity=planted, duration_s=audio.duration_s)):
        assert other.out_s <= change - 7 or other.in_s >= change + 8


def example(scene: Path) -> dict[str, object]:
    return json.loads(scene.with_suffix(".json").read_text(encoding="utf-8"))


def test_the_example_gets_its_quarrel_and_its_regret(scene: Path) -> None:
    truth = example(scene)
    said = tuple(Utterance(u["start_s"], u["end_s"], u["text"], "en", (), u["speaker"]) for u in truth["utterances"])
    audio = load(scene.with_name("scene.dialogue.flac")).audio
    points, utterances = emotion(audio, Transcript("en", said))
    music = [Activity("music", m["start_s"], m["end_s"]) for m in truth["music"]]
    scenes = [Scene(1, 0, 44, ""), Scene(2, 44, 62, "a pause")]
    cues = suggest_cues(points, utterances, activity=music, scenes=scenes, duration_s=62)

    def overlap(cue: Cue, wanted: dict[str, float]) -> float:
        return min(cue.out_s, wanted["out_s"]) - max(cue.in_s, wanted["in_s"])

    for wanted in truth["cues"]:
        assert max(overlap(cue, wanted) for cue in suggested(cues)) > 0.5 * (wanted["out_s"] - wanted["in_s"])


#: What the example's script means, as (label, arousal, valence).
MEANT = {
    "calm": ("neutral", -0.2, 0.2), "tense": ("tension", 0.4, -0.3), "angry": ("anger", 0.6, -0.5),
    "sad": ("sadness", -0.3, -0.6), "warm": ("tenderness", -0.3, 0.5),
}  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_golden(scene: Path, language: str) -> None:
    """The example's script as meant, its door and its turns as beats: every field of every cue, in three languages."""
    truth = example(scene)
    utterances, points = [], []
    for u in truth["utterances"]:
        label, arousal, valence = MEANT[u["mood"]]
        utterances.append(
            EmotionUtterance(u["start_s"], u["end_s"], label, arousal, valence, 0.7, u["speaker"], u["text"])
        )
        steps = np.arange(round(u["start_s"] * 2) / 2, u["end_s"], 0.5)
        points += [EmotionPoint(float(at), arousal, valence, 0.0, 0.7) for at in steps]
    door = {"en": "door slams, 25 dB over the second before", "zh-hant": "關門聲，比前一秒高 25 dB",
            "zh-hans": "关门声，比前一秒高 25 dB"}[language]  # fmt: skip
    beats = [
        StoryBeat(23.184, "emotion", "", 0.7),
        StoryBeat(38.6, "sound", door, 0.63),
        StoryBeat(44.2, "emotion", "", 0.9),
    ]
    cues = suggest_cues(
        points, utterances, activity=[Activity("music", m["start_s"], m["end_s"]) for m in truth["music"]],
        scenes=[Scene(1, 0, 44, ""), Scene(2, 44, 62, "")], beats=beats, duration_s=62, language=language,
    )  # fmt: skip
    expected = json.loads((GOLDEN / f"tea-at-night.{language}.json").read_text(encoding="utf-8"))
    assert to_json(cues) == expected


def test_the_stage_needs_emotion_and_records_itself(talk: Callable[..., Feelings]) -> None:
    media = MediaInfo("x.wav", "", "WAV", "PCM_16", 1000, 1, ("M",), 120, timebase=FILM)
    project = Project(media, Audio(np.zeros((1, 120_000)), 1000))
    with pytest.raises(BadValue, match="emotion"):
        Stage()(project, Options(), silent)
    points, utterances = talk((0, 60, 0.0, 0.0), (60, 120, 0.6, -0.3))
    beats = (StoryBeat(66.0, "sound", "door slams", 0.7),)
    felt = Project(media, project.audio, emotion=tuple(points), emotion_utterances=tuple(utterances), beats=beats)
    done = Stage()(felt, Options(reel=3), silent)
    assert done.cues
    assert done.cues[0].label == "3m01"
    assert done.cues[0].hits
    frames = done.cues[0].in_s * 24_000 / 1001
    assert frames == pytest.approx(round(frames), abs=1e-6)
    step = done.step("cues")
    assert step is not None
    assert step.backend == "rules"
    assert BACKENDS.embedded == ("rules",)


@pytest.mark.parametrize(
    ("language", "said"), [("en", "nobody speaks"), ("zh-hant", "無人說話"), ("zh-hans", "无人说话")]
)
def test_where_there_are_no_cues_the_stage_says_why(language: str, said: str) -> None:
    media = MediaInfo("x.wav", "", "WAV", "PCM_16", 1000, 1, ("M",), 30)
    project = Project(media, Audio(np.zeros((1, 30_000)), 1000), emotion=(), emotion_utterances=())
    done = Stage()(project, Options(language=language), silent)
    assert done.cues == ()
    step = done.step("cues")
    assert step is not None
    assert said in step.warnings[0]


def test_a_library_is_asked_for_tracks(
    talk: Callable[..., Feelings], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from audiopost.music import library

    monkeypatch.setenv("HOME", str(tmp_path))
    library.Store(tmp_path / "tracks", new=True).close()
    asked: dict[str, object] = {}

    def suggest_tracks(cues: tuple[Cue, ...], folder: Path, **told: object) -> tuple[Cue, ...]:
        asked.update(told, folder=folder)
        return tuple(replace(cue, title="matched") for cue in cues)

    monkeypatch.setattr(library, "suggest_tracks", suggest_tracks)
    points, utterances = talk((0, 60, 0.0, 0.0), (60, 120, 0.6, -0.3))
    media = MediaInfo("x.wav", "", "WAV", "PCM_16", 8000, 1, ("M",), 120)
    t = np.arange(8000 * 120) / 8000
    sound = Audio((0.1 * np.sin(2 * np.pi * 1000 * t))[np.newaxis], 8000)
    felt = Project(media, sound, emotion=tuple(points), emotion_utterances=tuple(utterances))
    done = Stage()(felt, Options(library="~/tracks", tracks=3, language="zh-hans"), silent)
    assert [cue.title for cue in done.cues or ()] == ["matched"]
    assert asked["folder"] == tmp_path / "tracks"
    assert (asked["count"], asked["language"]) == (3, "zh-hans")
    assert asked["dialogue_lufs"] == pytest.approx(-23.0, abs=0.5)
    assert len(asked["speech"]) == len(utterances)


def test_unknown_rules_languages_and_libraries_are_refused_before_the_work(tmp_path: Path) -> None:
    with pytest.raises(BadValue, match="no music library"):
        Options(library=str(tmp_path / "none.sqlite"))
    with pytest.raises(UnknownName, match="thriller"):
        Options(rules="jazz")
    with pytest.raises(UnknownName, match="film-drama"):
        suggest_cues((), (), duration_s=10, rules="film-dramma")
    with pytest.raises(BadValue, match="zh-hant"):
        suggest_cues((), (), duration_s=10, language="fr")
