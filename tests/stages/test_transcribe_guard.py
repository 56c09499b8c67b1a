from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiopost.analysis.vad import HOP_S
from audiopost.core.audio import Audio
from audiopost.core.speech import Utterance, Word
from audiopost.core.time import Span
from audiopost.io.decode import load
from audiopost.io.scratch import at_rate
from audiopost.stages.transcribe.guard import CREDITS, SIGN_OFFS, Heard, bare, kept, loops
from audiopost.stages.transcribe.windows import speech_of

LENGTH_S = 60.0


def heard(*speech: tuple[float, float], probability: float = 0.95, sound: Audio | None = None) -> Heard:
    """A minute in which speech is heard in the given spans, this surely."""
    curve = np.full(round(LENGTH_S / HOP_S), 0.01, np.float32)
    for start_s, end_s in speech:
        curve[round(start_s / HOP_S) : round(end_s / HOP_S)] = probability
    spans = speech_of(curve, LENGTH_S) if probability >= 0.5 else tuple(Span(*span) for span in speech)
    return Heard(curve, spans, sound or Audio(np.zeros(round(LENGTH_S * 16_000)), 16_000))


def said(text: str, start_s: float, end_s: float, probability: float | None = 0.9, language: str = "en") -> Utterance:
    texts = text.split()
    step = (end_s - start_s) / len(texts)
    words = tuple(Word(start_s + n * step, start_s + (n + 1) * step, word, probability) for n, word in enumerate(texts))
    return Utterance(start_s, end_s, text, language, words)


def test_words_outside_speech_are_dropped_and_listed() -> None:
    utterance = said("one two three four five six", 9.0, 21.0)
    left, remarks = kept([utterance], heard((9.0, 15.0)))
    assert [u.text for u in left] == ["one two three"]
    assert (left[0].start_s, left[0].end_s) == (9.0, 15.0)
    (remark,) = remarks
    assert (remark.kind, remark.text, remark.detail) == ("dropped", "four five six", "no speech is heard there")
    assert (remark.start_s, remark.end_s) == (15.0, 21.0)


def test_what_lies_in_speech_for_the_greater_part_stays() -> None:
    # 0.4 s are kept on both sides of speech.
    left, remarks = kept([said("yes", 9.0, 10.9), said("no", 20.3, 22.2)], heard((10.0, 20.0)))
    assert [u.text for u in left] == ["yes"]
    assert [r.text for r in remarks] == ["no"]


def test_an_utterance_without_words_goes_by_its_span() -> None:
    quiet, loud = Utterance(1, 3, "invented", "en"), Utterance(11, 13, "spoken", "en")
    left, remarks = kept([loud, quiet], heard((10.0, 20.0)))
    assert left == [loud]
    assert [r.text for r in remarks] == ["invented"]


def test_a_probability_that_is_no_number_counts_as_silence() -> None:
    utterance = said("this is spoken", 10.0, 13.0)
    words = tuple(replace(word, probability=float("nan")) for word in utterance.words[1:])
    left, remarks = kept([replace(utterance, words=(utterance.words[0], *words))], heard((5.0, 20.0)))
    assert [u.text for u in left] == ["this"]
    assert [(r.text, "counts as silence" in r.detail) for r in remarks] == [("is spoken", True)]


@pytest.mark.parametrize(
    ("text", "once"),
    [
        ("so he said that he said that he said that he said that", "so he said that"),
        ("no " * 8, "no"),
        ("very good " * 9, "very good"),
        ("the end of the road is here " * 5, "the end of the road is here"),
    ],
)
def test_a_loop_is_left_once(text: str, once: str) -> None:
    left, remarks = kept([said(text.strip(), 10.0, 20.0)], heard((5.0, 25.0)))
    assert [u.text for u in left] == [once]
    assert [r.detail for r in remarks] == ["a phrase repeated over and over"]
    assert remarks[0].text.split() == text.split()[len(once.split()) :]


@pytest.mark.parametrize(
    "text", ["no no no no", "ha ha ha ha ha ha ha", "row row row your boat", "I said that I said that I said that"]
)
def test_people_do_repeat_themselves(text: str) -> None:
    utterance = said(text, 10.0, 20.0)
    assert kept([utterance], heard((5.0, 25.0))) == ([utterance], [])


def test_a_sentence_written_again_and_again_is_a_loop() -> None:
    every = [said("We are going home now.", 10.0 + n, 10.9 + n) for n in range(6)]
    left, remarks = kept(every, heard((5.0, 25.0)))
    assert left == every[:1]
    assert len(remarks) == 1
    assert (remarks[0].start_s, remarks[0].end_s) == (11.0, 15.9)


@given(st.lists(st.sampled_from(["a", "b", "c"]), max_size=60))
def test_loops_are_repetitions_and_nothing_else(texts: list[str]) -> None:
    before = 0
    for start, end in loops(texts):
        assert before < start < end <= len(texts)
        assert any(
            (end - start) % n == 0 and all(texts[i] == texts[i - n] for i in range(start, end)) for n in range(1, 25)
        )
        before = end - 1


