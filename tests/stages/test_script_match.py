"""Words and tokens of a script, their agreement with what is heard, and the times in between."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiopost.core.time import Span
from audiopost.stages.transcribe.script import numbers
from audiopost.stages.transcribe.script.match import Heard, match
from audiopost.stages.transcribe.script.parse import Line
from audiopost.stages.transcribe.script.pronounce import by_letters, pronounce
from audiopost.stages.transcribe.script.timing import filled, in_time, known_times, stretches
from audiopost.stages.transcribe.script.viterbi import ctc_path, greedy
from audiopost.stages.transcribe.script.words import ScriptWord, tokens, words_of


def words(*texts: str, language: str = "en") -> list[ScriptWord]:
    return words_of([Line(i, text, None, language) for i, text in enumerate(texts, 1)])


def heard(text: str, start_s: float = 0.0, step_s: float = 0.3, language: str = "en") -> list[Heard]:
    """Each token of `text` for 0.3 s."""
    said = tokens(text, language)
    return [Heard(start_s + i * step_s, start_s + (i + 1) * step_s, token) for i, token in enumerate(said)]


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("“Wait…” – no, it's!", "en", [("“Wait…” –", "wait"), ("no,", "no"), ("it's!", "it's")]),
        ("25% of $5", "en", [("25%", "twenty five percent"), ("of", "of"), ("$5", "five dollars")]),
        ("Yes—no.", "en", [("Yes—", "yes"), ("no.", "no")]),
        ("Café déjà", "en", [("Café", "cafe"), ("déjà", "deja")]),
        ("「你好，」Tom。", "yue", [("「你", "你"), ("好，」", "好"), ("Tom。", "tom")]),
        ("3點見！", "yue", [("3", "三"), ("點", "点"), ("見！", "见")]),
        ("— 行啦", "yue", [("— 行", "行"), ("啦", "啦")]),
    ],
)  # fmt: skip
def test_words_keep_their_marks_and_tokens_their_sound(text: str, language: str, expected: list) -> None:
    assert [(word.text, " ".join(word.tokens)) for word in words(text, language=language)] == expected


@given(st.text(min_size=1, max_size=60), st.sampled_from(["en", "yue", "ja", "de"]))
def test_words_are_the_whole_line(text: str, language: str) -> None:
    found = words(text, language=language)
    for first, second in itertools.pairwise(found):
        assert text[first.end : second.start].strip() == ""
    if found:
        assert "".join(text.split()) == "".join("".join(word.text.split()) for word in found)
        assert all(word.tokens and all(word.tokens) for word in found)


@pytest.mark.parametrize(
    ("digits", "said"),
    [
        ("0", "zero"), ("21st", "twenty first"), ("105", "one hundred five"), ("1984", "nineteen eighty four"),
        ("1906", "nineteen oh six"), ("1960s", "nineteen sixties"), ("2005", "two thousand five"),
        ("3.5", "three point five"), ("12th", "twelfth"), ("30th", "thirtieth"), ("1000000", "one million"),
        ("mp3", "mp3"),
    ],
)  # fmt: skip
def test_numbers_in_english(digits: str, said: str) -> None:
    assert " ".join(numbers.english(digits)) == said


@pytest.mark.parametrize(
    ("digits", "said"),
    [
        ("0", "零"), ("10", "十"), ("15", "十五"), ("110", "一百一十"), ("1001", "一千零一"), ("10010", "一万零十"),
        ("007", "零零七"),
    ],
)  # fmt: skip
def test_numbers_in_chinese(digits: str, said: str) -> None:
    assert numbers.chinese(digits) == said


def test_names_are_pronounced_by_their_parts_then_by_letters() -> None:
    known = {"sun": "S AH N", "light": "L AY T", "walk": "W AO K", "b": "B IY", "c": "S IY"}
    assert pronounce("sunlight", known.get) == "S AH N L AY T"
    assert pronounce("walked", known.get) == "W AO K T"
    assert pronounce("bbc", known.get) == "B IY B IY S IY"
    assert pronounce("zorph", known.get) == by_letters("zorph") == "Z AO R F"
    assert by_letters("knight") == "N AY T"
    assert by_letters("…") == ""


LINES = ("You are home late tonight.", "The last ferry was slow.", "Sit down, I made some tea.")


def test_what_was_said_is_found_in_its_place() -> None:
    script = words(*LINES)
    found = match(script, heard("you are home late to night the last fairy was slow sit down i made some tea"))
    times = known_times(
        script, found, heard("you are home late to night the last fairy was slow sit down i made some tea")
    )
    assert set(times) == set(range(len(script)))
    assert times[0].start_s == 0.0
    assert times[len(script) - 1].end_s == pytest.approx(17 * 0.3)
    assert not found.moved


def test_lines_that_were_not_said_have_no_place_and_small_words_prove_nothing() -> None:
    script = words(LINES[0], "Was it you in the garden of my sister?", LINES[1])
    said = heard("you are home late tonight the last ferry was slow and it was the end of a day")
    found = known_times(script, match(script, said), said)
    assert {script[w].line for w in found} == {0, 2}


def test_a_line_out_of_order_is_found_and_told() -> None:
    script = words(*LINES)
    said = heard("the last ferry was slow you are home late tonight sit down i made some tea")
    found = match(script, said)
    times = known_times(script, found, said)
    assert {script[w].line for w in times} == {0, 1, 2}
    assert len(found.moved) == 1
    order = [script[w].line for w in in_time(script, times)]
    assert [line for line, _ in itertools.groupby(order)] == [1, 0, 2]


@given(st.data())
def test_times_between_are_in_order_whatever_was_heard(data: st.DataObject) -> None:
    vocabulary = ["harbour", "window", "letter", "morning", "a", "of", "stone", "river"]
    texts = data.draw(st.lists(st.lists(st.sampled_from(vocabulary), min_size=1, max_size=6), min_size=1, max_size=6))
    script = words(*(" ".join(text) for text in texts))
    said = data.draw(st.lists(st.sampled_from(vocabulary), max_size=40))
    steps = data.draw(st.lists(st.floats(0.0, 3.0), min_size=len(said), max_size=len(said)))
    at, tokens_heard = 0.0, []
    for text, step in zip(said, steps, strict=True):
        tokens_heard.append(Heard(at + step / 2, at + step, text))
        at += step
    known = known_times(script, match(script, tokens_heard), tokens_heard)
    order = in_time(script, known)
    times = filled(order, script, known, at)
    assert set(times) == set(order)
    for timed in times.values():
        assert 0.0 <= timed.start_s <= timed.end_s + 1e-9 <= at + 2e-9
    cut = stretches(order, script, known, [Span(0.0, at)], at)
    assert [w for stretch in cut for w in stretch.words] == order
    for stretch in cut:
        assert all(0.0 <= span.start_s <= span.end_s <= at + 1.0 for span in stretch.window.spans)


def brute_force(emission: np.ndarray, path: list[int], blank: int) -> float:
    """The best score over all label sequences of the frames that collapse to `path`."""
    best = -np.inf
    for labels in itertools.product(range(emission.shape[1]), repeat=len(emission)):
        collapsed = [label for label, _ in itertools.groupby(labels) if label != blank]
        if collapsed == path:
            best = max(best, float(sum(emission[t, label] for t, label in enumerate(labels))))
    return best


@pytest.mark.parametrize("path", [[1], [1, 2], [1, 1], [2, 1, 2]])
def test_the_ctc_path_is_the_best_of_all(rng: np.random.Generator, path: list[int]) -> None:
    for _ in range(5):
        emission = np.log(rng.dirichlet(np.ones(3), size=5)).astype(np.float32)
        spans = ctc_path(emission, path, 0)
        labels = [0] * 5
        for token, (start, end) in zip(path, spans, strict=True):
            labels[start:end] = [token] * (end - start)
        assert [label for label, _ in itertools.groupby(labels) if label] == path or path == [1, 1]
        assert sum(emission[t, label] for t, label in enumerate(labels)) == pytest.approx(
            brute_force(emission, path, 0)
        )


def test_too_few_frames_have_no_path() -> None:
    assert ctc_path(np.zeros((2, 3), np.float32), [1, 1], 0) is None
    assert ctc_path(np.zeros((2, 3), np.float32), [], 0) is None


def test_greedy_joins_repeats() -> None:
    labels = [0, 1, 1, 0, 1, 2, 2, 0]
    emission = np.log(np.eye(3, dtype=np.float32)[labels] + 1e-3)
    assert greedy(emission, 0) == [(1, 1, 3), (1, 4, 5), (2, 5, 7)]
