"""SDH: who speaks, what sounds and what plays, where there is time to read it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from audiopost.core.marks import Activity, Finding
from audiopost.core.speech import Transcript
from audiopost.core.spotting import EMOTIONS, Cue, EmotionPoint, Scene
from audiopost.core.time import FrameRate, Timebase
from audiopost.subtitles import check, layout, load_style, render, sdh
from audiopost.subtitles.sdh import SoundTag, is_labelled, sound_tags, speaker_label, with_tags
from audiopost.subtitles.timing import Timing

STYLE = load_style("netflix-en-sdh")
FILM = Timebase(FrameRate.parse("24"))
TIMING = Timing(STYLE, FILM.rate)


@dataclass
class Run:
    """What `sound_tags` looks at in a Project."""

    activity: tuple = ()
    findings: tuple = ()
    cues: tuple = ()
    scenes: tuple = ()
    emotion: tuple = ()
    transcript: Transcript = field(default_factory=lambda: Transcript("en"))


@pytest.mark.parametrize("who", ["Ann", "S2"])
def test_a_label_is_given_once(spoken, who):
    said = (spoken("Who is there?", "en", 1, who), spoken("It is me.", "en", 4, "Bo"))
    captions = layout(Transcript("en", said), STYLE, FILM)
    name = "Speaker 2" if who == "S2" else who
    shown = str(render(captions, Transcript("en", said), "srt"))
    assert shown.splitlines()[2] == f"[{name}] Who is there?"
    again = tuple(replace(u, text="\n".join(c.lines)) for u, c in zip(said, captions, strict=True))
    assert [c.lines for c in layout(Transcript("en", again), STYLE, FILM)] == [c.lines for c in captions]


def test_a_name_that_is_only_called_is_no_label():
    assert is_labelled("ANN: Come!", "Ann")
    assert is_labelled("-［人物2］來", "S2")
    assert not is_labelled("Ann, come!", "Ann")
    assert not is_labelled("[Bo] Come!", "Ann")


def texts(run, language="en"):
    return [tag.text for tag in sound_tags(run, STYLE, language)]


def test_speakers_are_named_where_they_change(spoken):
    said = (spoken("Who is there?", "en", 1, "Ann"), spoken("It is me.", "en", 4, "Ann"), spoken("Me.", "en", 8, "S2"))
    captions = layout(Transcript("en", said), STYLE, FILM)
    assert [c.lines for c in captions] == [("[Ann] Who is there?",), ("It is me.",), ("[Speaker 2] Me.",)]
    alone = layout(Transcript("en", said[:2]), STYLE, FILM)
    assert alone[0].lines == ("Who is there?",)


def test_a_label_never_stands_without_words(spoken):
    said = (spoken("a" * 40, "en", 1, "Somebody"), spoken("Yes.", "en", 9, "Ann"))
    captions = layout(Transcript("en", said), STYLE, FILM)
    assert captions[0].lines == ("[Somebody]", "a" * 40)


def test_labels_in_chinese_have_wide_brackets():
    assert speaker_label("阿明", STYLE, "yue") == "［阿明］"
    assert speaker_label("S2", STYLE, "zh") == "［人物2］"


def test_sounds_and_music_out_of_what_the_run_has():
    heard = (
        Activity("speech", 0, 9),
        Activity("music", 0, 8),
        Activity("door_slams", 5, 5.3),
        Activity("music", 10, 20),
        Activity("silence", 30, 40),
        Activity("music", 40, 41),
    )
    run = Run(activity=heard, findings=(Finding("hum", 0, 9, 0.5, "", ""), Finding("thunder", 6, 7, 0.5, "", "")))
    assert texts(run) == ["♪ music ♪", "[door slams]", "[thunder]"]  # one entry of music, no tag for a fault
    assert texts(run, "yue") == ["♪ 音樂 ♪", "［關門聲］", "［雷聲］"]
    assert texts(run, "ja") == ["♪ 音楽 ♪", "［ドアが閉まる音］", "［雷鳴］"]
    hans = replace(run, transcript=Transcript("zh", ()))
    assert texts(hans, "zh")[0] == "♪ 音乐 ♪"


def test_music_has_the_mood_of_its_cue_else_scene_else_voices():
    music = (Activity("music:strings", 0, 20),)
    cue = Cue(1, 1, 18, "underscore", "tension", (60, 80), "minor", ("piano",), "", 0.9)
    assert texts(Run(activity=music, cues=(cue,))) == ["♪ tense strings ♪"]
    assert texts(Run(activity=music, scenes=(Scene(1, 0, 30, "", mood="sadness, fear"),))) == ["♪ sad strings ♪"]
    assert texts(Run(activity=music, scenes=(Scene(1, 0, 30, "", mood="neutral"),))) == ["♪ strings ♪"]
    assert texts(Run(activity=music, cues=(cue,)), "yue") == ["♪ 緊張的弦樂 ♪"]
    voices = tuple(EmotionPoint(t, -0.5, -0.5, 0, 1) for t in range(20))
    assert texts(Run(activity=music, emotion=voices)) == ["♪ sad strings ♪"]
    assert texts(Run(activity=music, emotion=(EmotionPoint(3, 0.1, 0, 0, 1),))) == ["♪ strings ♪"]


@pytest.fixture
def talk(spoken):
    said = [("Are you coming?", 1), ("In a minute.", 6), ("I am late, and it rains.", 7.5)]
    return layout(Transcript("en", tuple(spoken(text, "en", at) for text, at in said)), STYLE, FILM)


def test_tags_stand_between_captions(talk):
    tags = (SoundTag(3.5, 4, "[door slams]"), SoundTag(20, 50, "♪ calm music ♪", True))
    captions, left = with_tags(talk, tags, STYLE, TIMING, "en")
    assert [c.lines for c in captions][1] == ("[door slams]",)
    assert captions[1].start_s == pytest.approx(3.5, abs=0.03)
    assert captions[-1].lines == ("♪ calm music ♪",)
    assert left == ()
    assert check(captions, STYLE, FILM) == ()


def test_a_tag_goes_over_dialogue_that_stays_readable_else_it_is_told(talk):
    over, left = with_tags(talk, (SoundTag(7.8, 8, "[rain]"),), STYLE, TIMING, "en")
    assert ("[rain]", "I am late, and it rains.") in [c.lines for c in over]
    assert left == ()


def test_a_tag_that_finds_no_time_is_told(talk):
    busy = (
        replace(talk[0], start_s=1, end_s=3, lines=("one", "two")),
        replace(talk[1], start_s=3.1, end_s=9, lines=("a", "b")),
    )
    thud = SoundTag(1.5, 1.6, "[thud]")
    assert with_tags(busy, (thud,), STYLE, TIMING, "en") == (busy, (thud,))
    wide = SoundTag(20, 21, "[a description of what is heard that no line has room for]")
    assert with_tags(talk, (wide,), STYLE, TIMING, "en") == (talk, (wide,))


def test_music_waits_for_a_gap_as_long_as_it_plays(talk):
    close = (replace(talk[0], start_s=1, end_s=5, lines=("one", "two")), replace(talk[1], start_s=9, end_s=11))
    captions, left = with_tags(close, (SoundTag(1.5, 8, "♪ music ♪", True),), STYLE, TIMING, "en")
    assert [c.lines for c in captions][1] == ("♪ music ♪",)
    assert left == ()


def test_every_feeling_has_a_word_for_music_in_every_language():
    assert set(sdh._MOODS) == set(EMOTIONS)
    assert all(not word or len(sdh._WORDS[word]) == 3 for word in sdh._MOODS.values())
