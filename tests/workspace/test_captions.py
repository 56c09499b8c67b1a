from dataclasses import replace

import numpy as np
import pytest

from audiopost.core.audio import Audio
from audiopost.core.errors import BadValue, UnknownName
from audiopost.core.project import MediaInfo, Project
from audiopost.core.speech import Caption, Transcript, Utterance, Word
from audiopost.delivery.provenance import disclosure
from audiopost.subtitles import check, edit, load_style
from audiopost.subtitles.formats import Loaded
from audiopost.subtitles.search import Search
from audiopost.workspace import captions as work


def utterance(start_s, text, speaker):
    tokens = text.split()
    words = tuple(Word(start_s + n * 0.4, start_s + n * 0.4 + 0.3, t, 0.9, speaker) for n, t in enumerate(tokens))
    return Utterance(start_s, words[-1].end_s, text, "en", words, speaker)


@pytest.fixture
def project():
    media = MediaInfo("scene.wav", "ab" * 32, "WAV", "PCM_24", 48000, 1, ("M",), 60.0)
    said = (utterance(1, "you are helm late tonight", "S1"), utterance(5, "the last ferry was slow", "S2"))
    shown = (
        Caption(1.0, 3.0, ("you are helm", "late tonight"), "S1", "en", reviewed=True),
        Caption(5.0, 7.0, ("the last ferry was slow",), "S2", "en", reviewed=True),
    )
    audio = Audio(np.zeros(480), 48000)
    return Project(media, audio, transcript=Transcript("en", said), captions=shown, caption_issues=())


@pytest.fixture
def checked(project):
    return work.Checked(project, work.working_style(project))


def test_an_edit_reaches_transcript_marks_and_check(project, checked):
    new = work.written(project, checked, {0: ("you are home late tonight, dear, and nobody knows why at all",)})
    assert new.transcript.utterances[0].text == "you are home late tonight, dear, and nobody knows why at all"
    assert [(c.edited, c.reviewed) for c in new.captions] == [(True, False), (False, True)]
    assert {"cpl", "cps"} <= {issue.rule for issue in new.caption_issues}
    assert project.captions[0].lines == ("you are helm", "late tonight")


def test_the_check_is_everybodys(project, checked):
    crowded = (*project.captions, Caption(7.02, 7.1, ("x" * 60, "y", "z"), "S1", "en"))
    new = work.with_captions(project, crowded, checked)
    style = load_style("netflix-en")
    assert new.caption_issues == check(crowded, style, project.media.timebase, language="en")
    assert new.caption_issues


def test_what_did_not_change_is_the_same_project(project, checked):
    assert work.written(project, checked, {0: project.captions[0].lines}) is project


def test_a_deleted_caption_is_not_said_any_more(project, checked):
    new, at = work.deleted(project, checked, {0})
    assert at == 0
    assert [c.text for c in new.captions] == ["the last ferry was slow"]
    assert new.transcript.text == "the last ferry was slow"


def test_a_split_uses_the_words_times(project, checked):
    new, at = work.split(project, checked, 0, caret=13)
    assert at == 1
    assert [c.lines for c in new.captions[:2]] == [("you are helm",), ("late tonight",)]
    assert new.captions[1].start_s == pytest.approx(2.2)
    assert new.transcript == project.transcript


def test_find_and_replace_counts_and_keeps_other_marks(project, checked):
    done = work.replace_text(project, checked, Search("LATE"), "early")
    assert (done.hits, done.captions) == (1, 1)
    assert done.project.captions[0].lines == ("you are helm", "early tonight")
    assert [c.reviewed for c in done.project.captions] == [False, True]
    assert "early" in done.project.transcript.text
    assert work.replace_text(project, checked, Search("late"), "early", {1}).hits == 0


def test_a_caption_holds_no_book(project, checked):
    with pytest.raises(BadValue, match="at most 10000"):
        work.written(project, checked, {0: ("x" * 10_001,)})
    assert work.written(project, checked, {0: ("x" * 5_000,)}).captions[0].text == "x" * 5_000


