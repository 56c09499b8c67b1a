from __future__ import annotations

import csv
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiopost.core.audio import Audio
from audiopost.core.errors import BadValue, InputError
from audiopost.core.speech import Remark, Utterance, Word
from audiopost.stages.transcribe import Options, glossary
from audiopost.stages.transcribe.glossary import Term, corrected, hotwords, read
from audiopost.stages.transcribe.run import run

#: A cast list with names of several languages.
NAMES = [
    "Kaelith", "Seraphine", "Ada Lovelace", "Wan Chai", "Dvořák", "FaceTime", "Siobhan Kelly", "Nguyen", "Saoirse",
    "McAllister", "Okonkwo", "Priyanka", "Tsim Sha Tsui", "Bjornsson", "Castellano", "Zhang Wei", "Delacroix",
    "Fitzgerald", "Hermione", "Mark",
]  # fmt: skip
TERMS = [Term(name) for name in NAMES]
#: Sentences of everyday English, written for this test, with words near the names above.
PLAIN = [
    "Mark my words, the silk is in the market.",
    "She kept her feet on the kettle and her hand on the herbs.",
    "A fit generation will castle early and sing an aria.",
    "He wandered by the chain and the ocean kelp.",
    "Face time on the phone is worth more than a serving of shrimp.",
    "They sang away the day while the delicate crops grew.",
    "Bring a tall jug, a wide bowl and the new goal.",
    "The surface of the lovely lace was marked with ink.",
    "Her minor son built a crossing by the hermitage.",
    "Call it a day, said Ada, and love less the place you leave.",
]


def said(text: str, language: str = "en") -> Utterance:
    """One word a second."""
    words = tuple(Word(float(n), n + 1.0, word, 0.9, "Ada") for n, word in enumerate(text.split()))
    return Utterance(0.0, float(len(words)), text, language, words, "Ada")


def fixed(text: str, terms: list[Term] | None = None, language: str = "en") -> str:
    (utterance,), remarks = corrected([said(text, language)], TERMS if terms is None else terms)
    assert utterance.text.split() == [word.text for word in utterance.words]
    assert bool(remarks) == (utterance.text != text)
    return utterance.text


@pytest.mark.parametrize(
    ("heard", "right"),
    [
        ("Then Kaylith came.", "Then Kaelith came."),
        ("Caleth, come here!", "Kaelith, come here!"),
        ("the Kaelit house", "the Kaelith house"),
        ("Serafeen's hat", "Seraphine's hat"),
        ("(Ada Lovelase) wrote it", "(Ada Lovelace) wrote it"),
        ("down in Wanchai.", "down in Wan Chai."),
        ("to Tsimshatsui, please", "to Tsim Sha Tsui, please"),
        ("Tsim Sha Tsoi", "Tsim Sha Tsui"),
        ("played by Dvorak again", "played by Dvořák again"),
        ("Facetime me", "FaceTime me"),
        ("Okonkuo and Nguyan", "Okonkwo and Nguyen"),
    ],
)
def test_near_misses_are_spelt_right(heard: str, right: str) -> None:
    assert fixed(heard) == right


