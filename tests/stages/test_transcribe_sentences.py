from audiopost.core.speech import Word
from audiopost.stages.transcribe.sentences import utterances


def timed(*texts: str, gap_s: float = 0.0) -> list[Word]:
    return [Word(n * (0.3 + gap_s), n * (0.3 + gap_s) + 0.3, text, 0.5 + n / 100) for n, text in enumerate(texts)]


def texts_of(words: list[Word], language: str) -> list[str]:
    return [utterance.text for utterance in utterances(words, language)]


def test_sentences_part_and_abbreviations_do_not() -> None:
    words = timed(" I", " saw", " Dr.", " Ho.", ' "Really?"', " Yes", " 3.5", " times.")
    assert texts_of(words, "en") == ["I saw Dr. Ho.", '"Really?"', "Yes 3.5 times."]


def test_a_pause_parts_what_has_no_punctuation() -> None:
    assert texts_of(timed(" one", " two"), "en") == ["one two"]
    assert texts_of(timed(" one", " two", gap_s=0.9), "en") == ["one", "two"]


def test_cantonese_runs_on_and_keeps_latin_words_whole() -> None:
    words = timed("我", "哋", " l", "ove", " Hong", " Kong", "電", " 影", "。", "好", "！")
    found = list(utterances(words, "yue"))
    assert [u.text for u in found] == ["我哋 love Hong Kong電影。", "好！"]
    assert [w.text for w in found[0].words][:5] == ["我", "哋", "love", "Hong", "Kong"]
    assert found[0].words[2].start_s == words[2].start_s
    assert found[0].words[2].end_s == words[3].end_s


def test_half_characters_and_empty_words_go() -> None:
    assert texts_of(timed("好", "\ufffd", " "), "zh") == ["好"]
    assert texts_of(timed("\ufffd", "  "), "zh") == []


def test_pieces_of_a_translation_out_of_chinese_are_joined() -> None:
    found = list(utterances(timed(" Hel", "lo", " there", "."), "en"))
    assert [(u.text, [w.text for w in u.words]) for u in found] == [("Hello there.", ["Hello", "there", "."])]