def test_another_speaker_takes_the_words_along(project, checked):
    new = work.spoken_by(project, checked, {0}, ["Mary"])
    assert new.captions[0].speaker == "Mary"
    assert {w.speaker for w in new.transcript.utterances[0].words} == {"Mary"}
    assert new.transcript.utterances[1].speaker == "S2"


def test_each_line_has_a_speaker_of_its_own(project, checked):
    new = work.spoken_by(project, checked, {0}, ["Ann", "Bob"])
    assert (new.captions[0].speaker, new.captions[0].line_speakers) == (None, ("Ann", "Bob"))
    assert [(u.text, u.speaker) for u in new.transcript.utterances[:2]] == [
        ("you are helm", "Ann"),
        ("late tonight", "Bob"),
    ]
    with pytest.raises(BadValue, match="2 lines, and 3 speakers"):
        work.spoken_by(project, checked, {0}, ["a", "b", "c"])


def test_mending_takes_the_mark_off_what_it_changed(project, checked):
    fine = replace(project.captions[0], lines=("you are helm late tonight",))
    late = Caption(7.0, 9.0, ("and", "so on"), "S2", "en", reviewed=True)
    crowded = replace(project, captions=(fine, project.captions[1], late))
    done = work.mended(crowded, checked)
    assert done.mended > 0
    assert done.project.captions[0].reviewed
    assert not all(c.reviewed for c in done.project.captions)


def test_an_imported_file_becomes_captions_and_transcript(project, checked):
    loaded = Loaded(
        (Caption(1, 3, ("you are home late tonight",), "Anna", "en"), Caption(70, 71, ("after the end",), None, "en")),
        "en",
    )
    new, notes = work.imported(project, checked, loaded, "mine.srt")
    assert [c.text for c in new.captions] == ["you are home late tonight"]
    assert new.transcript.utterances[0].speaker == "Anna"
    late = next(w for w in project.transcript.words if w.text == "late")
    assert next(w for w in new.transcript.words if w.text == "late").start_s == late.start_s
    assert "1 of 2 captions" in notes[0]
    assert new.step("transcribe").reason == "brought in by a person: mine.srt"
    said = disclosure("srt", new)
    assert said.startswith("Subtitles taken from a file that a person supplied")
    assert "machine" not in said
    assert "track is supplied by a person" in disclosure("film", new)
    with pytest.raises(BadValue, match="No caption"):
        work.imported(project, checked, Loaded((Caption(70, 71, ("x",)),)), "mine.srt")


def test_a_bilingual_edit_goes_to_the_text_in_its_language(project, checked):
    chinese = Utterance(
        1, 3, "你今晚遲到", "zh", tuple(Word(1 + n * 0.4, 1.3 + n * 0.4, c) for n, c in enumerate("你今晚遲到"))
    )
    both = Caption(1, 3, ("你今晚遲到", "you are helm late tonight"), "S1", "en", line_languages=("zh", "en"))
    project = replace(project, captions=(both,), translation=Transcript("zh", (chinese,)))
    new = work.written(project, checked, {0: ("你今晚早到", "you are home late tonight")})
    assert new.transcript.utterances[0].text == "you are home late tonight"
    assert new.translation.utterances[0].text == "你今晚早到"


def test_a_style_is_named_never_a_file(project, tmp_path):
    (tmp_path / "own.toml").write_text("title = 'x'")
    with pytest.raises(UnknownName):
        work.working_style(project, str(tmp_path / "own.toml"))
    assert work.working_style(project, "bbc").name == "bbc"
    assert work.working_style(project).name == "netflix-en"


def test_a_layout_that_came_too_late_is_refused(project, checked):
    after = replace(project, captions=())
    assert work.relaid(project, after, project).captions == ()
    with pytest.raises(BadValue, match="changed meanwhile"):
        work.relaid(project, after, work.written(project, checked, {0: ("x",)}))


def test_times_and_order_are_edits_too(project, checked):
    new, at = work.changed(project, checked, lambda captions, on: edit.retime(captions, 0, 8.0, 9.0, on))
    assert at == 1
    assert [c.start_s for c in new.captions] == [5.0, 8.0]
