"""CSV that spreadsheets open safely."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiopost.delivery.tables import csv_text
from audiopost.io.cells import plain_cell, safe_cell


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (-3.5, "-3.5"), ("-3.5", "-3.5"), (None, ""), ("-1e-3", "-1e-3"), ("-cmd", "'-cmd"), ("@SUM(A1)", "'@SUM(A1)"),
        ("\tx", "'\tx"), ("+49 30 1", "'+49 30 1"), ("plain", "plain"), ("", ""), ("--", "'--"), ("=", "'="),
    ],
)  # fmt: skip
def test_cells(value, cell):
    assert safe_cell(value) == cell


def test_headings_are_ids_or_titles_and_lists_are_joined():
    rows = [{"a": 1, "b": ["x", "y"]}]
    assert csv_text(rows, ("a", "b")) == "a,b\r\n1,x; y\r\n"
    assert csv_text(rows, ("b", "a"), {"a": "甲", "b": "乙"}).splitlines()[0] == "乙,甲"


@given(st.text(), st.lists(st.text(max_size=5), max_size=3))
def test_no_text_becomes_a_formula(text, words):
    (row,) = csv.DictReader(io.StringIO(csv_text([{"text": text, "words": words}], ("text", "words")), newline=""))
    assert plain_cell(row["text"]) == text
    for cell in row.values():
        assert cell[:1] not in ("=", "@", "\t", "\r")
        if cell[:1] in ("+", "-") and cell:
            float(cell)
