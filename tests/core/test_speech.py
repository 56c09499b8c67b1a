from __future__ import annotations

import pytest

from audiopost.core.speech import SpeakerTurn, Transcript, Utterance, Word, joined


def said(*words: tuple[float, float, str], language: str = "en") -> Transcript:
    made = tuple(Word(a, b, text) for a, b, text in words)
    text = joined((w.text for w in made), language)
    return Transcript(language, (Utterance(made[0].start_s, made[-1].end_s, text, language, made),))


def test_words_get_the_speaker_they_overlap_most() -> None:
    turns = (SpeakerTurn(0, 1.05, "S1"), SpeakerTurn(1.0, 3, "S2"))
    got = said((0.1, 0.5, "Good"), (0.6, 0.9, "day."), (1.0, 1.6, "Come"), (1.7, 2.0, "in.")).with_speakers(turns)
    assert [(u.speaker, u.text) for u in got.utterances] == [("S1", "Good day."), ("S2", "Come in.")]
    assert [w.speaker for w in got.words] == ["S1", "S1", "S2", "S2"]


def test_a_word_outside_every_turn_takes_the_nearest_or_the_one_before() -> None:
    turns = (SpeakerTurn(0, 1, "S1"), SpeakerTurn(5, 6, "S2"))
    got = said((0.5, 0.9, "a"), (1.2, 1.4, "near"), (3.0, 3.2, "far"), (4.8, 4.9, "next")).with_speakers(turns)
    assert [w.speaker for w in got.words] == ["S1", "S1", "S1", "S2"]


def test_no_turns_change_nothing() -> None:
    transcript = said((0, 1, "x"))
    assert transcript.with_speakers(()) == transcript


@pytest.mark.parametrize(
    ("texts", "language", "text"),
    [
        (["I", "see."], "en", "I see."),
        (["我", "哋", "去"], "yue", "我哋去"),
        (["我", "住", "Hong", "Kong", "島"], "yue", "我住Hong Kong島"),
        (["今日", "3", "點"], "zh-Hant", "今日3點"),
    ],
)
def test_joined(texts: list[str], language: str, text: str) -> None:
    assert joined(texts, language) == text