@pytest.mark.parametrize("dictionary", [True, False])
def test_plain_english_is_left_alone(dictionary: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not dictionary:
        monkeypatch.setattr(glossary, "_english", frozenset)
    for sentence in PLAIN:
        assert fixed(sentence) == sentence


@pytest.mark.shared
def test_real_english_with_twenty_names_has_no_false_correction(shared: Path) -> None:
    """The Harvard sentences and the read speech of the reference recordings, 1500 words."""
    rows = csv.DictReader((shared / "audio" / "index.csv").open(encoding="utf-8"))
    texts = [row["reference"] for row in rows if row["reference"] and row["language"].startswith("en")]
    assert sum(len(text.split()) for text in texts) > 1000
    assert [text for text in texts if fixed(" ".join(text.split())) != " ".join(text.split())] == []


@pytest.mark.parametrize("text", ["Ada Lovelace in Wan Chai", "Kaelith Kaelith", "FaceTime, Dvořák", "", "— …"])
def test_what_is_right_stays(text: str) -> None:
    assert fixed(text) == text


def test_a_name_as_like_to_two_terms_is_left_alone() -> None:
    assert fixed("Marvina", [Term("Marvine"), Term("Marvino")]) == "Marvina"
    assert fixed("Marvina", [Term("Marvine"), Term("Marvina")]) == "Marvina"


def test_other_languages_correct_what_is_written_as_a_name() -> None:
    assert fixed("Dann kam Kaelit", language="de") == "Dann kam Kaelith"
    assert fixed("ein kaelit kam", language="de") == "ein kaelit kam"


def test_listed_spellings_are_always_corrected() -> None:
    terms = [Term("Jon", ("John", "Jean")), Term("Miko Tan", ("me go tan",)), Term("Юля", ("Юлия",))]
    assert fixed("John saw me go tan.", terms) == "Jon saw Miko Tan."
    assert fixed("Johnny saw", terms) == "Johnny saw"
    assert fixed("Это Юлия.", terms, "ru") == "Это Юля."
    assert fixed("Юлиянна", terms, "ru") == "Юлиянна"


def test_chinese_corrects_listed_spellings_wherever_words_end() -> None:
    terms = [Term("陳奕迅", ("陳亦迅", "陈亦迅"))]
    words = tuple(Word(float(n), n + 1.0, text) for n, text in enumerate(["我識", "陳", "亦", "迅嘅", "歌"]))
    heard = Utterance(0.0, 5.0, "我識陳亦迅嘅歌", "yue", words)
    (found,), remarks = corrected([heard], terms)
    assert found.text == "我識陳奕迅嘅歌"
    assert [(w.start_s, w.end_s, w.text) for w in found.words] == [(0, 1, "我識"), (1, 4, "陳奕迅嘅"), (4, 5, "歌")]
    assert remarks == [Remark("corrected", 1.0, 4.0, "陳亦迅", "陳奕迅")]
    assert corrected([said("陳亦信", "yue")], terms) == ((said("陳亦信", "yue"),), [])


def test_latin_names_in_cantonese_keep_what_stands_around_them() -> None:
    words = (Word(0, 1, "我"), Word(1, 2, "識"), Word(2, 3, "Kaelit"), Word(3, 4, "呀"))
    heard = Utterance(0, 4, "我識 Kaelit 呀！", "yue", words)
    (found,), _ = corrected([heard], TERMS)
    assert found.text == "我識 Kaelith 呀！"
    assert [word.text for word in found.words] == ["我", "識", "Kaelith", "呀"]


def test_words_keep_their_times_speakers_and_least_probability() -> None:
    words = (Word(0, 1, "in", 0.9, "A"), Word(1, 3, "Wanchai.", 0.5, "A"))
    (split,), remarks = corrected([Utterance(0, 3, "in Wanchai.", "en", words)], TERMS)
    first, second = split.words[1:]
    assert (first.text, second.text) == ("Wan", "Chai.")
    assert first.start_s == 1
    assert first.end_s == second.start_s == pytest.approx(1.75)
    assert second.end_s == 3
    assert {word.probability for word in (first, second)} == {0.5}
    assert {word.speaker for word in split.words} == {"A"}
    assert remarks == [Remark("corrected", 1, 3, "Wanchai.", "Wan Chai")]
    merging = (Word(0, 1, "Kae", 0.4, "B"), Word(1, 2, "lith!", 0.8, "B"))
    (merged,), _ = corrected([Utterance(0, 2, "Kae lith!", "en", merging)], TERMS)
    assert merged.words == (Word(0, 2, "Kaelith!", 0.4, "B"),)


def test_an_utterance_without_words_is_corrected_too() -> None:
    (found,), _ = corrected([Utterance(0, 2, "Kaelit", "en")], TERMS)
    assert (found.text, found.words) == ("Kaelith", ())


@given(st.lists(st.text(alphabet="KaelithSrfpn 陳亦迅'-.", min_size=1, max_size=12), max_size=8))
def test_any_text_keeps_its_order_and_times(texts: list[str]) -> None:
    words = [word for text in texts for word in text.split()]
    utterance = said(" ".join(words))
    (found,), _ = corrected([utterance], [*TERMS, Term("陳奕迅", ("陳亦迅",))])
    times = [time for word in found.words for time in (word.start_s, word.end_s)]
    assert times == sorted(times)
    assert (found.start_s, found.end_s) == (utterance.start_s, utterance.end_s)
    assert re.sub(r"\s", "", found.text) == "".join(word.text for word in found.words)


TEXT = (
    "# 這是我們的人名，有的是中文的\n\nKaelith: Kay Leith, Kaylith\nRe:Zero\n陳奕迅：陳亦迅、陈亦迅\nKaelith: Caleth\n"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "gb18030"])
def test_reads_text_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "cast.txt"
    path.write_bytes(TEXT.replace("\n", "\r\n").encode(encoding))
    assert read(path) == (
        Term("Kaelith", ("Kay Leith", "Kaylith", "Caleth")),
        Term("Re:Zero"),
        Term("陳奕迅", ("陳亦迅", "陈亦迅")),
    )


def test_reads_two_columns(tmp_path: Path) -> None:
    path = tmp_path / "cast.csv"
    path.write_text('Kaelith,Kaylith\n"Lovelace, Ada",\nKaelith,Caleth\n# no,term\n', encoding="utf-8")
    assert read(path) == (Term("Kaelith", ("Kaylith", "Caleth")), Term("Lovelace, Ada"))


@pytest.mark.parametrize(
    "data", [b"", b"# nothing\n\n", b"x" * 500, b"\x89PNG\r\n\x1a\n" + bytes(range(256)), b"a\n" + b"\xff" * 90]
)
def test_what_is_no_glossary_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "cast.txt"
    path.write_bytes(data)
    with pytest.raises(BadValue, match=r"cast\.txt"):
        read(path)


def test_a_glossary_that_is_not_there_is_named(tmp_path: Path, fake: Options, hiss: Audio) -> None:
    for missing in (tmp_path / "none.txt", tmp_path):
        with pytest.raises(InputError, match="Cannot read the glossary"):
            run(hiss, replace(fake, glossary=str(missing)), lambda *_: None)


def test_terms_are_said_to_the_engine_as_far_as_there_is_room() -> None:
    assert hotwords(None, []) == (None, 0)
    assert hotwords("Bob", TERMS[:2]) == ("Bob, Kaelith, Seraphine", 0)
    words, left_out = hotwords("Bob", [Term(f"Name number {n}") for n in range(500)])
    assert words is not None
    assert words.startswith("Bob, Name number 0, ")
    assert 400 < left_out < 500


def test_the_engine_hears_of_the_terms_and_the_result_of_the_corrections(
    fake: Options, hiss: Audio, tmp_path: Path, decoded: Callable[[], list[str]]
) -> None:
    path = tmp_path / "cast.txt"
    path.write_text("Kaelith: 0\n" + "\n".join(f"Somebody Important {n}" for n in range(200)), encoding="utf-8")
    found = run(hiss, replace(fake, glossary=str(path)), lambda *_: None)
    assert found.transcript.words[0].text == "Kaelith"
    assert found.transcript.remarks[0].kind == "corrected"
    assert any("found no room among the hotwords" in warning for warning in found.warnings)
    assert any(warning.startswith("spelt as the glossary has it: 1 time") for warning in found.warnings)
    assert decoded()
