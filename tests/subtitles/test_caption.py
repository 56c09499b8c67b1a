"""Layout: what an editor would accept, and properties that hold for any transcript."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiopost.core.speech import Transcript, Utterance, Word
from audiopost.core.time import FrameRate, Timebase
from audiopost.subtitles import build, check, layout, load_style
from audiopost.subtitles.text import width

FILM = Timebase(FrameRate.parse("23.976"), "01:00:00:00")


def lines(captions):
    return [caption.lines for caption in captions]


def test_english_breaks_after_punctuation_and_before_conjunctions(spoken):
    text = "Don't pretend, Mr. Jones, because we both know where it was hidden."
    captions, issues = build(Transcript("en", (spoken(text, "en"),)), "netflix-en", FILM)
    assert lines(captions) == [("Don't pretend, Mr. Jones,", "because we both know where it was hidden.")]
    assert issues == ()


def test_articles_names_and_auxiliaries_stay_with_what_follows(spoken):
    text = "My brother John Smith told me you were looking for the old map of the valley near the river."
    captions, _ = build(Transcript("en", (spoken(text, "en"),)), "netflix-en", FILM)
    ends = [line.split()[-1].lower() for caption in captions for line in caption.lines]
    assert not {"the", "you", "were", "john", "my", "of", "for"} & set(ends)


def test_a_phrase_leaves_no_word_or_two_for_a_caption_of_their_own(spoken):
    text = "No, but Margaret took something with her when she left for the station at seven."
    said = (spoken(text, "en", 1, "S1", 13), spoken("Then we have until noon.", "en", 8, "S2"))
    assert lines(layout(Transcript("en", said), load_style("netflix-en"))) == [
        ("No, but Margaret took", "something with her"),
        ("when she left for the station at seven.",),
        ("Then we have until noon.",),
    ]


def test_speech_as_fast_as_reading_is_not_cut_to_shreds(spoken):
    """The gap between captions takes from the time to read: no reason to break phrases every second."""
    text = "it was strange too that he found an arid pleasure in following up to the end the rigid lines of the old law"
    captions = layout(Transcript("en", (spoken(text, "en", 1, rate=17),)), load_style("bbc"))
    assert all(caption.end_s - caption.start_s > 1.3 for caption in captions)


def test_a_short_sentence_stays_on_one_line(spoken):
    captions, _ = build(Transcript("en", (spoken("We have to go, and quickly.", "en"),)), "netflix-en")
    assert lines(captions) == [("We have to go, and quickly.",)]


def test_chinese_breaks_at_clauses_and_drops_final_stops(spoken):
    text = "我們今天要去公園散步，因為天氣真的很好，所以大家都很開心。但是弟弟說他不想去，他寧願留在家裡看電視……"
    captions, issues = build(Transcript("zh", (spoken(text, "zh", rate=5),)), "netflix-zh-hant", FILM)
    assert lines(captions) == [
        ("我們今天要去公園散步，",),
        ("因為天氣真的很好，", "所以大家都很開心"),
        ("但是弟弟說他不想去，", "他寧願留在家裡看電視⋯"),
    ]
    assert issues == ()


def test_cantonese_words_and_particles_stay_whole(spoken):
    text = "佢哋琴日喺銅鑼灣食完飯之後就返咗屋企，我都唔知點解佢咁早走㗎。下次記得叫埋我啦，會唔會得閒一齊飲茶？"
    captions, issues = build(Transcript("yue", (spoken(text, "yue", rate=5),)), "yue-hant", FILM)
    joints = "|".join(line for caption in captions for line in caption.lines)
    for broken in ("佢|哋", "銅|鑼", "返|咗", "點|解", "走|㗎", "會|唔", "唔|會", "飲|茶", "屋|企"):
        assert broken not in joints
    assert all(width(line, "yue") <= 16 for caption in captions for line in caption.lines)
    assert issues == ()


def test_cantonese_counts_as_chinese_not_as_latin():
    assert width("佢哋食緊飯", "yue") == width("他們在吃飯", "zh") == 5
    assert width("AI 技術", "yue") == 3.5
    assert load_style("netflix-en").limits_for("yue").cpl == 16
    assert load_style("netflix-en").limits_for("zh-Hant-HK").cps == 9


def test_japanese_breaks_between_phrases(spoken):
    text = "今日はとても天気がいいので公園に行きましょう。"
    captions, _ = build(Transcript("ja", (spoken(text, "ja", rate=4),)), "netflix-en")
    assert lines(captions)[0] == ("今日はとても天気がいいので", "公園に行きましょう。")


def test_spelled_out_chinese_is_joined_and_latin_words_stay_whole():
    utterance = Utterance(1, 4, "我 們 用 AI technology 修 復 聲 音", "zh")
    captions, _ = build(Transcript("zh", (utterance,)), "netflix-zh-hant")
    assert "".join("".join(c.lines) for c in captions).replace(" ", "") == "我們用AItechnology修復聲音"
    assert "technology" in captions[0].text
    assert "我們" in captions[0].text


def test_never_across_a_change_of_speaker(spoken):
    one, two = spoken("Are you", "en", 1, "S1"), spoken("coming now?", "en", 2.2, "S2")
    captions, _ = build(Transcript("en", (one, two)), "netflix-en")
    assert [(c.speaker, c.text) for c in captions] == [("S1", "Are you"), ("S2", "coming now?")]


def test_two_speakers_share_a_caption_with_dashes_where_they_could_not_be_read_apart(spoken):
    one, two = spoken("Are you coming?", "en", 1, "S1", 25), spoken("In a minute.", "en", 1.6, "S2", 25)
    (caption,), issues = build(Transcript("en", (one, two)), "netflix-en", FILM)
    assert caption.lines == ("-Are you coming?", "-In a minute.")
    assert (caption.speaker, caption.line_speakers) == (None, ("S1", "S2"))
    assert issues == ()
    assert build(Transcript("en", (one, two)), "plain", FILM)[0][0].lines == ("- Are you coming?", "- In a minute.")
    apart, _ = build(Transcript("en", (one, two)), "netflix-ja", FILM)
    assert [c.speaker for c in apart] == ["S1", "S2"]
    slow = (one, spoken("In a minute.", "en", 3, "S2"))
    assert [c.speaker for c in build(Transcript("en", slow), "netflix-en", FILM)[0]] == ["S1", "S2"]


def test_two_speakers_in_two_languages_each_keep_their_own(spoken):
    one, two = spoken("I see.", "en", 1, "S1", 20), spoken("走啦！", "yue", 1.4, "S2", 12)
    (caption,), _ = build(Transcript("yue", (one, two)), "yue-hant")
    assert caption.lines == ("-I see.", "-走啦！")
    assert caption.line_languages == ("en", "yue")


def test_a_speaker_who_is_interrupted_goes_on_afterwards(spoken):
    long = spoken("I told you that we should have left an hour ago and you did not listen to me.", "en", 1, "A")
    captions, _ = build(Transcript("en", (long, spoken("No!", "en", 3.5, "B"))), "netflix-en", FILM)
    speakers = [c.line_speakers or (c.speaker,) for c in captions]
    assert [name for names in speakers for name in names] == ["A", "B", "A"]


def test_mixed_languages_each_by_their_own_limits(spoken):
    chinese = spoken("我們今天要去公園散步，因為天氣真的很好，所以大家都很開心。", "zh", 1, rate=5)
    english = spoken("And this is a line of English that is far longer than sixteen characters.", "en", 9)
    captions, issues = build(Transcript("zh", (chinese, english)), "netflix-zh-hant", FILM)
    assert max(width(line, "en") for c in captions if c.language == "en" for line in c.lines) > 16
    assert not [issue for issue in issues if issue.rule == "cpl"]


@pytest.mark.parametrize("rate", ["23.976", "24", "25", "29.97df", "50", "59.94"])
def test_timing_in_frames(spoken, rate):
    timebase = Timebase(FrameRate.parse(rate))
    frames = timebase.rate.frame_at
    utterances = (spoken("Yes.", "en", 1.0, "A"), spoken("And this one comes right after it.", "en", 2.05, "B"),
                  spoken("Far away.", "en", 20, "A"))  # fmt: skip
    captions, issues = build(Transcript("en", utterances), "netflix-en", timebase)
    first, second, third = captions
    assert issues == ()
    assert abs(frames(first.start_s) - frames(1.0)) <= 1
    assert frames(second.start_s) - frames(first.end_s) == 2  # chained
    assert second.end_s <= utterances[1].end_s + 0.5 + 0.021
    assert third.end_s - third.start_s >= 0.833
    for caption in captions:
        assert abs(caption.start_s - timebase.rate.snap(caption.start_s)) < 1e-9


def test_overlapping_speakers_are_shown_one_after_the_other(spoken):
    both = (spoken("I said no.", "en", 3, "A"), spoken("You said yes.", "en", 3, "B"))
    captions, _ = build(Transcript("en", both), "netflix-en")
    assert [c.lines for c in captions] == [("-I said no.", "-You said yes.")]
    captions, _ = build(Transcript("en", both), "netflix-ja")
    assert captions[0].end_s < captions[1].start_s
    assert captions[1].start_s - 3 <= 0.6


def test_words_follow_their_own_times_not_even_spacing():
    words = (Word(1, 1.2, "Wait."), Word(6, 6.4, "Now"), Word(6.4, 6.8, "go."))
    captions, _ = build(Transcript("en", (Utterance(1, 6.8, "Wait. Now go.", "en", words),)), "netflix-en")
    assert [c.text for c in captions] == ["Wait.", "Now go."]
    assert abs(captions[1].start_s - 6) < 0.04


def test_edge_cases():
    style = load_style("plain")
    assert layout(Transcript("en"), style) == ()
    assert layout(Transcript("en", (Utterance(1, 2, " \n\x00 ", "en"),)), style) == ()
    long = layout(Transcript("en", (Utterance(1, 9, "x" * 300, "en"),)), style)
    assert "".join(line for c in long for line in c.lines) == "x" * 300
    assert all(len(line) <= 42 for c in long for line in c.lines)
    instant = layout(Transcript("en", (Utterance(5, 5, "Hm.", "en"),)), style)
    assert instant[0].end_s > instant[0].start_s


TEXT = st.text(st.sampled_from("abcdef  ,.?!'-我們去公園佢哋咗嘅，。？「」のはタé<{\\&\n"), max_size=120)
UTTERANCES = st.lists(
    st.tuples(st.floats(0, 100), st.floats(0, 12), TEXT, st.sampled_from(["en", "zh", "yue", "ja", "th", "de", "my"]),
              st.sampled_from([None, "S1", "S2"])),
    max_size=6,
)  # fmt: skip


@given(UTTERANCES, st.sampled_from(["netflix-en", "netflix-zh-hans", "ebu-teletext", "plain"]))
def test_any_transcript_keeps_its_text_and_the_hard_rules(parts, style_name):
    utterances = tuple(
        Utterance(start, start + length, text, lang, (), who) for start, length, text, lang, who in parts
    )
    transcript, style = Transcript("en", utterances), load_style(style_name)
    captions = layout(transcript, style, FILM)
    rules = {issue.rule for issue in check(captions, style, FILM)}
    assert not rules & {"lines", "cpl", "overlap", "gap", "empty", "max_duration"}
    texts = (line.removeprefix(style.dash) if c.line_speakers else line for c in captions for line in c.lines)
    # Punctuation and the dash of a dialogue are the style's.
    marks = re.compile("[\\s⋯….。,，?？-]" if style.chinese_punctuation else "[\\s⋯…-]")
    assert sorted(marks.sub("", "".join(texts))) == sorted(marks.sub("", "".join(u.text for u in utterances)))
    assert all(a.end_s < b.start_s for a, b in pairwise(captions))
