"""Rows with the keys scripts rely on, and CSV that spreadsheets open safely."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiopost.core.spotting import Cue, Scene
from audiopost.core.time import FrameRate, Timebase
from audiopost.delivery.tables import (
    CUE_COLUMNS,
    SCENE_COLUMNS,
    csv_text,
    cue_rows,
    scene_rows,
    write_cues_csv,
    write_scenes_csv,
)
from audiopost.io.cells import safe_cell

BASE = Timebase(FrameRate.parse("25"), "10:00:00:00")


def test_cue_rows_have_the_keys_of_the_interface(cues):
    rows = cue_rows(cues, BASE)
    assert tuple(rows[0]) == CUE_COLUMNS
    assert rows[0]["in_timecode"] == "10:00:12:12"
    assert rows[0]["tempo_bpm"] == [60, 80]
    assert rows[0]["instruments"] == ["strings", "piano"]
    assert rows[2]["confidence"] == 0.333


def test_scene_rows():
    (row,) = scene_rows([Scene(1, 0, 4.2, "first", ("S1", "S2"), "calm")], BASE)
    assert tuple(row) == SCENE_COLUMNS
    assert (row["end_timecode"], row["speakers"]) == ("10:00:04:05", ["S1", "S2"])


def test_csv_file(tmp_path, cues):
    path = write_cues_csv(tmp_path / "提示.csv", cues, BASE)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))
    assert tuple(rows[0]) == CUE_COLUMNS
    assert rows[0]["tempo_bpm"] == "60-80"
    assert rows[0]["instruments"] == "strings; piano"
    assert rows[0]["reason"] == "'+ the scene opens"
    assert rows[1]["reason"] == '\'=the door, "slowly"\n一扇門'
    assert len(rows) == 3
    scenes = write_scenes_csv(tmp_path / "s.csv", [], BASE).read_bytes().decode("utf-8-sig")
    assert scenes == ",".join(SCENE_COLUMNS) + "\r\n"


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (-3.5, "-3.5"), ("-3.5", "-3.5"), (None, ""), ("-1e-3", "-1e-3"), ("-cmd", "'-cmd"), ("@SUM(A1)", "'@SUM(A1)"),
        ("\tx", "'\tx"), ("+49 30 1", "'+49 30 1"), ("plain", "plain"), ("", ""), ("--", "'--"), ("=", "'="),
    ],
)  # fmt: skip
def test_cells(value, cell):
    assert safe_cell(value) == cell


@given(st.text(), st.text(), st.lists(st.text(max_size=5), max_size=3))
def test_no_text_becomes_a_formula(function, reason, instruments):
    cue = Cue(1, 0, 1, function, "calm", (60, 80), "major", tuple(instruments), reason, 0.5)
    text = csv_text(cue_rows([cue], BASE), CUE_COLUMNS)
    (row,) = csv.DictReader(io.StringIO(text, newline=""))
    assert row["reason"] in (reason, "'" + reason)
    for cell in row.values():
        assert cell[:1] not in ("=", "@", "\t", "\r")
        if cell[:1] in ("+", "-") and cell:
            float(cell)
