import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiopost.core.speech import Caption, Transcript, Utterance
from audiopost.subtitles.retell import retold, with_known_words


@pytest.fixture
def talk(spoken):
    return Transcript(
        "en", (spoken("You are helm late tonight.", "en", 7, "S1"), spoken("The last ferry was slow", "en", 9.9, "S2"))
    )


HELM = Caption(7.0, 9.3, ("You are helm", "late tonight."), "S1", "en")


def times(transcript, *texts):
    return [(w.start_s, w.end_s) for text in texts for w in transcript.words if w.text == text]


def test_same_words_keep_their_times_and_a_changed_one_has_that_of_the_old(talk):
    new = retold(talk, HELM, ("You are home", "late tonight."))
    assert new.utterances[0].text == "You are home late tonight."
    assert times(new, "You", "are", "late", "tonight.") == times(talk, "You", "are", "late", "tonight.")
    assert times(new, "home") == times(talk, "helm")
    assert next(w for w in new.words if w.text == "home").probability is None
    assert next(w for w in new.words if w.text == "home").speaker is None
    assert new.utterances[1] is talk.utterances[1]


def test_several_words_share_the_time_of_what_they_replace(talk):
    new = retold(talk, HELM, ("You are so very late tonight.",))
    (start, _), (_, end) = times(new, "so", "very")
    assert [(start, pytest.approx(end))] == times(talk, "helm")


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (("Oh, you are helm late tonight.",), "Oh, you are helm late tonight."),
        (("You are helm late tonight, my friend.",), "You are helm late tonight, my friend."),
        (("- Late.",), "Late."),
        (("Something else entirely",), "Something else entirely"),
    ],
)
def test_the_utterance_says_what_the_caption_says(talk, lines, text):
    new = retold(talk, HELM, lines)
    assert new.utterances[0].text == text
    starts = [word.start_s for word in new.utterances[0].words]
    assert starts == sorted(starts)
    assert all(word.end_s > word.start_s for word in new.utterances[0].words)
    assert all(
        new.utterances[0].start_s <= w.start_s and w.end_s <= new.utterances[0].end_s for w in new.utterances[0].words
    )


def test_words_that_go_take_an_empty_utterance_along(talk):
    assert [u.text for u in retold(talk, HELM, ()).utterances] == ["The last ferry was slow"]


def test_a_caption_that_was_empty_is_said_anew(talk):
    new = retold(talk, Caption(20, 22, (), "S2", "en"), ("Good night.",))
    assert (new.utterances[-1].text, new.utterances[-1].speaker) == ("Good night.", "S2")
    assert new.words[-1].end_s == 22


def test_labels_and_sounds_of_sdh_are_nobodys_words(talk):
    old = Caption(7.0, 9.3, ("[Speaker 1] You are helm", "late tonight."), "S1", "en")
    new = retold(talk, old, ("[Mary] You are helm", "late tonight. [door slams]"), labels=True)
    assert new == talk


def test_a_text_without_timed_words_is_written_anew():
    told = Transcript("en", (Utterance(1, 3, "Hello their", "en"), Utterance(4, 6, "Hello their", "en")))
    new = retold(told, Caption(4, 6, ("Hello", "their")), ("Hello", "there"))
    assert [u.text for u in new.utterances] == ["Hello their", "Hello there"]
    assert [u.text for u in retold(told, Caption(4, 6, ("Hello their",)), ()).utterances] == ["Hello their"]


def test_what_is_not_said_there_changes_nothing(talk):
    assert retold(talk, Caption(7, 9, ("Quite another text",)), ("Quite another story",)) is talk


def test_cantonese_keeps_the_times_of_its_characters(spoken):
    told = Transcript("yue", (spoken("你今朝有冇見到封信呀？", "yue", 1.0, rate=4),))
    new = retold(told, Caption(1, 4.5, ("你今朝有冇", "見到封信呀？"), None, "yue"), ("你琴日有冇", "見到嗰封信呀？"))
    assert new.utterances[0].text == "你琴日有冇見到嗰封信呀？"
    assert times(new, "你", "信") == times(told, "你", "信")
    assert times(new, "琴")[0][0] == times(told, "今")[0][0]


SAID = ["you", "are", "helm", "late", "tonight"]


@given(st.lists(st.sampled_from([*SAID, "oh", "so", "very"]), max_size=12))
def test_any_rewording_is_what_is_said(spoken, words):
    told = Transcript("en", (spoken(" ".join(SAID), "en", 7, "S1"),))
    new = retold(told, Caption(7.0, 9.3, (" ".join(SAID),), "S1", "en"), (" ".join(words),))
    assert " ".join(u.text for u in new.utterances) == " ".join(words)
    assert [w.start_s for w in new.words] == sorted(w.start_s for w in new.words)


def test_an_imported_text_keeps_the_times_of_known_words(talk):
    imported = Transcript("en", (Utterance(7, 9.3, "You are home late tonight.", "en", (), "Anna"),))
    new = with_known_words(imported, talk)
    assert [w.text for w in new.words] == ["You", "are", "home", "late", "tonight."]
    assert times(new, "late") == times(talk, "late")
    assert new.utterances[0].speaker == "Anna"