SIGNED = [
    ("Thank you for watching.", "en"), ("Thanks for watching!", "en"), ("Please subscribe to my channel.", "en"),
    ("Don't forget to like and subscribe!", "en"), ("多謝收看", "yue"),
    ("請不吝點贊 訂閱 轉發 打賞支持明鏡與點點欄目", "zh"), ("谢谢大家观看", "zh"),
    ("ご視聴ありがとうございました", "ja"), ("チャンネル登録お願いします", "ja"),
    ("시청해주셔서 감사합니다.", "ko"),
    ("Vielen Dank fürs Zuschauen!", "de"), ("Спасибо за просмотр!", "ru"), ("Gracias por ver el video.", "es"),
    ("Obrigado por assistir!", "pt"), ("İzlediğiniz için teşekkürler.", "tr"),
]  # fmt: skip
CREDITED = [
    ("Subtitles by the Amara.org community", "en"), ("字幕由Amara.org社群提供", "zh"), ("中文字幕志願者 李宗盛", "zh"),
    ("MBC 뉴스 이덕영입니다.", "ko"), ("Untertitel im Auftrag des ZDF für funk, 2017", "de"),
    ("Sous-titrage Société Radio-Canada", "fr"), ("Субтитры сделал DimaTorzok", "ru"), ("Altyazı M.K.", "tr"),
    ("Sottotitoli creati dalla comunità Amara.org", "it"), ("Transcription by CastingWords", "en"),
    ("優優獨播劇場——YoYo Television Series Exclusive", "zh"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "language"), [*SIGNED, *CREDITED])
def test_known_phrases_go_over_doubtful_sound_and_stay_where_they_are_said(text: str, language: str) -> None:
    utterance = said(text, 10.0, 12.0, language=language)
    sure = heard((5.0, 30.0))
    after = said("And now the weather.", 13.0, 15.0)
    assert kept([utterance, after], sure) == ([utterance, after], []), "a presenter does say this"
    unsure = heard((5.0, 30.0), probability=0.4)
    left, remarks = kept([utterance, after], unsure)
    assert left == [after]
    assert [r.text for r in remarks] == [text]


@pytest.mark.parametrize(
    "text",
    [
        "Thank you for watching the children while I was away.",
        "I told him to subscribe to the paper.",
        "Thank you.",
        "The subtitles are wrong.",
        "我們下週要訂閱新的雲端方案",
        "字幕太細喇",
        "I watch the MBC news.",
    ],
)
def test_sentences_that_only_hold_a_phrase_stay(text: str) -> None:
    utterance = said(text, 10.0, 12.0, 0.3)
    assert kept([utterance], heard((5.0, 30.0), probability=0.4)) == ([utterance], [])


def test_why_a_sign_off_goes(scene: Path) -> None:
    first, last = said("That was the news.", 10.0, 12.0), said("Thank you for watching.", 20.0, 22.0, 0.7)
    middling = heard((5.0, 30.0), probability=0.7)
    left, (remark,) = kept([first, last], middling)
    assert (left, remark.detail) == ([first], "a sign-off alone at the end")
    near = replace(last, start_s=12.5)
    assert kept([first, near], middling) == ([first, near], []), "said right after the rest"
    improbable = said("Thank you for watching.", 13.0, 15.0, 0.2)
    assert kept([first, improbable], middling)[1][0].detail == "a sign-off of improbable words"
    music = at_rate(load(scene.with_name("scene.music.flac")).audio.between(1.0, 5.0), 16_000, mono=True).samples
    over_music = heard((5.0, 30.0), probability=0.7, sound=Audio(np.tile(music, round(LENGTH_S / 4)), 16_000))
    assert kept([first, replace(last, start_s=12.5), said("Well.", 25, 26)], over_music)[1][0].detail == (
        "a sign-off over music"
    )


def test_a_credit_goes_unless_it_is_surely_said() -> None:
    credit = said("Subtitles by the Amara.org community", 10.0, 12.0, 0.7)
    left, remarks = kept([credit, said("Hello.", 14.0, 15.0)], heard((5.0, 30.0), probability=0.9))
    assert [u.text for u in left] == ["Hello."]
    assert "credit" in remarks[0].detail


def test_the_tables_match_what_they_say_and_no_silence() -> None:
    for table in (SIGN_OFFS, CREDITS):
        assert all(patterns for patterns in table.values())
    assert bare("  Don’t—forget, to LIKE & subscribe!! ") == "dont forget to like subscribe"
    assert bare("請不吝點贊 訂閱") == "請不吝點贊訂閱"
    assert kept([], heard()) == ([], [])


@given(
    st.lists(
        st.tuples(
            st.floats(0, 59), st.floats(0, 3), st.sampled_from(["yes", "no", "thank you for watching", "ha ha ha"])
        ),
        max_size=12,
    )
)
def test_nothing_is_lost_without_a_remark(parts: list[tuple[float, float, str]]) -> None:
    utterances = [said(text, start_s, start_s + length_s + 0.1) for start_s, length_s, text in parts]
    left, remarks = kept(utterances, heard((5.0, 20.0), (30.0, 50.0)))
    before = sorted(word for u in utterances for word in u.text.split())
    assert before == sorted([*(w for u in left for w in u.text.split()), *(w for r in remarks for w in r.text.split())])
    assert [u.start_s for u in left] == sorted(u.start_s for u in left)
