"""Characters of a place: whole utterances, words in step, other languages untouched."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from audiopost.core.speech import Transcript, Utterance
from audiopost.subtitles.variants import VARIANTS, convert

Spoken = Callable[..., Utterance]

CASES = [
    ("头发里面有皇后", "zh", "hk", "頭髮裏面有皇后", "zh-Hant-HK"),
    ("头发里面有皇后", "zh", "tw", "頭髮裡面有皇后", "zh-Hant-TW"),
    ("这里面", "zh", "hant", "這裏面", "zh-Hant"),
    ("裡面的衛生", "zh-Hant-TW", "hk", "裏面的衞生", "zh-Hant-HK"),
    ("頭髮裏面", "zh", "hans", "头发里面", "zh-Hans"),
    ("头发", "zh", "hans", "头发", "zh-Hans"),
    ("佢哋喺銅鑼灣食嘢", "yue", "hk", "佢哋喺銅鑼灣食嘢", "yue-Hant-HK"),
    ("呢几个字都表达唔到", "yue", "hk", "呢幾個字都表達唔到", "yue-Hant-HK"),
]


@pytest.mark.parametrize(("text", "language", "variant", "wanted", "tag"), CASES)
def test_text_and_words_change_together(
    spoken: Spoken, text: str, language: str, variant: str, wanted: str, tag: str
) -> None:
    said = spoken(text, language)
    found = convert(Transcript(language, (said,)), variant)
    (utterance,) = found.utterances
    assert (utterance.text, utterance.language, found.language) == (wanted, tag, tag)
    assert "".join(word.text for word in utterance.words) == wanted
    assert [(w.start_s, w.end_s) for w in utterance.words] == [(w.start_s, w.end_s) for w in said.words]


@pytest.mark.parametrize("variant", VARIANTS)
def test_other_languages_stay(spoken: Spoken, variant: str) -> None:
    transcript = Transcript("en", (spoken("Hello there, world", "en"), spoken("読書が好きです", "ja", 5)))
    assert convert(transcript, variant) == transcript


def test_an_utterance_that_tells_nothing_goes_with_the_whole(spoken: Spoken) -> None:
    """後 is 后 in Simplified text, but 皇后's own 后 in Traditional text must stay."""
    queen = spoken("太后", "zh", 9)
    traditional = Transcript("zh", (spoken("這個國家", "zh"), queen))
    assert convert(traditional, "hk").utterances[1].text == "太后"


def test_edited_text_is_converted_word_by_word(spoken: Spoken) -> None:
    edited = replace(spoken("头发", "zh"), text="他的头发")
    (utterance,) = convert(Transcript("zh", (edited,)), "hk").utterances
    assert utterance.text == "他的頭髮"
    assert len(utterance.words) == 2
