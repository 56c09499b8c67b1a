"""Where a line may break: names, numbers and phrases stay whole."""

from __future__ import annotations

import pytest

from audiopost.core.speech import Utterance, Word
from audiopost.subtitles.breaks import CLAUSE, CLINGING, PREPOSITION, SENTENCE, atoms


def cut(text, language="en", cpl=42):
    return atoms(Utterance(0, 10, text, language), cpl)


def costs(text, language="en"):
    """word that would open a line -> cost of the break before it"""
    return {atom.text: atom.cost for atom in cut(text, language)}


@pytest.mark.parametrize(
    "whole",
    ["Dr. Smith", "10 000", "3 p.m.", "New York", "HK$ 200", "$ 5", "May 5, 1987", "5 May", "Page 12", "J. R. Tolkien",
     "Professor Jane O'Neill", "Ludwig van Beethoven", "25 percent", "No. 7", "20 000 dollars"],
)  # fmt: skip
def test_names_and_numbers_are_one_piece(whole):
    assert whole in [atom.text for atom in cut(f"we saw {whole} over there")]


def test_a_name_longer_than_most_of_a_line_may_break():
    pieces = [
        atom.text for atom in cut("with Alexander Maximilian Featherstonehaugh Cholmondeley Marjoribanks", cpl=30)
    ]
    assert max(map(len, pieces)) <= 30


@pytest.mark.parametrize(
    ("text", "word"),
    [("he said it was there", "was"), ("look at the map", "map"), ("my very old friend", "old"), ("a red car", "car"),
     ("we have not seen it", "seen"), ("he is waiting outside.", "outside."), ("twenty-five paintings", "paintings")],
)  # fmt: skip
def test_words_that_belong_together_cling(text, word):
    assert costs(text)[word] >= CLINGING - 2


def test_what_is_an_object_here_leans_on_nothing():
    assert costs("took it with her when she left")["when"] == PREPOSITION
    assert costs("I saw you at home")["at"] == PREPOSITION
    assert costs("it was her house")["house"] >= CLINGING


@pytest.mark.parametrize(
    ("text", "language", "word"),
    [
        ("有沒有看到今天早上寄來的信", "zh", "早上"),
        ("台所の机の上に置いた", "ja", "机の"),
        ("駅へ行くとき", "ja", "とき"),
    ],
)
def test_what_says_more_of_the_next_word_clings_to_it(text, language, word):
    assert costs(text, language)[word] >= CLINGING


def test_abbreviations_end_no_sentence_and_sentences_do():
    assert costs("It was etc. and more")["and"] > SENTENCE
    assert costs("We met at 3 p.m. Then we left.")["Then"] == SENTENCE
    assert costs("They came, too.")["too."] == CLAUSE
    assert costs("He went to school")["to"] == PREPOSITION


@pytest.mark.parametrize(
    ("text", "language", "whole"),
    [("他付了二十五元買票", "zh", "二十五元"), ("這是第三十二章的內容", "zh", "第三十二章"),
     ("我看過《花樣年華》三次", "zh", "《花樣年華》"), ("他在2019年3月來過", "zh", "2019年"),
     ("約翰·史密斯來了", "zh", "約翰·史密斯"), ("他問我為什麼沒有去", "zh", "為什麼"),
     ("佢哋喺銅鑼灣食飯", "yue", "銅鑼灣"), ("你會唔會嚟呀", "yue", "會唔會"), ("我同 Peter Chan 傾偈", "yue", "Peter"),
     ("彼は二十五歳です", "ja", "二十五歳")],
)  # fmt: skip
def test_chinese_and_japanese_words_stay_whole(text, language, whole):
    assert any(whole in atom.text for atom in cut(text, language, 16))


def test_latin_names_in_chinese_follow_the_latin_rules():
    assert costs("我同 Peter Chan 傾偈", "yue")["Peter Chan"] >= CLINGING
    assert "version 2.0了" in " ".join(costs("版本version 2.0了", "zh"))


def test_a_pronoun_begins_the_next_phrase_and_an_acronym_ends_no_sentence():
    assert costs("佢話佢而家喺度", "yue")["而家"] > CLAUSE
    assert min(cost for text, cost in costs("他说A.I.技术很好", "zh").items() if text.startswith("技术")) >= CLINGING


def test_atoms_are_timed_by_their_words():
    words = (Word(1, 1.5, "Dr."), Word(1.5, 2, "Smith"), Word(4, 5, "left."))
    made = atoms(Utterance(1, 5, "Dr. Smith left.", "en", words), 42)
    assert [(a.text, a.start_s, a.end_s) for a in made] == [("Dr. Smith", 1, 2), ("left.", 4, 5)]


def test_a_guides_punctuation_is_written_into_the_atoms():
    made = atoms(Utterance(0, 1, "Well...", "en"), 42, lambda text: text.replace("...", "…"))
    assert [a.text for a in made] == ["Well…"]
