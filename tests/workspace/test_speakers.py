from dataclasses import replace

import numpy as np
import pytest

from audiopost.core.audio import Audio
from audiopost.core.errors import BadValue, UnknownName
from audiopost.core.project import MediaInfo, Project
from audiopost.core.speech import Caption, CastRole, SpeakerTurn, Transcript, Utterance, Word
from audiopost.core.spotting import EmotionUtterance, Scene, StoryBeat
from audiopost.delivery import dialogue_list
from audiopost.subtitles import render
from audiopost.subtitles.formats.rttm import rttm
from audiopost.workspace.speakers import given_to, renamed, speakers


@pytest.fixture
def project():
    media = MediaInfo("scene.wav", "ab" * 32, "WAV", "PCM_24", 48000, 1, ("M",), 60.0)
    who = tuple(Word(1 + n / 4, 1.2 + n / 4, text, 0.9, "S1") for n, text in enumerate(("who", "is", "there")))
    said = (
        Utterance(1, 2, "who is there", "en", who, "S1"),
        Utterance(3, 4, "me", "en", (Word(3, 4, "me", 0.9, "S2"),), "S2"),
        Utterance(5, 6, "come in", "en", (Word(5, 5.4, "come", 0.9, "S1"), Word(5.5, 6, "in", 0.9, "S1")), "S1"),
    )
    shown = (
        Caption(1, 2, ("who is there",), "S1", "en"),
        Caption(3, 6, ("- me", "- come in"), None, "en", line_speakers=("S2", "S1")),
    )
    return Project(
        media,
        Audio(np.zeros(480), 48000),
        transcript=Transcript("en", said),
        captions=shown,
        caption_issues=(),
        turns=(SpeakerTurn(1, 2, "S1"), SpeakerTurn(3, 4, "S2"), SpeakerTurn(5, 6, "S1")),
        cast=(CastRole("S1", "P1", similarity=0.9), CastRole("S2", "P2", new=True)),
        emotion_utterances=(EmotionUtterance(1, 2, "calm", 0.1, 0.1, 0.5, "S1"),),
        scenes=(Scene(1, 0, 60, "begins", ("S1", "S2")),),
        beats=(StoryBeat(1, "speaker", "S1 speaks for the first time, not S11", 0.5), StoryBeat(2, "pause", "S1", 0.5)),
    )


def test_who_speaks_and_how_much(project):
    assert [(s.name, s.captions, s.words, s.seconds) for s in speakers(project)] == [
        ("S1", 2, 5, 2.0),
        ("S2", 1, 1, 1.0),
    ]


def test_one_name_is_renamed_everywhere(project):
    new = renamed(project, "S1", " Mary\nAnn ")
    assert "S1" not in repr(replace(new, beats=())).replace("'S11", "")
    assert [u.speaker for u in new.transcript.utterances] == ["Mary Ann", "S2", "Mary Ann"]
    assert new.captions[1].line_speakers == ("S2", "Mary Ann")
    assert new.scenes[0].speakers == ("Mary Ann", "S2")
    assert new.cast[0].speaker == "Mary Ann"
    assert new.emotion_utterances[0].speaker == "Mary Ann"
    assert [b.detail for b in new.beats] == ["Mary Ann speaks for the first time, not S11", "S1"]
    assert "Mary Ann: who is there" in render(new.captions, new.transcript, "srt")
    assert rttm(new.turns, "scene").count("Mary_Ann") == 2
    assert dialogue_list.rows(new.transcript, new.media.timebase)[0]["speaker"] == "Mary Ann"


def test_two_become_one_only_where_that_is_meant(project):
    with pytest.raises(BadValue, match="already"):
        renamed(project, "S2", "S1")
    new = renamed(project, "S2", "S1", merge=True)
    assert [s.name for s in speakers(new)] == ["S1"]
    assert (new.captions[1].speaker, new.captions[1].line_speakers) == ("S1", ())
    assert new.scenes[0].speakers == ("S1",)
    assert [(role.speaker, role.person) for role in new.cast] == [("S1", "P1")]
    overlapping = replace(project, turns=(SpeakerTurn(1, 3.5, "S1"), SpeakerTurn(3, 4, "S2")))
    assert renamed(overlapping, "S2", "S1", merge=True).turns == (SpeakerTurn(1, 4, "S1"),)


@pytest.mark.parametrize("name", ["", "  \n", "x" * 61])
def test_what_is_no_name_is_refused(project, name):
    with pytest.raises(BadValue):
        renamed(project, "S1", name)


def test_a_name_does_not_turn_round_what_is_beside_it(project):
    assert speakers(renamed(project, "S1", "\u202eAnn\u2066"))[0].name == "Ann"


def test_somebody_who_is_not_there_is_not_renamed(project):
    with pytest.raises(UnknownName, match="S9"):
        renamed(project, "S9", "x")


def test_markup_in_a_name_is_a_name(project):
    new = renamed(project, "S1", "<b onclick=x>")
    assert new.captions[0].speaker == "<b onclick=x>"
    assert "&lt;b onclick=x&gt;" in render(new.captions, new.transcript, "ttml")


def test_a_label_in_sdh_has_the_new_name(project):
    labelled = replace(
        project, captions=(Caption(1, 2, ("[Mary] who is S1",), "S1", "en"), Caption(3, 4, ("[S2] me",), "S2", "en"))
    )
    new = renamed(labelled, "S2", "Ann")
    assert [c.text for c in new.captions] == ["[Mary] who is S1", "[Ann] me"]


def test_a_caption_given_away_takes_its_words_and_turns(project):
    new = given_to(project, project.captions[0], "Ann")
    assert [u.speaker for u in new.transcript.utterances] == ["Ann", "S2", "S1"]
    assert new.turns[:2] == (SpeakerTurn(1, 1.7, "Ann"), SpeakerTurn(1.7, 2, "S1"))


def test_part_of_an_utterance_given_away_parts_it(project):
    half = Caption(1, 1.45, ("who is",), "S1", "en")
    new = given_to(project, half, "Ann")
    assert [(u.text, u.speaker) for u in new.transcript.utterances[:2]] == [("who is", "Ann"), ("there", "S1")]
