"""The dialogue list: rows, timecode, translation beside its line, syllables, both files."""

from __future__ import annotations

import csv
import io
import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path

import pytest

from audiopost.core.speech import Transcript, Utterance
from audiopost.core.time import FrameRate, Timebase
from audiopost.delivery.dialogue_list import COLUMNS, rows, syllables, write_csv, write_xlsx

TIMEBASE = Timebase(FrameRate.parse("25"), "10:00:00:00")
SAID = Transcript(
    "yue",
    (
        Utterance(1.0, 2.5, "我今日喺Central食lunch", "yue", speaker="Mei"),
        Utterance(3.0, 5.0, "=1+1 <b>\x07", "en", speaker="@Tom"),
    ),
)
ENGLISH = Transcript("en", (Utterance(1.1, 2.4, "I had lunch in Central", "en"), Utterance(2.4, 4.9, "Two.", "en")))

COUNTS = [
    ("Good morning, everybody; it's a beautiful area.", "en", 15),
    ("我今日喺Central食lunch，食咗2個包", "yue", 13),
    ("きゃっと", "ja", 3),
    ("안녕하세요", "ko", 5),
    ("Leichenhalle genutzt wurde", "de", 8),
    ("Sempre alla radio nacquero", "it", 9),
    ("Важно различать глаголы", "ru", 8),
    ("…!", "en", 0),
]  # fmt: skip


@pytest.mark.parametrize(("text", "language", "wanted"), COUNTS)
def test_syllables_as_spoken(text: str, language: str, wanted: int) -> None:
    assert syllables(text, language) == wanted


def test_rows_hold_timecode_speaker_and_the_translation_beside_its_line() -> None:
    first, second = rows(SAID, TIMEBASE, ENGLISH)
    assert (first["in_timecode"], first["out_timecode"]) == ("10:00:01:00", "10:00:02:12")
    assert (first["speaker"], first["syllables"], first["translation"]) == ("Mei", 8, "I had lunch in Central")
    assert (second["translation"], second["translation_syllables"]) == ("Two.", 1)
    assert tuple(rows(SAID, TIMEBASE)[0]) == COLUMNS


def test_an_empty_transcript_gives_a_header() -> None:
    assert rows(Transcript("en"), TIMEBASE, ENGLISH) == []


def test_csv_defuses_formulas(tmp_path: Path) -> None:
    text = write_csv(tmp_path / "list.csv", rows(SAID, TIMEBASE)).read_text(encoding="utf-8-sig")
    _, second = csv.DictReader(io.StringIO(text))
    assert (second["speaker"], second["line"]) == ("'@Tom", "'=1+1 <b>")


def test_the_spreadsheet_holds_text_as_text_and_is_the_same_twice(tmp_path: Path) -> None:
    made = rows(SAID, TIMEBASE, ENGLISH)
    one, two = write_xlsx(tmp_path / "a.xlsx", made), write_xlsx(tmp_path / "b.xlsx", made)
    assert one.read_bytes() == two.read_bytes()
    with zipfile.ZipFile(one) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        shared = ET.fromstring(book.read("xl/sharedStrings.xml"))
    assert "<f>" not in sheet
    assert {"=1+1 <b>", "我今日喺Central食lunch", "@Tom", "I had lunch in Central"} <= set(shared.itertext())
