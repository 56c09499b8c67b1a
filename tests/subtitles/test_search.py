import pytest

from audiopost.core.errors import BadValue
from audiopost.subtitles.search import Search, counts, replaced


def test_what_is_found_is_found_as_it_is_written():
    texts = ["The cat. A CAT's tail", "concatenate", "a.b axb"]
    assert counts(texts, Search("cat")) == [2, 1, 0]
    assert counts(texts, Search("cat", match_case=True)) == [1, 1, 0]
    assert counts(texts, Search("cat", whole_words=True)) == [2, 0, 0]
    assert counts(texts, Search("a.b")) == [0, 0, 1]
    assert counts(texts, Search("a.b", regex=True)) == [0, 0, 2]


def test_a_replacement_is_put_in_as_it_is():
    assert replaced(["<b>\\1 x"], Search("x"), r"\1$&") == [(1, "<b>\\1 \\1$&")]
    assert replaced(["one two"], Search(r"(\w+) (\w+)", regex=True), r"\2\n\1") == [(1, "two\none")]


def test_words_end_at_chinese_characters():
    assert replaced(["話cat知"], Search("cat", whole_words=True), "狗") == [(1, "話狗知")]
    assert counts(["噉嘅嘢"], Search("嘅", whole_words=True)) == [1]


@pytest.mark.parametrize("pattern", ["(", "[", "*", "(?P<x", "a{99999999999}"])
def test_what_is_no_pattern_is_told(pattern):
    with pytest.raises(BadValue, match="no regular expression"):
        counts(["text"], Search(pattern, regex=True))


def test_a_group_that_is_not_there_is_told():
    with pytest.raises(BadValue, match="invalid group reference"):
        replaced(["a"], Search("a", regex=True), r"\7")


def test_a_pattern_that_never_ends_is_stopped(monkeypatch):
    monkeypatch.setattr("audiopost.subtitles.search.TIME_LIMIT_S", 0.5)
    with pytest.raises(BadValue, match=r"longer than 0\.5 s"):
        counts(["a" * 60 + "b"], Search("(a+)+$", regex=True))


def test_nothing_is_not_looked_for():
    with pytest.raises(BadValue, match="nothing to look for"):
        counts(["a"], Search(""))
