"""Chinese over English: both lines of a caption say the same, each within its own limits."""

from __future__ import annotations

import pytest

from audiopost.core.errors import BadValue
from audiopost.core.speech import Transcript, Utterance
from audiopost.core.time import FrameRate, Timebase
from audiopost.subtitles import check, layout, load_style
from audiopost.subtitles.text import width

STYLE = load_style("hk-bilingual")
FILM = Timebase(FrameRate.parse("24"), "01:00:00:00")
CANTONESE = ("我哋今日要去公園散步，因為天氣真係好好，所以大家都好開心。", "但係細佬話佢唔想去，佢寧願留喺屋企睇電視。")
ENGLISH = ("We're going for a walk in the park today, because the weather is so nice that everybody is happy.",
           "But my brother says he doesn't want to go, he'd rather stay at home and watch TV.")  # fmt: skip


@pytest.fixture
def film(spoken):
    """A Cantonese transcript, its English translation without word times."""
    said, rendered, at = [], [], 1.0
    for one, other in zip(CANTONESE, ENGLISH, strict=True):
        said.append(spoken(one, "yue", at, "S1", 4.5))
        rendered.append(Utterance(at + 0.1, said[-1].end_s + 0.2, other, "en"))
        at = said[-1].end_s + 0.8
    return Transcript("yue", tuple(said)), Transcript("en", tuple(rendered))


def test_clauses_stand_over_their_translation(film):
    said, rendered = film
    captions = layout(said, STYLE, FILM, translation=rendered)
    assert [c.lines for c in captions] == [
        ("我哋今日要去公園散步，", "We're going for a walk in the park today,"),
        ("因為天氣真係好好，", "because the weather is so nice"),
        ("所以大家都好開心", "that everybody is happy."),
        ("但係細佬話佢唔想去，", "But my brother says he doesn't want to go,"),
        ("佢寧願留喺屋企睇電視", "he'd rather stay at home and watch TV."),
    ]
    assert all(c.line_languages == ("yue", "en") for c in captions)
    assert check(captions, STYLE, FILM) == ()


def test_every_word_of_both_is_shown_in_order_within_the_limits(film):
    said, rendered = film
    captions = layout(said, STYLE, FILM, translation=rendered)
    assert " ".join(c.lines[1] for c in captions) == " ".join(ENGLISH)
    assert "".join(c.lines[0] for c in captions) == "".join(CANTONESE).replace("。", "")
    assert all(width(c.lines[0], "yue") <= 16 and len(c.lines[1]) <= 42 for c in captions)


def test_an_english_film_with_chinese_translation_has_chinese_above(film):
    rendered, said = film
    captions = layout(said, STYLE, FILM, translation=rendered)
    assert {c.line_languages for c in captions} == {("yue", "en")}


def test_what_has_no_counterpart_stands_alone(film, spoken):
    said, rendered = film
    more = spoken("I don't know what you mean.", "en", 30, "S2")
    echo = Utterance(30, 32, "I don't know what you mean.", "en")
    captions = layout(
        Transcript("yue", (*said.utterances, more)), STYLE, FILM,
        translation=Transcript("en", (*rendered.utterances, echo)),
    )  # fmt: skip
    assert captions[-1].lines == ("I don't know what you mean.",)
    assert captions[-1].line_languages == ("en",)
    assert captions[-1].speaker == "S2"


def test_a_translation_much_longer_than_what_was_said_is_shown_whole():
    english = "He means that you should have come much earlier than you did, and that it is too late now for anything."
    said = Transcript("yue", (Utterance(1, 9, "遲咗喇", "yue"),))
    captions = layout(said, STYLE, FILM, translation=Transcript("en", (Utterance(1, 9, english, "en"),)))
    assert " ".join(c.lines[-1] for c in captions) == english
    assert sum("遲咗喇" in c.lines for c in captions) == 1
    assert [round(c.start_s) for c in captions] == [1, 4, 6]


def test_without_a_translation_it_says_what_to_do(film):
    with pytest.raises(BadValue, match="--translation"):
        layout(film[0], STYLE, FILM)
